package e2e

import (
	"bufio"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"
)

var (
	look     = flag.Bool("look", false, "TestStates prints the address of each state and waits for Ctrl-C")
	pictures = flag.String("pictures", "", "TestStates takes the README's pictures into this folder, and does nothing else")
)

// state is a screen in one of its states, at an address of its own.
type state struct {
	name, address string
	steps         func(*testing.T, *tab) // what a reader does there first; nil: nothing
}

// TestStates walks the gallery of states: every screen in every state, narrow and wide,
// light and dark. Nothing may scroll sideways, nothing may break the page's own policy,
// and axe finds nothing.
func TestStates(t *testing.T) {
	states := gallery(t)
	switch {
	case *look:
		chromium := startBrowser(t)
		for _, s := range states {
			if s.steps != nil {
				page := chromium.watched(t)
				page.show(t, s)
				s.address = still(t, page)
			}
			fmt.Fprintf(os.Stderr, "%-22s %s\n", s.name, s.address)
		}
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		<-interrupted
		return
	case *pictures != "":
		takePictures(t, states)
		return
	}
	chromium := startBrowser(t)
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			page := chromium.watched(t)
			defer page.close()
			page.show(t, s)
			page.inspect(t)
		})
	}
}

// show opens a state and does what a reader does there.
func (tab *tab) show(t *testing.T, s state) {
	t.Helper()
	tab.size(t, 1440, 900)
	tab.navigate(t, s.address)
	tab.await(t, `document.readyState === 'complete'`)
	if s.steps != nil {
		s.steps(t, tab)
	}
}

// still serves what the page shows now, without its script, at an address of its own: a
// state that takes steps to come to can then be opened by itself. All that it loads comes
// from where the page did.
func still(t *testing.T, page *tab) (address string) {
	t.Helper()
	from, err := url.Parse(evaluate[string](t, page, `location.href`))
	if err != nil {
		t.Fatal(err)
	}
	shown := evaluate[string](t, page, `(() => {
		document.querySelectorAll('script, noscript').forEach(e => e.remove());
		return '<!doctype html>' + document.documentElement.outerHTML;
	})()`)
	files := map[string][]byte{} // out of the cache: the server may be gone
	for _, name := range evaluate[[]string](t, page, `performance.getEntriesByType('resource').map(e => new URL(e.name).pathname).filter(p => p.includes('/static/'))`) {
		files[name] = []byte(evaluate[string](t, page, `fetch(`+strconv.Quote(name)+`, { cache: 'force-cache' }).then(r => r.text(), () => '')`))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, isFile := files[r.URL.Path]
		switch {
		case !isFile:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			body = []byte(shown)
		case strings.HasSuffix(r.URL.Path, ".svg"):
			w.Header().Set("Content-Type", "image/svg+xml")
		case strings.HasSuffix(r.URL.Path, ".css"):
			w.Header().Set("Content-Type", "text/css")
		}
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL + from.RequestURI()
}

// altered shows ws through an nginx that writes another text into its feed: what a
// restarted or an overtaken server says, without one.
func altered(t *testing.T, ws *inspector, old, now string) *nginx {
	t.Helper()
	return startNginx(t, serverWith(fmt.Sprintf(`
location /inspect { proxy_pass http://localhost:%s; }
location /inspect/feed {
    proxy_pass http://localhost:%[1]s;
    sub_filter '%s' '%s';
    sub_filter_types text/event-stream;
}`, ws.port, old, now)), nil)
}

// tests runs the self-test until the step is in a state.
func tests(step, state string) func(*testing.T, *tab) {
	return func(t *testing.T, page *tab) {
		page.await(t, `!document.querySelector('#test').hidden`)
		page.hit(t, "#run")
		page.await(t, `document.querySelector('#s-`+step+`').className === '`+state+`' && !document.querySelector('#beside').hidden`)
		if state != "running" {
			page.await(t, `document.querySelector('#run').textContent === 'Run again'`)
		}
	}
}

// gallery starts what the states need, and lets happen what they show.
func gallery(t *testing.T) []state {
	t.Helper()
	ws, proxy := startDemo(t)
	shown := fill(t, ws, proxy)
	_, empty := startDemo(t)
	const token = "a-token-of-the-test"
	guarded := startGuarded(t, token)
	revealed := startInspector(t, "--reveal")
	request(t, revealed.port, handshake("/ws", "localhost", "Cookie: session=plain", "Origin: http://localhost"))
	polling := startInspector(t, "--max-subscribers", "0")
	polling.fails(t, "/ws")
	leaving := startInspector(t)
	leaving.fails(t, "/ws")
	altering := startInspector(t)
	altering.fails(t, "/ws")
	missed := altered(t, altering, "event: hello", "event: missed\ndata: 37\n\nevent: hello")
	restarted := altered(t, altering, `"started":"20`, `"started":"21`)

	at := func(path string) string { return proxy.url + "/inspect" + path }
	states := []state{
		{"empty", empty.url + "/inspect", nil},
		{"list", at(""), nil},
		{"list-unfolded", at("?fold=no"), nil},
		{"list-nothing-matches", at("?q=path:/nowhere"), nil},
		{"list-wrong-filter", at("?q=cause:nonsense"), nil},
		{"list-paused", at(""), func(t *testing.T, page *tab) { page.hit(t, "button#pause") }},
		{"list-polling", polling.url + "/inspect", func(t *testing.T, page *tab) {
			page.await(t, `document.getElementById('feed').dataset.state === 'polling'`)
			page.shows(t, "Too many pages watch the live feed, so this page asks every 5 s instead.", "Try live again")
		}},
		{"list-missed", missed.url + "/inspect", func(t *testing.T, page *tab) {
			page.await(t, `document.getElementById('missed')`)
			page.shows(t, "37 events were missed here; reload to see them.", "Reload")
		}},
		{"list-restarted", restarted.url + "/inspect", func(t *testing.T, page *tab) {
			page.await(t, `document.getElementById('restarted')`)
			page.shows(t, "wsinspect was restarted at", "Attempts before it are gone.")
		}},
		{"list-offline", leaving.url + "/inspect", func(t *testing.T, page *tab) {
			page.await(t, `document.getElementById('feed').dataset.state === 'live'`)
			leaving.kill(t)
			page.await(t, `document.getElementById('feed').dataset.state === 'offline'`)
		}},
		{"revealed", revealed.url + "/inspect/latest", nil},
		{"sign-in", guarded.url + "/inspect", nil},
		{"wrong-token", guarded.url + "/inspect", func(t *testing.T, page *tab) {
			page.do(t, chromedp.SendKeys("#token", "wrong"))
			page.click(t, "#signin button")
			page.shows(t, "That is not the token.")
		}},
		{"compare", at("/compare"), nil},
		{"compare-before", at("/compare?a=" + shown["rejected"]), nil},
		{"compare-cured", at("/compare?a=" + shown["rejected"] + "&b=" + shown["accepted"]), nil},
		{"compare-not-cured", at("/compare?a=" + shown["rejected"] + "&b=" + shown["again"]), nil},
		{"self-test", at("/selftest"), nil},
		{"self-test-running", at("/selftest?minutes=60&path=/ws/"), tests("idle", "running")},
		{"self-test-done", at("/selftest?minutes=0.05&path=/ws/"), tests("idle", "done")},
		{"self-test-cut", at("/selftest?minutes=0.2&ping=1&path=/faults/read-timeout/"), tests("idle", "done")},
		{"self-test-refused", at("/selftest?path=/faults/upgrade-not-configured/"), tests("idle", "not run")},
		{"self-test-unseen", at("/selftest?path=/faults/redirect-on-handshake/"), tests("arrived", "failed")},
		{"checks", at("/checks"), nil},
		{"causes", at("/causes"), nil},
		{"check", at("/checks/origin-same-host"), nil},
		{"cause", at("/causes/host-not-forwarded"), nil},
		{"cause-unknown", at("/causes/nonsense"), nil},
		{"faults", at("/faults"), nil},
		{"keys", at("/keys"), nil},
		{"not-found", at("/nowhere/at/all"), nil},
		{"evicted", at("/" + revealed.attempts(t, nil)[0].ID), nil},
	}
	for name, id := range shown {
		states = append(states, state{name, at("/" + id), nil})
	}
	return append(states, state{"rejected-bytes", at("/" + shown["rejected"] + "?view=bytes"), nil})
}

// fill lets one attempt of each kind happen and returns their IDs.
func fill(t *testing.T, ws *inspector, proxy *nginx) map[string]string {
	t.Helper()
	host := "localhost:" + proxy.port
	browser := "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\nAccept-Encoding: gzip, deflate, br, zstd\nAccept-Language: en-GB\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
	through := func(path string, more ...string) string {
		return holds(t, proxy.port, handshake(path, host, append([]string{browser, "Origin: http://" + host}, more...)...))
	}
	newest := func(outcome string) string {
		return ws.until(t, url.Values{"outcome": {outcome}, "limit": {"1"}}, func(*attempt) bool { return true }).ID
	}
	ids := map[string]string{}
	for range 3 {
		ids["again"] = through("/faults/connection-cleared/") // folded
	}
	ids["rejected"] = through("/faults/host-not-forwarded/")
	ids["again"] = through("/faults/host-not-forwarded/")
	ids["at-risk"] = through("/faults/origin-stripped/")
	ids["masked"] = through("/faults/upgrade-not-configured/?token=a-secret-of-somebodys", "Cookie: session=a-secret-of-somebodys", "Authorization: Bearer a-secret-of-somebodys")
	ids["hostile"] = holds(t, ws.port, handshake("/ws", "localhost:"+ws.port, "Origin: \"><svg onload=alert(1)>\xff\xfe\u202e",
		"X-Image: <img src=x onerror=alert(1)>"+strings.Repeat("x", 900), "Sec-WebSocket-Protocol: </textarea>"+strings.Repeat("y", 5000)))
	send(t, ws.port, handshake("/<script>alert(1)</script>/\u202egnp.exe", "<b>", "X-Colour: \x1b[31mred\x1b[0m", "\u2066<i>: \"><svg onload=alert(1)>"))
	ids["hostile-refused"] = newest("refused")
	send(t, ws.port, handshake("/ws", "localhost", "Expect: the-unexpected"))
	ids["unexplained"] = newest("refused")

	ids["accepted"] = through("/ws/")
	_, ids["open"] = echo(t, "ws://"+host+"/ws/", "hello")
	closed, id := echo(t, "ws://"+host+"/ws/", "hello")
	closed.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "<b>enough</b>"), time.Now().Add(patience))
	ids["closed"] = id
	cut, id := echo(t, "ws://"+host+"/ws/", "hello")
	cut.Close() // without a close frame
	ids["cut"] = id
	for _, id := range []string{ids["closed"], ids["cut"]} {
		ws.until(t, nil, func(a *attempt) bool { return a.ID == id && a.State == "closed" })
	}

	conn := dial(t, ws.port)
	tls.Client(conn, &tls.Config{ServerName: "localhost", InsecureSkipVerify: true}).Handshake() // it fails
	conn.Close()
	ids["refused"] = newest("refused")
	request(t, ws.port, "GET /health HTTP/1.1\nHost: localhost\nUser-Agent: probe")
	ids["plain"] = newest("plain")
	send(t, ws.port, handshake("/ws", "localhost", "Cookie: "+strings.Repeat("c", 100<<10)))
	ids["truncated"] = ws.until(t, url.Values{"outcome": {"refused"}, "limit": {"1"}}, func(a *attempt) bool { return a.Request.Target == "/ws" }).ID
	return ids
}

// holds opens a connection for as long as the test lasts, and returns the ID of its attempt.
func holds(t *testing.T, port, raw string) string {
	t.Helper()
	conn := dial(t, port)
	t.Cleanup(func() { conn.Close() })
	io.WriteString(conn, head(raw))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.Header.Get("Wsinspect-Attempt") == "" {
		t.Fatalf("%v, %v: no attempt of\n%.200s", answer, err, raw)
	}
	return answer.Header.Get("Wsinspect-Attempt")
}

// send writes a head to a server that may end the connection before it has read it all.
func send(t *testing.T, port, raw string) {
	t.Helper()
	conn := dial(t, port)
	defer conn.Close()
	io.WriteString(conn, head(raw))
	io.Copy(io.Discard, conn)
}

// takePictures takes those that the README shows.
func takePictures(t *testing.T, states []state) {
	page := startBrowser(t).blank(t)
	page.size(t, 1440, 1000)
	for _, s := range states {
		if s.name != "rejected" && s.name != "list" {
			continue
		}
		page.navigate(t, s.address)
		page.await(t, `document.readyState === 'complete' && document.getElementById('feed').dataset.state === 'live'`)
		picture := page.picture(t)
		if err := os.WriteFile(filepath.Join(*pictures, s.name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
