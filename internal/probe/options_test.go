package probe

import (
	"strings"
	"testing"
)

// What cannot be sent is said before anything is tried.
func TestCheckRefuses(t *testing.T) {
	target := mustParse(t, "ws://app.example")
	for _, tt := range []struct {
		name string
		o    Options
		says string
	}{
		{"no target", Options{}, "no URL"},
		{"no timeout", Options{Target: target, Timeout: -1}, "timeout"},
		{"line end", Options{Target: target, Headers: []Header{{"A", "b\r\nC: d"}}}, "line end"},
		{"NUL", Options{Target: target, Headers: []Header{{"A", "\x00"}}}, "line end"},
		{"bad name", Options{Target: target, Headers: []Header{{"A b", "c"}}}, "no token"},
		{"no name", Options{Target: target, Headers: []Header{{"", "c"}}}, "no token"},
		{"Host", Options{Target: target, Host: "a\nb"}, "line end"},
		{"Origin", Options{Target: target, Origin: "a\rb"}, "line end"},
		{"subprotocol", Options{Target: target, Subprotocols: []string{"a b"}}, "no token"},
		{"two alike", Options{Target: target, Subprotocols: []string{"a", "a"}}, "twice"},
		{"short cookie", Options{Target: target, CookieBytes: 11}, "too short"},
		{"negative cookie", Options{Target: target, CookieBytes: -1}, "too short"},
		{"long cookie", Options{Target: target, CookieBytes: maxCookieBytes + 1}, "too long"},
	} {
		if tt.o.Timeout == 0 {
			tt.o.Timeout = patience
		}
		if _, err := Run(t.Context(), &tt.o, Watch{}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestParseHeader(t *testing.T) {
	if h, err := ParseHeader("X-A:  b: c "); err != nil || h != (Header{"X-A", "b: c"}) {
		t.Errorf("got %q, %v", h, err)
	}
	for _, s := range []string{"", "X-A", ": a", "X A: b", "X: a\nb"} {
		if h, err := ParseHeader(s); err == nil {
			t.Errorf("%q is read as %q", s, h)
		}
	}
}
