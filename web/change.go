package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// The kinds of a change beside those of package dump: only the name's capitals, or only
// the place among the lines.
const (
	respelled = "respelled"
	reordered = "reordered"
)

// change is one thing that became of a header line, or of a part of the request line: a
// line that was kept, or one difference. A line may differ in more than one way.
type change struct {
	Name          string // of the header; Method, Target and Version are the request line's
	Kind          string
	Nature        bool // it differs in every handshake
	Before, After *cell
	Reading       string
	Turns         []turn // of the checks that read this line
	start         bool   // of the request line
}

// cell is one side of a change.
type cell struct {
	Begin, Differs, End []run // Differs is empty where both sides are the same
	bytes               string
}

// same reports whether the line was kept.
func (c *change) same() bool { return c.Kind == dump.Kept.String() }

// differs reports whether somebody made the change.
func (c *change) differs() bool { return !c.same() && !c.Nature }

// weighs reports whether the change is more than one of looks.
func (c *change) weighs() bool { return c.differs() && c.Kind != respelled && c.Kind != reordered }

// differ compares two heads, the request line first, then line by line.
type differ struct {
	*dump.Comparison
	before, after *painter
	turns         []turn
	evidence      [2]map[*handshake.Check][]dump.Span
	all           []change
}

// changes returns what became of every line between two attempts.
func changes(a, b *journal.Attempt, turns []turn) []change {
	d := &differ{
		Comparison: dump.Compare(a.Request.Head, b.Request.Head),
		before:     newPainter(a.Request.Head, nil), after: newPainter(b.Request.Head, nil),
		turns: turns,
	}
	for i, each := range []*journal.Attempt{a, b} {
		d.evidence[i] = map[*handshake.Check][]dump.Span{}
		for _, f := range each.Verdict.Findings {
			d.evidence[i][f.Check] = f.Evidence
		}
	}
	for _, part := range []struct {
		name   string
		change dump.Change
	}{{"Method", d.Method}, {"Target", d.Target}, {"Version", d.Version}} {
		d.value(part.name, part.change)
		d.all[len(d.all)-1].start = true
	}
	for _, c := range d.Fields {
		d.line(c)
	}
	return d.all
}

// line adds what became of a header line.
func (d *differ) line(c dump.Change) {
	h, f := d.After, c.After
	if f == nil {
		h, f = d.Before, c.Before
	}
	name := visible(h.Name(*f))
	if c.Kind != dump.Kept || !c.Respelled && !c.Moved {
		d.value(name, c)
	}
	if c.Respelled {
		before, after := apart(d.before, c.Before.Name, d.after, c.After.Name)
		d.all = append(d.all, change{Name: name, Kind: respelled, Before: before, After: after, Reading: "Only the capitals of the name. HTTP does not mind them."})
	}
	if c.Moved {
		d.all = append(d.all, change{
			Name: name, Kind: reordered, Before: place(d.Before, c.Before), After: place(d.After, c.After),
			Reading: "Its place among the lines. HTTP does not mind it, but somebody wrote it anew.",
		})
	}
}

// value adds what became of a value.
func (d *differ) value(name string, c dump.Change) {
	is := change{Name: name, Kind: c.Kind.String()}
	masked := false
	switch c.Kind {
	case dump.Dropped:
		is.Before, is.Reading = alone(d.before, c.Before.Value), "It came before. Now it does not."
	case dump.Added:
		is.After, is.Reading = alone(d.after, c.After.Value), "It did not come before. Now it does."
	case dump.Changed:
		is.Before, is.After = apart(d.before, c.Before.Value, d.after, c.After.Value)
		masked = d.Before.Masked(c.Before.Value) || d.After.Masked(c.After.Value)
		if masked {
			is.Reading = "Another value."
		}
	default:
		is.Before, is.After = alone(d.before, c.Before.Value), alone(d.after, c.After.Value)
		masked = d.Before.Masked(c.Before.Value)
		if masked {
			is.Reading = "The same value."
		}
	}
	d.byNature(&is, c)
	if is.Nature {
		is.Before, is.After = alone(d.before, c.Before.Value), alone(d.after, c.After.Value)
	}
	if is.differs() {
		is.Turns = d.turnsOf(name, c)
	}
	d.all = append(d.all, is)
}

// byNature recognises what is new in every handshake, whoever sends it.
func (d *differ) byNature(is *change, c dump.Change) {
	switch {
	case strings.EqualFold(is.Name, "Sec-WebSocket-Key") && c.Kind == dump.Changed:
		is.Nature, is.Reading = true, "New for every handshake. Not a secret."
	case strings.EqualFold(is.Name, "Sec-WebSocket-Key") && c.Kind == dump.Kept:
		is.Reading = "The same key twice: no browser does that."
	case strings.EqualFold(is.Name, "X-Request-Id") && c.Kind == dump.Changed:
		is.Nature, is.Reading = true, "New for every request."
	case is.Name == "Target" && c.Kind == dump.Changed && withoutNonce(d.Before.Target()) == withoutNonce(d.After.Target()):
		is.Nature, is.Reading = true, "Only the mark by which both ends are paired."
	}
}

// withoutNonce cuts the mark of a self-test out of a target.
func withoutNonce(target string) string {
	path, query, _ := strings.Cut(target, "?")
	kept := slices.DeleteFunc(strings.Split(query, "&"), func(p string) bool { return strings.HasPrefix(p, "wsinspect-nonce=") })
	return path + "?" + strings.Join(kept, "&")
}

// turnsOf returns the checks that came to another outcome and read this line: those that
// point at it, and those that bear its name.
func (d *differ) turnsOf(name string, c dump.Change) (found []turn) {
	short := strings.TrimPrefix(strings.ToLower(name), "sec-websocket-")
	points := func(spans []dump.Span, f *dump.Field) bool {
		return f != nil && slices.ContainsFunc(spans, func(s dump.Span) bool { return s.Overlaps(f.Value) || s.Overlaps(f.Name) })
	}
	for _, t := range d.turns {
		if points(d.evidence[0][t.Check], c.Before) || points(d.evidence[1][t.Check], c.After) || strings.HasPrefix(t.Check.ID, short+"-") {
			found = append(found, t)
		}
	}
	return found
}

// maxCell is how many bytes of each part of a value are shown: a stranger chose its length.
const maxCell = 400

// alone is a value that has no other side.
func alone(p *painter, s dump.Span) *cell {
	return &cell{Begin: p.atMost(s), bytes: string(p.raw[s.Start:s.End])}
}

// apart shows two values, cut at where they begin and end to differ.
func apart(p *painter, s dump.Span, q *painter, t dump.Span) (before, after *cell) {
	begin, end := 0, 0
	for begin < min(s.Len(), t.Len()) && p.raw[s.Start+begin] == q.raw[t.Start+begin] {
		begin++
	}
	for end < min(s.Len(), t.Len())-begin && p.raw[s.End-1-end] == q.raw[t.End-1-end] {
		end++
	}
	begin, end = wholeWords(p.raw[s.Start:s.End], q.raw[t.Start:t.End], begin, end)
	part := func(p *painter, s dump.Span) *cell {
		return &cell{
			Begin:   p.atMost(dump.Span{Start: s.Start, End: s.Start + begin}),
			Differs: p.atMost(dump.Span{Start: s.Start + begin, End: s.End - end}),
			End:     p.atMost(dump.Span{Start: s.End - end, End: s.End}),
			bytes:   string(p.raw[s.Start:s.End]),
		}
	}
	return part(p, s), part(q, t)
}

// wholeWords lets a difference begin and end with a word: a port is read as one.
func wholeWords(a, b []byte, begin, end int) (int, int) {
	word := func(c []byte, i int) bool {
		return i >= 0 && i < len(c) && (c[i] >= '0' && c[i] <= '9' || c[i]|0x20 >= 'a' && c[i]|0x20 <= 'z')
	}
	for word(a, begin-1) && (word(a, begin) || word(b, begin)) {
		begin--
	}
	for end > 0 && word(a, len(a)-end) && (word(a, len(a)-end-1) || word(b, len(b)-end-1)) {
		end--
	}
	return begin, end
}

// atMost cuts what is very long, and says so.
func (p *painter) atMost(s dump.Span) []run {
	rest := s.Len() - maxCell
	if rest <= 0 {
		return p.runs(s, asLine)
	}
	s.End -= rest
	return append(p.runs(s, asLine), run{Text: fmt.Sprintf("… %s more", plural(rest, "byte", "bytes"))})
}

// place says which line of the head a field is; the request line is the first.
func place(h *dump.Head, f *dump.Field) *cell {
	at, _ := slices.BinarySearchFunc(h.Fields, f.Line.Start, func(g dump.Field, start int) int { return cmp.Compare(g.Line.Start, start) })
	n := at + 2
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		suffix = [...]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[n%10]
	}
	text := fmt.Sprintf("%d%s line", n, suffix)
	return &cell{Begin: []run{{Text: text}}, bytes: text}
}
