package dump

import "bytes"

const (
	jsonStart     = "eyJ" // what `{"` is in base64: every usual JSON Web Token begins so
	shortestToken = 16    // shorter ones cannot be told from names by their shape
)

// isJWT reports whether text has the shape of a JSON Web Token, signed or encrypted (RFC
// 7515, RFC 7516): three or five parts of base64url, the last of them long.
func isJWT(text []byte) bool {
	if dots := bytes.Count(text, []byte(".")); dots != 2 && dots != 4 {
		return false
	}
	first := bytes.IndexByte(text, '.')
	last := len(text) - bytes.LastIndexByte(text, '.') - 1
	for _, c := range text {
		if !isBase64(c) || c == '%' {
			return false
		}
	}
	return first >= shortestToken && last >= shortestToken
}

// isBase64 reports whether c may stand in base64url, in the dots between its parts or in
// the escapes that an address needs for its padding.
func isBase64(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '_' || c == '.' || c == '=' || c == '%'
}

// isRandom reports whether text, of at least that many letters and digits, looks drawn by
// a machine: it changes between small letters, capitals and digits more often than words
// do, or goes on without a break longer than words are.
func isRandom(text []byte, least int) bool {
	const longestWord = 24
	var count, changes, run, longest int
	last := other
	for _, c := range text {
		class := classOf(c)
		if class == other {
			last, run = other, 0
			continue
		}
		count++
		run++
		longest = max(longest, run)
		if last != other && class != last && (last != capital || class != small) {
			changes++
		}
		last = class
	}
	return count >= least && (4*changes > count || longest >= longestWord)
}

type class uint8

const (
	other class = iota
	small
	capital
	digit
)

func classOf(c byte) class {
	switch {
	case 'a' <= c && c <= 'z':
		return small
	case 'A' <= c && c <= 'Z':
		return capital
	case '0' <= c && c <= '9':
		return digit
	}
	return other
}
