package diagnosis

import (
	"iter"
	"strings"

	"wsinspect/internal/dump"
)

// name is one of the header names that causes and fingerprints ask for.
type name int

// First those that proxies write or change, then those that only a client writes.
const (
	host name = iota
	connection
	upgrade
	via
	forwarded
	xForwardedFor
	xForwardedHost
	xForwardedProto
	xForwardedPort
	xForwardedServer
	xForwardedScheme
	xOriginalHost
	xRealIP
	xRequestID
	xHost
	xVarnish

	origin
	userAgent
	secKey
	secVersion
	secProtocol
	secExtensions
	secFetchSite
	secFetchMode
	secFetchDest
	cookie
	referer
	accept
	acceptEncoding
	acceptLanguage
	authorization
	cacheControl
	dnt
	pragma

	names
	otherName = names // any other
)

var spelling = [names]string{
	"Host", "Connection", "Upgrade", "Via", "Forwarded",
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Scheme",
	"X-Original-Host", "X-Real-IP", "X-Request-ID", "X-Host", "X-Varnish",

	"Origin", "User-Agent",
	"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
	"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Cookie", "Referer",
	"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "DNT", "Pragma",
}

// ofLength holds the names by how long they are, since that tells most of them apart.
var ofLength = func() (all [1 + len("Sec-WebSocket-Extensions")][]name) {
	for n, s := range spelling {
		all[len(s)] = append(all[len(s)], name(n))
	}
	return all
}()

func (n name) String() string { return spelling[n] }

// client reports whether a line of that name is a client's, which no configuration of a
// proxy has reason to set: where the first of them stands, the proxy's own lines are over.
func (n name) client() bool { return origin <= n && n < names }

// nameOf returns the name that is spelt so; case does not matter.
func nameOf(spelt []byte) name {
	if len(spelt) == 0 || len(spelt) >= len(ofLength) {
		return otherName
	}
	for _, n := range ofLength[len(spelt)] {
		s := spelling[n]
		if toLower(spelt[0]) == toLower(s[0]) && (string(spelt) == s || strings.EqualFold(string(spelt), s)) {
			return n
		}
	}
	return otherName
}

// index says where the lines of a head are, by their names.
type index struct {
	head  *dump.Head
	first [names]int // of each name, 1 + the index of its first line; 0: there is none
	count [names]int // of each name, how many lines
	// written is how many of the first lines a proxy like nginx has written by itself: those
	// of its configuration and its defaults stand before all that it passes on.
	written int
}

// indexOf returns the index of h.
func indexOf(h *dump.Head) *index {
	x := new(index)
	x.read(h)
	return x
}

// read makes x the index of h.
func (x *index) read(h *dump.Head) {
	x.head, x.written = h, len(h.Fields)
	for i := range h.Fields {
		n := x.name(i)
		if n == otherName {
			continue
		}
		if !x.has(n) {
			x.first[n] = 1 + i
		}
		x.count[n]++
		if i < x.written && n.client() && (n != origin || x.has(host)) {
			x.written = i
		}
	}
}

// name returns the name of a line, given by its place among them.
func (x *index) name(line int) name { return nameOf(x.spelt(line)) }

// spelt returns that name as it is written.
func (x *index) spelt(line int) []byte {
	n := x.head.Fields[line].Name
	return x.head.Raw[n.Start:n.End]
}

// all yields the lines of that name, in the order of the wire.
func (x *index) all(n name) iter.Seq[dump.Field] {
	return func(yield func(dump.Field) bool) {
		for i, left := x.first[n]-1, x.count[n]; left > 0; i++ {
			if x.name(i) != n {
				continue
			}
			if left--; !yield(x.head.Fields[i]) {
				return
			}
		}
	}
}

// has reports whether a line of that name arrived.
func (x *index) has(n name) bool { return x.first[n] > 0 }

// before reports whether the first line of a stands before the first of b; both arrived.
func (x *index) before(a, b name) bool { return x.has(a) && x.first[a] < x.first[b] }

// Written returns how many of the first lines of h a proxy like nginx has written by
// itself: what its configuration and its defaults set stands before all that it passes on.
// It says nothing of proxies that keep or change the order in another way.
func Written(h *dump.Head) int { return indexOf(h).written }
