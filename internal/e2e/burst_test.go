package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	browsers "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"
)

// flood opens count connections in that time, evenly, each with a handshake that fails, and
// many at once. The channel is closed when all have got their answer.
func flood(t *testing.T, port string, count int, in time.Duration) <-chan struct{} {
	t.Helper()
	done := make(chan struct{})
	var refused atomic.Int32
	go func() {
		defer close(done)
		var all sync.WaitGroup
		defer all.Wait()
		beat := time.NewTicker(in / time.Duration(count))
		defer beat.Stop()
		for i := range count {
			<-beat.C
			all.Go(func() {
				conn, err := net.Dial("tcp", "127.0.0.1:"+port)
				if err != nil {
					return
				}
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(patience))
				io.WriteString(conn, head(handshake(fmt.Sprintf("/flood/%d", i), "localhost", "Origin: http://elsewhere.example")))
				if answer, _ := io.ReadAll(conn); strings.HasPrefix(string(answer), "HTTP/1.1 403 ") {
					refused.Add(1)
				}
			})
		}
	}()
	t.Cleanup(func() {
		<-done
		if n := int(refused.Load()); n != count {
			t.Errorf("%d of %d were answered", n, count)
		}
	})
	return done
}

// TestFlood: 500 attempts a second for three seconds. The page answers all the while, stays
// small, and says how many rows it has not drawn. How fast it answers is logged, not asked
// for: machines are noisy.
func TestFlood(t *testing.T) {
	ws := startInspector(t)
	ws.fails(t, "/first")
	list := openList(t, ws, "")
	const count = 1500
	began, slowest := time.Now(), time.Duration(0)
	done := flood(t, ws.port, count, 3*time.Second)
	for on := true; on; {
		select {
		case <-done:
			on = false
		default:
		}
		asked := time.Now()
		rows := evaluate[int](t, list, `document.querySelectorAll('#rows tr').length`)
		slowest = max(slowest, time.Since(asked))
		if rows > 200 {
			t.Fatalf("%d rows are drawn, want at most 200", rows)
		}
	}
	t.Logf("%d attempts in %v; the page answered in %v at the latest", count, time.Since(began).Round(time.Millisecond), slowest.Round(time.Millisecond))

	// What came at last is in the figures, and what is not drawn is counted.
	last := ws.fails(t, "/last")
	list.await(t, `document.querySelector('#a-`+last+`') !== null`)
	says := evaluate[string](t, list, `document.querySelector('#pill').innerText + ' ' + document.querySelector('#notices').innerText`)
	match := regexp.MustCompile(`(\d+) (of a burst not drawn|events were missed here)`).FindStringSubmatch(says)
	if match == nil {
		t.Fatalf("nothing says what is not drawn: %q", says)
	}
	if n, _ := strconv.Atoi(match[1]); n == 0 || n > count {
		t.Errorf("%d of %d are not drawn, the page says: %q", n, count, says)
	}
	t.Logf("the page says: %s", says)
	if !evaluate[bool](t, list, `globalThis.neverReloaded === true`) {
		t.Error("the list was reloaded")
	}
}

// mark is what hostile script would leave behind.
const mark = `globalThis.ran=1`

// hostile are heads that hold, in every place that is shown, what could run, what would
// break the layout, and what lies about direction and order.
func hostile(port string) []string {
	const bidi = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
	script := "<script>" + mark + "</script>"
	image := `"><img/src="x"onerror=` + mark + `>'`
	drawing := `</textarea></title></style><svg/onload=` + mark + `>`
	terminal := "\x1b[31m\x1b]0;title\x07\x9b31m\x08\x7f"
	link := "javascript:" + mark
	broken := "\xff\xfe\xc0\xaf\xed\xa0\x80"
	host := "localhost:" + port
	return []string{
		handshake("/"+image+"?"+script, host, "Origin: "+link, "User-Agent: "+drawing, "Referer: "+link, "X-Forwarded-For: "+image, "Sec-WebSocket-Protocol: "+script+", "+image, "Sec-WebSocket-Extensions: "+drawing),
		handshake("/"+bidi+"gpj.exe", host, "Origin: http://"+bidi, "User-Agent: "+bidi+"evil", "Sec-WebSocket-Protocol: "+bidi, "X-"+bidi+": right to left"),
		handshake("/"+terminal, host, "Origin: "+terminal, "User-Agent: "+terminal, terminal+": "+terminal, "Sec-WebSocket-Protocol: "+terminal),
		handshake("/"+broken, broken, "Origin: "+broken, broken+": "+broken, "Sec-WebSocket-Protocol: "+broken),
		handshake("/long", host, "Origin: http://long.example", "X-Long: "+strings.Repeat("x", 60_000)),
		handshake("/"+strings.Repeat("y", 60_000), host, "Origin: http://long.example"),
		handshake("/many", host, "Origin: http://many.example", strings.TrimSuffix(strings.Repeat("x:"+script[:8]+"\n", 5000), "\n")),
		handshake("/wide", host, "Origin: http://wide.example", strings.Repeat("n", 8000)+": "+strings.Repeat("\u0301", 4000), "Sec-WebSocket-Protocol: "+strings.Repeat("W", 8000)),
		script + " /" + image + " HTTP/1.1\nHost: " + drawing + "\n" + script + ": " + image,
		bidi + terminal + broken,
	}
}

// unmoved fails t where the page runs, breaks or lies because of what a stranger wrote.
func (tab *tab) unmoved(t *testing.T) {
	t.Helper()
	at := evaluate[string](t, tab, `location.pathname + location.search`)
	for _, width := range []int64{375, 1440} {
		tab.size(t, width, 900)
		for _, fault := range evaluate[[]string](t, tab, geometry) {
			t.Errorf("%s, %d px: %s", at, width, fault)
		}
	}
	if evaluate[bool](t, tab, `'ran' in globalThis`) {
		t.Errorf("%s: a stranger's script ran", at)
	}
	if got := evaluate[string](t, tab, `(() => {
		const all = document.documentElement.cloneNode(true);
		all.querySelectorAll('input').forEach(e => e.remove()); // a field gives back what its reader typed
		return JSON.stringify(all.outerHTML.match(/.{0,40}[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\0-\x08\x0e-\x1f\x7f-\x9f].{0,40}/u)?.[0] ?? '');
	})()`); got != `""` {
		t.Errorf("%s: a control of direction or of a terminal came through: %s", at, got)
	}
	for _, trouble := range evaluate[[]string](t, tab, `globalThis.troubles`) {
		t.Errorf("%s: %s", at, trouble)
	}
}

// TestHostile opens every screen that shows what strangers wrote.
func TestHostile(t *testing.T) {
	t.Parallel()
	ws := startInspector(t, "--reveal") // a mask would hide lines that cannot be read
	chromium := startBrowser(t)
	list := chromium.watched(t)
	list.navigate(t, ws.url+"/inspect")
	list.await(t, `document.querySelector('#feed').dataset.state === 'live'`)
	conn, _ := echo(t, "ws://localhost:"+ws.port+"/closed?"+url.QueryEscape(mark), "<script>"+mark+"</script>")
	conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "<img src=x onerror="+mark+">\u202e\x1b[31m"), time.Now().Add(patience))
	heads := hostile(ws.port)
	for _, raw := range heads {
		send(t, ws.port, raw)
	}
	list.await(t, fmt.Sprintf(`document.querySelector('.chip').textContent === 'All %d'`, len(heads)+1))
	list.unmoved(t) // by the feed
	for _, path := range []string{"", "?fold=no", "?q=" + url.QueryEscape(`"<script>`+mark+`</script>" path:</script> `+"\u202e\xff")} {
		list.navigate(t, ws.url+"/inspect"+path)
		list.await(t, `document.readyState === 'complete'`)
		list.unmoved(t)
	}

	attempts := ws.attempts(t, nil)
	page := chromium.watched(t)
	for i, a := range attempts {
		target := a.Request.Target
		t.Run(fmt.Sprintf("%d %.12q", i, target), func(t *testing.T) {
			other := attempts[(i+1)%len(attempts)].ID
			for _, path := range []string{"/" + a.ID + "?view=lines", "/" + a.ID + "?view=bytes", "/compare?a=" + a.ID, "/compare?a=" + a.ID + "&b=" + other, "/" + a.ID + "/report"} {
				page.navigate(t, ws.url+"/inspect"+path)
				page.await(t, `document.readyState === 'complete'`)
				evaluate[bool](t, page, `document.querySelectorAll('details').forEach(d => { d.open = true }), true`)
				page.unmoved(t)
			}
		})
	}
}

// window gives the tab's window another state: one that is minimized is hidden.
func (tab *tab) window(t *testing.T, state browsers.WindowState) {
	t.Helper()
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		its, err := chromedp.Call(ctx, browsers.GetWindowForTarget, browsers.GetWindowForTargetParams{})
		if err == nil {
			_, err = chromedp.Call(ctx, browsers.SetWindowBounds, browsers.SetWindowBoundsParams{WindowID: its.WindowID, Bounds: &browsers.Bounds{WindowState: state}})
		}
		return err
	}))
}

// TestUnseen: the title of a hidden list counts the failures that nobody has looked at, and
// a polite voice says them.
func TestUnseen(t *testing.T) {
	t.Parallel()
	ws := startInspector(t)
	list := openList(t, ws, "")
	title := evaluate[string](t, list, `document.title`)
	ws.fails(t, "/seen")
	list.await(t, `document.querySelectorAll('#rows tr').length === 1`)
	if got := evaluate[string](t, list, `document.title`); got != title {
		t.Errorf("under the reader's eyes the title became %q", got)
	}
	evaluate[bool](t, list, `(() => {
		globalThis.heard = [];
		const voice = document.querySelector('p.unseen[role=status]');
		new MutationObserver(() => heard.push(voice.textContent)).observe(voice, { childList: true });
		return true;
	})()`)

	list.window(t, browsers.WindowStateMinimized)
	evaluate[bool](t, list, `document.hidden || new Promise(done => document.addEventListener('visibilitychange', () => done(true), { once: true }))`)
	for i := range 3 {
		ws.fails(t, fmt.Sprintf("/unseen/%d", i))
	}
	if got := request(t, ws.port, handshake("/fine", "localhost")); got.status != http.StatusSwitchingProtocols {
		t.Fatalf("answered %d, want 101", got.status)
	}
	list.await(t, `document.title === `+strconv.Quote("(3) "+title))
	list.await(t, `heard.some(words => /^[1-3] new, failed: ./.test(words))`)

	list.window(t, browsers.WindowStateNormal)
	list.await(t, `document.title === `+strconv.Quote(title)+` && document.querySelectorAll('#rows tr').length === 5`)
	if !evaluate[bool](t, list, `globalThis.neverReloaded === true`) {
		t.Error("the list was reloaded")
	}
}
