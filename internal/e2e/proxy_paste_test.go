package e2e

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/corpus"
)

// pasteWay returns the way with a fix pasted into the proxy that it is for.
func pasteWay(t *testing.T, way []stage, fix corpus.Fix) []stage {
	t.Helper()
	hop := max(fix.Hop, 1)
	if hop > len(way) || way[hop-1].name != fix.For {
		t.Fatalf("the fix is for %s, hop %d: %+v", fix.For, hop, fix)
	}
	if len(fix.Steps) == 0 {
		t.Fatalf("there is nothing to paste: %+v", fix)
	}
	cured := slices.Clone(way)
	cured[hop-1].conf = way[hop-1].paste(t, fix)
	return cured
}

// paste returns the configuration with the steps of a fix in it: a line replaces those
// that set the same directive, what a step removes is taken out with its block, and the
// lines stand where the block that they are for has its comment.
func (s stage) paste(t *testing.T, fix corpus.Fix) files {
	t.Helper()
	if s.proxyKind == theNginx {
		fix.Hop = 1
		conf, err := paste(s.conf["nginx.conf"], nil, fix, []byte(browserHandshake))
		if err != nil {
			t.Fatal(err)
		}
		return files{"nginx.conf": conf}
	}
	conf := maps.Clone(s.conf)
	for _, step := range fix.Steps {
		found := len(step.Lines) == 0
		for name, text := range conf {
			var here bool
			conf[name], here = s.pasteStep(text, step)
			found = found || here
		}
		if !found {
			t.Fatalf("the configuration has no place for %s: %+v", step.Where, step)
		}
	}
	return conf
}

// pasteStep pastes into one file, and says whether the file has the place for it.
func (k *proxyKind) pasteStep(text string, step corpus.Step) (pasted string, here bool) {
	replaced := func(line string) bool {
		return slices.ContainsFunc(step.Lines, func(l string) bool { return k.sets(l) == k.sets(line) })
	}
	removed := func(line string) bool {
		return slices.ContainsFunc(step.Remove, func(r string) bool {
			rest, ok := strings.CutPrefix(strings.TrimSpace(line), r)
			return ok && (rest == "" || strings.ContainsAny(rest[:1], " \t;={"))
		})
	}
	var lines []string
	depth := 0 // of the block that is taken out
	for line := range strings.SplitSeq(text, "\n") {
		place, isPlace := strings.CutPrefix(strings.TrimSpace(line), "# ")
		switch {
		case depth > 0, replaced(line), removed(line):
			depth += strings.Count(line, "{") - strings.Count(line, "}")
			continue
		case isPlace && place == step.Where:
			here = true
			indent, _, _ := strings.Cut(line, "#")
			for _, l := range step.Lines {
				lines = append(lines, indent+l)
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), here
}

// sets names what a line sets: two with the same name replace each other.
func (k *proxyKind) sets(line string) string {
	words := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t=:", c) })
	switch {
	case len(words) == 0:
		return ""
	case len(words) > 1 && slices.Contains(k.pairs, words[0]):
		return words[0] + " " + words[1]
	}
	return words[0]
}
