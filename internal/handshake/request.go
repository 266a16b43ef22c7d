package handshake

import (
	"iter"
	"net/url"
	"strings"

	"wsinspect/internal/dump"
)

// request is a captured request as the checks look at it: what net/http would hand to a
// handler, with the places in the bytes.
type request struct {
	*dump.Request
	policy *Policy
	head   *dump.Head
	text   string // all bytes of the head; values are cut from it

	first [names]int // of each name, 1 + the index of its first line; 0: there is none
	count [names]int // of each name, how many lines

	major, minor int      // of the version; 1.1 where it cannot be read
	target       *url.URL // nil where net/http cannot read it
	host         string   // what net/http calls Request.Host
	hostAt       []dump.Span
	origin       origin
	problem      string    // of the origin, in the words of origin.problem
	unended      dump.Span // the line in which the head stops; empty if it stops between two
}

// name is one of the header names that checks ask for.
type name int

const (
	host name = iota
	connection
	upgrade
	originName
	userAgent
	secKey
	secVersion
	secProtocol
	secExtensions
	secFetchSite
	contentLength
	transferEncoding
	trailer
	expect
	names
)

var spelling = [names]string{
	"Host", "Connection", "Upgrade", "Origin", "User-Agent",
	"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
	"Sec-Fetch-Site", "Content-Length", "Transfer-Encoding", "Trailer", "Expect",
}

func (n name) String() string { return spelling[n] }

func newRequest(d *dump.Request, p *Policy) *request {
	r := &request{Request: d, policy: p, head: d.Head, text: string(d.Head.Raw), major: 1, minor: 1}
	r.index()
	if v := r.span(r.head.Start.Third); isVersion(v) {
		r.major, r.minor = int(v[5]-'0'), int(v[7]-'0')
	}
	r.readTarget()
	if f, ok := r.line(originName); ok {
		r.origin = readOrigin(r.value(f))
		r.origin.present, r.origin.at = true, r.place(f)
		r.problem = r.origin.problem()
	}
	for _, f := range r.head.Faults {
		if f.Kind == dump.FaultUnended {
			r.unended = f.Span
			break
		}
	}
	return r
}

// index finds the lines of every name that checks ask for.
func (r *request) index() {
	for i := range r.head.Fields {
		f := &r.head.Fields[i]
		for n := range names {
			if len(spelling[n]) == f.Name.Len() && r.is(f, n) { // the length first: it spares most calls
				if r.count[n] == 0 {
					r.first[n] = 1 + i
				}
				r.count[n]++
				break
			}
		}
	}
}

// readTarget reads the target as net/http does, and with it the host: a target in
// absolute form overrides the Host line (RFC 9112, section 3.2.2).
func (r *request) readTarget() {
	raw := r.span(r.head.Start.Second)
	authority := r.method() == "CONNECT" && !strings.HasPrefix(raw, "/")
	if authority {
		raw = "http://" + raw
	}
	if isPlainPath(raw) {
		r.target = plainPath // most are, and parsing costs more than all else here
	} else {
		r.target, _ = url.ParseRequestURI(raw)
	}
	for _, f := range r.head.Faults {
		if f.Kind == dump.FaultTarget && !f.Span.Empty() { // a control byte, perhaps masked since
			r.target = nil
		}
	}
	if r.target != nil && r.target.Host != "" {
		r.host, r.hostAt = r.target.Host, []dump.Span{r.head.Start.Second}
	} else if f, ok := r.line(host); ok {
		r.host = r.value(f)
	}
}

// plainPath stands for every target that has neither host nor anything to unescape.
var plainPath = &url.URL{Path: "/"}

// isPlainPath reports whether a target is a path, perhaps with a query, in which nothing
// can be wrong: url.ParseRequestURI reads it as it stands.
func isPlainPath(target string) bool {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		return false
	}
	for i := range len(target) {
		switch c := target[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/-._~?=&", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// span returns the bytes of s.
func (r *request) span(s dump.Span) string { return r.text[s.Start:s.End] }

func (r *request) method() string { return r.span(r.head.Start.First) }

// atLeast reports whether the version is major.minor or newer.
func (r *request) atLeast(major, minor int) bool {
	return r.major > major || r.major == major && r.minor >= minor
}

// line returns the first line of that name.
func (r *request) line(n name) (dump.Field, bool) {
	if r.first[n] == 0 {
		return dump.Field{}, false
	}
	return r.head.Fields[r.first[n]-1], true
}

// has reports whether a line of that name arrived.
func (r *request) has(n name) bool { return r.count[n] > 0 }

// lines yields every line of that name, in the order of the wire, with its value.
func (r *request) lines(n name) iter.Seq2[dump.Field, string] {
	return func(yield func(dump.Field, string) bool) {
		if r.count[n] == 0 {
			return
		}
		left := r.count[n]
		fields := r.head.Fields[r.first[n]-1:]
		for i := 0; left > 0; i++ {
			if f := &fields[i]; r.is(f, n) {
				left--
				if !yield(*f, r.value(*f)) {
					return
				}
			}
		}
	}
}

// is reports whether net/http takes f for a line of that name. A name with a space behind
// it is another name to it.
func (r *request) is(f *dump.Field, n name) bool {
	spelt := r.span(f.Name)
	return (spelt == spelling[n] || strings.EqualFold(spelt, spelling[n])) &&
		f.Name.End < len(r.text) && r.text[f.Name.End] == ':'
}

// value returns the value of f as net/http reads it.
func (r *request) value(f dump.Field) string {
	if f.Folded {
		return r.head.Value(f)
	}
	return r.span(f.Value)
}

// place returns the bytes of f that show its value; of an empty value, its name and colon.
func (r *request) place(f dump.Field) dump.Span {
	if f.Value.Empty() {
		return dump.Span{Start: f.Line.Start, End: min(f.Name.End+1, f.Line.End)}
	}
	return f.Value
}

// places returns the place of every line of that name.
func (r *request) places(n name) []dump.Span {
	var all []dump.Span
	for f := range r.lines(n) {
		all = append(all, r.place(f))
	}
	return all
}

// hostPlaces returns the bytes that name the host; none where nothing does.
func (r *request) hostPlaces() []dump.Span {
	if r.hostAt != nil {
		return r.hostAt
	}
	return r.places(host)
}

// asksForWebSocket reports whether anything in the head asks for a WebSocket.
func (r *request) asksForWebSocket() bool {
	return r.has(secKey) || r.has(secVersion) || r.listed(upgrade, "websocket")
}

// breaks reports whether net/http stops reading at this fault.
func (r *request) breaks(f dump.Fault) bool {
	switch f.Kind {
	case dump.FaultEmptyLineFirst, dump.FaultStartLine, dump.FaultMethod, dump.FaultVersion:
		return true
	case dump.FaultTarget:
		return r.target == nil
	}
	return r.breaksLine(f)
}

// breaksLine reports whether net/http stops reading at this fault of a header line. It
// reads on over folds, over lines that end with LF alone, and over names with spaces,
// which it refuses later.
func (r *request) breaksLine(f dump.Fault) bool {
	switch f.Kind {
	case dump.FaultFoldFirst, dump.FaultNoColon, dump.FaultEmptyName, dump.FaultName, dump.FaultControl:
		return true
	case dump.FaultSpaceBeforeColon:
		return strings.Contains(r.span(f.Span), "\t")
	}
	return false
}

// inUnended reports whether s lies in the line that the connection cut off.
func (r *request) inUnended(s dump.Span) bool {
	return !r.unended.Empty() && s.Start >= r.unended.Start
}

func isVersion(v string) bool {
	return len(v) == len("HTTP/1.1") && v[:5] == "HTTP/" && isDigit(v[5]) && v[6] == '.' && isDigit(v[7])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
