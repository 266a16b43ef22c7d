package e2e

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
)

// passOn is what nginx needs for a WebSocket at /, with more lines of the test.
const passOn = `
location / {
    proxy_pass http://localhost:8080;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $http_host;
    %s
}`

// selftest opens the self-test behind proxy and runs it. The query says what is tested.
func selftest(t *testing.T, origin, query string) *tab {
	t.Helper()
	page := startBrowser(t).blank(t)
	page.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		return err
	}))
	page.navigate(t, origin+"/inspect/selftest?"+query)
	page.await(t, `!document.querySelector('#test').hidden`)
	evaluate[bool](t, page, `addEventListener('securitypolicyviolation', e => { globalThis.violated = e.violatedDirective }), true`)
	page.hit(t, "#run")
	page.await(t, `document.querySelector('#run').textContent === 'Run again'`)
	if got := evaluate[string](t, page, `globalThis.violated ?? ''`); got != "" {
		t.Errorf("the page broke its own Content-Security-Policy: %s", got)
	}
	return page
}

// states returns how each step of the self-test ended, in their order.
func states(t *testing.T, page *tab) string {
	t.Helper()
	return evaluate[string](t, page, `[...document.querySelectorAll('.steps li')].map(li => li.className).join(', ')`)
}

// TestSelftest runs the browser's own test behind an nginx that does what it should: every
// step is done, and nothing arrives changed.
func TestSelftest(t *testing.T) {
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(behind(t, ws, fmt.Sprintf(passOn, "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;"))), nil)
	page := selftest(t, proxy.url, "minutes=0.05&protocols=chat")

	if got, want := states(t, page), "done, done, done, done, done, done, done"; got != want {
		t.Errorf("the steps are %s, want %s", got, want)
	}
	page.shows(t, "Everything your browser sent has arrived. Silence is not cut.", "0 of", "101 after", "“hello”", "64 KiB", "1000, both sides", "still open after 3")
	tested := ws.attempts(t, url.Values{"path": {"/inspect/selftest"}, "outcome": {"accepted"}})
	if len(tested) != 4 {
		t.Fatalf("%d sockets arrived, want that of the test and three of the finder", len(tested))
	}
	if got := tested[3].header("Sec-WebSocket-Protocol"); len(got) != 1 || got[0] != "chat" {
		t.Errorf("the subprotocol arrived as %q", got)
	}
	page.click(t, "#links a")
	page.shows(t, tested[3].ID)
}

// TestSelftestBehindBareProxyPass: the handshake arrives, and without its Upgrade.
func TestSelftestBehindBareProxyPass(t *testing.T) {
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(behind(t, ws, barePass)), nil)
	page := selftest(t, proxy.url, "")

	if got, want := states(t, page), "done, failed, done, not run, not run, not run, not run"; got != want {
		t.Errorf("the steps are %s, want %s", got, want)
	}
	a := ws.attempts(t, url.Values{"outcome": {"rejected"}})[0]
	page.shows(t, "It arrived, and wsinspect refused it with 426.", "the browser saw 1006", "wsinspect answered 426", "Without it nothing is upgraded.", "Differs.", a.Causes[0].Because)
	page.click(t, "#links a:last-child")
	page.shows(t, a.ID, a.Causes[0].Fix.Steps[0].Lines[0])
}

// TestSelftestWhereNothingArrives: nginx answers by itself, for the WebSocket alone and for
// every request. The page still says what the browser saw.
func TestSelftestWhereNothingArrives(t *testing.T) {
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(behind(t, ws, fmt.Sprintf(passOn, "if ($http_upgrade) { return 403; }"))+" location /ws/ { return 403; }"), nil)

	for path, plain := range map[string]string{"": "A plain request to the same path does arrive", "/ws/": "the browser got 403 from nginx"} {
		page := selftest(t, proxy.url, url.Values{"path": {path}}.Encode())
		page.shows(t, "The browser tried, and nothing arrived here. The request ends before wsinspect.", "nothing arrived", "http://localhost:"+proxy.port, plain)
		want := "done, failed, failed, not run, not run, not run, not run"
		if path != "" {
			want = strings.Replace(want, "done", "failed", 1)
		}
		if got := states(t, page); got != want {
			t.Errorf("of path %q the steps are %s, want %s", path, got, want)
		}
	}
	if found := ws.attempts(t, url.Values{}); len(found) != 0 {
		t.Errorf("%d attempts have arrived after all", len(found))
	}
}

// TestSelftestFindsTheCut: nginx cuts what is silent for two seconds, and nothing else.
func TestSelftestFindsTheCut(t *testing.T) {
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(behind(t, ws, fmt.Sprintf(passOn, "proxy_read_timeout 2s; proxy_set_header X-Forwarded-Proto $scheme;"))), nil)
	page := selftest(t, proxy.url, "minutes=0.2&ping=1")
	if !evaluate[bool](t, page, `document.querySelectorAll('#links a').length > 1`) {
		// On a busy machine two seconds are not whole ones, and one such cut may be an accident.
		page.hit(t, "#run")
		page.await(t, `document.querySelector('#run').textContent === 'Run again'`)
	}

	page.shows(t, "Only silence is cut, after ", "cut after ", "Something every 1 s keeps a socket open.", "still open")
	if after := evaluate[float64](t, page, `+document.querySelector('#says').textContent.match(/after ([\d.]+) s/)[1]`); after < 1 || after > 10 {
		t.Errorf("silence is cut after %v s, the page says; nginx waits for 2 s", after)
	}
	page.click(t, "#links a:last-child")
	page.shows(t, "proxy_read_timeout")
}

// TestSelftestWithToken signs in and runs the test: the cookie of the page opens the API.
func TestSelftestWithToken(t *testing.T) {
	const token = "a-token-of-the-test"
	ws := startGuarded(t, token)
	page := startBrowser(t).open(t, ws.url+"/inspect/selftest?minutes=0.05&ping=1")
	page.do(t, chromedp.SendKeys("#token", token))
	page.click(t, "#signin button")
	page.await(t, `!document.querySelector('#test').hidden`)
	page.hit(t, "#run")
	page.await(t, `document.querySelector('#run').textContent === 'Run again'`)
	page.shows(t, "Everything your browser sent has arrived. Silence is not cut.")
}

// TestSelftestOverTLS: the page came by https, so the socket is opened by wss. Both ends
// are the same origin to the page's Content-Security-Policy.
func TestSelftestOverTLS(t *testing.T) {
	ws := startInspector(t)
	conf := strings.Replace(serverWith(behind(t, ws, fmt.Sprintf(passOn, "proxy_set_header X-Forwarded-Proto $scheme;"))), "listen 8081;", "listen 8081 ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;", 1)
	cert, key := certificate(t)
	proxy := startNginx(t, conf, files{"cert.pem": cert, "key.pem": key})
	page := selftest(t, "https://localhost:"+proxy.port, "minutes=0.05")

	page.shows(t, "Everything your browser sent has arrived. Silence is not cut.", "0 of")
	if got := evaluate[string](t, page, `location.protocol`); got != "https:" {
		t.Errorf("the page came by %s", got)
	}
}

// behind writes the port of ws into the lines of a location.
func behind(t *testing.T, ws *inspector, location string) string {
	t.Helper()
	return replaceOnce(t, location, "localhost:8080", "localhost:"+ws.port)
}
