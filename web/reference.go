package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// indexView is a list of the documentation: of the checks and causes, or the causes alone.
type indexView struct {
	shell
	Heading, Lead string
	Groups        []indexGroup
}

type indexGroup struct {
	Title, Note string
	Kind        string // "checks" or "causes": where its entries stand
	Entries     []entry
}

type entry struct{ ID, Title string }

// entryView is the documentation of one check or cause.
type entryView struct {
	shell
	ID            string
	Kind          string // "checks" or "causes"
	Word          string // by which the list filters: "check" or "cause"
	Sections      []section
	Facts         []fact
	Checks        []entry // that a cause can break
	Spec, SpecURL string
	Seen          int // attempts that are kept in which it was found
	Latest        *row
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
	p.index(w, r, indexView{
		shell:   p.shell(r, "reference", "Checks and causes"),
		Heading: "Every check that a handshake passes or fails.",
		Lead:    "All of them run on every attempt. Some decide, as this server does; the others advise, since a stricter one would refuse.",
		Groups:  append(checkGroups(), causeGroups()...),
	})
}

func (p *page) causes(w http.ResponseWriter, r *http.Request) {
	p.index(w, r, indexView{
		shell:   p.shell(r, "reference", "Causes"),
		Heading: "Every cause for which a WebSocket breaks.",
		Lead:    "A check says which rule is broken; a cause says who broke it, and which lines cure it.",
		Groups:  causeGroups(),
	})
}

func (p *page) index(w http.ResponseWriter, r *http.Request, v indexView) {
	if negotiate(r, asText, asHTML) == asHTML {
		p.render(w, http.StatusOK, "index", v)
		return
	}
	var b strings.Builder
	for _, g := range v.Groups {
		for _, e := range g.Entries {
			b.WriteString(e.ID + ": " + e.Title + "\n")
		}
	}
	writeText(w, http.StatusOK, b.String())
}

func checkGroups() []indexGroup {
	groups := []indexGroup{
		{Title: "Go’s net/http decides", Note: "It answers by itself, before any handler runs.", Kind: "checks"},
		{Title: "gorilla/websocket decides", Note: "Its Upgrade refuses the handshake.", Kind: "checks"},
		{Title: "Advice", Note: "This server lets it pass; stricter ones do not.", Kind: "checks"},
	}
	for _, c := range handshake.Catalogue() {
		g := &groups[map[handshake.Decider]int{handshake.ByNetHTTP: 0, handshake.ByGorilla: 1, handshake.ByNobody: 2}[c.By]]
		g.Entries = append(g.Entries, entry{c.ID, c.Title})
	}
	return groups
}

func causeGroups() []indexGroup {
	groups := []indexGroup{
		diagnosis.Rejects: {Title: "Causes: no session comes about", Note: "Who broke the handshake, and the lines that cure it.", Kind: "causes"},
		diagnosis.Risks:   {Title: "Causes: the session works, at a risk", Note: "Something is wrong all the same.", Kind: "causes"},
		diagnosis.Cuts:    {Title: "Causes: the session is cut", Note: "The handshake was right.", Kind: "causes"},
	}
	for _, c := range diagnosis.Catalogue() {
		g := &groups[c.Severity]
		g.Entries = append(g.Entries, entry{c.ID, c.Title})
	}
	return groups
}

func (p *page) check(w http.ResponseWriter, r *http.Request) {
	c := handshake.Find(chi.URLParam(r, "id"))
	if c == nil {
		p.unknown(w, r, "check")
		return
	}
	p.entry(w, r, c.AppendText, journal.Filter{Check: c.ID}, entryView{
		shell: p.shell(r, "reference", c.Title), ID: c.ID, Kind: "checks", Word: "check",
		Sections: sections(&c.Doc),
		Facts:    []fact{{Label: "When it is broken", Value: decides(c)}},
		Spec:     c.Spec, SpecURL: c.SpecURL,
	})
}

func (p *page) cause(w http.ResponseWriter, r *http.Request) {
	c := diagnosis.Find(chi.URLParam(r, "id"))
	if c == nil {
		p.unknown(w, r, "cause")
		return
	}
	v := entryView{
		shell: p.shell(r, "reference", c.Title), ID: c.ID, Kind: "causes", Word: "cause",
		Sections: sections(&c.Doc),
		Facts: []fact{
			{Label: "What comes of it", Value: consequence(c)},
			{Label: "Who has to change something", Value: changer(c)},
		},
		Spec: c.Spec, SpecURL: c.SpecURL,
	}
	if c.Tempting != "" {
		v.Sections = append(v.Sections, section{"tempting", "The cure that people find first", blocks(c.Tempting)})
	}
	for _, id := range c.Explains {
		if check := handshake.Find(id); check != nil {
			v.Checks = append(v.Checks, entry{check.ID, check.Title})
		}
	}
	p.entry(w, r, c.AppendText, journal.Filter{Cause: c.ID}, v)
}

// entry shows a documentation, as a page or as wsinspect explain says it, with the
// attempts that the filter finds.
func (p *page) entry(w http.ResponseWriter, r *http.Request, appendText func([]byte) []byte, f journal.Filter, v entryView) {
	if negotiate(r, asText, asHTML) == asText {
		writeText(w, http.StatusOK, string(appendText(nil)))
		return
	}
	f.Limit = 1
	found := p.Journal.List(f)
	v.Seen = found.Matched
	if len(found.Attempts) > 0 {
		latest := newRow(fold(found.Attempts), v.Root)
		v.Latest = &latest
	}
	p.render(w, http.StatusOK, "entry", v)
}

// unknown answers for an ID that no check or cause has.
func (p *page) unknown(w http.ResponseWriter, r *http.Request, word string) {
	p.refuse(w, r, http.StatusNotFound, refusal{
		shell:    p.shell(r, "reference", "No such "+word),
		Sentence: "There is no " + word + " " + visible(chi.URLParam(r, "id")) + ".",
		Advice:   "All of them stand in the list of " + word + "s.",
	})
}

func sections(d *handshake.Doc) []section {
	return []section{
		{"what", "What it is", blocks(d.What)},
		{"see", "How to see it", blocks(d.See)},
		{"do", "What to do", blocks(d.Do)},
	}
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

// consequence says what a cause does to the session.
func consequence(c *diagnosis.Cause) string {
	return map[diagnosis.Severity]string{
		diagnosis.Rejects: "No session comes about",
		diagnosis.Risks:   "The session works, at a risk",
		diagnosis.Cuts:    "The session is cut",
	}[c.Severity]
}

// changer says who has to change something to cure a cause.
func changer(c *diagnosis.Cause) string {
	return map[diagnosis.Party]string{
		diagnosis.ByProxy:   "The proxy, in its configuration",
		diagnosis.ByClient:  "The page or program that opens the socket",
		diagnosis.ByBackend: "The application, or its policy",
	}[c.Party]
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
