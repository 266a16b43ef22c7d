package diagnosis

import (
	"cmp"
	"slices"
	"strings"

	"wsinspect/internal/dump"
)

// What the causes around Host and Origin ask: whether the two differ, where the lines
// stand, and what the client and the configuration say about them.

// differ reports whether a page's origin and a host were compared and are not the same.
func (r *reading) differ() bool {
	return r.is("origin-same-host") && !r.is("origin-readable") && r.count[host] == 1 &&
		r.host.name != "" && r.origin.web() && strings.HasPrefix(r.head.Target(), "/")
}

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
		f := r.head.Fields[i]
		switch {
		case r.head.Is(f, "Connection") && i == r.written-1 && r.closesByDefault():
		case r.head.Is(f, "Connection"), r.head.Is(f, "Upgrade"):
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
	return r.differ() && r.byNginx() && r.dialled(r.host) && r.hostPlace() == defaultPlace &&
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
// is empty where there is none.
func (r *reading) pageBeside() (name string, line dump.Field) {
	for _, name = range []string{"X-Forwarded-Host", "X-Original-Host", "Forwarded"} {
		for f := range r.head.All(name) {
			if tells(r.head.Value(f), r.origin) {
				return name, f
			}
		}
	}
	return "", dump.Field{}
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

// untouched reports whether the client is known to have sent the line as it arrived.
func (r *reading) untouched(n name) bool {
	value, known := r.sent(n)
	return known && r.count[n] == 1 && value == r.value(n)
}

// hostFault is the last word on a cause that a proxy's Host has: what the bytes say, unless
// the client sent that very Host or the configuration says otherwise.
func (r *reading) hostFault(id string, s sign) sign {
	if r.untouched(host) {
		return none()
	}
	left, plain, said := r.Config.hostFaults()
	_, seen := r.sent(host) // and it was another one
	switch {
	case left == nil:
		return s
	case !slices.Contains(left, id):
		return none()
	case s.confidence > Unlikely && (plain || seen) && id == left[0]:
		s.confidence = Certain
		s.because += " " + said.aboutHost()
	case s.confidence == Unlikely && plain && id == left[0] && r.Request == nil:
		return likely("The Host that the backend gets is not the one that the browser asks for, and a browser's Origin will not match it. " + said.aboutHost())
	}
	return s
}

// hostFaults returns which causes the configuration leaves for a Host that is not the
// client's, the likeliest first; nil where it leaves all. It is plain where nothing but the
// configuration makes the Host, so that the first one is certain.
func (c *Config) hostFaults() (left []string, plain bool, said Directive) {
	pass, ok := c.directive("proxy_pass")
	if !ok {
		return nil, false, Directive{}
	}
	sets := c.sets("Host")
	if len(sets) == 0 {
		lost := slices.ContainsFunc(c.Lost, func(d Directive) bool { return d.setsHeader("Host") })
		switch {
		case lost:
			return []string{"set-header-inheritance-lost"}, false, pass
		case len(c.sets("X-Forwarded-Host")) > 0:
			return []string{"x-forwarded-host-only", "host-not-forwarded"}, true, pass
		}
		return []string{"host-not-forwarded"}, true, pass
	}
	said = sets[len(sets)-1]
	if len(sets) > 1 {
		return []string{"duplicate-host"}, true, said
	}
	switch value := said.value(); {
	case value == "":
		return []string{"host-cleared"}, true, said
	case value == "$proxy_host", value == "$proxy_host:$proxy_port":
		return []string{"host-set-to-upstream", "x-forwarded-host-only"}, true, said
	case value == "$http_host":
		return []string{"chain-outer-host-lost"}, false, said
	case value == "$host":
		return []string{"host-port-dropped", "chain-outer-host-lost"}, false, said
	case strings.HasPrefix(value, "$host:"), strings.HasPrefix(value, "$http_host:"):
		return []string{"host-port-added", "host-port-wrong", "chain-outer-host-lost"}, false, said
	case strings.HasPrefix(value, "$http_"):
		return []string{"host-cleared", "chain-outer-host-lost"}, false, said
	case value == "$server_name", value == "$hostname", value == "$server_addr", !strings.Contains(value, "$"):
		return []string{"host-hardcoded", "x-forwarded-host-only"}, true, said
	}
	return nil, false, said
}

// aboutHost says what d does to Host: a proxy_pass stands for the lack of any line.
func (d Directive) aboutHost() string {
	if d.Name == "proxy_pass" {
		return "No line sets Host, and " + d.says() + "."
	}
	return d.says() + "."
}
