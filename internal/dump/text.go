package dump

import (
	"bytes"
	"slices"
)

const hexDigits = "0123456789abcdef"

// AppendText appends h as text that is safe on a terminal: each line as it arrived, behind
// indent, with all that is not printable ASCII escaped, a bare LF too. Under a line stands
// ^^^ where the evidence is; an empty span is one ^ at its place. A preface that is no text
// is shown in hexadecimal.
func (h *Head) AppendText(dst []byte, indent string, evidence ...Span) []byte {
	t := textWriter{dst: dst, head: h, indent: indent, evidence: evidence}
	pos := 0
	if h.Kind == ProxyV2 || slices.ContainsFunc(h.Raw[:h.Preface.End], isBinary) {
		for ; pos < h.Preface.End; pos = min(pos+hexRow, h.Preface.End) {
			t.hex(Span{pos, min(pos+hexRow, h.Preface.End)})
		}
	}
	for pos < len(h.Raw) {
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
	evidence []Span
}

// line writes one line, and under it the marks.
func (t *textWriter) line(whole, text Span) {
	if hasPrefix(t.head.Raw[text.End:whole.End], "\r\n") {
		whole.End = text.End // the line end that belongs there is not shown
	}
	t.dst = append(t.dst, t.indent...)
	var marks []byte
	for i := whole.Start; i <= whole.End; i++ {
		start := len(t.dst)
		if i < whole.End {
			t.dst = AppendEscaped(t.dst, t.head.Raw[i:i+1])
		}
		marks = t.mark(marks, i, len(t.dst)-start)
	}
	t.endLine(marks)
}

// mark appends one mark for each of the columns that the byte at i takes.
func (t *textWriter) mark(marks []byte, i, columns int) []byte {
	sign := byte(' ')
	for _, s := range t.evidence {
		switch {
		case columns > 0 && s.Start <= i && i < s.End:
			sign = '^'
		case s.Start == i && s.Empty():
			sign, columns = '^', max(columns, 1)
		}
	}
	for range columns {
		marks = append(marks, sign)
	}
	return marks
}

// endLine ends a line and writes its marks, if there are any.
func (t *textWriter) endLine(marks []byte) {
	t.dst = append(t.dst, '\n')
	if marks = bytes.TrimRight(marks, " "); len(marks) > 0 {
		t.dst = append(append(append(t.dst, t.indent...), marks...), '\n')
	}
}

const hexRow = 16 // how many bytes a row of hexadecimal shows

// hex writes one row: where it begins, each byte, and what of them is text. Masked bytes
// are ** there.
func (t *textWriter) hex(row Span) {
	h := t.head
	t.dst = append(t.dst, t.indent...)
	for shift := 28; shift >= 0; shift -= 4 {
		t.dst = append(t.dst, hexDigits[row.Start>>shift&0xf])
	}
	t.dst = append(t.dst, ' ')
	marks := []byte("         ") // as wide as the place
	for i := row.Start; i < row.Start+hexRow; i++ {
		start := len(t.dst)
		switch {
		case i >= row.End:
			t.dst = append(t.dst, "   "...)
		case h.Masked(Span{i, i + 1}):
			t.dst = append(t.dst, " **"...)
		default:
			t.dst = append(t.dst, ' ', hexDigits[h.Raw[i]>>4], hexDigits[h.Raw[i]&0xf])
		}
		marks = t.mark(append(marks, ' '), i, len(t.dst)-start-1)
	}
	t.dst = append(t.dst, "  "...)
	for _, c := range h.Raw[row.Start:row.End] {
		if c < ' ' || c >= 0x7f {
			c = '.'
		}
		t.dst = append(t.dst, c)
	}
	t.endLine(marks)
}

// AppendEscaped appends b with everything but printable ASCII escaped as Go does in a
// string, so that it is safe on a terminal and can be read back without doubt.
func AppendEscaped(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ' || c >= 0x7f:
			dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&0xf])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// AppendJSONString appends b as a JSON string in which each byte is one character, U+0000
// to U+00FF, so that a Span indexes its characters. Control characters, also those above
// U+007F, are escaped: somebody may print the JSON on a terminal.
func AppendJSONString(dst, b []byte) []byte {
	dst = append(dst, '"')
	done := 0
	for i, c := range b {
		if ' ' <= c && c < 0x7f && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, b[done:i]...)
		done = i + 1
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c >= 0xa0:
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f) // UTF-8
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	dst = append(dst, b[done:]...)
	return append(dst, '"')
}
