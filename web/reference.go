package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
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
	Faults        bool // there is a demo server
}

type indexGroup struct {
	ID, Title, Note string
	Kind            string // "checks" or "causes": where its entries stand
	Entries         []entry
}

type entry struct{ ID, Title string }

// entryView is the documentation of one check or cause.
type entryView struct {
	shell
	ID            string
	Kind          string  // "checks" or "causes"
	Word          string  // by which the list filters: "check" or "cause"
	Severity      outcome // what comes of it, with its icon
	Sections      []section
	Facts         []fact
	Checks        []entry  // that a cause can break
	Causes        []entry  // that can break a check
	Reports       []string // addresses of public threads
	Spec, SpecURL string
	Seen          int // attempts that are kept in which it was found
	Latest        *row
}

// section is a part of a documentation.
type section struct {
	ID, Title string
	Blocks    []block
	Entries   []entry    // causes, as links
	Fault     *faultView // to be made happen
}

// block is a heading, a paragraph, lines to paste, or lines to be looked at only.
type block struct {
	Text    string
	Code    bool
	Heading bool
	Name    string // of lines that nobody should paste
}

func (p *page) checks(w http.ResponseWriter, r *http.Request) {
	p.index(w, r, indexView{
		shell:   p.shell(r, "reference", "Checks and causes"),
		Heading: "Every check that a handshake passes or fails.",
		Lead:    "All of them run on every attempt. Some decide, as this server does; the others advise, since a stricter one would refuse. A check says which rule is broken; a cause says who broke it.",
		Groups:  append(checkGroups(), causeGroups()...),
		Faults:  p.Faults != "",
	})
}

func (p *page) causes(w http.ResponseWriter, r *http.Request) {
	p.index(w, r, indexView{
		shell:   p.shell(r, "reference", "Causes"),
		Heading: "Every cause for which a WebSocket breaks.",
		Lead:    "A check says which rule is broken; a cause says who broke it, and which lines cure it.",
		Groups:  causeGroups(),
		Faults:  p.Faults != "",
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
		{ID: "net-http", Title: "Go’s net/http decides", Note: "It answers by itself, before any handler runs.", Kind: "checks"},
		{ID: "gorilla", Title: "gorilla/websocket decides", Note: "Its Upgrade refuses the handshake.", Kind: "checks"},
		{ID: "advice", Title: "Advice", Note: "This server lets it pass; stricter ones do not.", Kind: "checks"},
	}
	for _, c := range handshake.Catalogue() {
		g := &groups[map[handshake.Decider]int{handshake.ByNetHTTP: 0, handshake.ByGorilla: 1, handshake.ByNobody: 2}[c.By]]
		g.Entries = append(g.Entries, entry{c.ID, c.Title})
	}
	return groups
}

func causeGroups() []indexGroup {
	groups := []indexGroup{
		diagnosis.Rejects: {ID: "rejects", Title: "Causes: no session comes about", Note: "Who broke the handshake, and the lines that cure it.", Kind: "causes"},
		diagnosis.Risks:   {ID: "risks", Title: "Causes: the session works, at a risk", Note: "Something is wrong all the same.", Kind: "causes"},
		diagnosis.Cuts:    {ID: "cuts", Title: "Causes: the session is cut", Note: "The handshake was right.", Kind: "causes"},
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
	v := entryView{
		shell: p.shell(r, "reference", c.Title), ID: c.ID, Kind: "checks", Word: "check",
		Severity: decides(c),
		Sections: sections(&c.Doc, "What it is", "What to do"),
		Spec:     c.Spec, SpecURL: c.SpecURL,
	}
	if c.Decides {
		v.Facts = []fact{{Label: c.By.String() + " answers", Value: strings.TrimSpace(fmt.Sprint(c.Status, " ", c.Reason)), Wire: true}}
	}
	if e := c.Example(); e != nil {
		v.Sections = append(v.Sections, brokenBy(e))
	}
	for _, cause := range diagnosis.Catalogue() {
		if slices.Contains(cause.Explains, c.ID) {
			v.Causes = append(v.Causes, entry{cause.ID, cause.Title})
		}
	}
	p.entry(w, r, c.AppendText, journal.Filter{Check: c.ID}, v)
}

func (p *page) cause(w http.ResponseWriter, r *http.Request) {
	c := diagnosis.Find(chi.URLParam(r, "id"))
	if c == nil {
		p.unknown(w, r, "cause")
		return
	}
	v := entryView{
		shell: p.shell(r, "reference", c.Title), ID: c.ID, Kind: "causes", Word: "cause",
		Severity: consequence(c),
		Sections: causeSections(c, p.faultOf(r, c)),
		Facts: []fact{
			{Label: "Who has to change something", Value: changer(c)},
			{Label: "It shows in", Value: evidenceOf(c)},
		},
		Spec: c.Spec, SpecURL: c.SpecURL,
	}
	if c.Reports > 0 {
		v.Facts = append(v.Facts, fact{Label: "Public reports of exactly this", Value: strconv.Itoa(c.Reports)})
	}
	if e := c.Example(); e != nil {
		v.Reports = e.Sources
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

// decides says what comes of breaking a check's rule.
func decides(c *handshake.Check) outcome {
	switch c.By {
	case handshake.ByNetHTTP:
		return outcome{Icon: "refused", Word: "Refused before any handler"}
	case handshake.ByGorilla:
		return outcome{Icon: "rejected", Word: "Rejects the handshake"}
	}
	return outcome{Icon: "warning", Word: "Nothing here; stricter servers refuse it"}
}

// consequence says what a cause does to the session.
func consequence(c *diagnosis.Cause) outcome {
	return map[diagnosis.Severity]outcome{
		diagnosis.Rejects: {Icon: "rejected", Word: "No session comes about"},
		diagnosis.Risks:   {Icon: "warning", Word: "The session works, at a risk"},
		diagnosis.Cuts:    {Icon: "warning", Word: "The session is cut"},
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
