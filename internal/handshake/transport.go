package handshake

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
)

var plainHTTP1 = &Check{
	ID:    "plain-http1",
	Title: "The connection speaks HTTP/1 in clear text",
	Doc: Doc{
		What: "A WebSocket over TCP begins as an HTTP/1.1 request. This port speaks it in clear text: TLS belongs to the proxy in front. Bytes of another language reach net/http as a request line that makes no sense.",
		See:  "The first bytes are a TLS record (16 03), the HTTP/2 preface (PRI * HTTP/2.0), or no text at all. nginx reports 502 for it, and its error log speaks of a wrong version number or of an invalid header.",
		Do: `Let the proxy speak plain HTTP/1.1 to this port. In nginx that is http:// behind proxy_pass, not https://, and neither uwsgi_pass nor grpc_pass:

    proxy_pass http://localhost:8080;

If your application does expect TLS on its own port, start wsinspect with --tls-cert and --tls-key. If it expects HTTP/2, the proxy may be right; then only wsinspect cannot take its place. WebSockets over HTTP/2 are RFC 8441, which gorilla does not speak.`,
	},
	Spec:    "RFC 6455 §4.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	run: func(r *request) result {
		all := dump.Span{End: len(r.text)}
		switch r.head.Kind {
		case dump.TLS:
			return r.unreadable(lacks("The first bytes are a TLS record: somebody speaks https or wss to a port that speaks plain HTTP.", firstOf(all, 3)))
		case dump.HTTP2:
			return lacks("The first bytes are the HTTP/2 preface: somebody speaks HTTP/2 to a port that speaks HTTP/1.1. It reaches a handler as a request with the method PRI.", all).
				answered(505, "HTTP Version Not Supported")
		case dump.Binary:
			return r.unreadable(lacks(fmt.Sprintf("The first bytes, %s, are no text, so they are no HTTP/1 request.", Quote(r.span(firstOf(all, 8)))), firstOf(all, 8)))
		}
		return keeps("The bytes are an HTTP/1 message in clear text.")
	},
}

var noProxyProtocol = &Check{
	ID:    "no-proxy-protocol",
	Title: "No PROXY protocol header stands before the request",
	Doc: Doc{
		What: "The PROXY protocol tells the client's address in a line or a binary header in front of the request. A server that is not told to expect it reads that header as the request line and refuses.",
		See:  "The bytes begin with PROXY TCP4, PROXY TCP6 or PROXY UNKNOWN (version 1), or with 0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a (version 2).",
		Do: `Switch it off towards this server. HAProxy has send-proxy or send-proxy-v2 on the server line, an AWS load balancer an attribute of the target group, nginx a line in its stream block:

    proxy_protocol off;

If your application does expect it, the proxy may be right. The request behind the header is judged all the same.`,
	},
	Spec:    "RFC 9112 §2.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-2.1",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"plain-http1"},
	run: func(r *request) result {
		version := ""
		switch r.head.Kind {
		case dump.ProxyV1:
			version = "1"
		case dump.ProxyV2:
			version = "2"
		default:
			return keeps("The request comes first.")
		}
		return r.unreadable(lacks("A PROXY protocol header (version "+version+") stands before the request, and net/http reads it as the request line.", r.head.Preface))
	},
}

var headSize = &Check{
	ID:    "head-size",
	Title: "The head fits into what the server reads",
	Doc: Doc{
		What: "A server reads a bounded head, so that nobody fills its memory. The limit here is --max-head, 64 KiB unless it is set; net/http's own is 1 MiB. Many proxies stop at 8 KiB.",
		See:  "The answer is 431. The longest line of the head is a Cookie, most often.",
		Do:   "Make the head smaller: fewer or shorter cookies, a narrower cookie path or domain, no tokens in the address. Raising the limit here does not help where a proxy stops earlier.",
	},
	Spec:    "RFC 6585 §5",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6585#section-5",
	Decides: true, By: ByNetHTTP, Status: 431, Reason: "Request Header Fields Too Large",
	Requires: []string{"plain-http1"},
	run: func(r *request) result {
		// The server stops in the middle of a head for two reasons: a line that it cannot
		// read, or its limit.
		if !r.Truncated && (r.head.Complete() || r.Ending != dump.EndRead || r.stopped()) {
			return keeps("The head is within the limit.")
		}
		because := fmt.Sprintf("The head goes on beyond the %d bytes that were kept.", len(r.text))
		for _, f := range r.head.Fields {
			if n := f.Line.Len(); n > len(r.text)/2 && !f.Name.Empty() {
				because += fmt.Sprintf(" The line %s alone takes %d.", Quote(r.span(f.Name)), n)
				return lacks(because, f.Name)
			}
		}
		return lacks(because)
	},
}

var headComplete = &Check{
	ID:    "head-complete",
	Title: "The head arrives whole",
	Doc: Doc{
		What: "An empty line ends the head. Until it comes, a server waits, up to its header timeout, and then closes the connection: with 400 if a line was cut off in its middle or the client closed its side, without a word if not.",
		See:  "The raw head has no empty line at its end. The client sees an empty answer or a 400, a proxy reports 502 or 504.",
		Do:   "Look at who closed first and when: a client that gives up, a health check that only opens the connection, a proxy with a shorter timeout, a program that forgets the last line end.",
	},
	Spec:    "RFC 9112 §2.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-2.1",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"plain-http1", "head-size"},
	run: func(r *request) result {
		switch {
		case r.head.Complete():
			return keeps("An empty line ends the head.")
		case r.stopped():
			return lacks("The end of the head was not read: net/http stopped at a line that it cannot read.")
		}
		because := fmt.Sprintf("The head stops after %s without the empty line that ends it", plural(len(r.text), "byte"))
		if !r.unended.Empty() {
			because += ", in the middle of the line " + Quote(r.span(r.unended))
		}
		found := lacks(because+": "+endings[r.Ending], r.lastLine()...)
		if r.Ending == dump.EndTimeout && !r.cutLineBreaks() {
			return found.answered(0, "")
		}
		return found
	},
}

var endings = [...]string{
	dump.EndRead:      "no more was read.",
	dump.EndClosed:    "the other side closed the connection.",
	dump.EndTimeout:   "the rest did not come before the header timeout.",
	dump.EndReset:     "the other side reset the connection.",
	dump.EndCancelled: "this server closed the connection, as it does when it stops.",
}

// unreadable says how net/http answers bytes that are no request: it looks for a first
// line in them until its limit.
func (r *request) unreadable(found result) result {
	if r.Truncated {
		return found.answered(headSize.Status, headSize.Reason)
	}
	return found
}

// stopped reports whether net/http met a whole line that it cannot read, and so left the
// rest unread.
func (r *request) stopped() bool {
	if r.head.Kind == dump.ProxyV1 || r.head.Kind == dump.ProxyV2 {
		return true
	}
	for _, f := range r.head.Faults {
		if r.breaks(f) && !r.inUnended(f.Span) {
			return true
		}
	}
	return r.target == nil && r.unended.Start > r.head.Start.Line.Start
}

// cutLineBreaks reports whether net/http finds a fault in the line that was cut off.
func (r *request) cutLineBreaks() bool {
	for _, f := range r.head.Faults {
		if r.breaks(f) {
			return true
		}
	}
	// net/http takes a CR for a part of a line as long as no LF follows.
	return r.target == nil || strings.HasSuffix(r.span(r.unended), "\r")
}

// lastLine returns the line in which the head stops, as evidence.
func (r *request) lastLine() []dump.Span {
	if r.unended.Empty() {
		return nil
	}
	return []dump.Span{r.unended}
}

// firstOf returns the first n bytes of s.
func firstOf(s dump.Span, n int) dump.Span {
	s.End = min(s.End, s.Start+n)
	return s
}
