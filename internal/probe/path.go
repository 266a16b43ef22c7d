package probe

import (
	"fmt"
	"strconv"
	"strings"
)

// What stands not as it is in a path and in a query, besides control bytes, spaces and all
// that is not ASCII. Chromium escapes the bar in a path, which the standard leaves alone.
const (
	notInPath  = "\"<>`{}^|"
	notInQuery = "\"<>'"
)

// cleanPath resolves the dots of a path, turns backslashes round and escapes it. Of an
// empty path it makes "/".
func cleanPath(s string) string {
	s = strings.TrimPrefix(strings.ReplaceAll(s, `\`, "/"), "/")
	var kept []string
	parts := strings.Split(s, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch strings.ReplaceAll(strings.ToLower(part), "%2e", ".") {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		case ".":
		default:
			kept = append(kept, escape(part, notInPath))
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// escape escapes as browsers do: what is escaped already stays, and a percent sign that
// escapes nothing too.
func escape(s, unfit string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(unfit, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescape undoes the escapes that are whole and leaves the rest as it is.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
