package handshake

import (
	"strings"

	"wsinspect/internal/dump"
)

// readToken looks for token in one line of a comma-separated list, as gorilla's
// tokenListContainsValue does: case does not matter, and it gives up at the first element
// that is empty or no token. RFC 9110, section 5.6.1, asks to pass over empty ones.
func readToken(list, token string) (found bool) {
	for {
		list = strings.TrimLeft(list, " \t")
		n := 0
		for n < len(list) && dump.IsTokenByte(list[n]) {
			n++
		}
		if n == 0 {
			return false
		}
		element := list[:n]
		list = strings.TrimLeft(list[n:], " \t")
		if list != "" && list[0] != ',' {
			return false
		}
		if strings.EqualFold(element, token) {
			return true
		}
		if list == "" {
			return false
		}
		list = list[1:]
	}
}

// listed reports whether gorilla finds token in the lines of that name.
func (r *request) listed(n name, token string) bool {
	for _, v := range r.lines(n) {
		if readToken(v, token) {
			return true
		}
	}
	return false
}

// written reports whether token is an element of the lines of that name for a reader who
// passes over elements that are empty or unreadable.
func (r *request) written(n name, token string) bool {
	for _, v := range r.lines(n) {
		for element := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.Trim(element, " \t"), token) {
				return true
			}
		}
	}
	return false
}
