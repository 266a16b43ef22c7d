package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestRoot resolves links as a browser does, below a prefix that only the browser knows.
func TestRoot(t *testing.T) {
	for _, path := range []string{"/inspect", "/inspect/abc", "/inspect/checks/method-get", "/inspect/a%2Fb", "/inspect/a/b/c/d"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		seen, err := url.Parse("https://example.com/some/tools" + path)
		if err != nil {
			t.Fatal(err)
		}
		link, err := seen.Parse(root(r))
		if err != nil {
			t.Fatal(err)
		}
		if want := "https://example.com/some/tools/inspect"; link.String() != want {
			t.Errorf("from %s the root is %s, want %s", path, link, want)
		}
	}
}

func TestPrefix(t *testing.T) {
	for header, want := range map[string]string{
		"": "", "/tools": "/tools", "/tools/": "/tools", "/a/b-c_d.e~f": "/a/b-c_d.e~f",
		"tools": "", "//evil.example": "", "/a//b": "", "/../x": "", "/a b": "", `/a"`: "", "/a?b": "", "/<b>": "", "/": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/inspect", nil)
		r.Header.Set("X-Forwarded-Prefix", header)
		if got := prefix(r); got != want {
			t.Errorf("X-Forwarded-Prefix %q: %q, want %q", header, got, want)
		}
	}
}

func TestTrailingSlash(t *testing.T) {
	s := newSite(Options{})
	for target, want := range map[string]string{
		"/inspect/":               "../inspect",
		"/inspect/?q=a":           "../inspect?q=a",
		"/inspect/latest/":        "../latest",
		"/inspect/checks/expect/": "../expect",
	} {
		w := s.get(target, "text/html")
		if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != want {
			t.Errorf("%s: %d to %q, want 308 to %q", target, w.Code, got, want)
		}
	}
	if w := s.get("/inspect//evil.example/", "text/html"); w.Code != http.StatusNotFound {
		t.Errorf("two slashes: %d to %q, want 404", w.Code, w.Header().Get("Location"))
	}
}

func TestAddress(t *testing.T) {
	for token, want := range map[string]string{"": "http://h/inspect", "a b+c": "http://h/inspect#token=a+b%2Bc"} {
		if got := Address("http://h", token); got != want {
			t.Errorf("token %q: %s, want %s", token, got, want)
		}
	}
}
