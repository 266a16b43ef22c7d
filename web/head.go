package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// headView is a head as it arrived or was answered, in lines or in bytes.
type headView struct {
	Lines  []headLine
	Bytes  []byteLine // instead of Lines
	More   []byteLine // that follow Bytes, folded
	Hidden int        // how many lines or bytes are not drawn
	Note   string     // how lines end and what came after
}

// What is drawn of a head: a stranger may have filled it. Lines with evidence always are.
const (
	mostLines  = 300
	firstBytes = 6 * hexWidth
	mostBytes  = 4096
	hexWidth   = 16
)

// headLine is one line of a head.
type headLine struct {
	Offset  int
	Caption string // who wrote this line and those that follow; empty: the same as before
	Hit     bool   // evidence lies in it
	Runs    []run
}

// byteLine is up to sixteen bytes in hexadecimal and as text.
type byteLine struct {
	Offset string
	Hex    []run
	Text   []run
	Marks  []letter
}

// run is some bytes that are shown alike.
type run struct {
	Text  string
	Class string // "" or one or more of: name, mark, masked, escaped
	Last  bool   // the masked bytes end here, and the tag follows
	Marks []letter
}

// shade says how one byte is shown.
type shade uint8

const (
	marked  shade = 1 << iota // evidence
	masked                    // a secret stood there
	faulty                    // it breaks the grammar and would not be seen
	naming                    // of a header's name
	escaped                   // it cannot be printed
)

func (s shade) class() string {
	var names []string
	for _, each := range []struct {
		shade shade
		name  string
	}{{marked, "mark"}, {masked, "masked"}, {naming, "name"}, {faulty | escaped, "escaped"}} {
		if s&each.shade != 0 {
			names = append(names, each.name)
		}
	}
	return strings.Join(names, " ")
}

// painter shows the bytes of one head.
type painter struct {
	raw    []byte
	shades []shade          // one of each byte
	marks  map[int][]letter // behind the byte with that index
}

func newPainter(h *dump.Head, e *evidence) *painter {
	p := &painter{raw: h.Raw, shades: make([]shade, len(h.Raw)), marks: map[int][]letter{}}
	for i, c := range h.Raw {
		if c < ' ' || c >= 0x7f {
			p.shades[i] = escaped
		}
	}
	for _, f := range h.Fields {
		p.paint(dump.Span{Start: f.Name.Start, End: min(f.Name.End+1, f.Line.End)}, naming)
	}
	for _, f := range h.Faults {
		if f.Kind == dump.FaultSpaceBeforeColon || f.Kind == dump.FaultBareLF {
			p.paint(f.Span, faulty) // these would not be seen
		}
	}
	for _, m := range h.Masks {
		p.paint(m.Span, masked)
	}
	if e != nil {
		for s, l := range e.letters {
			p.paint(s, marked)
			p.mark(s, l)
		}
	}
	return p
}

func (p *painter) paint(s dump.Span, with shade) {
	for i := s.Start; i < min(s.End, len(p.raw)); i++ {
		p.shades[i] |= with
	}
}

// mark puts a letter behind the last byte of s that is shown: line ends are not.
func (p *painter) mark(s dump.Span, l letter) {
	i := min(max(s.End, s.Start+1), len(p.raw)) - 1
	for i > s.Start && (p.raw[i] == '\n' || p.raw[i] == '\r') {
		i--
	}
	p.marks[i] = append(p.marks[i], l)
	slices.SortFunc(p.marks[i], func(a, b letter) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
}

// runs cuts s into runs; show writes the bytes of one.
func (p *painter) runs(s dump.Span, show func([]byte, shade) string) []run {
	var all []run
	for i := s.Start; i < s.End; {
		j := i + 1
		for j < s.End && p.shades[j] == p.shades[i] && p.marks[j-1] == nil {
			j++
		}
		with := p.shades[i]
		all = append(all, run{
			Text: show(p.raw[i:j], with), Class: with.class(), Marks: p.marks[j-1],
			Last: with&masked != 0 && (j == len(p.raw) || p.shades[j]&masked == 0),
		})
		i = j
	}
	return all
}

// asLine shows bytes as text, dots in place of secrets, escapes in place of what cannot
// be seen.
func asLine(b []byte, with shade) string {
	if with&masked != 0 {
		return strings.Repeat("•", len(b))
	}
	if with&(escaped|faulty) == 0 {
		return string(b)
	}
	var text strings.Builder
	for _, c := range b {
		switch {
		case c == ' ':
			text.WriteString(`\x20`)
		case c < ' ' || c >= 0x7f:
			text.WriteString(escape(c))
		default:
			text.WriteByte(c)
		}
	}
	return text.String()
}

func asHex(b []byte, with shade) string {
	if with&masked != 0 {
		return strings.TrimSuffix(strings.Repeat("•• ", len(b)), " ")
	}
	return fmt.Sprintf("% x", b)
}

func asASCII(b []byte, with shade) string {
	if with&masked != 0 {
		return strings.Repeat("•", len(b))
	}
	text := []rune(string(make([]byte, len(b))))
	for i, c := range b {
		if text[i] = rune(c); c < ' ' || c >= 0x7f {
			text[i] = '·'
		}
	}
	return string(text)
}

// lines cuts a head at its line ends. The empty line that ends it is not shown; the note
// below tells of it.
func (p *painter) lines(end dump.Span) (all []headLine, hidden int) {
	stop := len(p.raw)
	if !end.Empty() {
		stop = end.Start
	}
	for start := 0; start < stop; {
		next := start
		for next < stop && p.raw[next] != '\n' {
			next++
		}
		text := dump.Span{Start: start, End: next}
		if next < stop {
			next++
			if text.End > start && p.raw[text.End-1] == '\r' {
				text.End--
			} else {
				text.End = next // LF alone is a fault, and is shown
			}
		}
		line := headLine{Offset: start}
		for i := start; i < next; i++ {
			line.Hit = line.Hit || p.shades[i]&marked != 0
		}
		if len(all) < mostLines || line.Hit {
			line.Runs = p.runs(text, asLine)
			all = append(all, line)
		} else {
			hidden++
		}
		start = next
	}
	return all, hidden
}

// caption says which lines nginx wrote and which it passed on, where their order proves it.
func caption(lines []headLine, h *dump.Head) {
	own := ownLines(h)
	if own == 0 || own == len(h.Fields) {
		return
	}
	for i := range lines {
		switch lines[i].Offset {
		case h.Fields[0].Line.Start:
			lines[i].Caption = "nginx wrote these"
		case h.Fields[own].Line.Start:
			lines[i].Caption = "passed on as the " + agent(h).kind + " sent them"
			if len(diagnosis.Hops(h)) > 1 {
				lines[i].Caption = "passed on as they came"
			}
		}
	}
}

// bytes cuts raw bytes into lines of sixteen.
func (p *painter) bytes() (all []byteLine, hidden int) {
	end := min(len(p.raw), mostBytes)
	for start := 0; start < end; start += hexWidth {
		s := dump.Span{Start: start, End: min(start+hexWidth, end)}
		line := byteLine{Offset: fmt.Sprintf("%04x", start), Hex: p.runs(s, asHex), Text: p.runs(s, asASCII)}
		for i := s.Start; i < s.End; i++ {
			line.Marks = append(line.Marks, p.marks[i]...)
		}
		all = append(all, line)
	}
	return all, len(p.raw) - end
}

// arrived shows a request.
func arrived(r *dump.Request, e *evidence, inBytes bool) headView {
	p := newPainter(r.Head, e)
	v := headView{Note: strings.TrimSpace(lineEnds(r.Head) + " " + ending(r))}
	if inBytes {
		v.Bytes, v.Hidden = p.bytes()
		if fold := firstBytes / hexWidth; onlyBytes(r.Head) && len(v.Bytes) > fold {
			v.Bytes, v.More = v.Bytes[:fold], v.Bytes[fold:]
		}
	} else {
		v.Lines, v.Hidden = p.lines(r.Head.End)
		caption(v.Lines, r.Head)
	}
	return v
}

// onlyBytes reports whether a head has no line to show.
func onlyBytes(h *dump.Head) bool {
	return h.Start.Line.Empty() && h.Kind != dump.HTTP1 && h.Kind != dump.ProxyV1
}

// textLines cuts the text of an answer into lines: it is UTF-8, and LF ends them.
func textLines(text string, offset int) []headLine {
	var all []headLine
	for line := range strings.Lines(text) {
		all = append(all, headLine{Offset: offset, Runs: []run{{Text: visible(strings.TrimRight(line, "\r\n"))}}})
		offset += len(line)
	}
	return all
}
