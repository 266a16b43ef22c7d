package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser is a running Chromium with a profile of its own.
type browser struct{ ctx context.Context }

// startBrowser runs Chromium until t is over.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("Chromium is missing; on Debian: apt-get install chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), // headless, with an empty profile
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		// Nothing leaves the machine, and no request but the test's reaches wsinspect.
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses root otherwise
	}
	allocator, freeAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		chromedp.Cancel(ctx)
		freeAllocator()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &browser{ctx: ctx}
}

// tab is one tab, in a window of its own: a tab behind another one is hidden, and a page
// that is hidden closes its feed.
type tab struct {
	ctx   context.Context
	close func()
}

// open returns a tab that shows address.
func (b *browser) open(t *testing.T, address string) *tab {
	t.Helper()
	tab := b.blank(t)
	tab.navigate(t, address)
	return tab
}

// openWithoutScript returns a tab that shows address with JavaScript switched off.
func (b *browser) openWithoutScript(t *testing.T, address string) *tab {
	t.Helper()
	tab := b.blank(t)
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	tab.navigate(t, address)
	return tab
}

func (b *browser) blank(t *testing.T) *tab {
	t.Helper()
	ctx, _ := chromedp.NewContext(b.ctx, chromedp.WithNewWindow(true))
	tab := &tab{ctx: ctx, close: func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("close the tab: %v", err)
		}
	}}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return tab
}

// do runs steps in the tab, for as long as the tests are patient.
func (tab *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("in Chromium: %v\n%s", err, tab.reads())
	}
}

// reads returns what the page says, for the one who looks why a test failed.
func (tab *tab) reads() string {
	ctx, cancel := context.WithTimeout(tab.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.location + "\n" + document.body.innerText`))
	if err != nil {
		return "the page cannot be read: " + err.Error()
	}
	return "the page reads:\n" + text
}

func (tab *tab) navigate(t *testing.T, address string) {
	t.Helper()
	tab.do(t, chromedp.Navigate(address))
}

// await waits until the expression is true, looking whenever the page changes. An
// expression that cannot be evaluated yet is not true yet.
func (tab *tab) await(t *testing.T, expression string) {
	t.Helper()
	tab.do(t, poll(expression))
}

// poll is await as a step. A page that loads itself anew meanwhile takes the waiting away
// with it, so that begins anew.
func poll(expression string) chromedp.Action[chromedp.Void] {
	quiet := "(() => { try { return !!(" + expression + "\n) } catch { return false } })()"
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for {
			_, err := chromedp.Poll[bool](quiet, chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(patience))(ctx, target)
			if lost := new(cdproto.Error); !errors.As(err, &lost) || ctx.Err() != nil {
				if err != nil {
					err = fmt.Errorf("wait for %s: %w", expression, err)
				}
				return err
			}
		}
	})
}

// hit clicks the first element of selector that can be seen, as soon as there is one and
// nothing covers it. It is found, looked at and clicked in one go: a page that changes by
// itself cannot move it from under the pointer in between.
func hit(selector string) chromedp.Action[chromedp.Void] {
	return poll(`(() => {
		const e = [...document.querySelectorAll(` + strconv.Quote(selector) + `)].find(e => e.checkVisibility());
		e.scrollIntoView({ block: 'center', behavior: 'instant' });
		const { x, y, width, height } = e.getClientRects()[0];
		if (!e.contains(document.elementFromPoint(x + width / 2, y + height / 2))) return false;
		e.click();
		return true;
	})()`)
}

// hit clicks what does not lead to another page.
func (tab *tab) hit(t *testing.T, selector string) {
	t.Helper()
	tab.do(t, hit(selector))
}

// follow clicks the first link whose address contains part.
func (tab *tab) follow(t *testing.T, part string) {
	t.Helper()
	tab.click(t, `a[href*="`+part+`"]`)
}

// click clicks what leads to another page, and waits for that page.
func (tab *tab) click(t *testing.T, selector string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, hit(selector)); err != nil {
		t.Fatalf("click %s: %v\n%s", selector, err, tab.reads())
	}
}

// evaluate returns the value of an expression in the page; a promise is awaited.
func evaluate[T any](t *testing.T, tab *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("in Chromium: %s: %v\n%s", expression, err, tab.reads())
	}
	return v
}

// text returns what a reader of the page sees.
func (tab *tab) text(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Text("body"))
	if err != nil {
		t.Fatalf("read the page: %v", err)
	}
	return text
}

// shows fails t for each of the words that the page does not show.
func (tab *tab) shows(t *testing.T, words ...string) {
	t.Helper()
	text := strings.Join(strings.Fields(tab.text(t)), " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("the page does not show %q; it reads:\n%s", w, text)
		}
	}
}

// dialled is what a page learns of a WebSocket that it opened.
type dialled struct {
	Opened   bool   // until it is closed it stands in the variable socket
	Protocol string // the subprotocol agreed
	Echo     string // what came back for the message sent
	Code     int    // of the close, if it did not open
}

// dial lets the page open a WebSocket to path on its own origin, send a message and read
// the answer.
func (tab *tab) dial(t *testing.T, path, message string, subprotocols ...string) dialled {
	t.Helper()
	arguments, err := json.Marshal([]any{path, message, append([]string{}, subprotocols...)})
	if err != nil {
		t.Fatal(err)
	}
	return evaluate[dialled](t, tab, `((path, message, subprotocols) => new Promise(resolve => {
		globalThis.socket = new WebSocket(location.origin.replace('http', 'ws') + path, subprotocols);
		socket.onopen = () => socket.send(message);
		socket.onmessage = e => resolve({Opened: true, Protocol: socket.protocol, Echo: e.data, Code: 0});
		socket.onclose = e => resolve({Opened: false, Protocol: '', Echo: '', Code: e.code});
	}))(...`+string(arguments)+`)`)
}
