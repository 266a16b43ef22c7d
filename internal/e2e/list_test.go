package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// fails lets a handshake to path fail and returns the ID of its attempt.
func (i *inspector) fails(t *testing.T, path string) string {
	t.Helper()
	got := request(t, i.port, handshake(path, "localhost", "Origin: http://elsewhere.example"))
	if got.status != http.StatusForbidden {
		t.Fatalf("answered %d, want 403", got.status)
	}
	return got.attempt
}

// openList shows the list of ws, live.
func openList(t *testing.T, ws *inspector, query string) *tab {
	t.Helper()
	list := startBrowser(t).open(t, ws.url+"/inspect"+query)
	list.await(t, `document.querySelector('#feed').dataset.state === 'live'`)
	evaluate[bool](t, list, `globalThis.neverReloaded = true`)
	return list
}

// press presses keys as a keyboard does: a page that takes the key for itself gets no
// letter. KeyEvent sends the letter in any case.
func (tab *tab) press(t *testing.T, keys ...rune) {
	t.Helper()
	for _, r := range keys {
		tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			events := kb.Encode(r)
			down, up := events[0], events[len(events)-1]
			if len(events) > 2 {
				down.Type, down.Text = input.DispatchKeyEventTypeKeyDown, events[1].Text
			}
			for _, e := range []*input.DispatchKeyEventParams{down, up} {
				if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, *e); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// leave presses a key that leads to another page, and waits for that page.
func (tab *tab) leave(t *testing.T, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(key)); err != nil {
		t.Fatalf("press %q: %v", key, err)
	}
}

// focused is the address of the link that has the focus.
const focused = `document.activeElement.getAttribute('href')`

// TestListIsLive: rows come to a list that was empty and to one that was not, without a
// reload, and go where a filter says.
func TestListIsLive(t *testing.T) {
	ws := startInspector(t)
	list := openList(t, ws, "?q=-path:/other")
	list.shows(t, "Nothing has arrived yet. That is a finding too.")
	first := ws.fails(t, "/ws/one")
	list.await(t, `document.querySelector('#a-`+first+`') !== null`)
	list.shows(t, "The one attempt failed:", "/ws/one", "403")
	ws.fails(t, "/other")
	second := ws.fails(t, "/ws/two")
	list.await(t, `document.querySelector('#a-`+second+`') !== null && document.querySelectorAll('#rows tr').length === 2`)
	list.await(t, `document.querySelector('#matched').textContent.startsWith('2 of 3 match')`)
	for range 3 {
		ws.fails(t, "/ws/two")
	}
	list.await(t, `document.querySelector('#a-`+second+` .times')?.textContent === '×4'`)
	list.await(t, `document.querySelector('.chip').textContent === 'All 6'`)
	if !evaluate[bool](t, list, `globalThis.neverReloaded === true`) {
		t.Error("the list was reloaded")
	}
}

// TestListPauses: what comes while the list is paused waits behind a pill, counted.
func TestListPauses(t *testing.T) {
	ws := startInspector(t)
	ws.fails(t, "/first")
	list := openList(t, ws, "")
	list.press(t, 'p')
	list.await(t, `document.querySelector('#pause').textContent.startsWith('Resume')`)
	failed := ws.fails(t, "/second")
	if got := request(t, ws.port, handshake("/third", "localhost")); got.status != http.StatusSwitchingProtocols {
		t.Fatalf("answered %d, want 101", got.status)
	}
	list.await(t, `document.querySelector('#pill').innerText.startsWith('2 new, 1 of them failed')`)
	if evaluate[bool](t, list, `document.querySelector('#a-`+failed+`') !== null`) {
		t.Error("a row came while the list was paused")
	}
	list.press(t, '.')
	list.await(t, `document.querySelector('#a-`+failed+`') !== null && !document.querySelector('#pill button:not([hidden])')`)
	ws.fails(t, "/fourth")
	list.await(t, `document.querySelector('#pill').innerText.startsWith('1 new, 1 of them failed')`)
	list.press(t, 'p')
	list.await(t, `document.querySelectorAll('#rows tr').length === 4`)
}

// TestListByKeys walks the list, an attempt and back, the filter and the list of keys,
// without a pointer.
func TestListByKeys(t *testing.T) {
	ws := startInspector(t)
	older, newer := ws.fails(t, "/older"), ws.fails(t, "/newer")
	list := openList(t, ws, "")

	list.press(t, 'j')
	list.await(t, focused+` === 'inspect/`+newer+`'`)
	list.press(t, 'j')
	list.await(t, focused+` === 'inspect/`+older+`'`)
	list.press(t, 'k')
	list.await(t, focused+` === 'inspect/`+newer+`'`)
	list.leave(t, kb.Enter)
	list.await(t, `location.pathname.endsWith('`+newer+`') && document.readyState === 'complete'`)
	list.leave(t, kb.Escape)
	list.await(t, `location.pathname === '/inspect' && document.readyState === 'complete'`)

	list.press(t, '/')
	list.await(t, `document.activeElement.id === 'q'`)
	list.press(t, 'j', 'p') // letters, in a field
	if got := evaluate[string](t, list, `document.activeElement.id + ' ' + document.activeElement.value`); got != "q jp" {
		t.Errorf("letters typed into the field: %q", got)
	}
	list.press(t, []rune(kb.Backspace+kb.Backspace)...)
	list.do(t, chromedp.KeyEvent("path:/older"))
	list.leave(t, kb.Enter)
	list.await(t, `document.querySelector('.token')?.textContent === 'path:/older×' && document.querySelectorAll('#rows tr').length === 1`)
	list.leave(t, kb.Escape)
	list.await(t, `location.search === '' && document.querySelectorAll('#rows tr').length === 2`)

	list.press(t, '?')
	list.await(t, `document.querySelector('dialog[open]')?.innerText.includes('Next attempt')`)
	list.hit(t, `dialog input[type=checkbox]`)
	list.press(t, []rune(kb.Escape)...)
	list.await(t, `document.querySelector('dialog') === null`)
	list.press(t, 'p')
	if evaluate[bool](t, list, `document.querySelector('#pause').textContent.includes('Resume')`) {
		t.Error("a key works that was switched off")
	}
	list.navigate(t, ws.url+"/inspect/keys")
	list.await(t, `document.querySelector('main input[type=checkbox]')?.checked === false`)
	list.hit(t, `main input[type=checkbox]`)
	list.press(t, 'g')
	list.leave(t, "r")
	list.await(t, `location.pathname === '/inspect/checks'`)
}

// TestListFilters reads the messages of the filter language, and removes a token.
func TestListFilters(t *testing.T) {
	ws := startInspector(t)
	ws.fails(t, "/ws/a")
	ws.fails(t, "/b")
	list := openList(t, ws, "?q=path:/ws+cuase:x")
	list.shows(t, `cuase: is no word of the filter. Write cause:x, or "cuase:x" for text.`, "1 of 2 match path:/ws")
	list.click(t, `.token a`)
	list.await(t, `document.querySelectorAll('#rows tr').length === 2`)
	list.navigate(t, ws.url+"/inspect?q=nowhere")
	list.shows(t, "No attempt matches nowhere. 2 are hidden by it.", "Clear the filter")
}

// TestNothingMovesUnderTheFocus: rows that come while one has the focus wait, and the page
// does not shift by a pixel.
func TestNothingMovesUnderTheFocus(t *testing.T) {
	for _, width := range []int64{375, 800, 1440} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			ws := startInspector(t)
			ws.fails(t, "/first")
			list := openList(t, ws, "")
			list.do(t, chromedp.EmulateViewport(width, 900))
			list.press(t, 'j')
			evaluate[bool](t, list, `(() => {
				globalThis.shifted = 0;
				new PerformanceObserver(l => l.getEntries().forEach(e => { shifted += e.value; })).observe({type: 'layout-shift', buffered: false});
				globalThis.stood = document.activeElement.getBoundingClientRect().top;
				return true;
			})()`)
			for i := range 5 {
				ws.fails(t, fmt.Sprintf("/more/%d", i))
			}
			list.await(t, `document.querySelector('#pill').innerText.startsWith('5 new, 5 of them failed')`)
			list.await(t, `document.querySelector('.chip').textContent === 'All 6'`)
			if got := evaluate[float64](t, list, `Math.abs(document.activeElement.getBoundingClientRect().top - stood)`); got != 0 {
				t.Errorf("the focus moved by %v px", got)
			}
			if got := evaluate[float64](t, list, `new Promise(done => requestAnimationFrame(() => setTimeout(() => done(shifted))))`); got != 0 {
				t.Errorf("the layout shifted by %v", got)
			}
			if wide := evaluate[float64](t, list, `document.documentElement.scrollWidth`); wide > float64(width) {
				t.Errorf("the page is %v px wide and scrolls sideways", wide)
			}
			list.press(t, []rune(kb.Escape)...) // leaves the row
			list.await(t, `document.querySelectorAll('#rows tr').length === 6`)
		})
	}
}

// TestListWithoutItsFeed: a proxy that refuses the feed leaves polling; without the server
// the page says since when it knows nothing.
func TestListWithoutItsFeed(t *testing.T) {
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(`
location /inspect { proxy_pass http://localhost:`+ws.port+`; }
location /inspect/feed { return 404; }`), nil)
	list := startBrowser(t).open(t, proxy.url+"/inspect")
	list.await(t, `document.querySelector('#feed').dataset.state === 'polling'`)
	list.shows(t, "Polling every 5 s", "The live feed was refused, so this page asks every 5 s instead.")
	id := ws.fails(t, "/polled")
	list.await(t, `document.querySelector('#a-`+id+`') !== null`)
	if err := ws.end(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	list.await(t, `document.querySelector('#feed').dataset.state === 'offline'`)
	list.shows(t, "Offline since", "The live feed has stopped, and so has polling.", "What you see is true up to then.")
	if n := evaluate[int](t, list, `document.querySelectorAll('#notices [role=alert]').length`); n != 1 {
		t.Errorf("%d alerts, want one", n)
	}
}

// TestListUnderABurst: hundreds of attempts that come as fast as they can leave the page
// bounded, and able to say how many it has not drawn.
func TestListUnderABurst(t *testing.T) {
	ws := startInspector(t)
	ws.fails(t, "/first")
	list := openList(t, ws, "")
	evaluate[bool](t, list, `(() => { // the longest time that the page was not able to answer
		globalThis.longest = 0;
		let last = performance.now();
		setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; }, 10);
		return true;
	})()`)
	const burst = 400
	for i := range burst {
		ws.fails(t, fmt.Sprintf("/burst/%d", i))
	}
	list.await(t, fmt.Sprintf(`document.querySelector('.chip').textContent === 'All %d'`, burst+1))
	rows := evaluate[int](t, list, `document.querySelectorAll('#rows tr').length`)
	if rows > 200 {
		t.Errorf("%d rows, want at most 200", rows)
	}
	if pill := evaluate[string](t, list, `document.querySelector('#pill').innerText`); !strings.Contains(pill, "of a burst not drawn: reload") {
		t.Errorf("%d rows of %d, and the pill says %q", rows, burst, pill)
	}
	if longest := evaluate[float64](t, list, `longest`); longest > 1000 {
		t.Errorf("the page hung for %v ms", longest)
	}
}
