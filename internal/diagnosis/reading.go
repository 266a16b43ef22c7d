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
	text    string // all bytes of the head; values are cut from it

	index
	host, origin authority
	local        netip.AddrPort // that the connection was made to; invalid for a unix socket
	broken       []string       // the checks that are broken, by ID, in catalogue order
	differ       bool           // a page's origin and a host were compared and are not the same
	left         bool           // the client did not like the 101

	// What is dear, or asked for by many, is found when it is first asked for.
	followed   bool
	hops       []Hop  // by way
	proxy      *proxy // by next
	how        manner // of Connection, by manner
	steps      []Step // by recipe
	strict     bool   // no constants in it
	gathered   bool
	sightings  []Sighting // by others
	neighbours []*reading // those of the same proxy, read, by sighting; nil: not so far
}

func (r *reading) read() {
	if r.Request == nil {
		r.head = &dump.Head{}
	} else {
		r.index.read(r.Request.Head)
		r.text = string(r.head.Raw)
		r.host, r.origin = readAuthority(r.value(host)), readOrigin(r.value(origin))
		r.local = localOf(r.Request)
		if r.Verdict != nil {
			r.broken = brokenIn(r.Verdict)
		}
		r.differ = r.comparedAndDiffer()
	}
	r.sources, r.left = r.kinds(), r.leftAtOnce()
}

// localOf returns the address that the connection was made to; invalid for a unix socket.
func localOf(q *dump.Request) netip.AddrPort {
	tcp, ok := q.Local.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	a := tcp.AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// brokenIn returns the checks that v found broken, by ID.
func brokenIn(v *handshake.Verdict) (ids []string) {
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Outcome == handshake.Failed || f.Outcome == handshake.Advised {
			if ids == nil {
				ids = make([]string, 0, 8) // mostly enough
			}
			ids = append(ids, f.Check.ID)
		}
	}
	return ids
}

// comparedAndDiffer finds out what differ says.
func (r *reading) comparedAndDiffer() bool {
	return r.is("origin-same-host") && !r.is("origin-readable") && r.count[host] == 1 &&
		r.host.name != "" && r.origin.web() && strings.HasPrefix(r.span(r.head.Start.Second), "/")
}

// kinds returns which kinds of evidence are there.
func (r *reading) kinds() (s Source) {
	set := func(there bool, kind Source) {
		if there {
			s |= kind
		}
	}
	if r.Request != nil && r.Verdict != nil {
		asks := r.head.Kind != dump.HTTP1 || r.asked()
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

// others returns the other attempts that are known.
func (r *reading) others() []Sighting {
	if r.Others != nil && !r.gathered {
		r.gathered, r.sightings = true, r.Others()
	}
	return r.sightings
}

// line returns the first line of that name; nil where there is none.
func (r *reading) line(n name) *dump.Field {
	if !r.has(n) {
		return nil
	}
	return &r.head.Fields[r.first[n]-1]
}

// value returns the value of the first line of that name; empty where there is none.
func (r *reading) value(n name) string {
	f := r.line(n)
	switch {
	case f == nil:
		return ""
	case f.Folded:
		return r.head.Value(*f)
	}
	return r.span(f.Value)
}

// span returns the bytes of s.
func (r *reading) span(s dump.Span) string { return r.text[s.Start:s.End] }

// at returns the bytes of the first line of that name that show its value: of an empty
// value, or one that is missing, the name; of a line that is missing, nothing.
func (r *reading) at(n name) dump.Span {
	f := r.line(n)
	switch {
	case f == nil:
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
			if all == nil {
				all = make([]dump.Span, 0, len(ns))
			}
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
	for f := range r.all(n) {
		if inList(r.head.Value(f), token) {
			return true
		}
	}
	return false
}

func inList(list, token string) bool {
	for element := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(element, token) || strings.EqualFold(strings.Trim(element, " \t"), token) {
			return true
		}
	}
	return false
}

// is reports whether a check is broken here.
func (r *reading) is(check string) bool { return slices.Contains(r.broken, check) }

// explained returns the checks that are broken here and that c can break, as s shows it.
// They mostly follow one another, and then need no memory of their own.
func (r *reading) explained(s *sign, c *Cause) []string {
	can := c.Explains
	if s.breaks != nil {
		can = s.breaks
	}
	explains := func(id string) bool { return slices.Contains(can, id) }
	from := slices.IndexFunc(r.broken, explains)
	if from < 0 {
		return nil
	}
	to := from + 1
	for to < len(r.broken) && explains(r.broken[to]) {
		to++
	}
	ids := r.broken[from:to:to]
	for _, id := range r.broken[to:] {
		if explains(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// http10 reports whether the request line says HTTP/1.0.
func (r *reading) http10() bool { return r.span(r.head.Start.Third) == "HTTP/1.0" }

// asked reports whether a WebSocket client is behind the request: proxies that drop
// Upgrade and Connection pass its Sec-WebSocket lines on.
func (r *reading) asked() bool { return r.has(secKey) || r.has(secVersion) }

// browser reports whether the User-Agent is a browser's.
func (r *reading) browser() bool { return strings.HasPrefix(r.value(userAgent), "Mozilla/") }

// byNginx reports whether the proxy next to the backend is, or may well be, nginx: it was
// recognised, or nothing was.
func (r *reading) byNginx() bool { return r.next() == nil || r.next().name == "nginx" }

// forwarded returns how many addresses X-Forwarded-For lists: how many proxies say that
// they were on the way.
func (r *reading) forwarded() (n int) {
	for f := range r.all(xForwardedFor) {
		n += 1 + strings.Count(r.head.Value(f), ",")
	}
	return n
}
