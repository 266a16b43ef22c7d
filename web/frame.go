package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// frame is what a scene shows at one moment. It never changes, so that a page can be
// brought from any frame to any later one, however many lie between.
type frame struct {
	number  int        // the first is 1
	rows    []*sentRow // newest first
	full    bool       // older ones follow that are not among them
	parts   []part
	undrawn int   // attempts since the scene began that came too many at once to get a row
	missed  int   // changes since then that came too fast to be looked at
	err     error // why it could not be drawn
}

// sentRow is a row as messages hold it, written once for all who are sent it, and only if
// somebody is.
type sentRow struct {
	row
	leftOut int                    // the number of the frame in which it came with too many others; 0: it did not
	text    func() ([]byte, error) // JSON
}

func (p *page) newSentRow(r row, leftOut int) *sentRow {
	return &sentRow{r, leftOut, sync.OnceValues(func() ([]byte, error) {
		html, err := p.fragment("row", r)
		return fmt.Appendf(nil, `{"id":"%s","html":%s}`, r.ID, quotedJSON(html)), err
	})}
}

// part is a piece of a page that changes as a whole.
type part struct {
	name string // the id of the element that it fills
	text []byte // JSON: the name and the HTML
}

func (p part) same(q part) bool { return bytes.Equal(p.text, q.text) }

// parts renders parts of a screen.
func (p *page) parts(screen any, names ...string) ([]part, error) {
	var parts []part
	for _, name := range names {
		html, err := p.fragment(name, screen)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{name, fmt.Appendf(nil, `"%s":%s`, name, quotedJSON(html))})
	}
	return parts, nil
}

// quotedJSON writes a text as JSON does, but for the escapes that only a script within HTML
// needs: they would make HTML half as long again.
func quotedJSON(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string can always be encoded
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// same reports whether two frames show the same.
func (f *frame) same(g *frame) bool {
	return slices.Equal(f.rows, g.rows) && f.undrawn == g.undrawn &&
		slices.EqualFunc(f.parts, g.parts, part.same) && f.err == g.err
}

// at returns the row in whose place an attempt with that ID belongs: the newest one that
// begins no later. It is nil where all are newer.
func (f *frame) at(id string) *sentRow {
	i, _ := slices.BinarySearchFunc(f.rows, id, func(r *sentRow, id string) int {
		if r.ID > id {
			return -1
		}
		return 1
	})
	if i == len(f.rows) {
		return nil
	}
	return f.rows[i]
}

// draws reports whether an attempt has a row that is sent to all.
func (f *frame) draws(id string) bool {
	r := f.at(id)
	return r != nil && id <= r.Newest && r.leftOut == 0
}

// top returns the first rows, at most so many, as the list shows them.
func (f *frame) top(most int) rowPage {
	var shown rowPage
	for _, r := range f.rows[:min(len(f.rows), most)] {
		shown.Rows = append(shown.Rows, r.row)
	}
	if n := len(shown.Rows); n > 0 && (f.full || n < len(f.rows)) {
		shown.Next = shown.Rows[n-1].ID
	}
	return shown
}
