package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// barePass is the first line that people write. nginx then sends its default Host.
const barePass = `location / { proxy_pass http://localhost:8080; }`

// spellings of /inspect. However a path is encoded, it either shows nothing or is guarded.
var spellings = []string{
	"/inspect", "/inspect/", "/inspect/latest", "/inspect/feed", "/inspect/checks",
	"/%69nspect", "/inspect%2f", "/inspect%2Flatest", "//inspect", "/./inspect", "/x/../inspect",
	"/inspect/../inspect/latest", "/inspect//latest", "/inspect;x", "/inspect%00", "/INSPECT",
	"/%2e/inspect", "/.//inspect", "/x/%2e%2e/inspect", "/%2e%2e/inspect", "//inspect//latest", "/inspect/./latest", "/inspect/%2e%2e/inspect/latest",
	"/%2finspect", "/%5cinspect", "/\\inspect", "/inspect%20", "/inspect%09", "/inspect.json", "/inspect/latest/", "/%2569nspect",
	"http://localhost/inspect", "http://localhost:80/inspect/latest", "http://rebound.example.com/inspect", "https://localhost/inspect", "localhost/inspect", "*", "/inspect#x", "?/inspect",
}

// TestToken proves that page and API are closed without the token: over every listener,
// under every Host, in every spelling. nginx's default Host is the loopback address it
// dials, so a request from the whole world looks like one from this machine.
func TestToken(t *testing.T) {
	const token = "a-token-of-the-test"
	socket := filepath.Join(t.TempDir(), "wsinspect.sock")
	ws := startGuarded(t, token, "--listen", "unix:"+socket)

	proxy := startNginx(t, serverWith(replaceOnce(t, barePass, "localhost:8080", "localhost:"+ws.port)), nil)
	public := startNginx(t, serverWith(fmt.Sprintf(`location / { proxy_pass http://localhost:%s; proxy_set_header Host $http_host; }`, ws.port)), nil)
	overSocket := startNginx(t, serverWith(fmt.Sprintf(`location / { proxy_pass http://unix:%s; }`, socket)), nil)

	const secret = "what-somebody-else-asked-for"
	opened := request(t, ws.port, handshake("/ws/"+secret, "localhost"))
	if opened.status != http.StatusSwitchingProtocols {
		t.Fatalf("answered %d, want 101: a handshake needs no token", opened.status)
	}

	doors := []struct{ name, port, host string }{
		{"dialled directly", ws.port, "localhost:" + ws.port},
		{"nginx with its default Host", proxy.port, "www.example.com"},
		{"nginx with a public Host", public.port, "www.example.com"},
		{"nginx with a loopback Host", public.port, "localhost"},
		{"nginx over a unix socket", overSocket.port, "www.example.com"},
	}
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			for _, path := range spellings {
				for _, credentials := range []string{"", "\nAuthorization: Bearer wrong", "\nCookie: wsinspect=wrong"} {
					got := request(t, d.port, fmt.Sprintf("GET %s HTTP/1.1\nHost: %s\nConnection: close\nAccept: */*%s", path, d.host, credentials))
					if got.status == http.StatusOK || strings.Contains(got.body, secret) {
						t.Errorf("GET %s%s is answered %d without the token:\n%.500s", path, credentials, got.status, got.body)
					}
				}
			}
			got := request(t, d.port, fmt.Sprintf("GET /inspect/%s HTTP/1.1\nHost: %s\nConnection: close\nAuthorization: Bearer %s", opened.attempt, d.host, token))
			if got.status != http.StatusOK || !strings.Contains(got.body, secret) {
				t.Errorf("with the token: %d, want 200 and the attempt\n%.500s", got.status, got.body)
			}
		})
	}

	t.Run("metrics and health need none", func(t *testing.T) {
		for _, path := range []string{"/metrics", "/livez", "/readyz"} {
			got := request(t, ws.port, "GET "+path+" HTTP/1.1\nHost: www.example.com\nConnection: close")
			if got.status != http.StatusOK || strings.Contains(got.body, secret) {
				t.Errorf("%s: %d, want 200 and nothing of a visitor's\n%.500s", path, got.status, got.body)
			}
		}
	})
}

// TestOpen proves that without a token, page and API answer to loopback names only: a
// website that has pointed a name of its own at 127.0.0.1 is another Host.
func TestOpen(t *testing.T) {
	ws := startInspector(t, "--allowed-host", "inspect.example.com")

	for _, c := range []struct {
		host   string
		status int
	}{
		{"localhost:" + ws.port, 200},
		{"127.0.0.1:" + ws.port, 200},
		{"[::1]:" + ws.port, 200},
		{"inspect.example.com", 200},
		{"rebound.example.com", 403},
		{"rebound.example.com:" + ws.port, 403},
		{"localhost.example.com", 403},
		{"127.0.0.1.example.com", 403},
	} {
		got := request(t, ws.port, "GET /inspect HTTP/1.1\nHost: "+c.host+"\nConnection: close")
		if got.status != c.status {
			t.Errorf("Host %s: %d, want %d", c.host, got.status, c.status)
		}
	}
	for _, path := range spellings {
		got := request(t, ws.port, "GET "+path+" HTTP/1.1\nHost: rebound.example.com\nConnection: close")
		if got.status == http.StatusOK {
			t.Errorf("%s is shown to another Host:\n%.500s", path, got.body)
		}
	}
}

// TestSignIn signs in as a reader does, behind nginx: with a wrong token and with the right one.
func TestSignIn(t *testing.T) {
	const token = "a-token-of-the-test"
	ws := startGuarded(t, token)
	proxy := startNginx(t, deployConfig(t, ws), nil)
	page := startBrowser(t).open(t, proxy.url+"/inspect")

	page.shows(t, "asks for a token")
	page.do(t, chromedp.SendKeys("#token", "wrong"))
	page.click(t, "#signin button")
	page.shows(t, "That is not the token.")
	page.do(t, chromedp.SendKeys("#token", token))
	page.click(t, "#signin button")
	page.shows(t, "Nothing has arrived yet.")
}

// TestTokenIsPrinted reads the address to open from what a new wsinspect says.
func TestTokenIsPrinted(t *testing.T) {
	ws := startGuarded(t, "")
	token := ws.await(t, `token=(\S+)`)[1]

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", ws.port)+"/inspect", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Errorf("with the printed token: %s\n%s", resp.Status, body)
	}
}

// TestMethodsOverTheWire: no method but GET and HEAD shows what others asked for, and a
// method that a header claims is not believed. Whoever is shown his own request, for TRACE
// or for a method that nobody knows, is not shown a cookie that its script may not read.
func TestMethodsOverTheWire(t *testing.T) {
	ws := startInspector(t)
	const secret = "what-somebody-else-asked-for"
	request(t, ws.port, handshake("/ws/"+secret, "localhost"))
	for _, method := range []string{"OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "X"} {
		for _, path := range []string{"/inspect", "/inspect/latest", "/%69nspect", "*"} {
			got := request(t, ws.port, method+" "+path+" HTTP/1.1\nHost: localhost\nConnection: close\nX-HTTP-Method-Override: GET\nCookie: wsinspect=is-sent-back\nContent-Length: 0")
			if got.status < 400 || strings.Contains(got.body, secret) || strings.Contains(got.body, "is-sent-back") {
				t.Errorf("%s %s is answered %d\n%.500s", method, path, got.status, got.body)
			}
		}
	}
	conn := dial(t, ws.port)
	defer conn.Close()
	io.WriteString(conn, head("HEAD /inspect/latest HTTP/1.1\nHost: localhost"))
	if text, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 200 ") || strings.Contains(string(text), secret) {
		t.Errorf("HEAD is answered %q, %v", text, err)
	}
}

// TestSocketOfAnotherSite: a page elsewhere that opens a WebSocket at an address of the page
// is judged as on any path, learns nothing, and is seen.
func TestSocketOfAnotherSite(t *testing.T) {
	const token = "a-token-of-the-test"
	ws := startGuarded(t, token)
	for _, path := range []string{"/inspect", "/inspect/feed", "/metrics", "/readyz"} {
		got := request(t, ws.port, handshake(path, "localhost:"+ws.port, "Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: websocket", "Cookie: wsinspect=guess"))
		if got.status != http.StatusForbidden || got.attempt == "" || len(got.header["Access-Control-Allow-Origin"]) > 0 {
			t.Errorf("%s is answered %d %v, want 403 and the attempt", path, got.status, got.header)
		}
	}
}

// elsewhere is what the script of another website tries, and what it gets: nothing that it
// can read, by any way that a browser has.
const elsewhere = `(async target => {
	const got = {};
	const ask = (name, options) => fetch(target + '/inspect', { credentials: 'include', ...options })
		.then(r => r.text()).then(text => { got[name] = text }, () => { got[name] = '' });
	const until = (thing, ...events) => new Promise(done => events.forEach(e => thing.addEventListener(e, () => done(e))));
	await ask('fetch');
	await ask('with headers', { headers: { Authorization: 'Bearer guess' } });
	await ask('opaque', { mode: 'no-cors' });
	await ask('post', { method: 'POST', mode: 'no-cors' });
	const feed = new EventSource(target + '/inspect/feed', { withCredentials: true });
	got.feed = await until(feed, 'open', 'error') === 'open' ? 'opened' : '';
	feed.close();
	const socket = new WebSocket(target.replace('http', 'ws') + '/inspect/feed');
	got.socket = await until(socket, 'open', 'error') === 'open' ? 'opened' : '';
	const script = document.head.appendChild(Object.assign(document.createElement('script'), { src: target + '/inspect?format=json' }));
	got.script = await until(script, 'load', 'error') === 'load' ? 'loaded' : '';
	const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { src: target + '/inspect' }));
	await until(frame, 'load');
	got.frame = frame.contentDocument?.body?.innerText ?? '';
	return got;
})`

// TestPageOfAnotherSite lets a real browser, whose reader may see everything, open a page of
// another website: that learns nothing, takes no place at the feed, and what it tried is seen.
func TestPageOfAnotherSite(t *testing.T) {
	const token = "a-token-of-the-test"
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>Elsewhere</title><p>Come in.")
	}))
	defer site.Close() // on 127.0.0.1, which is another site than localhost
	for name, ws := range map[string]*inspector{"open": startInspector(t), "with a token": startGuarded(t, token)} {
		t.Run(name, func(t *testing.T) {
			request(t, ws.port, handshake("/ws/what-somebody-else-asked-for", "localhost"))
			page := startBrowser(t).open(t, ws.url+"/inspect")
			if name != "open" {
				page.do(t, chromedp.SendKeys("#token", token))
				page.click(t, "#signin button")
			}
			page.shows(t, "/ws/what-somebody-else-asked-for")

			page.navigate(t, site.URL)
			for way, got := range evaluate[map[string]string](t, page, elsewhere+"("+strconv.Quote(ws.url)+")") {
				if got != "" {
					t.Errorf("%s: it gets %q", way, got)
				}
			}
			ws.comesTo(t, "wsinspect_feed_subscribers", 0) // the list's own is let go a moment later
			ws.comesTo(t, `wsinspect_handshakes_total{outcome="rejected",reason="origin-same-host"}`, 1)
		})
	}
}

// TestNoStore: no cache keeps an answer that holds what a stranger wrote, ours to handshakes
// included.
func TestNoStore(t *testing.T) {
	ws := startInspector(t)
	for _, raw := range []string{
		handshake("/refused", "localhost", "Origin: https://elsewhere.example"),
		"GET /plain HTTP/1.1\nHost: localhost",
		"GET / HTTP/1.1\nHost: localhost\nAccept: */*",
		"POST /plain HTTP/1.1\nHost: localhost\nContent-Length: 0",
		"GET /inspect HTTP/1.1\nHost: localhost",
		"GET /inspect/latest HTTP/1.1\nHost: localhost\nAccept: text/html",
		"GET /inspect/nothing HTTP/1.1\nHost: localhost",
		"GET /inspect HTTP/1.1\nHost: rebound.example.com",
		"GET /readyz HTTP/1.1\nHost: localhost",
	} {
		got := request(t, ws.port, raw+"\nAccept-Encoding: gzip, br\nRange: bytes=0-9\nIf-None-Match: *")
		h := got.header
		if h.Get("Cache-Control") != "no-store" || h.Get("Content-Encoding") != "" || h.Get("ETag") != "" || got.status == http.StatusPartialContent || got.status == http.StatusNotModified {
			t.Errorf("%d with %v to\n%s", got.status, h, raw)
		}
	}
}
