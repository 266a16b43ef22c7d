package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The arrows: what each package may import of ours. Knowledge flows one way, from the
// bytes to the page, so each package can be read and tested without those above it.
var arrows = map[string][]string{
	"internal/dump":      {},
	"internal/handshake": {"internal/dump"},
	"internal/diagnosis": {"internal/dump", "internal/handshake"},
	"internal/journal":   {"internal/dump", "internal/handshake", "internal/diagnosis"},
	"internal/echo":      {"internal/dump", "internal/handshake", "internal/journal"},
	"internal/nginxconf": {},
	"internal/lint":      {"internal/dump", "internal/diagnosis", "internal/nginxconf"},
	"internal/probe":     {"internal/dump", "internal/handshake", "internal/diagnosis"},
	"web":                {"internal/dump", "internal/handshake", "internal/diagnosis", "internal/journal"},
	"cmd/wsinspect":      {"internal/dump", "internal/handshake", "internal/diagnosis", "internal/journal", "internal/echo", "internal/nginxconf", "internal/lint", "internal/probe", "web"},
}

// home is where a dependency may stand.
type home struct {
	dependency string
	packages   []string
	reason     string
}

func (h *home) covers(imported string) bool {
	return imported == h.dependency || strings.HasPrefix(imported, h.dependency+"/")
}

// homes says in which packages alone a dependency may stand, and why there.
var homes = []home{
	{"github.com/gorilla/websocket", []string{"internal/echo", "internal/probe"}, "its server lives in one, its client in the other; the verdict must not ask the library it foretells"},
	{"github.com/prometheus/client_golang", []string{"internal/journal"}, "what happened is counted where it is remembered"},
	{"github.com/go-chi/chi/v5", []string{"cmd/wsinspect", "web"}, "routing is wiring"},
	{"github.com/urfave/cli/v3", []string{"cmd/wsinspect"}, "only the command line knows flags"},
	{"golang.org/x/net/idna", []string{"internal/probe"}, "one package reads addresses as browsers do, and their tables of names are long"},
	{"github.com/chromedp", nil, "browsers are for tests"},
	{"html/template", []string{"web"}, "only the page writes HTML"},
	{"text/template", nil, "it does not escape what strangers wrote"},
}

// toolsOnly are for developers, and no parts of wsinspect.
var toolsOnly = []string{"internal/bench", "internal/corpus", "internal/e2e"}

// TestArrows holds the imports of every package, tests left out, to the two tables.
func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "wsinspect/")
		if slices.Contains(toolsOnly, name) {
			continue
		}
		allowed, known := arrows[name]
		if !known {
			t.Errorf("%s has no row in the table of arrows: say there what it may import", name)
			continue
		}
		seen[name] = true
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, "wsinspect/"); ok {
				if !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s: the arrow points the other way, or leads past its neighbour", name, ours)
				}
				continue
			}
			i := slices.IndexFunc(homes, func(h home) bool { return h.covers(imported) })
			switch {
			case i >= 0 && !slices.Contains(homes[i].packages, name):
				t.Errorf("%s imports %s: %s", name, imported, homes[i].reason)
			case i < 0 && !standard(imported):
				t.Errorf("%s imports %s, which has no home in the table: a new dependency is a decision", name, imported)
			}
		}
	}
	for name := range arrows {
		if !seen[name] {
			t.Errorf("the table of arrows speaks of %s, which is no package", name)
		}
	}
}

// standard reports whether a package is the standard library's: only others have a dot in
// the first part of their path.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

type goPackage struct {
	ImportPath string
	Imports    []string // of the files that are no tests
}

// packages returns every package of the module.
func packages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "wsinspect/...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
