package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// checksView is the list of all checks, in the order in which they run.
type checksView struct {
	shell
	Groups []checkGroup
}

type checkGroup struct {
	Title, Note string
	Checks      []*handshake.Check
}

// checkView is the documentation of one check.
type checkView struct {
	shell
	Check    *handshake.Check
	Sections []section
	Decides  string
	Seen     int // attempts that are kept in which it failed or advised
	Latest   *row
}

// section is a part of a documentation.
type section struct {
	ID, Title string
	Blocks    []block
}

// block is a paragraph, or lines to paste.
type block struct {
	Text string
	Code bool
}

func (p *page) checks(w http.ResponseWriter, r *http.Request) {
	all := handshake.Catalogue()
	if negotiate(r, asText, asHTML) == asText {
		var b strings.Builder
		for _, c := range all {
			b.WriteString(c.ID + ": " + c.Title + "\n")
		}
		writeText(w, http.StatusOK, b.String())
		return
	}
	groups := []checkGroup{
		{Title: "Go’s net/http decides", Note: "It answers by itself, before any handler runs."},
		{Title: "gorilla/websocket decides", Note: "Its Upgrade refuses the handshake."},
		{Title: "Advice", Note: "This server lets it pass; stricter ones do not."},
	}
	for _, c := range all {
		i := map[handshake.Decider]int{handshake.ByNetHTTP: 0, handshake.ByGorilla: 1, handshake.ByNobody: 2}[c.By]
		groups[i].Checks = append(groups[i].Checks, c)
	}
	p.render(w, http.StatusOK, "checks-list", checksView{shell: p.shell(r, "reference", "Checks"), Groups: groups})
}

func (p *page) check(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	c := handshake.Find(id)
	if c == nil {
		p.refuse(w, r, http.StatusNotFound, refusal{
			shell:    p.shell(r, "reference", "No such check"),
			Sentence: "There is no check " + visible(id) + ".",
			Advice:   "All of them stand in the list of checks.",
		})
		return
	}
	sections := []section{
		{"what", "What it is", blocks(c.Doc.What)},
		{"see", "How to see it", blocks(c.Doc.See)},
		{"do", "What to do", blocks(c.Doc.Do)},
	}
	if negotiate(r, asText, asHTML) == asText {
		writeText(w, http.StatusOK, checkText(c, sections))
		return
	}
	v := checkView{shell: p.shell(r, "reference", c.Title), Check: c, Sections: sections, Decides: decides(c)}
	found := p.Journal.List(journal.Filter{Check: c.ID, Limit: 1})
	v.Seen = found.Matched
	if len(found.Attempts) > 0 {
		latest := newRow(fold(found.Attempts), v.Root)
		v.Latest = &latest
	}
	p.render(w, http.StatusOK, "check", v)
}

// decides says what comes of breaking a check's rule.
func decides(c *handshake.Check) string {
	switch c.By {
	case handshake.ByNetHTTP:
		return "Go’s net/http refuses the request, before any handler"
	case handshake.ByGorilla:
		return "gorilla/websocket rejects the handshake"
	}
	return "Nothing here; stricter servers refuse it"
}

func checkText(c *handshake.Check, sections []section) string {
	var b strings.Builder
	b.WriteString(c.Title + " (" + c.ID + ", " + c.Spec + ")\n")
	for _, s := range sections {
		b.WriteString("\n" + s.Title + "\n")
		for _, each := range s.Blocks {
			if each.Code {
				each.Text = "    " + strings.ReplaceAll(each.Text, "\n", "\n    ")
			}
			b.WriteString(each.Text + "\n")
		}
	}
	return b.String()
}

// blocks cuts a documentation into paragraphs and, where lines are indented by four
// spaces, into lines to paste.
func blocks(doc string) []block {
	var all []block
	fresh := true // the next line begins a block
	for line := range strings.Lines(doc) {
		line = strings.TrimRight(line, "\r\n ")
		code, isCode := strings.CutPrefix(line, "    ")
		last := len(all) - 1
		switch {
		case line == "":
			fresh = true
			continue
		case isCode && last >= 0 && all[last].Code:
			all[last].Text += "\n" + code
		case isCode:
			all = append(all, block{code, true})
		case fresh || last < 0 || all[last].Code:
			all = append(all, block{line, false})
		default:
			all[last].Text += " " + line
		}
		fresh = false
	}
	return all
}
