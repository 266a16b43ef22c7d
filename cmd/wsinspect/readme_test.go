package main

import (
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// readme returns what the README says under a heading.
func readme(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("the README has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	return section
}

// The README's table of flags is the program's own, in its words.
func TestReadmeFlags(t *testing.T) {
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return " `" + s + "`"
	}
	var table strings.Builder
	table.WriteString("| flag | variable | default | what it does |\n|---|---|---|---|\n")
	nothing := environment(func(string) (string, bool) { return "", false })
	for _, f := range serveCommand(nothing).Flags {
		u := newFlagUsage(f)
		fmt.Fprintf(&table, "|%s |%s |%s | %s |\n",
			code(strings.TrimSpace(u.name+" "+u.value)), code(u.variable), code(u.fallback), u.meaning)
	}
	if !strings.Contains(readme(t, "## Flags"), table.String()) {
		t.Errorf("the README's table of flags is another; this is the program's:\n%s", table.String())
	}
}

// The README names every file and folder that it points to.
func TestReadmeLinks(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	links := names(`\]\(([a-z][^):]*)\)`, string(text))
	folders := names(`(?m)^([a-z][a-z/0-9]*/) `, string(text))
	if len(links) == 0 || len(folders) == 0 {
		t.Fatalf("found the links %q and the folders %q", links, folders)
	}
	for _, path := range slices.Concat(links, folders) {
		if _, err := os.Stat("../../" + path); err != nil {
			t.Errorf("the README points to %s: %v", path, err)
		}
	}
}

// The README names no test that is not there.
func TestReadmeTests(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	err = fs.WalkDir(os.DirFS("../.."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile("../../" + path)
		code.Write(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := slices.Compact(names(`\b((?:Test|Fuzz)[A-Z]\w*)`, string(text)))
	if len(named) == 0 {
		t.Fatal("the README names no test")
	}
	there := names(`(?m)^func ((?:Test|Fuzz)\w+)\(`, code.String())
	for _, name := range named {
		if _, found := slices.BinarySearch(there, name); !found {
			t.Errorf("the README names %s, which is no test", name)
		}
	}
}

// The README lists the metrics that /metrics has from the start, no more and no fewer.
func TestReadmeMetrics(t *testing.T) {
	none := func() int64 { return 0 }
	w := httptest.NewRecorder()
	journal.New(journal.Options{Connections: none, Shed: none, Exhausted: none, Unsecured: none}).Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	got := names(`(?m)^# TYPE (wsinspect_\w+) `, w.Body.String())
	want := names("(?m)^\\| `(wsinspect_\\w+)` ", readme(t, "### Metrics"))
	if len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("/metrics has\n%s\nand the README\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// names returns what an expression's first group matches in a text, sorted.
func names(expression, text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}

// The README explains each name in the JSON of an attempt, here of a closed session that
// has a cause.
func TestReadmeJSON(t *testing.T) {
	head := dump.Parse([]byte("GET / HTTP/1.1\r\nHost: a\r\nOrigin: null\r\n\r\n"))
	request := dump.Request{Head: head}
	now := time.Unix(0, 0)
	attempt := &journal.Attempt{
		State:    journal.Closed,
		Request:  request,
		Verdict:  handshake.Judge(&request, &handshake.Policy{}),
		Causes:   []diagnosis.Conclusion{{Cause: diagnosis.Catalogue()[0], Evidence: []dump.Span{{}}, Fix: diagnosis.Fix{Steps: make([]diagnosis.Step, 1)}}},
		Response: journal.Response{Status: 101, Raw: []byte("HTTP/1.1 101 OK\r\n\r\n")},
		Session:  &journal.Session{Opened: now, Closed: now, Close: journal.Close{Code: 1001, By: journal.ByClient}},
	}
	explained := names("`([a-z_]+)`", readme(t, "### An attempt in JSON"))
	for _, name := range names(`"([a-z_]+)":`, string(attempt.AppendJSON(nil))) {
		if !slices.Contains(explained, name) {
			t.Errorf("the README does not explain %q", name)
		}
	}
}
