package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestNegotiation(t *testing.T) {
	s := newSite(Options{})
	s.arrives(theStory)
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	for _, c := range []struct{ target, accept, want string }{
		{"/inspect", browser, "text/html"},
		{"/inspect", "*/*", "application/json"},
		{"/inspect", "", "application/json"},
		{"/inspect", "application/json", "application/json"},
		{"/inspect", "text/plain", "text/plain"},
		{"/inspect", "text/*", "text/html"},
		{"/inspect", "text/html;q=0.1, application/json;q=0.2", "application/json"},
		{"/inspect", "text/html;q=0, */*", "application/json"},
		{"/inspect", "image/png", "application/json"},
		{"/inspect/latest", browser, "text/html"},
		{"/inspect/latest", "*/*", "text/plain"},
		{"/inspect/latest", "", "text/plain"},
		{"/inspect/latest", "application/json", "application/json"},
		{"/inspect/latest", "*/*;q=0.1, application/json", "application/json"},
		{"/inspect/latest?format=json", browser, "application/json"},
		{"/inspect/latest?format=text", browser, "text/plain"},
		{"/inspect/checks", browser, "text/html"},
		{"/inspect/checks", "*/*", "text/plain"},
		{"/inspect/checks/method-get", "*/*", "text/plain"},
		{"/inspect/causes", browser, "text/html"},
		{"/inspect/causes", "*/*", "text/plain"},
		{"/inspect/causes/upgrade-not-configured", "*/*", "text/plain"},
		{"/inspect/none", "application/json", "application/json"},
	} {
		got, _, _ := strings.Cut(s.get(c.target, c.accept).Header().Get("Content-Type"), ";")
		if got != c.want {
			t.Errorf("GET %s, Accept %q: %s, want %s", c.target, c.accept, got, c.want)
		}
	}
}

func TestListAsJSON(t *testing.T) {
	s := newSite(Options{})
	for range 3 {
		s.arrives(theStory)
	}
	var page struct {
		Attempts []struct{ ID, Outcome string }
		Next     string
	}
	seen := map[string]bool{}
	for target := "/inspect?limit=2&outcome=rejected&q=host:localhost"; ; {
		w := s.get(target, "application/json")
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatalf("%v\n%s", err, w.Body)
		}
		for _, a := range page.Attempts {
			seen[a.ID] = a.Outcome == "rejected"
		}
		if page.Next == "" {
			break
		}
		target = "/inspect?limit=2&outcome=rejected&before=" + page.Next
	}
	if len(seen) != 3 {
		t.Errorf("%d attempts over all pages, want 3: %v", len(seen), seen)
	}
	if w := s.get("/inspect?limit=x", "application/json"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "limit=") {
		t.Errorf("an unreadable filter: %d %s", w.Code, w.Body)
	}
}
