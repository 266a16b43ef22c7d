package web

import (
	"encoding/json"
	"fmt"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// json is the comparison for programs.
func (c comparison) json() []byte {
	type entry struct {
		Name   string  `json:"name"`
		Kind   string  `json:"kind"`
		Before *string `json:"before"`
		After  *string `json:"after"`
	}
	type turned struct {
		Gone   []string `json:"gone"`
		Stayed []string `json:"stayed"`
		New    []string `json:"new"`
	}
	entries := []entry{}
	for _, each := range c.changes {
		entries = append(entries, entry{each.Name, each.Kind, each.Before.latin1(), each.After.latin1()})
	}
	ids := func(causes []*diagnosis.Cause) []string {
		all := []string{}
		for _, c := range causes {
			all = append(all, c.ID)
		}
		return all
	}
	body, _ := json.Marshal(struct {
		A       string  `json:"a"`
		B       string  `json:"b"`
		Changes []entry `json:"changes"`
		Causes  turned  `json:"causes"`
	}{c.a.ID, c.b.ID, entries, turned{ids(c.Causes.Gone), ids(c.Causes.Stayed), ids(c.Causes.New)}})
	return body
}

// latin1 is the bytes as the API writes them: each is one character U+0000 to U+00FF.
func (c *cell) latin1() *string {
	if c == nil {
		return nil
	}
	runes := make([]rune, len(c.bytes))
	for i := range len(c.bytes) {
		runes[i] = rune(c.bytes[i])
	}
	s := string(runes)
	return &s
}

// text is the comparison for a terminal.
func (c comparison) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n\n", c.Sentence, strings.TrimSpace(c.Works+" "+c.Lead))
	for i, a := range []*journal.Attempt{c.a, c.b} {
		fmt.Fprintf(&b, "%s  %s  %s  %s %s  %s\n", [...]string{"Before", "After "}[i], a.ID, stamp{a.Time}.Clock(), outcomeOf(a).Word, statusText(a.Response.Status), why(a))
	}
	var kept []string
	b.WriteByte('\n')
	for _, each := range c.changes {
		if each.same() {
			kept = append(kept, each.Name)
			continue
		}
		fmt.Fprintf(&b, "%-9s  %s", each.Kind, each.Name)
		if each.Before != nil {
			b.WriteString(": " + brief(each.Before.bytes))
		}
		if each.After != nil {
			fmt.Fprintf(&b, "\n%9s  %s: %s", "->", each.Name, brief(each.After.bytes))
		}
		if each.Reading != "" {
			fmt.Fprintf(&b, "\n%11s%s", "", each.Reading)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "kept       %s\n", strings.Join(kept, ", "))
	for _, t := range c.turns {
		fmt.Fprintf(&b, "\ncheck %s: %s", t.Check.ID, t.Words())
	}
	for i, causes := range [][]*diagnosis.Cause{c.Causes.Gone, c.Causes.Stayed, c.Causes.New} {
		for _, cause := range causes {
			fmt.Fprintf(&b, "\ncause %s: %s", cause.ID, [...]string{"gone", "stayed", "new"}[i])
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// brief is a value on one line of a terminal.
func brief(value string) string {
	text := visible(value[:min(len(value), maxCell)])
	if rest := len(value) - maxCell; rest > 0 {
		text += " … " + plural(rest, "byte", "bytes") + " more"
	}
	return text
}
