package probe

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// AppendMarkdown appends the report as a document in Markdown, to be pasted into a ticket:
// nothing of a stranger's is read as Markdown.
func (r *Report) AppendMarkdown(b []byte) []byte {
	d := document(b)
	d.paragraph("# " + prose(r.headline()))
	d.paragraph(prose(r.sentence()))
	d.item("Probed: " + prose(r.Client.URL))
	d.item("Time: " + prose(r.Time.UTC().Format("2006-01-02 15:04:05 UTC")))
	if a := r.Arrived; a != nil {
		d.item("Attempt: `" + a.ID + "`")
	}
	if way := r.wayWords(); way != "" {
		d.item("Way: " + prose(way))
	}
	d.end()
	d.causes(r)
	d.paragraph("## What the way did")
	d.fence(string(r.AppendWay(nil)))
	d.paragraph("## The steps")
	for _, s := range r.Steps {
		item := prose(fmt.Sprintf("%s: %s. %s", s.Title, s.Outcome, s.Says))
		if took := s.took(); took != "" {
			item += " (" + took + ")"
		}
		d.item(item)
	}
	d.end()
	return d
}

// headline says in a few words how the probe went.
func (r *Report) headline() string {
	switch c := diagnosis.Leading(r.Causes); {
	case c != nil:
		return c.Cause.Title
	case r.Failed():
		return "The probe of a WebSocket found a fault"
	}
	return "The probe of a WebSocket found no fault"
}

// wayWords names the proxies from the client to wsinspect.
func (r *Report) wayWords() string {
	if len(r.Hops) == 0 {
		return ""
	}
	way := "client"
	for _, hop := range slices.Backward(r.Hops) {
		way += ", " + hop.Name + " (" + hop.Confidence.String() + ")"
	}
	return way + ", wsinspect"
}

// document is Markdown while it is written.
type document []byte

func (d *document) paragraph(text string) { *d = append(*d, text+"\n\n"...) }
func (d *document) item(text string)      { *d = append(*d, "- "+text+"\n"...) }
func (d *document) end()                  { *d = append(*d, '\n') }
func (d *document) fence(code string)     { *d = append(dump.AppendFence(*d, code), '\n') }

// causes writes each cause with the lines that cure it.
func (d *document) causes(r *Report) {
	for i := range r.Causes {
		c := &r.Causes[i]
		d.paragraph(fmt.Sprintf("## `%s`, %s", c.Cause.ID, c.Confidence))
		d.paragraph(prose(c.Because))
		for _, step := range c.Fix.Steps {
			heading := c.Fix.Heading(step)
			if len(step.Lines) > 0 {
				d.paragraph(prose(heading + ":"))
				d.fence(strings.Join(visible(step.Lines), "\n"))
			}
			if len(step.Remove) > 0 {
				d.paragraph(prose(heading + ", take out: " + strings.Join(step.Remove, ", ")))
			}
		}
		if c.Fix.Note != "" {
			d.paragraph(prose(c.Fix.Note))
		}
		if c.Cause.Tempting != "" {
			d.paragraph("**Not this:** " + prose(c.Cause.Tempting))
		}
	}
	if apart := r.TellApart(); apart != "" {
		d.paragraph(prose(apart))
	}
}

// visible escapes the lines to paste, of which each may hold several.
func visible(lines []string) (all []string) {
	for _, text := range lines {
		for line := range strings.SplitSeq(text, "\n") {
			all = append(all, string(dump.AppendWords(nil, line)))
		}
	}
	return all
}

// prose escapes words of which nothing is to be read as Markdown.
func prose(text string) string {
	return string(dump.AppendProse(nil, string(dump.AppendWords(nil, text))))
}
