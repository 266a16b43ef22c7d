package diagnosis

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// reading is the evidence as the causes look at it: what arrived, cut into the questions
// that they ask. It is made once for all of them.
type reading struct {
	*Evidence
	sources Source
	head    *dump.Head
	text    string // all bytes of the head; values are cut from it

	first [names]int // of each name, 1 + the index of its first line; 0: there is none
	count [names]int // of each name, how many lines
	// written is how many of the first lines a proxy like nginx has written by itself: those
	// of its configuration and its defaults stand before all that it passes on.
	written int

	host, origin authority
	broken       []string // the checks that are broken, by ID, in catalogue order

	// What is dear, or asked for by many, is found when it is first asked for.
	followed   bool
	hops       []Hop    // by way
	proxy      *proxy   // by next
	how        manner   // of Connection, by manner
	lines      []string // by recipe
	strict     bool     // no constants in it
	gathered   bool
	sightings  []Sighting // by others
	neighbours []*reading // those of the same proxy, read, by sighting; nil: not so far
}

// name is one of the header names that causes ask for.
type name int

const (
	host name = iota
	connection
	upgrade
	origin
	userAgent
	secKey
	secVersion
	secProtocol
	secExtensions
	secFetchSite
	cookie
	referer
	xForwardedFor
	xForwardedHost
	xForwardedProto
	xForwardedPort
	xRealIP
	via
	names
)

var spelling = [names]string{
	"Host", "Connection", "Upgrade", "Origin", "User-Agent",
	"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
	"Sec-Fetch-Site", "Cookie", "Referer",
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP", "Via",
}

func (n name) String() string { return spelling[n] }

func (r *reading) read() {
	r.sources = r.kinds()
	if r.Request == nil {
		r.head = &dump.Head{}
		return
	}
	r.head = r.Request.Head
	r.text = string(r.head.Raw)
	r.index()
	r.host = readAuthority(r.value(host))
	r.origin = readOrigin(r.value(origin))
	if r.Verdict != nil {
		for i := range r.Verdict.Findings {
			if f := &r.Verdict.Findings[i]; f.Outcome == handshake.Failed || f.Outcome == handshake.Advised {
				r.broken = append(r.broken, f.Check.ID)
			}
		}
	}
}

// kinds returns which kinds of evidence are there.
func (r *reading) kinds() (s Source) {
	set := func(there bool, kind Source) {
		if there {
			s |= kind
		}
	}
	if r.Request != nil && r.Verdict != nil {
		asks := r.Request.Head.Kind != dump.HTTP1 || handshake.IsHandshake(r.Request.Head)
		set(!r.Verdict.Accepted && asks, Refusal)
		set(!r.Verdict.Accepted && !asks, Plain)
		set(r.Verdict.Accepted, Acceptance)
		set(len(r.Expect) > 0, Expectation)
	}
	set(r.Client != nil, ClientSide)
	set(r.Session != nil, SessionEnd)
	set(r.Config != nil, Configuration)
	return s
}

// index finds the lines of every name that causes ask for, and where the lines of the
// proxy end.
func (r *reading) index() {
	r.written = -1
	for i := range r.head.Fields {
		f := &r.head.Fields[i]
		known := names
		for n := range names {
			if len(spelling[n]) == f.Name.Len() && r.head.Is(*f, spelling[n]) {
				if r.count[n] == 0 {
					r.first[n] = 1 + i
				}
				r.count[n]++
				known = n
				break
			}
		}
		if r.written < 0 && isClients(known, r.text[f.Name.Start:f.Name.End]) && (known != origin || r.count[host] > 0) {
			r.written = i
		}
	}
	if r.written < 0 {
		r.written = len(r.head.Fields)
	}
}

// Written returns how many of the first lines of h a proxy like nginx has written by
// itself: what its configuration and its defaults set stands before all that it passes on.
// It says nothing of proxies that keep or change the order in another way.
func Written(h *dump.Head) int {
	r := reading{head: h, text: string(h.Raw)}
	r.index()
	return r.written
}

// isClients reports whether a line of that name is a client's, which no configuration of a
// proxy has reason to set: where the first of them stands, the proxy's own lines are over.
func isClients(n name, spelt string) bool {
	switch n {
	case host, connection, upgrade, xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xRealIP, via:
		return false
	case names:
		return slices.ContainsFunc([]string{"accept", "accept-encoding", "accept-language", "pragma", "cache-control", "dnt", "authorization", "sec-fetch-mode", "sec-fetch-dest"}, func(s string) bool {
			return len(s) == len(spelt) && strings.EqualFold(s, spelt)
		})
	}
	return true
}

// others returns the other attempts that are known.
func (r *reading) others() []Sighting {
	if r.Others != nil && !r.gathered {
		r.gathered, r.sightings = true, r.Others()
	}
	return r.sightings
}

// has reports whether a line of that name arrived.
func (r *reading) has(n name) bool { return r.count[n] > 0 }

// line returns the first line of that name.
func (r *reading) line(n name) (dump.Field, bool) {
	if r.first[n] == 0 {
		return dump.Field{}, false
	}
	return r.head.Fields[r.first[n]-1], true
}

// value returns the value of the first line of that name; empty where there is none.
func (r *reading) value(n name) string {
	f, ok := r.line(n)
	switch {
	case !ok:
		return ""
	case f.Folded:
		return r.head.Value(f)
	}
	return r.text[f.Value.Start:f.Value.End]
}

// at returns the bytes of the first line of that name that show its value: of an empty
// value, or one that is missing, the name; of a line that is missing, nothing.
func (r *reading) at(n name) dump.Span {
	f, ok := r.line(n)
	switch {
	case !ok:
		return dump.Span{}
	case f.Value.Empty():
		return f.Name
	}
	return f.Value
}

// spans returns the places of the first lines of those names that arrived.
func (r *reading) spans(ns ...name) (all []dump.Span) {
	for _, n := range ns {
		if s := r.at(n); !s.Empty() {
			all = append(all, s)
		}
	}
	return all
}

// lists reports whether token is an element of any line of that name; case does not
// matter.
func (r *reading) lists(n name, token string) bool {
	switch r.count[n] {
	case 0:
		return false
	case 1:
		return inList(r.value(n), token)
	}
	for f := range r.head.All(spelling[n]) {
		if inList(r.head.Value(f), token) {
			return true
		}
	}
	return false
}

func inList(list, token string) bool {
	for element := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(element, " \t"), token) {
			return true
		}
	}
	return false
}

// before reports whether the first line of a stands before the first of b; both arrived.
func (r *reading) before(a, b name) bool { return r.has(a) && r.has(b) && r.first[a] < r.first[b] }

// is reports whether a check is broken here.
func (r *reading) is(check string) bool { return slices.Contains(r.broken, check) }

// explained returns the checks that are broken here and that c can break, as s shows it.
func (r *reading) explained(s sign, c *Cause) (ids []string) {
	can := c.Explains
	if s.breaks != nil {
		can = s.breaks
	}
	for _, id := range r.broken {
		if slices.Contains(can, id) {
			if ids == nil {
				ids = make([]string, 0, len(r.broken))
			}
			ids = append(ids, id)
		}
	}
	return ids
}

// http10 reports whether the request line says HTTP/1.0.
func (r *reading) http10() bool { return r.head.Version() == "HTTP/1.0" }

// asked reports whether a WebSocket client is behind the request: proxies that drop
// Upgrade and Connection pass its Sec-WebSocket lines on.
func (r *reading) asked() bool { return r.has(secKey) || r.has(secVersion) }

// browser reports whether the User-Agent is a browser's.
func (r *reading) browser() bool { return strings.HasPrefix(r.value(userAgent), "Mozilla/") }

// byNginx reports whether the proxy next to the backend is, or may well be, nginx: it was
// recognised, or nothing was.
func (r *reading) byNginx() bool { return r.next() == nil || r.next().name == "nginx" }

// local returns the address that the connection was made to; invalid for a unix socket.
func (r *reading) local() netip.AddrPort {
	if r.Request == nil {
		return netip.AddrPort{}
	}
	tcp, ok := r.Request.Local.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	a := tcp.AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// forwarded returns how many addresses X-Forwarded-For lists: how many proxies say that
// they were on the way.
func (r *reading) forwarded() (n int) {
	for f := range r.head.All(spelling[xForwardedFor]) {
		n += 1 + strings.Count(r.head.Value(f), ",")
	}
	return n
}
