package dump

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAppendText shows heads as a terminal may show them.
func TestAppendText(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		evidence  []Span
		want      string
	}{
		{"a plain head", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, `
  GET / HTTP/1.1
  Host: a
  
`},
		{"evidence", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", []Span{{4, 5}, {16, 20}, {22, 23}}, `
  GET / HTTP/1.1
      ^
  Host: a
  ^^^^  ^
  
`},
		{"evidence over two lines", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", []Span{{19, 24}}, `
  GET / HTTP/1.1
  A: b
     ^
   c
  ^^
  
`},
		{"an empty place", "GET / HTTP/1.1\r\nHo", []Span{{18, 18}}, `
  GET / HTTP/1.1
  Ho
    ^
`},
		{"bytes that are no text", "GET /\x1b[31m\t\\ HTTP/1.1\r\nA: \x00\xe9\r\r\n\n", []Span{{27, 28}}, `
  GET /\x1b[31m\t\\ HTTP/1.1
  A: \x00\xe9\r
         ^^^^
  \n
`},
		{"TLS", "\x16\x03\x01\x00\x05hello, plain port", []Span{{0, 2}}, `
  00000000  16 03 01 00 05 68 65 6c 6c 6f 2c 20 70 6c 61 69  .....hello, plai
            ^^ ^^
  00000010  6e 20 70 6f 72 74                                n port
`},
		{"PROXY v2", proxyV2Start + "\x20\x00\x00\x00GET / HTTP/1.1\r\n\r\n", nil, `
  00000000  0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 20 00 00 00  .......QUIT. ...
  GET / HTTP/1.1
  
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(Parse([]byte(c.raw)).AppendText(nil, "  ", c.evidence...))
			if want := c.want[1:]; got != want {
				t.Errorf("\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestAppendTextMasked: in hexadecimal a masked byte is no 2a, which could be an asterisk.
func TestAppendTextMasked(t *testing.T) {
	h := Parse([]byte("\x000123456789abcdesecret"))
	NewMasker(false).Request(h)
	if got := string(h.AppendText(nil, "")); !strings.Contains(got, "00000010  ** ** ** ** ** **  ") {
		t.Errorf("%s", got)
	}
}

// TestAppendJSONString: each byte is one character, so that spans index characters, and the
// JSON does no harm on a terminal.
func TestAppendJSONString(t *testing.T) {
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
	}
	encoded := AppendJSONString(nil, all)
	var decoded string
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	characters := []rune(decoded)
	if len(characters) != 256 {
		t.Fatalf("%d characters, want 256", len(characters))
	}
	for i, c := range characters {
		if int(c) != i {
			t.Errorf("byte %#x became %U", i, c)
		}
	}
	for _, c := range string(encoded) {
		if c < ' ' || 0x7f <= c && c < 0xa0 {
			t.Errorf("%U stands there unescaped", c)
		}
	}
}
