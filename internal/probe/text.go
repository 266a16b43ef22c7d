package probe

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// The texts of a probe are for terminals: what the other side wrote is escaped and bounded.

// AppendText appends the step as a line or more: a sign and a word for its outcome, how
// long it took, what was tried and what came of it.
func (s Step) AppendText(b []byte) []byte {
	sign := map[Outcome]string{Passed: "✓ passed ", Advised: "! note   ", Failed: "✗ failed ", Skipped: "- skipped"}[s.Outcome]
	b = append(b, sign...)
	b = fmt.Appendf(b, " %9s  ", s.took())
	const indent = 21 // as wide as that
	text := handshake.AppendWrapped(nil, strings.Repeat(" ", indent), string(dump.AppendWords(nil, s.Title+": "+s.Says)))
	return append(b, text[indent:]...)
}

// AppendSentence appends the sentence that says it all, in lines.
func (r *Report) AppendSentence(b []byte) []byte {
	return handshake.AppendWrapped(b, "", string(dump.AppendWords(nil, r.sentence())))
}

// AppendWay appends what the way did to each line; where that is not known, what was sent
// and who answered.
func (r *Report) AppendWay(b []byte) []byte {
	if r.Changes == nil {
		return r.appendAnswer(b)
	}
	way := r.way()
	b = append(b, "The way of the handshake: - as it was sent, + as it arrived\n"...)
	b = appendLine(b, requestLine(way[:3]))
	fields := way[3:]
	for i, c := range fields {
		if i == maxWay {
			return fmt.Appendf(b, "  ... and %d lines more\n", len(fields)-maxWay)
		}
		b = appendLine(b, c)
	}
	return b
}

const (
	maxWay   = 200 // lines of a comparison
	maxValue = 240 // bytes of a value that are shown
)

// appendLine appends one line of the comparison, or two where it arrived as another.
func appendLine(b []byte, c change) []byte {
	line := func(sign, name, value string) {
		b = append(b, sign...)
		b = append(b, ' ')
		if c.What == "header" {
			b = append(dump.AppendEscaped(b, []byte(name)), ": "...)
		}
		b = dump.AppendEscaped(b, []byte(value[:min(len(value), maxValue)]))
		if len(value) > maxValue {
			b = fmt.Appendf(b, "... (%d bytes)", len(value))
		}
	}
	b = fmt.Appendf(b, "  %-9s ", c.Kind)
	switch c.Kind {
	case "kept", "reordered":
		line(" ", c.Name, c.After)
	case "dropped":
		line("-", c.Name, c.Before)
	case "added":
		line("+", c.Name, c.After)
	default:
		line("-", c.Spelled, c.Before)
		b = append(b, "\n            "...)
		line("+", c.Name, c.After)
	}
	b = append(b, c.remark()...)
	return append(b, '\n')
}

// remark says behind a line what else is to be said of it.
func (c *change) remark() string {
	said := c.Also
	if c.Masked {
		words := "masked"
		switch c.Kind {
		case "kept", "reordered", "respelled":
			words = "masked; the same length, and the value cannot be compared"
		case "rewritten":
			words = "masked; compared by length"
		}
		said = append(said[:len(said):len(said)], words)
	}
	if len(said) == 0 {
		return ""
	}
	return "  (" + strings.Join(said, "; ") + ")"
}

// appendAnswer appends what came back and what was sent, where nobody knows what arrived.
func (r *Report) appendAnswer(b []byte) []byte {
	if h := r.Client.Answer; h != nil {
		b = append(b, "As it was answered\n"...)
		b = h.AppendText(b, "    ", nil)
		if r.Client.Title != "" {
			b = append(b, "    with the words "...)
			b = dump.AppendWords(b, handshake.Quote(r.Client.Title))
			b = append(b, '\n')
		}
		b = append(b, '\n')
	}
	if h := r.Client.Sent; h != nil {
		b = append(b, "As it was sent\n"...)
		b = h.AppendText(b, "    ", nil)
	}
	return b
}
