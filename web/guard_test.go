package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
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
