package dump

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a head as text: a stranger may have filled it.
const (
	maxLines  = 200 // lines
	maxLine   = 240 // bytes of one line
	maxBinary = 256 // bytes of a preface that is no text
	hexRow    = 16  // bytes in a row of hexadecimal
)

// Evidence is a place in the bytes to mark, and the letter that stands behind the mark.
type Evidence struct {
	Span   Span
	Letter byte // 0: none
}

// AppendText appends h as text that is safe on a terminal: each line as it arrived, behind
// indent, with all that is not printable ASCII escaped. A CR LF at its end goes without
// saying; any other end is shown. Under a line stands ^^^ for each evidence in it. A
// preface that is no text is shown in hexadecimal. What is very long is cut, and says so.
func (h *Head) AppendText(dst []byte, indent string, evidence []Evidence) []byte {
	t := textWriter{dst: dst, head: h, indent: indent, evidence: evidence}
	pos := 0
	if h.Kind == ProxyV2 || slices.ContainsFunc(h.Raw[:h.Preface.End], isBinary) {
		t.preface()
		pos = h.Preface.End
	}
	for n := 0; pos < len(h.Raw) && string(h.Raw[pos:]) != "\r\n"; n++ {
		if n == maxLines {
			t.more(pos, len(h.Raw))
			break
		}
		whole, text, _ := cutLine(h.Raw, pos)
		t.line(whole, text)
		pos = whole.End
	}
	return t.dst
}

// isBinary reports whether c is no part of a line of text.
func isBinary(c byte) bool { return c != '\r' && c != '\n' && (isControl(c) || c >= 0x80) }

type textWriter struct {
	dst      []byte
	head     *Head
	indent   string
	evidence []Evidence
}

// more says how much is not shown.
func (t *textWriter) more(pos, end int) {
	t.dst = fmt.Appendf(t.dst, "%s... and %d bytes more\n", t.indent, end-pos)
}

// line writes one line, and under it the marks.
func (t *textWriter) line(whole, text Span) {
	if !hasPrefix(t.head.Raw[text.End:whole.End], "\r\n") {
		text = whole
	}
	shown := Span{text.Start, min(text.End, text.Start+maxLine)}
	t.dst = append(t.dst, t.indent...)
	t.dst = AppendEscaped(t.dst, t.head.Raw[shown.Start:shown.End])
	if shown != text {
		t.dst = fmt.Appendf(t.dst, "... (%d bytes)", text.Len())
	}
	t.dst = append(t.dst, '\n')
	t.marks(whole, func(at int) int {
		return len(AppendEscaped(nil, t.head.Raw[shown.Start:min(at, shown.End)]))
	})
}

// marks writes a line of marks for each evidence in the bytes of row; column tells where
// a byte stands.
func (t *textWriter) marks(row Span, column func(at int) int) {
	for _, e := range t.evidence {
		if !e.Span.Overlaps(row) {
			continue
		}
		first := column(max(e.Span.Start, row.Start))
		last := column(min(e.Span.End, row.End))
		t.dst = append(t.dst, t.indent...)
		t.dst = append(t.dst, strings.Repeat(" ", first)...)
		t.dst = append(t.dst, strings.Repeat("^", max(1, last-first))...)
		if e.Letter != 0 {
			t.dst = append(t.dst, ' ', e.Letter)
		}
		t.dst = append(t.dst, '\n')
	}
}

// preface writes the preface in rows of hexadecimal.
func (t *textWriter) preface() {
	end := t.head.Preface.End
	shown := min(end, maxBinary)
	for pos := 0; pos < shown; pos += hexRow {
		t.hex(Span{pos, min(pos+hexRow, shown)})
	}
	if shown < end {
		t.more(shown, end)
	}
}

// hex writes one row: where it begins, each byte, and what of them is text. Masked bytes
// are ** there.
func (t *textWriter) hex(row Span) {
	h := t.head
	t.dst = fmt.Appendf(t.dst, "%s%08x ", t.indent, row.Start)
	for i := row.Start; i < row.Start+hexRow; i++ {
		switch {
		case i >= row.End:
			t.dst = append(t.dst, "   "...)
		case h.Masked(Span{i, i + 1}):
			t.dst = append(t.dst, " **"...)
		default:
			t.dst = append(t.dst, ' ', hexDigits[h.Raw[i]>>4], hexDigits[h.Raw[i]&0xf])
		}
	}
	t.dst = append(t.dst, "  "...)
	for _, c := range h.Raw[row.Start:row.End] {
		if c < ' ' || c >= 0x7f {
			c = '.'
		}
		t.dst = append(t.dst, c)
	}
	t.dst = append(t.dst, '\n')
	t.marks(row, func(at int) int { return len("00000000  ") + len("ff ")*(at-row.Start) })
}

const hexDigits = "0123456789abcdef"

// AppendEscaped appends b with everything but printable ASCII escaped as Go does in a
// string, so that it is safe on a terminal and can be read back without doubt.
func AppendEscaped(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case c == '\\':
			dst = append(dst, `\\`...)
		case ' ' <= c && c < 0x7f:
			dst = append(dst, c)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	return dst
}

// AppendWords appends s, which is UTF-8, as plain text of one line; what cannot be printed
// is escaped as Go does in a string, so that a terminal shows it and obeys none of it.
func AppendWords(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		plain := i
		for plain < len(s) && ' ' <= s[plain] && s[plain] <= '~' {
			plain++
		}
		if plain > i { // nearly all of it, nearly always
			dst = append(dst, s[i:plain]...)
			i = plain
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = AppendEscaped(dst, []byte{s[i]})
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+size]...)
		default:
			quoted := strconv.AppendQuoteRune(nil, r)
			dst = append(dst, quoted[1:len(quoted)-1]...)
		}
		i += size
	}
	return dst
}
