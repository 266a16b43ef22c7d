package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// directive is one directive of an nginx configuration, or its whole file: a block
// without a name.
type directive struct {
	name  string
	args  []string // as they are written, with their quotes
	block []*directive
	opens bool // it has a block, which may be empty
}

// parseConf reads a configuration. Comments are lost.
func parseConf(text string) (*directive, error) {
	p := &confParser{text: text}
	root := &directive{opens: true}
	if err := p.block(root, false); err != nil {
		return nil, err
	}
	return root, nil
}

type confParser struct {
	text string
	pos  int
}

// block reads directives up to the closing brace, or to the end of the file.
func (p *confParser) block(into *directive, inner bool) error {
	for {
		var words []string
		for {
			word, err := p.word()
			if err != nil {
				return err
			}
			if word != "" {
				words = append(words, word)
				continue
			}
			break
		}
		end := p.take()
		switch {
		case end == 0 && len(words) == 0 && !inner:
			return nil
		case end == '}' && len(words) == 0 && inner:
			return nil
		case end == ';' && len(words) > 0:
			into.block = append(into.block, &directive{name: words[0], args: words[1:]})
		case end == '{' && len(words) > 0:
			d := &directive{name: words[0], args: words[1:], opens: true}
			into.block = append(into.block, d)
			if err := p.block(d, true); err != nil {
				return err
			}
		default:
			return fmt.Errorf("directive %q ends in %q, byte %d", words, end, p.pos)
		}
	}
}

// take returns the byte that stands after the words of a directive; 0 at the end.
func (p *confParser) take() byte {
	if p.pos == len(p.text) {
		return 0
	}
	p.pos++
	return p.text[p.pos-1]
}

// word returns the next word, or nothing before ; { } and the end. A brace after $ belongs
// to the name of a variable, and a # begins a comment only where a word may begin.
func (p *confParser) word() (string, error) {
	for p.pos < len(p.text) {
		if c := p.text[p.pos]; c == '#' {
			p.pos += strings.IndexByte(p.text[p.pos:]+"\n", '\n')
			p.pos = min(p.pos, len(p.text))
		} else if strings.IndexByte(" \t\r\n", c) < 0 {
			break
		} else {
			p.pos++
		}
	}
	start := p.pos
	if start < len(p.text) && (p.text[start] == '"' || p.text[start] == '\'') {
		return p.quoted(p.text[start])
	}
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '\\' && p.pos+1 < len(p.text), c == '$' && strings.HasPrefix(p.text[p.pos+1:], "{"):
			p.pos++
		case strings.IndexByte(" \t\r\n;{", c) >= 0, c == '}' && p.pos == start:
			return p.text[start:p.pos], nil
		}
		p.pos++
	}
	return p.text[start:], nil
}

func (p *confParser) quoted(quote byte) (string, error) {
	start := p.pos
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case '\\':
			p.pos++
		case quote:
			p.pos++
			return p.text[start:p.pos], nil
		}
	}
	return "", fmt.Errorf("the quote at byte %d is not closed", start)
}

// unquote returns the value of an argument.
func unquote(arg string) string {
	if len(arg) >= 2 && (arg[0] == '"' || arg[0] == '\'') {
		arg = arg[1 : len(arg)-1]
	}
	return regexp.MustCompile(`\\(["'\\])`).ReplaceAllString(arg, "$1")
}

// String returns the text of the configuration.
func (d *directive) String() string {
	var b strings.Builder
	d.write(&b, "")
	return b.String()
}

func (d *directive) write(b *strings.Builder, indent string) {
	inner := indent
	if d.name != "" {
		b.WriteString(indent + strings.Join(append([]string{d.name}, d.args...), " "))
		if !d.opens {
			b.WriteString(";\n")
			return
		}
		b.WriteString(" {\n")
		inner += "    "
	}
	for _, child := range d.block {
		child.write(b, inner)
	}
	if d.name != "" {
		b.WriteString(indent + "}\n")
	}
}

// arg returns the value of an argument, counted from 0; empty where there are less.
func (d *directive) arg(i int) string {
	if i >= len(d.args) {
		return ""
	}
	return unquote(d.args[i])
}

// all returns the directives of that name in the block of d.
func (d *directive) all(name string) (found []*directive) {
	for _, child := range d.block {
		if child.name == name {
			found = append(found, child)
		}
	}
	return found
}

// first returns the first of them, or nil.
func (d *directive) first(names ...string) *directive {
	for _, child := range d.block {
		if slices.Contains(names, child.name) {
			return child
		}
	}
	return nil
}
