package diagnosis

import (
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// TestCures holds every cure of another proxy than nginx to its form, for a stranger who
// tries to get lines of his own into a configuration.
func TestCures(t *testing.T) {
	hostile := dump.Parse([]byte("GET /ws\"\nevil{} HTTP/1.1\r\nHost: \"\nevil\r\n\r\n"))
	for _, p := range proxies {
		for remedy, cure := range p.cures {
			r := &reading{Evidence: &Evidence{Request: &dump.Request{Head: hostile}, Expect: []string{"/a path \"\nevil"}}}
			r.read()
			f := cure(r)
			if f.For != p.name || f.Hop != 1 || f.Note == "" || len(f.Steps) == 0 {
				t.Errorf("%s, to %s: %+v is no whole fix", p.name, remedy, f)
			}
			for _, s := range f.Steps {
				if !slices.Contains([]string{"main", "http", "server", "location", "shell"}, s.Where) {
					t.Errorf("%s, to %s: %q is no place for lines", p.name, remedy, s.Where)
				}
				if len(s.Lines)+len(s.Remove) == 0 {
					t.Errorf("%s, to %s: a step does nothing", p.name, remedy)
				}
				for _, line := range slices.Concat(s.Lines, s.Remove) {
					if strings.Contains(line, "evil") || strings.Contains(line, "\n") {
						t.Errorf("%s, to %s: %q is a stranger's", p.name, remedy, line)
					}
				}
			}
		}
	}
}

// TestPlainPath: only a path that needs no quotes in any language goes into a line.
func TestPlainPath(t *testing.T) {
	for path, want := range map[string]string{
		"/ws/chat-1.0_~":                "/ws/chat-1.0_~",
		"/":                             "/",
		"":                              "/",
		"*":                             "/",
		"http://a/ws":                   "/",
		"//evil.example":                "/",
		"/a b":                          "/",
		"/a%22b":                        "/",
		"/a\"b":                         "/",
		"/a\nb":                         "/",
		"/${a}":                         "/",
		"/*****":                        "/",
		"/" + strings.Repeat("a", 1000): "/",
	} {
		if got := plainPath(path); got != want {
			t.Errorf("%q became %q, want %q", path, got, want)
		}
	}
}
