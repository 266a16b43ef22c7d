package handshake

import (
	"strconv"
	"strings"
)

// AppendText appends the documentation of c as plain text for a terminal: title, what it
// is, how to see it, what to do, who refuses for it, and where it is written.
func (c *Check) AppendText(b []byte) []byte {
	return c.Doc.AppendText(b, c.ID+": "+c.Title, c.Spec+", "+c.SpecURL, Part{"Who refuses", c.consequence()})
}

// Part is a part of a documentation beside the three of Doc.
type Part struct{ Title, Text string }

// AppendText appends d as plain text for a terminal: a heading, its three parts, those
// that are given besides, and where the matter is written. A part without text is left
// out.
func (d *Doc) AppendText(b []byte, heading, written string, more ...Part) []byte {
	b = append(b, heading+".\n"...)
	parts := []Part{{"What it is", d.What}, {"How to see it", d.See}, {"What to do", d.Do}}
	for _, part := range append(parts, more...) {
		if part.Text != "" {
			b = append(b, "\n"+part.Title+"\n"...)
			b = AppendWrapped(b, "  ", part.Text)
		}
	}
	return append(b, "\nWhere it is written\n  "+written+"\n"...)
}

// consequence says in one sentence what becomes of a request that breaks the rule.
func (c *Check) consequence() string {
	if !c.Decides {
		return "Nobody here: wsinspect advises, because stricter servers refuse or the session suffers."
	}
	return c.By.String() + " answers " + strconv.Itoa(c.Status) + " with the words \"" + c.Reason + "\"."
}

// AppendWrapped appends text in lines of 78 columns behind indent. Lines of text that
// begin with four spaces are to be pasted and stay whole.
func AppendWrapped(b []byte, indent, text string) []byte {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "    ") {
			b = append(b, indent...)
			b = append(b, line...)
		} else {
			b = appendFilled(b, indent, line)
		}
		b = append(b, '\n')
	}
	return b
}

// appendFilled appends the words of a line, as many to a line of the output as fit.
func appendFilled(b []byte, indent, line string) []byte {
	const width = 78
	fits := max(0, width-len(indent))
	for line = singleSpaced(line); line != ""; {
		row, rest := cutRow(line, fits)
		b = append(b, indent...)
		b = append(b, row...)
		if rest != "" {
			b = append(b, '\n')
		}
		line = rest
	}
	return b
}

// cutRow cuts off the words of a line that fit into so many bytes, but at least the first.
func cutRow(line string, fits int) (row, rest string) {
	if len(line) <= fits {
		return line, ""
	}
	if i := strings.LastIndexByte(line[:fits+1], ' '); i > 0 {
		return line[:i], line[i+1:]
	}
	row, rest, _ = strings.Cut(line, " ")
	return row, rest
}

// singleSpaced returns a line with one space between its words, and none around them.
func singleSpaced(line string) string {
	if !strings.HasPrefix(line, " ") && !strings.HasSuffix(line, " ") && !strings.Contains(line, "  ") {
		return line // nearly always
	}
	words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' })
	return strings.Join(words, " ")
}
