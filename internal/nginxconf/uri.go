package nginxconf

import "strings"

// splitTarget returns the host that a request means and what it asks it for: both may stand
// in the target.
func splitTarget(host, target string) (string, string) {
	scheme, rest, found := strings.Cut(target, "://")
	if s := strings.ToLower(scheme); !found || s != "http" && s != "https" {
		return host, target
	}
	end := strings.IndexAny(rest+"/", "/?#")
	host, target = rest[:end], rest[end:]
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return host, target
}

// readTarget reads the path and the query, and reports whether nginx takes them.
func (v *visit) readTarget() (ok bool) {
	if !strings.HasPrefix(v.target, "/") {
		return false
	}
	for i := 0; i < len(v.target); i++ {
		if v.target[i] <= ' ' || v.target[i] == 0x7f {
			return false
		}
	}
	path := v.target[:strings.IndexAny(v.target+"?", "?#")]
	v.escaped, v.plus = strings.Contains(path, "%"), strings.Contains(path, "+")
	v.uri, v.args, ok = normal(v.target, v.on("merge_slashes", true))
	return ok
}

// normal splits a target into its path and its query, and resolves the path: escapes, dots
// and, if they are to be merged, slashes in a row. It reports whether nginx takes the path.
func normal(target string, merge bool) (path, query string, ok bool) {
	segments := []string{}
	segment := []byte{}
	closeSegment := func(last bool) bool {
		s := string(segment)
		segment = segment[:0]
		switch {
		case s == "..":
			if len(segments) == 0 {
				return false
			}
			segments = segments[:len(segments)-1]
		case s != "." && (s != "" || !merge && !last):
			segments = append(segments, s)
			return true
		}
		if last {
			segments = append(segments, "")
		}
		return true
	}
	rest := target[1:]
	for rest != "" {
		c, n, literal := rest[0], 1, false
		if c == '%' {
			c, ok = unescape(rest)
			if !ok || c == 0 {
				return "", "", false
			}
			n, literal = 3, c == '%' || c == '#' || c == '?'
		}
		if !literal && (c == '?' || c == '#') {
			break
		}
		rest = rest[n:]
		if c == '/' {
			if !closeSegment(false) {
				return "", "", false
			}
			continue
		}
		segment = append(segment, c)
	}
	if !closeSegment(true) {
		return "", "", false
	}
	if after, ok := strings.CutPrefix(rest, "?"); ok {
		query, _, _ = strings.Cut(after, "#")
	}
	return "/" + strings.Join(segments, "/"), query, true
}

// unescape reads %XX.
func unescape(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	high, low := strings.IndexByte(hexDigits, s[1]|0x20), strings.IndexByte(hexDigits, s[2]|0x20)
	return byte(high<<4 | low), isHex(s[1]) && isHex(s[2]) && high >= 0 && low >= 0
}

const hexDigits = "0123456789abcdef"

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// escape writes a path as nginx writes it into a request line.
func escape(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c <= ' ' || c >= 0x7f || c == '#' || c == '%' || c == '?':
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

const upperHex = "0123456789ABCDEF"
