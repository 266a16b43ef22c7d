package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const secret = "correct horse; battery=staple"

func TestTokenIsAskedEverywhere(t *testing.T) {
	s := newSite(Options{Token: secret})
	a := s.arrives(theStory)
	for _, target := range []string{
		"/inspect", "/inspect/", "/inspect/" + a.ID, "/inspect/latest", "/inspect/feed", "/inspect/checks", "/inspect/checks/method-get", "/inspect/compare", "/inspect/compare?a=" + a.ID + "&b=" + a.ID, "/inspect/selftest", "/inspect/selftest?nonce=1", "/inspect/causes", "/inspect/causes/upgrade-not-configured",
		"/inspect/signin", "/inspect/%6catest", "/inspect/%2e%2e/inspect/latest", "/inspect//latest", "/inspect/latest%00", "/inspect/static/../latest", "/inspect?format=json",
	} {
		for _, accept := range []string{"text/html", "application/json", "*/*"} {
			for _, credentials := range []string{"", "Bearer", "Bearer wrong", "Bearer " + secret + "x", "Basic " + secret} {
				w := s.get(target, accept, "Authorization", credentials, "Cookie", cookieName+"="+url.QueryEscape(secret))
				if w.Code == http.StatusOK || strings.Contains(w.Body.String(), "03SvnEbGeWQjug0BmxXzaw==") {
					t.Errorf("GET %s (%s, %q): %d without the token", target, accept, credentials, w.Code)
				}
			}
		}
	}
	if w := s.get("/inspect/latest", "*/*", "Authorization", "bearer "+secret); w.Code != http.StatusOK {
		t.Errorf("with the token: %d, want 200", w.Code)
	}
}

func TestWhoHasNoTokenIsToldHow(t *testing.T) {
	s := newSite(Options{Token: secret})
	if w := s.get("/inspect", "*/*", "X-Forwarded-Prefix", "/tools"); w.Code != http.StatusUnauthorized ||
		!strings.Contains(w.Body.String(), `curl -H "Authorization: Bearer $WSINSPECT_TOKEN" http://localhost:8080/tools/inspect/latest`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.get("/inspect", "application/json"); w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Body.String(), `{"error":"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := s.get("/inspect/latest?view=bytes", "text/html")
	form := id(t, parse(t, w.Body), "signin")
	if got := attr(form, "action"); w.Code != http.StatusUnauthorized || got != "../inspect/signin" {
		t.Errorf("%d, and the form goes to %q", w.Code, got)
	}
}

func (s *site) post(path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestSignIn(t *testing.T) {
	s := newSite(Options{Token: secret})
	s.arrives(theStory)

	wrong := s.post("/inspect/signin", url.Values{"token": {"wrong"}, "next": {"/inspect/latest"}})
	doc := parse(t, wrong.Body)
	if got := text(id(t, doc, "wrong")); wrong.Code != http.StatusUnauthorized || got != "That is not the token. Copy it whole, from the line that wsinspect printed at its start." {
		t.Errorf("a wrong token: %d %q", wrong.Code, got)
	}
	if len(wrong.Result().Cookies()) != 0 {
		t.Error("a wrong token sets a cookie")
	}

	right := s.post("/inspect/signin", url.Values{"token": {" " + secret + "\n"}, "next": {"/inspect/latest?view=bytes"}}, "X-Forwarded-Proto", "https")
	if got := right.Header().Get("Location"); right.Code != http.StatusSeeOther || got != "../inspect/latest?view=bytes" {
		t.Fatalf("the right token: %d to %q", right.Code, got)
	}
	cookies := right.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies, want 1", len(cookies))
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || !c.Secure || c.Path != "" || c.MaxAge != 0 {
		t.Errorf("Set-Cookie: %s", c.Raw)
	}
	if strings.Contains(c.Value, "horse") {
		t.Error("the cookie holds the token itself")
	}
	if w := s.get("/inspect/latest", "text/html", "Cookie", c.Name+"="+c.Value); w.Code != http.StatusOK {
		t.Errorf("with the cookie: %d, want 200", w.Code)
	}
	if out := s.post("/inspect/signout", nil).Result().Cookies(); len(out) != 1 || out[0].MaxAge >= 0 || out[0].Value != "" {
		t.Errorf("signing out sets %v", out)
	}
}

// TestWrongTokensAreSlowed: beyond a pace over all who guess, a wrong token gets 429, is
// counted as such, and costs the right one nothing. Whoever shows none is asked as ever.
func TestWrongTokensAreSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(Options{Token: secret})
		a := s.arrives(theStory)
		guesses := map[string]func() *httptest.ResponseRecorder{
			"Bearer": func() *httptest.ResponseRecorder {
				return s.get("/inspect/latest", "*/*", "Authorization", "Bearer wrong")
			},
			"cookie": func() *httptest.ResponseRecorder {
				return s.get("/inspect/"+a.ID, "text/html", "Cookie", cookieName+"=wrong")
			},
			"form": func() *httptest.ResponseRecorder { return s.post("/inspect/signin", url.Values{"token": {"wrong"}}) },
		}
		answered, turnedAway := 0, 0
		for range wrongAtOnce {
			for name, guess := range guesses {
				w := guess()
				switch {
				case w.Code == http.StatusUnauthorized && w.Header().Get("Retry-After") == "":
					answered++
				case w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "1" && strings.Contains(w.Body.String(), "Too many wrong tokens"):
					turnedAway++
				default:
					t.Errorf("%s: %d, Retry-After %q", name, w.Code, w.Header().Get("Retry-After"))
				}
				if strings.Contains(w.Body.String(), a.ID) && name != "cookie" || len(w.Result().Cookies()) > 0 {
					t.Errorf("%s: a wrong token is told something", name)
				}
			}
		}
		if answered != wrongAtOnce || turnedAway != 2*wrongAtOnce {
			t.Errorf("%d wrong tokens are answered and %d turned away, want %d and %d", answered, turnedAway, wrongAtOnce, 2*wrongAtOnce)
		}
		if w := s.get("/inspect/latest", "*/*", "Authorization", "Bearer "+secret); w.Code != http.StatusOK {
			t.Errorf("the right token gets %d meanwhile, want 200", w.Code)
		}
		if w := s.post("/inspect/signin", url.Values{"token": {secret}}); w.Code != http.StatusSeeOther {
			t.Errorf("the right token signs in with %d meanwhile, want 303", w.Code)
		}
		if w := s.get("/inspect", "text/html"); w.Code != http.StatusUnauthorized {
			t.Errorf("whoever shows no token gets %d meanwhile, want 401", w.Code)
		}

		time.Sleep(time.Second)
		answered = 0
		for range wrongAtOnce {
			if guesses["Bearer"]().Code == http.StatusUnauthorized {
				answered++
			}
		}
		if answered != wrongPerSecond {
			t.Errorf("a second later %d wrong tokens are answered, want %d", answered, wrongPerSecond)
		}
		w := httptest.NewRecorder()
		s.Journal.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		for _, want := range []string{`wsinspect_wrong_tokens_total{status="401"} 30`, `wsinspect_wrong_tokens_total{status="429"} 50`} {
			if !strings.Contains(w.Body.String(), want+"\n") {
				t.Errorf("the metrics lack %s", want)
			}
		}
	})
}

// TestScriptOfAnotherSite: a page elsewhere can neither read what is here nor take up the
// places of its readers; a link from there leads here.
func TestScriptOfAnotherSite(t *testing.T) {
	for _, options := range []Options{{}, {Token: secret}} {
		s := newSite(options)
		s.arrives(theStory)
		for _, c := range []struct {
			site, mode, dest string
			refused          bool
		}{
			{"", "", "", false},
			{"same-origin", "cors", "empty", false},
			{"none", "navigate", "document", false},
			{"cross-site", "navigate", "document", false},
			{"same-site", "navigate", "document", false},
			{"cross-site", "cors", "empty", true},
			{"cross-site", "no-cors", "empty", true},
			{"cross-site", "no-cors", "script", true},
			{"cross-site", "no-cors", "image", true},
			{"cross-site", "navigate", "iframe", true},
			{"same-site", "cors", "empty", true}, // another port of this machine
			{"cross-site", "", "", true},
		} {
			for _, path := range []string{"/inspect", "/inspect/latest", "/inspect/checks", "/inspect/nothing"} {
				w := s.get(path, "*/*", "Authorization", "Bearer "+options.Token, "Sec-Fetch-Site", c.site, "Sec-Fetch-Mode", c.mode, "Sec-Fetch-Dest", c.dest, "Origin", "https://elsewhere.example")
				if refused := w.Code == http.StatusForbidden; refused != c.refused {
					t.Errorf("GET %s, %q %q %q: %d, want it refused: %t", path, c.site, c.mode, c.dest, w.Code, c.refused)
				}
				if c.refused && strings.Contains(w.Body.String(), "03SvnEbGeWQjug0BmxXzaw==") || len(w.Header()["Access-Control-Allow-Origin"]) > 0 {
					t.Errorf("GET %s, %q %q %q: another website is told something: %s", path, c.site, c.mode, c.dest, w.Body)
				}
			}
		}
	}
}

// TestNothingIsKept: no cache keeps what strangers wrote, whole or in part, and no second
// look is answered from one. Only the files of the page itself may be kept.
func TestNothingIsKept(t *testing.T) {
	s := newSite(Options{Token: secret})
	a := s.arrives(theStory)
	for _, path := range []string{
		"/inspect", "/inspect/latest", "/inspect/" + a.ID, "/inspect/" + a.ID + "?view=bytes", "/inspect/" + a.ID + "/report", "/inspect/compare?a=" + a.ID + "&b=" + a.ID,
		"/inspect/checks", "/inspect/causes", "/inspect/selftest", "/inspect/keys", "/inspect/nothing", "/inspect/signin",
	} {
		for _, accept := range []string{"text/html", "application/json", "*/*"} {
			for _, credentials := range []string{"Bearer " + secret, "Bearer wrong", ""} {
				w := s.get(path, accept, "Authorization", credentials, "Range", "bytes=0-99", "If-Range", `"x"`,
					"If-Modified-Since", time.Now().UTC().Format(http.TimeFormat), "If-None-Match", "*", "Accept-Encoding", "gzip, br, deflate")
				h := w.Header()
				if h.Get("Cache-Control") != "no-store" {
					t.Errorf("GET %s (%s, %q): Cache-Control is %q", path, accept, credentials, h.Get("Cache-Control"))
				}
				for _, name := range []string{"ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Encoding"} {
					if h.Get(name) != "" {
						t.Errorf("GET %s (%s, %q) has %s: %s", path, accept, credentials, name, h.Get(name))
					}
				}
				if w.Code == http.StatusNotModified || w.Code == http.StatusPartialContent {
					t.Errorf("GET %s (%s, %q): %d", path, accept, credentials, w.Code)
				}
				if strings.Contains(w.Body.String(), secret) {
					t.Errorf("GET %s (%s) has the token in it: a proxy that compresses could betray it by the length (BREACH)", path, accept)
				}
			}
		}
	}
}

// TestMethods: what is read is only read, by no other name either.
func TestMethods(t *testing.T) {
	for _, options := range []Options{{}, {Token: secret}} {
		s := newSite(options)
		a := s.arrives(theStory)
		for _, method := range []string{"HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "GETS"} {
			for _, path := range []string{"/inspect", "/inspect/latest", "/inspect/" + a.ID, "/inspect/feed"} {
				if method == "HEAD" && path == "/inspect/feed" {
					continue // it would not end
				}
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Method, r.Host = method, "localhost:8080"
				for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
					r.Header.Set(name, "GET")
				}
				r.Header.Set("Cookie", "wsinspect=guess; other=TRACE-would-show-it")
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				want := []int{http.StatusMethodNotAllowed}
				if options.Token != "" { // asked for first, but where the router knows no such method
					want = []int{http.StatusMethodNotAllowed, http.StatusUnauthorized, http.StatusTooManyRequests}
				} else if method == "HEAD" {
					want = []int{http.StatusOK}
				}
				if !slices.Contains(want, w.Code) {
					t.Errorf("%s %s: %d, want one of %d", method, path, w.Code, want)
				}
				if body := w.Body.String(); method != "HEAD" && strings.Contains(body, "03SvnEbGeWQjug0BmxXzaw==") || strings.Contains(body, "TRACE-would-show-it") {
					t.Errorf("%s %s: %s", method, path, body)
				}
			}
		}
	}
}

func TestFormOfAnotherSite(t *testing.T) {
	s := newSite(Options{Token: secret})
	for site, want := range map[string]int{"": 303, "same-origin": 303, "none": 303, "same-site": 403, "cross-site": 403} {
		if w := s.post("/inspect/signin", url.Values{"token": {secret}}, "Sec-Fetch-Site", site, "Origin", "null"); w.Code != want {
			t.Errorf("Sec-Fetch-Site %q: %d, want %d", site, w.Code, want)
		}
	}
}

func TestWayBackStaysInside(t *testing.T) {
	for next, want := range map[string]string{
		"":                          "../inspect",
		"/inspect":                  "../inspect",
		"/inspect/abc?view=bytes":   "../inspect/abc?view=bytes",
		"/inspect?q=a+b":            "../inspect?q=a+b",
		"//evil.example/inspect":    "../inspect",
		"https://evil.example":      "../inspect",
		"/inspect/../../evil":       "../inspect",
		"/inspect/%2e%2e/evil":      "../inspect",
		"/inspect/\\evil.example":   "../inspect/%5Cevil.example",
		"/inspector":                "../inspect",
		"/inspect//evil.example":    "../inspect",
		"javascript:alert(1)":       "../inspect",
		"/inspect/x\r\nSet-Cookie:": "../inspect",
	} {
		if got := wayBack(next); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
}

// TestHostRule: without a token, a website could point a name of its own at 127.0.0.1 and
// read the page with its visitor's browser.
func TestHostRule(t *testing.T) {
	g := newGuard("", []string{"Inspect.example", "other.example:8443"})
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "localhost.": true, "a.localhost:1": true,
		"127.0.0.1": true, "127.9.9.9:80": true, "[::1]:8080": true, "::1": true, "[::ffff:127.0.0.1]": true,
		"inspect.example": true, "inspect.example:99": true, "other.example:8443": true,
		"other.example": false, "other.example:1": false, "evil.example": false, "localhost.evil.example": false,
		"127.0.0.1.evil.example": false, "10.0.0.1": false, "0.0.0.0": false, "": false, "xlocalhost": false, "[::2]": false,
	} {
		if got := g.allowsHost(host); got != want {
			t.Errorf("Host %q: %t, want %t", host, got, want)
		}
	}
	s := newSite(Options{})
	r := httptest.NewRequest(http.MethodGet, "/inspect", nil)
	r.Host = "evil.example:8080"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "wsinspect --open --allowed-host evil.example\n") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
