package diagnosis

import (
	"bytes"

	"wsinspect/internal/dump"
)

// trail is a head as fingerprints look at it: which lines stand where, and how they are
// spelt. It is read in one pass.
type trail struct {
	*index
	next *proxy // the one that was found to be next to the backend; nil: none so far

	lower      int                // how many lines have no capital letter in their name
	clients    int                // how many lines only a client writes
	lowered    int                // how many of those have no capital letter in their name
	sorted     bool               // behind User-Agent, or Host where there is none, the names are in the order of the alphabet
	addresses  int                // how many X-Forwarded-For lists
	foreign    [frontEndCount]int // of each front end, 1 + the index of the first line that bears its mark; 0: none does
	titledUser bool               // the client is one that writes its names with capital letters
	browser    bool               // the client is a browser
	safari     bool               // it is Safari, whose own order looks like nginx's
}

// read makes the pass.
func (t *trail) read() {
	var order alphabet
	for i := range t.head.Fields {
		spelt := t.spelt(i)
		n, small := nameOf(spelt), isSmall(spelt)
		if small {
			t.lower++
		}
		switch {
		case n.client():
			t.clients++
			if small || madeUpKey(spelt) {
				t.lowered++
			}
		case n == xForwardedFor:
			t.addresses += 1 + bytes.Count(t.value(i), []byte(","))
		case n == via:
			t.markVia(i)
		case n == otherName:
			t.markForeign(i, spelt)
		}
		order.add(spelt, n == host || n == userAgent, i == len(t.head.Fields)-1)
	}
	const enough = 4 // fewer lines may be in order by chance
	t.sorted = order.kept >= enough && !order.broken
	t.user()
}

// alphabet follows the order of names, anew from each line that Go writes first.
type alphabet struct {
	before []byte
	kept   int // how many lines are in order
	broken bool
}

func (a *alphabet) add(name []byte, first, last bool) {
	switch {
	case first:
		*a = alphabet{}
	case !sortsBefore(name, a.before), last && string(name) == "Accept-Encoding": // Go's Transport adds its own behind all others
		a.before = name
		a.kept++
	default:
		a.broken = true
	}
}

// sortsBefore reports whether a stands before b in the alphabet; case does not matter.
func sortsBefore(a, b []byte) bool {
	for i := range min(len(a), len(b)) {
		if x, y := toLower(a[i]), toLower(b[i]); x != y {
			return x < y
		}
	}
	return len(a) < len(b)
}

func toLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// user tells the client by its User-Agent.
func (t *trail) user() {
	if !t.has(userAgent) {
		return
	}
	agent := t.value(t.first[userAgent] - 1)
	t.browser = bytes.HasPrefix(agent, []byte("Mozilla/"))
	t.safari = t.browser && bytes.Contains(agent, []byte("Safari/")) && !bytes.Contains(agent, []byte("Chrome/"))
	t.titledUser = t.browser
	for _, program := range []string{"Go-http-client/", "Python/", "curl/", "okhttp/"} {
		t.titledUser = t.titledUser || bytes.HasPrefix(agent, []byte(program))
	}
}

// madeUpKey reports whether a name is spelt as HAProxy spells the one line that it makes
// up when a browser opens the WebSocket over HTTP/2 (RFC 8441), where there is no key.
func madeUpKey(spelt []byte) bool { return string(spelt) == "Sec-Websocket-Key" }

// isSmall reports whether a name is spelt without a capital letter.
func isSmall(spelt []byte) bool {
	for _, c := range spelt {
		if 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

func (t *trail) lines() int { return len(t.head.Fields) }

// value returns the value of a line by its index.
func (t *trail) value(i int) []byte {
	v := t.head.Fields[i].Value
	return t.head.Raw[v.Start:v.End]
}

// says reports whether the first line of that name has exactly this value.
func (t *trail) says(n name, value string) bool {
	return t.has(n) && string(t.value(t.first[n]-1)) == value
}

// names reports whether a Via line, the first one, holds a proxy's name for itself.
func (t *trail) names(self string) bool {
	return t.has(via) && bytes.Contains(t.value(t.first[via]-1), []byte(self))
}

// inFront reports whether a line of that name stands before all that only a client writes.
func (t *trail) inFront(n name) bool { return t.has(n) && t.first[n] <= t.written }

// run reports whether the lines of those names follow one another.
func (t *trail) run(ns ...name) bool {
	for i, n := range ns {
		if !t.has(n) || t.first[n] != t.first[ns[0]]+i {
			return false
		}
	}
	return true
}

// begins reports whether the head begins with the lines of those names.
func (t *trail) begins(ns ...name) bool { return t.run(ns...) && t.first[ns[0]] == 1 }

// ends reports whether the head ends with the lines of those names.
func (t *trail) ends(ns ...name) bool { return t.run(ns...) && t.first[ns[len(ns)-1]] == t.lines() }

// asks reports whether a WebSocket client is behind the request.
func (t *trail) asks() bool { return t.has(secKey) || t.has(secVersion) }

// kept reports whether the WebSocket that was asked for, if any, still has its Upgrade; or
// its Connection among the client's lines, where none that drops Upgrade writes one.
func (t *trail) kept() bool {
	return !t.asks() || t.has(upgrade) || t.before(userAgent, connection) && (t.says(connection, "Upgrade") || t.says(connection, "upgrade"))
}

// line returns the bytes of the first line of that name.
func (t *trail) line(n name) dump.Span { return t.block(n, n) }

// block returns the bytes from the first line of one name to that of another.
func (t *trail) block(a, b name) dump.Span { return t.span(t.first[a]-1, t.first[b]-1) }

// span returns the bytes of some lines by their indices, without the last line's end.
func (t *trail) span(first, last int) dump.Span {
	first, last = min(first, last), max(first, last)
	f := t.head.Fields[last]
	return dump.Span{Start: t.head.Fields[first].Line.Start, End: max(f.Name.End, f.Value.End)}
}

// all returns the bytes of all lines.
func (t *trail) all() dump.Span { return t.span(0, t.lines()-1) }

// small reports whether the first line of that name is spelt without a capital letter.
func (t *trail) small(n name) bool { return isSmall(t.spelt(t.first[n] - 1)) }
