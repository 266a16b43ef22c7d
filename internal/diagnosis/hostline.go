package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// What the causes around Host and Origin ask: whether the two differ, where the lines
// stand, and what the client and the configuration say about them.

// direct reports whether a browser talks to this server itself: its lines stand in its own
// order, which is Chrome's or Firefox's, and nothing is added. The proxies that drop
// Upgrade or change Host change the order too.
func (r *reading) direct() bool {
	if len(r.way()) > 0 || r.first[host] != 1 || r.has(xForwardedFor) || !r.browser() || r.head.Name(r.head.Fields[0]) != "Host" {
		return false
	}
	chrome := r.first[connection] == 2 && r.before(userAgent, upgrade)
	firefox := r.first[userAgent] == 2 && r.before(secVersion, origin)
	return chrome || firefox
}

// place is where Host stands among the lines that the proxy has written.
type place uint8

const (
	defaultPlace place = iota // where nginx writes it if nobody sets it, so that the place does not tell
	forePlace                 // before forwarding lines alone, which may be another proxy's: most likely somebody set it
	setPlace                  // before lines that only this proxy can have written: somebody set it
)

// hostPlace tells a Host that was set from nginx's default. That stands behind all lines
// that were set; newer nginx (1.31) writes Host first, set or not, so that the first line
// tells only where the bytes are those of an old one. Of other proxies the place says
// nothing.
func (r *reading) hostPlace() place {
	found := defaultPlace
	if !r.byNginx() || !r.has(host) || r.hostLeads() {
		return found
	}
	for i := r.first[host]; i < r.written; i++ {
		switch n := r.name(i); {
		case n == connection && i == r.written-1 && r.closesByDefault():
		case n == connection, n == upgrade:
			return setPlace
		default:
			found = forePlace
		}
	}
	return found
}

// hostLeads reports whether Host is the first line, and nothing shows an nginx so old that
// it would have put its default behind the others.
func (r *reading) hostLeads() bool {
	return r.first[host] == 1 && !r.http10() && !r.closesByDefault()
}

// trailingName reports whether Host is a name without a port and stands behind all lines
// about the client. People set it before them, as the templates do; nginx's default, here
// the name of an upstream block, comes last.
func (r *reading) trailingName() bool {
	behind := r.before(xForwardedFor, host) || r.before(xForwardedProto, host) || r.before(xRealIP, host)
	return behind && r.byNginx() && r.hostPlace() == defaultPlace && !r.host.ip.IsValid() && r.host.port == "" && !r.portless(r.host)
}

// defaultHost reports whether Host is not the page's and may well be what nginx sends where
// no line sets it.
func (r *reading) defaultHost() bool {
	return r.differ && r.byNginx() && r.dialled(r.host) && r.hostPlace() == defaultPlace &&
		!r.direct() && !r.untouched(host) && !isNoHost(r.host)
}

// passesHost reports whether the proxy next to the backend is one that leaves Host alone
// unless it is told to change it.
func (r *reading) passesHost() bool {
	return slices.Contains([]string{"HAProxy", "Caddy", "lighttpd", "Varnish", "nghttpx", "Traefik", "Envoy", "Node http-proxy"}, r.proxyName())
}

// doer names the proxy next to the backend at the beginning of a sentence.
func (r *reading) doer() string { return cmp.Or(r.proxyName(), "The proxy") }

// outer reports whether a second proxy was on the way.
func (r *reading) outer() bool { return r.forwarded() > 1 || len(r.way()) > 1 }

// forwardedHost reports whether X-Forwarded-Host names that host, at one of the proxies on
// the way; a port counts only where both have one.
func (r *reading) forwardedHost(wanted authority) bool {
	if !r.has(xForwardedHost) {
		return false
	}
	return tells(r.value(xForwardedHost), wanted)
}

// pageBeside returns the line that tells the page's host besides Host: X-Forwarded-Host, or
// one that some applications read in its place (of Forwarded, RFC 7239, its host). The name
// is otherName where there is none.
func (r *reading) pageBeside() (name, dump.Field) {
	for _, n := range []name{xForwardedHost, xOriginalHost, forwarded} {
		for f := range r.all(n) {
			if tells(r.head.Value(f), r.origin) {
				return n, f
			}
		}
	}
	return otherName, dump.Field{}
}

// tells reports whether an element of such a line is that host; a port counts only where
// both have one.
func tells(value string, wanted authority) bool {
	for element := range strings.FieldsFuncSeq(value, func(c rune) bool { return strings.ContainsRune(",; ", c) }) {
		if key, named, ok := strings.Cut(element, "="); ok && strings.EqualFold(key, "host") {
			element = strings.Trim(named, `"`)
		}
		a := readAuthority(element)
		if a.name == wanted.name && (a.port == wanted.port || a.port == "" || wanted.port == "") {
			return true
		}
	}
	return false
}

// sent returns the first line of that name in what the client sent.
func (r *reading) sent(n name) (value string, known bool) {
	if r.Client == nil || r.Client.Sent == nil {
		return "", false
	}
	f, ok := r.Client.Sent.Field(n.String())
	if !ok {
		return "", true
	}
	return r.Client.Sent.Value(f), true
}

// untouched reports whether the client is known to have sent the line as it arrived, or to
// have sent none where none arrived.
func (r *reading) untouched(n name) bool {
	value, known := r.sent(n)
	return known && r.count[n] <= 1 && value == r.value(n)
}

// changed returns s, of a cause that a proxy's line has, unless the client is known to have
// sent the line as it arrived.
func (r *reading) changed(n name, s sign) sign {
	if r.untouched(n) {
		return none()
	}
	return s
}

var duplicateHost = &Cause{
	ID:    "duplicate-host",
	Title: "Host is set twice, and two Host lines arrive",
	Doc: handshake.Doc{
		What: "Two proxy_set_header Host lines apply in one block, one of them often from an included file. nginx before 1.31.4 sends both, and a server has to refuse a request with two Host lines (RFC 9112, section 3.2): net/http answers 400 before any handler runs.",
		See:  "Two Host lines stand in the raw head, most often one behind the other.",
		Do: `Keep one of them, and look into the included files for the other:

    proxy_set_header Host $http_host;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  1,
	Shows:    Refusal | Configuration,
	Explains: []string{"host-single", "origin-same-host", "host-names-upstream"},
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("duplicate-host", (*reading).hostFault),
	find:     func(r *reading) sign { return r.changed(host, twoHosts(r)) },
	remedy:   passHost,
	nginx: func(r *reading) Fix {
		return r.recipe().noted("One Host line replaces both. If an included file, such as proxy_params, sets Host too, take one of the two out.")
	},
}

func twoHosts(r *reading) sign {
	if r.count[host] < 2 || !r.asked() {
		return none()
	}
	var quoted []string
	var spans []dump.Span
	for f := range r.all(host) {
		if len(quoted) < 3 {
			quoted, spans = append(quoted, handshake.Quote(r.head.Value(f))), append(spans, f.Line)
		}
	}
	because := fmt.Sprintf("%d Host lines arrived, %s: the configuration of the proxy sets Host more than once.", r.count[host], strings.Join(quoted, " and "))
	if r.browser() {
		return certain(because, spans...)
	}
	return likely(because+" Or the program that asked sent them all.", spans...)
}
