package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
)

const demo = "http://localhost:8081"

// The page offers the locations that deploy/faults.conf has, no more and no fewer.
func TestFaultsAreThoseOfTheDemo(t *testing.T) {
	conf, err := os.ReadFile("../deploy/faults.conf")
	if err != nil {
		t.Fatal(err)
	}
	var there, offered []string
	for _, match := range regexp.MustCompile(`(?m)^location /faults/([a-z-]+)`).FindAllStringSubmatch(string(conf), -1) {
		there = append(there, match[1])
	}
	for _, g := range faults {
		for _, f := range g.Faults {
			if f.Cause == "" {
				continue
			}
			if diagnosis.Find(f.Cause) == nil {
				t.Errorf("%s is no cause", f.Cause)
			}
			offered = append(offered, f.Cause)
		}
	}
	slices.Sort(there)
	slices.Sort(offered)
	if !slices.Equal(there, offered) {
		t.Errorf("deploy/faults.conf has\n%s\nthe page offers\n%s", there, offered)
	}
}

// Sockets are opened only from a page that came through the demo server: from any other
// their Origin would be another, and the fault too.
func TestGalleryIsMadeForItsOrigin(t *testing.T) {
	s := newSite(Options{Faults: demo})
	for target, host := range map[string]string{"/inspect": "localhost:8080", "/inspect/faults": "127.0.0.1:8081"} {
		w := s.getAs(target, host)
		if strings.Contains(w, "data-socket") || strings.Contains(w, "gallery.") || !strings.Contains(w, `href="`+demo+`/inspect/faults"`) {
			t.Errorf("%s, asked for at %s, does not lead to %s:\n%s", target, host, demo, w)
		}
	}
	for _, target := range []string{"/inspect", "/inspect/faults", "/inspect/causes/host-not-forwarded"} {
		w := s.getAs(target, "localhost:8081")
		if !strings.Contains(w, `data-socket="ws://localhost:8081/faults/host-not-forwarded/"`) {
			t.Errorf("%s has no socket to open", target)
		}
		if n := strings.Count(w, "/static/gallery."); n != 1 {
			t.Errorf("%s has the script %d times", target, n)
		}
	}
}

// getAs asks a browser's way for target at host and returns the page.
func (s *site) getAs(target, host string) string {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = host
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Body.String()
}

// Without a demo server there is nothing of it, and the policy lets no script go there.
func TestNoGallery(t *testing.T) {
	s := newSite(Options{})
	for _, target := range []string{"/inspect", "/inspect/checks", "/inspect/causes/host-not-forwarded"} {
		if w := s.get(target, "text/html"); strings.Contains(w.Body.String(), "/faults/") || strings.Contains(w.Body.String(), `"../inspect/faults"`) {
			t.Errorf("%s speaks of faults that nobody serves", target)
		}
	}
	if w := s.get("/inspect/faults", "text/html"); w.Code != 404 || !strings.Contains(w.Body.String(), "make run") {
		t.Errorf("%d, want 404 and how to start it", w.Code)
	}
	if csp := s.get("/inspect", "text/html").Header().Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self';") {
		t.Errorf("the policy is %q", csp)
	}
	csp := newSite(Options{Faults: demo}).get("/inspect", "text/html").Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "connect-src 'self' ws://localhost:8081;") {
		t.Errorf("with a demo server the policy is %q", csp)
	}
}

// To curl the gallery is lines to paste into a shell.
func TestGalleryAsText(t *testing.T) {
	text := newSite(Options{Faults: demo}).get("/inspect/faults", "*/*").Body.String()
	for _, line := range []string{"# Host is what nginx dials: 403\ncurl -i --http1.1 http://localhost:8081/faults/host-not-forwarded/ ", `-H "Origin: http://localhost:8081"`} {
		if !strings.Contains(text, line) {
			t.Errorf("the text lacks %q:\n%s", line, text)
		}
	}
}
