package nginxconf

import (
	"bytes"
	"slices"
	"strings"
)

// layout is how a file is written.
type layout struct {
	file *File
	text []byte
	feed string // what ends a line
	unit string // by which a block is indented
}

func layoutOf(file *File) layout {
	l := layout{file: file, text: file.Text, feed: "\n", unit: "    "}
	if i := bytes.IndexByte(l.text, '\n'); i > 0 && l.text[i-1] == '\r' {
		l.feed = "\r\n"
	}
	for line := range bytes.Lines(l.text) {
		rest := bytes.TrimLeft(line, " \t")
		if space := line[:len(line)-len(rest)]; len(space) > 0 && len(bytes.TrimSpace(rest)) > 0 && rest[0] != '#' {
			l.unit = string(space)
			if space[0] == '\t' {
				l.unit = "\t"
			}
			break
		}
	}
	return l
}

func (l *layout) lineStart(at int) int { return 1 + bytes.LastIndexByte(l.text[:at], '\n') }

// lineEnd is behind the line feed.
func (l *layout) lineEnd(at int) int {
	if i := bytes.IndexByte(l.text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(l.text)
}

// newLine is what must stand before a line that follows the line of at.
func (l *layout) newLine(at int) string {
	if end := l.lineEnd(at); end > 0 && l.text[end-1] != '\n' {
		return l.feed
	}
	return ""
}

// indent is the white space that the line of at begins with.
func (l *layout) indent(at int) string {
	line := l.text[l.lineStart(at):at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

func (l *layout) beginsLine(at int) bool {
	return len(bytes.TrimSpace(l.text[l.lineStart(at):at])) == 0
}

// endsLine reports whether nothing but a comment follows in the line.
func (l *layout) endsLine(at int) bool {
	rest := bytes.TrimSpace(l.text[at:l.lineEnd(at)])
	return len(rest) == 0 || rest[0] == '#'
}

// aboveComments is the start of the comment that stands directly above the line of at, or
// else of that line.
func (l *layout) aboveComments(at int) int {
	for at = l.lineStart(at); at > 0; {
		above := l.lineStart(at - 1)
		if !bytes.HasPrefix(bytes.TrimSpace(l.text[above:at]), []byte("#")) {
			break
		}
		at = above
	}
	return at
}

// apart reports whether a line begins a block or follows an empty line.
func (l *layout) apart(at int) bool {
	before := bytes.TrimRight(l.text[:at], " \t\r\n")
	return len(before) == 0 || before[len(before)-1] == '{' || bytes.Count(l.text[len(before):at], []byte("\n")) > 1
}

// equal reports whether two directives say the same.
func equal(a, b *Directive) bool {
	return a.Name == b.Name && slices.Equal(a.Args, b.Args) && (a.Open > 0) == (b.Open > 0) && !a.Code &&
		slices.EqualFunc(a.Block, b.Block, equal)
}

// format writes a directive and its block, one directive a line, without the indent of the
// first line.
func format(d *Directive, indent, unit, feed string) string {
	text := d.File.Text
	if d.Code {
		return string(text[d.Start:d.End])
	}
	line := strings.Join(append([]string{string(text[d.Start:d.named])}, d.Raw...), " ")
	if d.Open == 0 {
		return line + ";"
	}
	line += " {" + feed
	for _, inner := range d.Block {
		line += indent + unit + format(inner, indent+unit, unit, feed) + feed
	}
	return line + indent + "}"
}
