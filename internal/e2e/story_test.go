package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/corpus"
)

// The three configurations of the story. It is told with port 8080; a test takes the one
// that wsinspect has.
const (
	theFirstLines = `
location /ws/ {
    proxy_pass http://localhost:8080;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
}`
	theRightCure = `
location /ws/ {
    proxy_pass http://localhost:8080;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
    proxy_set_header Host $http_host;
}`
	theTemptingCure = `
location /ws/ {
    proxy_pass http://localhost:8080;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
    proxy_set_header Origin "";
}`
	// thePage is the page of the application, on the origin of its WebSocket.
	thePage = `location = / { return 200 "<!doctype html><title>the application</title><link rel=icon href=data:,>"; }`
)

// startStory runs nginx with the page and one of the three configurations.
func startStory(t *testing.T, ws *inspector, location string) *nginx {
	t.Helper()
	return startNginx(t, serverWith(thePage+replaceOnce(t, location, "localhost:8080", "localhost:"+ws.port)), nil)
}

// TestStory is what this project comes from. A WebSocket works without nginx and is
// refused behind it; the right line cures it; the line that is found most often cures it
// too, and takes away the protection. /inspect stays open in a tab all the while and is
// never reloaded.
func TestStory(t *testing.T) {
	ws := startInspector(t)
	chromium := startBrowser(t)
	list := chromium.open(t, ws.url+"/inspect")
	list.await(t, `document.readyState === 'complete'`)
	evaluate[bool](t, list, `globalThis.neverReloaded = true`)

	// newest returns the attempt that the list shows for path, once it does.
	newest := func(t *testing.T, path string) *attempt {
		t.Helper()
		a := ws.until(t, url.Values{"path": {path}}, func(*attempt) bool { return true })
		list.await(t, `document.querySelector('a[href*="`+a.ID+`"]') !== null`)
		if !evaluate[bool](t, list, `globalThis.neverReloaded === true`) {
			t.Error("the list was reloaded")
		}
		return a
	}

	t.Run("Host is not forwarded", func(t *testing.T) {
		proxy := startStory(t, ws, theFirstLines)
		page := chromium.open(t, proxy.url)

		if got := page.dial(t, "/ws/echo?story=1", "hello"); got.Opened || got.Code != 1006 {
			t.Fatalf("the browser got %+v, want 1006 and no connection", got)
		}
		a := newest(t, "/ws/echo")
		if a.State != "rejected" || a.Verdict.Status != 403 || a.Response.Status != 403 {
			t.Errorf("%s, verdict %d, answered %d; want rejected with 403", a.State, a.Verdict.Status, a.Response.Status)
		}
		if a.Verdict.DecidedBy != "origin-same-host" {
			t.Errorf("decided by %q, want origin-same-host", a.Verdict.DecidedBy)
		}
		if got, want := a.header("Origin"), proxy.url; len(got) != 1 || got[0] != want {
			t.Errorf("Origin is %q, want %q", got, want)
		}
		if want := "localhost:" + ws.port; a.Request.Host != want {
			t.Errorf("Host is %q, want %q", a.Request.Host, want)
		}

		const cause, cure = "host-not-forwarded", "proxy_set_header Host $http_host;"
		if len(a.Causes) == 0 || a.Causes[0].ID != cause {
			t.Fatalf("the causes are %+v, want %s first", a.Causes, cause)
		}
		if !slices.ContainsFunc(a.Causes[0].Fix.Steps, func(s corpus.Step) bool { return slices.Contains(s.Lines, cure) }) {
			t.Errorf("the fix of %s lacks %q: %+v", cause, cure, a.Causes[0].Fix)
		}
		if found := ws.attempts(t, url.Values{"cause": {cause}}); len(found) != 1 || found[0].ID != a.ID {
			t.Errorf("the filter cause=%s finds %+v", cause, found)
		}

		shown := chromium.open(t, ws.url+"/inspect/"+a.ID)
		shown.shows(t, cause, cure)
		shown.shows(t, "403", "origin-same-host", "Decides.", proxy.url, "localhost:"+ws.port)
		if got := shownHead(t, shown); got != string(a.Request.Raw) {
			t.Errorf("the page shows this head:\n%q\nthe API:\n%q", got, a.Request.Raw)
		}
		page.close()
	})

	t.Run("Host is forwarded", func(t *testing.T) {
		proxy := startStory(t, ws, theRightCure)
		page := chromium.open(t, proxy.url)

		if got := page.dial(t, "/ws/echo?story=2", "hello"); !got.Opened || got.Echo != "hello" {
			t.Fatalf("the browser got %+v, want its message back", got)
		}
		a := newest(t, "/ws/echo")
		if a.State != "open" || !a.Verdict.Accepted || a.Response.Status != 101 {
			t.Errorf("%s, accepted %t, answered %d; want open after 101", a.State, a.Verdict.Accepted, a.Response.Status)
		}
		shown := chromium.open(t, ws.url+"/inspect/"+a.ID)
		shown.shows(t, "101")

		page.close()
		closed := ws.until(t, url.Values{"path": {"/ws/echo"}}, func(now *attempt) bool {
			return now.ID == a.ID && now.State == "closed"
		})
		if closed.Session.Close.Code != 1001 || closed.Session.Close.By != "client" {
			t.Errorf("closed with %d by %s, want 1001 by the client, whose tab was closed", closed.Session.Close.Code, closed.Session.Close.By)
		}
		list.await(t, `document.body.innerText.includes('1001')`)
		shown.await(t, `document.body.innerText.includes('Going away')`) // it is live too
	})

	t.Run("Origin is removed", func(t *testing.T) {
		proxy := startStory(t, ws, theTemptingCure)
		page := chromium.open(t, proxy.url)

		if got := page.dial(t, "/ws/echo?story=3", "hello"); !got.Opened || got.Echo != "hello" {
			t.Fatalf("the browser got %+v, want its message back", got)
		}
		a := newest(t, "/ws/echo")
		f := a.finding(t, "origin-present")
		if f.Outcome != "advised" {
			t.Errorf("origin-present is %s, want advised", f.Outcome)
		}
		for _, say := range []string{"Origin", "cross-site"} {
			if !strings.Contains(f.Because, say) {
				t.Errorf("the finding does not speak of %s: %s", say, f.Because)
			}
		}
		shown := chromium.open(t, ws.url+"/inspect/"+a.ID)
		shown.shows(t, f.Because)
	})

	metrics := string(ws.get(t, "/metrics"))
	if !strings.Contains(metrics, "\nwsinspect_verdict_mismatches_total 0\n") {
		t.Error("gorilla did something else than the verdict foretold")
	}
	if !regexp.MustCompile(`\nwsinspect_handshake_causes_total\{cause="host-not-forwarded",confidence="\w+"\} 1\n`).MatchString(metrics) {
		t.Error("the cause is not counted")
	}
}

// shownHead returns the head that the page shows under "As it arrived", put together from
// its lines; the letters that lead back to the checks are no part of it.
func shownHead(t *testing.T, page *tab) string {
	t.Helper()
	return evaluate[string](t, page, `[...document.querySelectorAll('section[aria-labelledby=arrived] .line .text')].map(line => {
		const text = line.cloneNode(true);
		text.querySelectorAll('.letter').forEach(letter => letter.remove());
		return text.textContent + '\r\n';
	}).join('') + '\r\n'`)
}
