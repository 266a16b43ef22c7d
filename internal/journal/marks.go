package journal

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// Bounds of a head in words: a stranger may have filled it.
const (
	maxLines  = 200 // lines
	maxLine   = 240 // bytes of one line
	maxBinary = 256 // bytes of a language that is no text
)

// mark is a place of evidence and the letter of its finding.
type mark struct {
	span   dump.Span
	letter byte
}

// letter names the nth finding, from 0: a to z, and no more.
func letter(n int) byte {
	if n > 'z'-'a' {
		return 0
	}
	return byte('a' + n)
}

// markAll gives each finding, in order, the next letter.
func markAll(lists ...[]*handshake.Finding) (marks []mark) {
	n := 0
	for _, list := range lists {
		for _, f := range list {
			for _, s := range f.Evidence {
				if !s.Empty() {
					marks = append(marks, mark{s, letter(n)})
				}
			}
			n++
		}
	}
	return marks
}

// appendHead appends the lines of h, each with its marks under it.
func appendHead(b []byte, h *dump.Head, marks []mark) []byte {
	if h.Kind == dump.TLS || h.Kind == dump.Binary {
		for line := range bytes.Lines([]byte(hex.Dump(h.Raw[:min(len(h.Raw), maxBinary)]))) {
			b = append(b, "    "...)
			b = append(b, line...)
		}
		return b
	}
	at := 0
	n := 0
	for line := range bytes.Lines(h.Raw) {
		if at == h.End.Start && !h.End.Empty() {
			break // the empty line goes without saying
		}
		if n++; n > maxLines {
			return fmt.Appendf(b, "    ... and %d bytes more\n", len(h.Raw)-at)
		}
		b = appendMarkedLine(b, line, at, marks)
		at += len(line)
	}
	return b
}

// appendMarkedLine appends a line that begins at a place of its head. A CRLF at its end
// goes without saying; any other end is shown.
func appendMarkedLine(b, line []byte, at int, marks []mark) []byte {
	text := bytes.TrimSuffix(line, []byte("\r\n"))
	shown := text[:min(len(text), maxLine)]
	b = append(b, "    "...)
	b = appendBytes(b, shown)
	if len(shown) < len(text) {
		b = fmt.Appendf(b, "... (%d bytes)", len(text))
	}
	b = append(b, '\n')
	for _, m := range marks {
		if !m.span.Overlaps(dump.Span{Start: at, End: at + len(line)}) {
			continue
		}
		first := min(max(m.span.Start-at, 0), len(shown))
		last := min(m.span.End-at, len(shown))
		b = append(b, "    "...)
		b = append(b, bytes.Repeat([]byte{' '}, len(appendBytes(nil, shown[:first])))...)
		b = append(b, bytes.Repeat([]byte{'^'}, max(1, len(appendBytes(nil, shown[first:max(first, last)]))))...)
		if m.letter != 0 {
			b = append(b, ' ', m.letter)
		}
		b = append(b, '\n')
	}
	return b
}
