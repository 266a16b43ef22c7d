package handshake

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
)

var requestLine = &Check{
	ID:    "request-line",
	Title: "The request line has a method, a target and a version",
	Doc: Doc{
		What: "The first line is the method, the target and the version, with one space between them: GET /ws HTTP/1.1. The method is a token, and the version is HTTP in capitals, a slash, and two digits with a dot.",
		See:  "The first line of the raw head is marked. Common are a space inside the target, http/1.1 in lower case, HTTP/0.9 requests without a version, and empty lines in front.",
		Do:   "Encode spaces in the target as %20. If the line was written by a program of your own, write it as RFC 9112 has it; if by a proxy, look at rewrite rules that put decoded paths back together.",
	},
	Spec:    "RFC 9112 §3",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-3",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"plain-http1"},
	run: func(r *request) result {
		for _, f := range r.head.Faults {
			seen, at := r.span(f.Span), f.Span
			if at.Empty() {
				at = r.head.Start.Line
			}
			switch f.Kind {
			case dump.FaultEmptyLineFirst:
				return lacks("An empty line stands before the request line. net/http takes it for the request line.", at)
			case dump.FaultStartLine:
				return lacks(fmt.Sprintf("The first line is %s. It has not the three parts method, target and version.", Quote(seen)), at)
			case dump.FaultMethod:
				return lacks(fmt.Sprintf("The method is %s. That is no token.", Quote(seen)), at)
			case dump.FaultVersion:
				if strings.Contains(seen, " ") {
					return lacks(fmt.Sprintf("The first line is %s. It has more than the three parts method, target and version.", Quote(strings.TrimRight(r.span(r.head.Start.Line), "\r\n"))), at)
				}
				return lacks(fmt.Sprintf("The version is %s. It has to look like HTTP/1.1.", Quote(seen)), at)
			}
		}
		if r.head.Start.Line.Empty() {
			return moot("No request line arrived.")
		}
		return keeps("Method, target and version are there.")
	},
}

var requestTarget = &Check{
	ID:    "request-target",
	Title: "The request target can be read as an address",
	Doc: Doc{
		What: "The target is a path with an optional query, or a whole address. net/http reads it before it looks at any header line, and refuses what it cannot read.",
		See:  "The second part of the first line is marked: a percent sign without two hexadecimal digits behind it, a control byte, a target that begins with neither a slash nor a scheme.",
		Do: `Encode the path: a percent sign itself is %25. If a proxy rewrites paths, let it pass on the one that arrived. In nginx, put no path behind the port:

    proxy_pass http://localhost:8080;`,
	},
	Spec:    "RFC 9112 §3.2",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-3.2",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"plain-http1", "request-line"},
	run: func(r *request) result {
		at := r.head.Start.Second
		switch {
		case r.target != nil:
			return keeps("The target can be read.")
		case r.head.Start.Line.Empty():
			return moot("No request line arrived.")
		case at.Empty():
			return lacks("The target is empty: two spaces follow the method.", r.head.Start.Line)
		}
		return lacks(fmt.Sprintf("The target is %s, which net/http cannot read as an address.", Quote(r.span(at))), at)
	},
}

var httpMajor = &Check{
	ID:    "http-major",
	Title: "The request line says HTTP/1",
	Doc: Doc{
		What: "Only HTTP/1 is written as lines of text. A request line that names another version is no message of that version: HTTP/2 is binary.",
		See:  "The version in the first line is HTTP/2.0, HTTP/3.0 or HTTP/0.9, and the answer is 505.",
		Do:   "Write HTTP/1.1. This comes from programs that fill in the version by hand, such as a copied log line, in which a front server names the version that the browser spoke.",
	},
	Spec:    "RFC 9110 §15.6.6",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6.6",
	Decides: true, By: ByNetHTTP, Status: 505, Reason: "HTTP Version Not Supported: unsupported protocol version",
	Requires: []string{"head-complete", "request-line"},
	run: func(r *request) result {
		// net/http lets the start of the HTTP/2 preface through to the handler.
		if r.major == 1 || r.major == 2 && r.minor == 0 && r.method() == "PRI" && r.head.Target() == "*" {
			return keeps("The version is HTTP/1.")
		}
		return lacks(fmt.Sprintf("The request line says %s. Written as text, a request can only be HTTP/1.", Quote(r.span(r.head.Start.Third))), r.head.Start.Third)
	},
}

var methodGet = &Check{
	ID:    "method-get",
	Title: "The method is GET",
	Doc: Doc{
		What: "A WebSocket handshake is a GET request. The method's case counts: get is another method.",
		See:  "The first word of the raw head is not GET. gorilla answers 405.",
		Do:   "Browsers always send GET, so look for a program of your own, a proxy rule that sets the method (proxy_method in nginx), or a redirect that turned one request into another.",
	},
	Spec:    "RFC 6455 §4.2.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
	Decides: true, By: ByGorilla, Status: 405, Reason: "websocket: the client is not using the websocket protocol: request method is not GET",
	Requires: []string{"head-complete", "request-line"},
	run: func(r *request) result {
		if r.method() == "GET" {
			return keeps("The method is GET.")
		}
		return lacks(fmt.Sprintf("The method is %s, and a WebSocket handshake is a GET.", Quote(r.method())), r.head.Start.First)
	},
}

var httpVersion = &Check{
	ID:    "http-version",
	Title: "The version is HTTP/1.1 or newer",
	Doc: Doc{
		What: "HTTP/1.0 has no Upgrade. RFC 6455 asks for HTTP/1.1 or newer; gorilla does not look, but other servers refuse, and proxies in between may.",
		See:  "The first line ends in HTTP/1.0. nginx before 1.29.7 speaks 1.0 to its upstream unless it is told otherwise.",
		Do: `Where nginx sends HTTP/1.0, say so in the location that passes the socket on:

    proxy_http_version 1.1;`,
	},
	Spec:     "RFC 6455 §4.2.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
	Requires: []string{"head-complete", "request-line", "http-major"},
	run: func(r *request) result {
		if r.atLeast(1, 1) {
			return keeps("The version is new enough.")
		}
		return lacks(fmt.Sprintf("The request line says %s. Upgrade begins with HTTP/1.1, so stricter servers refuse this.", Quote(r.span(r.head.Start.Third))), r.head.Start.Third)
	},
}

var targetOriginForm = &Check{
	ID:    "target-origin-form",
	Title: "The target is a path",
	Doc: Doc{
		What: "A client that asks a server itself sends a path (origin form). A whole address (absolute form) is meant for a forward proxy, an asterisk for OPTIONS, host:port for CONNECT. RFC 6455 allows the absolute form, and net/http then takes the host from it and passes over the Host line.",
		See:  "The second part of the first line does not begin with a slash.",
		Do:   "Look for a client that takes this server for a forward proxy, or for a proxy that passes such a request on. The origin is compared with the host in the target, not with the Host line.",
	},
	Spec:     "RFC 9112 §3.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9112#section-3.2",
	Requires: []string{"head-complete", "request-line", "request-target"},
	run: func(r *request) result {
		at := r.head.Start.Second
		switch target := r.span(at); {
		case strings.HasPrefix(target, "/"):
			return keeps("The target is a path.")
		case target == "":
			return lacks("The target is empty, not a path that begins with a slash.", r.head.Start.Line)
		case r.target.Host != "":
			return lacks(fmt.Sprintf("The target is %s, a whole address, so net/http takes the host from it and not from the Host line.", Quote(target)), at)
		default:
			return lacks(fmt.Sprintf("The target is %s, not a path that begins with a slash.", Quote(target)), at)
		}
	},
}
