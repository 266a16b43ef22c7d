package handshake

import (
	"strconv"
	"strings"
)

// AppendText appends the documentation of c as plain text for a terminal: title, what it
// is, how to see it, what to do, where it is written, and who refuses for it.
func (c *Check) AppendText(b []byte) []byte {
	b = append(b, c.ID+": "+c.Title+".\n"...)
	for _, part := range []struct{ title, text string }{
		{"What it is", c.Doc.What},
		{"How to see it", c.Doc.See},
		{"What to do", c.Doc.Do},
	} {
		b = append(b, "\n"+part.title+"\n"...)
		b = AppendWrapped(b, "  ", part.text)
	}
	b = append(b, "\nWho refuses\n"...)
	b = AppendWrapped(b, "  ", c.consequence())
	b = append(b, "\nWhere it is written\n"...)
	return append(b, "  "+c.Spec+", "+c.SpecURL+"\n"...)
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
	const width = 78
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "    ") {
			b = append(b, indent+line+"\n"...)
			continue
		}
		column := 0
		for word := range strings.FieldsSeq(line) {
			switch {
			case column == 0:
				b = append(b, indent...)
				column = len(indent)
			case column+1+len(word) > width:
				b = append(b, "\n"+indent...)
				column = len(indent)
			default:
				b = append(b, ' ')
				column++
			}
			b = append(b, word...)
			column += len(word)
		}
		b = append(b, '\n')
	}
	return b
}
