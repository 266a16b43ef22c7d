package dump

import (
	"strings"
	"testing"
)

// TestAppendText shows heads as a terminal may show them.
func TestAppendText(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		evidence  []Evidence
		want      string
	}{
		{"a plain head", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, `
  GET / HTTP/1.1
  Host: a
`},
		{"evidence", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", []Evidence{{Span{4, 5}, 0}, {Span{22, 23}, 'a'}, {Span{16, 20}, 'b'}}, `
  GET / HTTP/1.1
      ^
  Host: a
        ^ a
  ^^^^ b
`},
		{"evidence over two lines", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", []Evidence{{Span{19, 24}, 'a'}}, `
  GET / HTTP/1.1
  A: b
     ^ a
   c
  ^^ a
`},
		{"bytes that are no text", "GET /\x1b[31m\t\\ HTTP/1.1\r\nA: \x00\xe9\r\r\n\r\n", []Evidence{{Span{27, 28}, 'a'}}, `
  GET /\x1b[31m\t\\ HTTP/1.1
  A: \x00\xe9\r
         ^^^^ a
`},
		{"an empty line that ends with LF alone", "GET / HTTP/1.1\r\n\n", []Evidence{{Span{16, 17}, 'a'}}, `
  GET / HTTP/1.1
  \n
  ^^ a
`},
		{"a long line", "GET / HTTP/1.1\r\nA: " + strings.Repeat("b", 300) + "\r\n\r\n", []Evidence{{Span{300, 310}, 'a'}}, `
  GET / HTTP/1.1
  A: ` + strings.Repeat("b", 237) + `... (303 bytes)
  ` + strings.Repeat(" ", 240) + `^ a
`},
		{"TLS", "\x16\x03\x01\x00\x05hello, plain port", []Evidence{{Span{0, 2}, 'a'}}, `
  00000000  16 03 01 00 05 68 65 6c 6c 6f 2c 20 70 6c 61 69  .....hello, plai
            ^^^^^^ a
  00000010  6e 20 70 6f 72 74                                n port
`},
		{"PROXY v2", proxyV2Start + "\x20\x00\x00\x00GET / HTTP/1.1\r\n\r\n", nil, `
  00000000  0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 20 00 00 00  .......QUIT. ...
  GET / HTTP/1.1
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(Parse([]byte(c.raw)).AppendText(nil, "  ", c.evidence))
			if want := c.want[1:]; got != want {
				t.Errorf("\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestAppendTextIsBounded: a stranger may fill a head with lines or with bytes.
func TestAppendTextIsBounded(t *testing.T) {
	for raw, want := range map[string]string{
		"GET / HTTP/1.1\r\n" + strings.Repeat("a:\r\n", 1000) + "\r\n": "  ... and 3206 bytes more\n",
		strings.Repeat("\x00", 1000):                                   "  ... and 744 bytes more\n",
	} {
		if got := string(Parse([]byte(raw)).AppendText(nil, "  ", nil)); !strings.HasSuffix(got, want) {
			t.Errorf("%q has no end that says how much is left out: %s", raw[:10], got[len(got)-100:])
		}
	}
}

// TestAppendTextMasked: in hexadecimal a masked byte is no 2a, which could be an asterisk.
func TestAppendTextMasked(t *testing.T) {
	h := Parse([]byte("\x000123456789abcdesecret"))
	NewMasker(false).Request(h)
	if got := string(h.AppendText(nil, "", nil)); !strings.Contains(got, "00000010  ** ** ** ** ** **  ") {
		t.Errorf("%s", got)
	}
}
