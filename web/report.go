package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// report answers with an attempt in Markdown, to be pasted into a ticket: masked as the
// page is, and written so that nothing of a stranger's is read as Markdown.
func (p *page) report(w http.ResponseWriter, r *http.Request) {
	a := p.Journal.Get(chi.URLParam(r, "id"))
	if a == nil {
		p.refuse(w, r, http.StatusNotFound, p.forgotten(r))
		return
	}
	w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	io.WriteString(w, newReport(a))
}

// report is a document in Markdown while it is written.
type report struct{ strings.Builder }

func newReport(a *journal.Attempt) string {
	var r report
	said, lead := heading(a)
	r.paragraph("# " + prose(said))
	r.paragraph(prose(lead))
	r.facts(a)
	if c := shownCause(a); c != nil {
		r.cure(a, c)
	}
	h := a.Request.Head
	r.paragraph("## As it arrived")
	r.fence(string(h.AppendText(nil, "", nil)))
	r.paragraph(prose(strings.TrimSpace(lineEnds(h) + " " + ending(&a.Request))))
	r.findings(a, handshake.Failed, "## What failed")
	r.findings(a, handshake.Advised, "## What a stricter server would refuse")
	if answer := a.Response.Head(); answer != nil {
		r.paragraph("## As it was answered")
		r.fence(string(answer.AppendText(nil, "", nil)))
	}
	if s := newSessionView(a.Now()); s != nil {
		r.paragraph("## The session: " + prose(s.Lasted))
		for _, f := range s.Facts {
			r.item(prose(f.Label + ": " + f.Value + ". " + f.Note))
		}
		r.WriteString("\n")
	}
	r.rivals(a)
	return r.String()
}

func (r *report) facts(a *journal.Attempt) {
	var words []string
	for _, s := range stamps(a, outcomeOf(a)) {
		words = append(words, strings.TrimSpace(s.Word+" "+s.Code))
	}
	r.item("Outcome: " + prose(strings.Join(words, ", ")))
	if b := newBlameView(a); b != nil {
		r.item(prose(b.Label + ": " + b.Who + " (" + strings.ToLower(b.Word) + ")"))
	}
	if hops := diagnosis.Hops(a.Request.Head); len(hops) > 0 {
		way := "wsinspect"
		for _, hop := range hops {
			way = visible(hop.Name) + " (" + hop.Confidence.String() + "), " + way
		}
		r.item(prose("Way: client, " + way))
	}
	r.item(prose("From: " + from(a)))
	r.item(prose("Time: " + a.Time.UTC().Format("2006-01-02 15:04:05.000 UTC")))
	r.item("Attempt: `" + a.ID + "`")
	r.WriteString("\n")
}

func (r *report) cure(a *journal.Attempt, c *diagnosis.Conclusion) {
	r.paragraph("## " + prose(newCureView(a).Heading))
	for _, s := range stepViews(a, c) {
		if s.Lines != "" {
			r.paragraph(prose(s.Heading + ":"))
			r.fence(s.Lines)
		}
		if s.Remove != "" {
			r.paragraph(prose(s.Heading + ", take out: " + s.Remove))
		}
	}
	r.paragraph(prose(visible(c.Fix.Note)))
	if c.Cause.Tempting != "" {
		r.paragraph("**Not this:** " + prose(c.Cause.Tempting))
	}
}

func (r *report) findings(a *journal.Attempt, o handshake.Outcome, title string) {
	found := a.With(o)
	if len(found) == 0 {
		return
	}
	r.paragraph(title)
	for _, f := range found {
		r.item("`" + f.Check.ID + "`: " + prose(visible(f.Because)))
	}
	r.WriteString("\n")
}

func (r *report) rivals(a *journal.Attempt) {
	v := newRivalsView(a, gather(a))
	if len(v.Causes) == 0 {
		return
	}
	r.paragraph("## " + v.Heading)
	for _, c := range v.Causes {
		r.item(fmt.Sprintf("`%s`, %s: %s", c.ID, strings.ToLower(c.Word), prose(c.Title)))
	}
	r.WriteString("\n")
	r.paragraph(prose(v.Apart))
}

// paragraph writes text that is Markdown already.
func (r *report) paragraph(text string) {
	if text != "" {
		r.WriteString(text + "\n\n")
	}
}

func (r *report) item(text string) { r.WriteString("- " + text + "\n") }

// fence writes code within a fence that is longer than any in it.
func (r *report) fence(code string) { r.Write(append(dump.AppendFence(nil, code), '\n')) }

// prose writes text so that Markdown takes every byte of it for text: no markup, no link,
// no mention of anybody.
func prose(text string) string { return string(dump.AppendProse(nil, visible(text))) }
