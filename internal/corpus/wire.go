package corpus

import (
	"fmt"
	"strconv"
	"strings"
)

// wire turns the text of a section into the bytes that it stands for: each line ends with
// CR LF, and an empty line ends the head. Where the last line ends with \ neither comes.
// Escapes are Go's, and <x900> is 900 times the letter.
func wire(text string) ([]byte, error) {
	var b []byte
	cut := (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1 // the others escape each other
	if cut {
		text = text[:len(text)-1]
	}
	for line := range strings.SplitSeq(text, "\n") {
		if len(b) > 0 {
			b = append(b, "\r\n"...)
		}
		var err error
		if b, err = appendLine(b, line); err != nil {
			return nil, err
		}
	}
	if !cut {
		b = append(b, "\r\n\r\n"...)
	}
	return b, nil
}

func appendLine(b []byte, line string) ([]byte, error) {
	for line != "" {
		if letters, rest, ok := cutRepeat(line); ok {
			b, line = append(b, letters...), rest
			continue
		}
		char, multibyte, rest, err := strconv.UnquoteChar(line, 0)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		if multibyte {
			b = append(b, string(char)...)
		} else {
			b = append(b, byte(char))
		}
		line = rest
	}
	return b, nil
}

// cutRepeat reads <x900> at the beginning of a line.
func cutRepeat(line string) (letters, rest string, ok bool) {
	if len(line) < 4 || line[0] != '<' {
		return "", "", false
	}
	number, rest, ok := strings.Cut(line[2:], ">")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return "", "", false
	}
	return strings.Repeat(line[1:2], n), rest, true
}

// spell is the inverse of wire.
func spell(b []byte) string {
	text, whole := strings.CutSuffix(string(b), "\r\n\r\n")
	var out strings.Builder
	for i, line := range strings.Split(text, "\r\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		for j := 0; j < len(line); {
			c := line[j]
			n := 1
			for j+n < len(line) && line[j+n] == c {
				n++
			}
			switch {
			case n >= 40 && c != '<' && c > ' ' && c < 0x7f:
				fmt.Fprintf(&out, "<%c%d>", c, n)
				j += n
				continue
			case c == '\\':
				out.WriteString(`\\`)
			case c < ' ' || c >= 0x7f:
				fmt.Fprintf(&out, `\x%02x`, c)
			default:
				out.WriteByte(c)
			}
			j++
		}
	}
	if !whole {
		out.WriteByte('\\')
	}
	return out.String()
}
