package journal

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"wsinspect/internal/dump"
)

// What strangers wrote is escaped at output, by one of four functions: for JSON or for
// plain text, and for bytes of the wire or for words. Words are UTF-8; bytes are anything.
// The two for plain text are dump.AppendEscaped and dump.AppendWords.
// None of them lets a control character through, C1 and bidirectional ones included, so
// that a terminal shows what it is given and obeys none of it.

// words returns s as dump.AppendWords writes it.
func words(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return string(dump.AppendWords(nil, s))
		}
	}
	return s // nearly always
}

const hexDigits = "0123456789abcdef"

// plain reports whether c stands for itself in JSON and on a terminal.
func plain(c byte) bool { return ' ' <= c && c < 0x7f && c != '"' && c != '\\' }

// plainRun returns how many bytes at the start of s are plain, or a little less: it looks
// at eight at once, since a log line carries a whole head.
func plainRun(s []byte) (n int) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; n+8 <= len(s); n += 8 {
		x := binary.LittleEndian.Uint64(s[n:])
		quote, backslash := x^('"'*ones), x^('\\'*ones)
		if (x|(x+ones)|(x-' '*ones)|(quote-ones)|(backslash-ones))&highs != 0 {
			break // a byte above 0x7e, below a space, or zero after the exclusive or
		}
	}
	return n
}

// appendJSONBytes appends s as a JSON string in which each byte is one character, U+0000
// to U+00FF: a span over the bytes is a span over the characters.
func appendJSONBytes(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := plainRun(s); i < len(s); i++ {
		c := s[i]
		if plain(c) {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		if strconv.IsPrint(rune(c)) && c != '"' && c != '\\' {
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		} else {
			dst = appendJSONEscape(dst, rune(c))
		}
		i += plainRun(s[start:])
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendJSONWords appends s as a JSON string of UTF-8; what is none becomes U+FFFD.
func appendJSONWords(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := plainRun([]byte(s)); i < len(s); {
		if plain(s[i]) {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && r != utf8.RuneError && strconv.IsPrint(r) {
			i += size
			continue
		}
		dst = appendJSONEscape(append(dst, s[start:i]...), r)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendJSONEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if r > 0xffff {
		r -= 0x10000
		dst = appendJSONEscape(dst, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
