package nginxconf

import (
	"bytes"
	"fmt"
)

// longest is how many bytes of a parameter nginx reads: its buffer (NGX_CONF_BUFFER). A
// comment is held to it as well.
const longest = 4096

// word is one parameter of a directive.
type word struct {
	value      string // quotation marks and escapes resolved
	start, end int    // in the text, with its quotation marks
	line       int    // where it begins
}

// lexer cuts a text into directives as ngx_conf_read_token does.
type lexer struct {
	text []byte
	pos  int
	line int

	start, startLine int // of what is being read: what nginx keeps in its buffer
}

// state is where in a directive the lexer stands between two bytes.
type state uint8

const (
	between state = iota // words: white space was read
	plain                // in a word without quotation marks
	single               // in '
	double               // in "
	closed               // behind a closing quotation mark: white space must follow
	comment              // behind #
)

// next returns the words of the next directive and the byte that ends it: ; { or }. Zero
// is the end of the text.
func (l *lexer) next() (words []word, end byte, err error) {
	at := between
	dollar := false // the last byte was $, so that a brace belongs to a variable
	l.start, l.startLine = l.pos, l.line
	for l.pos < len(l.text) {
		if l.pos-l.start == longest {
			return words, 0, l.tooLong(at)
		}
		c := l.text[l.pos]
		l.pos++
		if c == '\n' {
			l.line++
		}
		switch at {
		case comment:
			if c == '\n' {
				at = between
			}
			continue
		case closed:
			switch {
			case isSpace(c):
				at = between
				continue
			case c == ';' || c == '{':
				return words, c, nil
			case c != ')':
				return words, 0, fmt.Errorf("unexpected \"%c\"", c)
			}
			at = between
		}

		if at == between {
			l.start, l.startLine, dollar = l.pos-1, l.line, false
			switch {
			case isSpace(c):
			case (c == ';' || c == '{') && len(words) > 0, c == '}' && len(words) == 0:
				return words, c, nil
			case c == ';' || c == '{' || c == '}':
				return words, 0, fmt.Errorf("unexpected \"%c\"", c)
			case c == '#':
				at = comment
			case c == '"':
				at, l.start = double, l.pos
			case c == '\'':
				at, l.start = single, l.pos
			default:
				at, dollar = plain, c == '$'
				l.escape(c)
			}
			continue
		}

		if c == '{' && dollar {
			continue
		}
		dollar = c == '$'
		switch {
		case c == '\\':
			l.escape(c)
		case c == '"' && at == double, c == '\'' && at == single:
			words = append(words, l.word(l.start-1, l.start, l.pos-1, l.pos))
			at = closed
		case at == plain && (isSpace(c) || c == ';' || c == '{'):
			words = append(words, l.word(l.start, l.start, l.pos-1, l.pos-1))
			if !isSpace(c) {
				return words, c, nil
			}
			at = between
		}
	}
	if len(words) > 0 || at != between && at != comment {
		return words, 0, fmt.Errorf(`unexpected end of file, expecting ";" or "}"`)
	}
	return nil, 0, nil
}

// escape passes over the byte behind a backslash.
func (l *lexer) escape(c byte) {
	if c != '\\' || l.pos == len(l.text) || l.pos-l.start == longest {
		return
	}
	if l.text[l.pos] == '\n' {
		l.line++
	}
	l.pos++
}

// word returns the word that is written from start to end, its content from first to last.
func (l *lexer) word(start, first, last, end int) word {
	return word{resolve(l.text[first:last]), start, end, l.startLine}
}

// tooLong is what nginx says of a parameter, or a comment, that outgrows its buffer.
func (l *lexer) tooLong(at state) error {
	text := l.text[l.start : l.start+10]
	l.line, l.pos = l.startLine, l.start+1
	switch at {
	case single:
		return fmt.Errorf(`too long parameter, probably missing terminating "'" character`)
	case double:
		return fmt.Errorf(`too long parameter, probably missing terminating """ character`)
	}
	return fmt.Errorf(`too long parameter "%s..." started`, text)
}

// code passes over a block of lua, whose opening brace was read, to behind its closing
// brace, and reports whether there is one.
func (l *lexer) code() bool {
	depth := 1
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				l.skip(1)
				return true
			}
		case c == '"' || c == '\'':
			l.quoted(c)
			continue
		case c == '[':
			if l.long(0) {
				continue
			}
		case c == '-' && bytes.HasPrefix(l.text[l.pos:], []byte("--")):
			if !l.long(2) {
				l.until("\n")
			}
			continue
		}
		l.skip(1)
	}
	return false
}

// quoted passes over a string of lua.
func (l *lexer) quoted(quote byte) {
	l.skip(1)
	for l.pos < len(l.text) {
		switch l.text[l.pos] {
		case '\\':
			l.skip(1)
		case quote:
			l.skip(1)
			return
		}
		l.skip(1)
	}
}

// long passes over a long bracket of lua, [[…]] or [=[…]=], that begins after some bytes,
// and reports whether there was one.
func (l *lexer) long(after int) bool {
	rest := l.text[l.pos+after:]
	if len(rest) == 0 || rest[0] != '[' {
		return false
	}
	level := len(rest[1:]) - len(bytes.TrimLeft(rest[1:], "="))
	if len(rest) < level+2 || rest[level+1] != '[' {
		return false
	}
	l.skip(after + level + 2)
	l.until("]" + string(bytes.Repeat([]byte("="), level)) + "]")
	return true
}

// until passes over everything to behind what.
func (l *lexer) until(what string) {
	if i := bytes.Index(l.text[l.pos:], []byte(what)); i >= 0 {
		l.skip(i + len(what))
		return
	}
	l.skip(len(l.text) - l.pos)
}

func (l *lexer) skip(n int) {
	n = min(n, len(l.text)-l.pos)
	l.line += bytes.Count(l.text[l.pos:l.pos+n], []byte("\n"))
	l.pos += n
}

// resolve resolves what nginx resolves in a word; before other bytes a backslash stays.
func resolve(raw []byte) string {
	if !bytes.ContainsRune(raw, '\\') {
		return string(raw)
	}
	value := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' && i+1 < len(raw) {
			i++
			switch next := raw[i]; next {
			case '"', '\'', '\\':
				c = next
			case 't':
				c = '\t'
			case 'r':
				c = '\r'
			case 'n':
				c = '\n'
			default:
				i--
			}
		}
		value = append(value, c)
	}
	return string(value)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
