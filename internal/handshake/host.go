package handshake

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"wsinspect/internal/dump"
)

var hostSingle = &Check{
	ID:    "host-single",
	Title: "Only one Host line arrives",
	Doc: Doc{
		What: "A request names one host. With two Host lines, two servers on the way may each believe another one, so net/http refuses.",
		See:  "The raw head has two Host lines. The answer is 400.",
		Do:   "Find who adds the second. nginx sends two if proxy_set_header Host stands twice in the block that passes the request on.",
	},
	Spec:    "RFC 9112 §3.2",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-3.2",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		if n := r.count[host]; n > 1 {
			return lacks(fmt.Sprintf("%d Host lines arrived: %s. A request names one host.", n, r.quoteLines(host)), r.places(host)...)
		}
		return keeps("There are not two Host lines.")
	},
}

var hostPresent = &Check{
	ID:    "host-present",
	Title: "A Host line arrives",
	Doc: Doc{
		What: "HTTP/1.1 asks for a Host line in every request, even where the target is a whole address. Without it net/http refuses.",
		See:  "The raw head has no Host line, or one that net/http does not take for it because a space stands before its colon. The answer says \"missing required Host header\".",
		Do: `Pass the host on. In nginx an empty value removes the line, so look for an empty variable behind proxy_set_header Host, and set:

    proxy_set_header Host $http_host;`,
	},
	Spec:    "RFC 9112 §3.2",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-3.2",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request: missing required Host header",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		switch {
		case r.has(host):
			return keeps("A Host line arrived.")
		case !r.atLeast(1, 1):
			return moot("Before HTTP/1.1 no Host line is asked for.")
		case r.method() == "CONNECT" || r.isHTTP2Preface():
			return moot("net/http asks this method for no Host line.")
		}
		return lacks("No Host line arrived, and HTTP/1.1 asks for one.")
	},
}

// isHTTP2Preface reports whether net/http takes the head for the start of the HTTP/2
// preface: PRI * HTTP/2.0 without header lines. Those that frame a chunked body it has
// put away by then.
func (r *request) isHTTP2Preface() bool {
	framing := 0
	if r.chunked() {
		framing = r.count[transferEncoding] + r.count[contentLength] + r.count[trailer]
	}
	return r.method() == "PRI" && r.head.Target() == "*" && r.head.Version() == "HTTP/2.0" && len(r.head.Fields) == framing
}

var hostValid = &Check{
	ID:    "host-valid",
	Title: "Host holds only bytes that a host may hold",
	Doc: Doc{
		What: "Host is a name or an address with an optional port. net/http refuses a value with any byte that has no place in either: a slash, a space, an at sign, a letter beyond ASCII.",
		See:  "The Host value is marked in the raw head. The answer says \"malformed Host header\".",
		Do: `Host is no address of a page: write example.com:8080, not http://example.com:8080/. In nginx, pass on what arrived:

    proxy_set_header Host $http_host;`,
	},
	Spec:    "RFC 9110 §7.2",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9110#section-7.2",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request: malformed Host header",
	Requires: []string{"head-complete", "host-single", "host-present"},
	run: func(r *request) result {
		f, ok := r.line(host)
		if !ok {
			return moot("No Host line arrived.")
		}
		for _, c := range []byte(r.value(f)) {
			if !hostByte(c) {
				return lacks(fmt.Sprintf("Host is %s, and %s has no place in a host.", Quote(r.value(f)), Quote(string([]byte{c}))), r.place(f))
			}
		}
		return keeps("Host holds nothing that a host may not hold.")
	},
}

// hostByte reports whether net/http lets c stand in Host: the bytes of RFC 3986, section
// 3.2.2, in any order.
func hostByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!$%&'()*+,-.:;=[]_~", c) >= 0
}

var hostReadable = &Check{
	ID:    "host-readable",
	Title: "Host is one host with an optional port",
	Doc: Doc{
		What: "Host is a name or an address, and after a colon a port. net/http lets through what merely looks like it; stricter servers refuse an empty host, a list, or a port that is no number.",
		See:  "The Host value is marked in the raw head.",
		Do: `Look at the variables from which a proxy builds Host. One that is empty leaves a lone colon, one that is joined to another a list. In nginx $http_host is what the client sent, port included:

    proxy_set_header Host $http_host;`,
	},
	Spec:     "RFC 9110 §7.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9110#section-7.2",
	Requires: []string{"head-complete", "host-single", "host-present", "host-valid"},
	run: func(r *request) result {
		f, ok := r.line(host)
		if !ok {
			return moot("No Host line arrived.")
		}
		value := r.value(f)
		name, port, hasPort := cutPort(value)
		switch _, err := strconv.ParseUint(port, 10, 16); {
		case value == "":
			return lacks("Host is empty.", r.place(f))
		case name == "":
			return lacks(fmt.Sprintf("Host is %s: the name before the colon is missing.", Quote(value)), r.place(f))
		case strings.Contains(name, ","):
			return lacks(fmt.Sprintf("Host is %s. That is a list, and a request names one host.", Quote(value)), r.place(f))
		case strings.Contains(name, ":") && !isIPv6(name):
			return lacks(fmt.Sprintf("Host is %s. It has more than one colon and is no IPv6 address in brackets.", Quote(value)), r.place(f))
		case hasPort && err != nil:
			return lacks(fmt.Sprintf("Host is %s, and %s is no port.", Quote(value), Quote(port)), r.place(f))
		}
		return keeps("Host can be read.")
	},
}

// cutPort cuts host[:port] at the colon behind the name or the brackets.
func cutPort(s string) (name, port string, found bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.HasSuffix(s, "]") {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func isIPv6(name string) bool {
	inner, ok := strings.CutPrefix(name, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	a, err := netip.ParseAddr(strings.ReplaceAll(inner, "%25", "%"))
	return ok && closed && err == nil && a.Is6()
}

var hostNamesUpstream = &Check{
	ID:    "host-names-upstream",
	Title: "Host names the public server, not an upstream",
	Doc: Doc{
		What: "A proxy dials an address of its own choice, its upstream. If it sends that address as Host, the application cannot know under which name the page was opened, and a same-origin check compares the page's public name with an internal one.",
		See:  "Origin names a public host. Host is a loopback or private address, a name with an underscore, or a name without a dot, as an upstream block has it.",
		Do: `Pass on the host that the client asked for. nginx sends the address behind proxy_pass unless it is told otherwise; $http_host keeps the port, $host loses it:

    proxy_set_header Host $http_host;

One proxy_set_header in a location cancels all those that it would inherit: repeat Upgrade and Connection beside it.`,
	},
	Spec:     "RFC 9110 §7.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9110#section-7.2",
	Requires: []string{"head-complete", "host-single", "host-present", "host-valid"},
	run: func(r *request) result {
		if !r.origin.present || r.problem != "" || r.host == "" {
			return moot("There are not both a Host and an Origin to compare.")
		}
		page := r.origin.url.Hostname()
		name, _, _ := cutPort(r.host)
		if !isInternal(name) || !isPublic(page) {
			return keeps("Host does not look like the name of an upstream.")
		}
		return lacks(fmt.Sprintf("Host is %s, which looks like the address or the name of an upstream, while the page is from %s. Most often a proxy on the way sends the address that it dials in place of the Host that the client sent.", Quote(r.host), Quote(page)),
			append([]dump.Span{r.origin.at}, r.hostPlaces()...)...)
	},
}

// isInternal reports whether name cannot be one of the public internet: a loopback or
// private address, a name with an underscore (RFC 952 has none in host names), or one
// without a dot.
func isInternal(name string) bool {
	if strings.Contains(name, ":") || strings.Trim(name, "0123456789.") == "" {
		if a, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
			return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified()
		}
	}
	return strings.Contains(name, "_") || !strings.Contains(strings.TrimSuffix(name, "."), ".")
}

// isPublic reports whether name can be one of the public internet.
func isPublic(name string) bool {
	name = lowerASCII(name)
	for _, suffix := range [...]string{".localhost", ".local", ".internal"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	return !isInternal(name)
}
