package diagnosis

import (
	"fmt"

	"wsinspect/internal/handshake"
)

// chained reports whether more than one proxy was on the way, as far as it shows.
func (r *reading) chained() bool {
	return r.outer() || r.passedOn(xForwardedFor) || r.passedOn(via)
}

// passedOn reports whether nginx passed on a line that a proxy before it wrote: its own
// stand before the client's, and before its defaults.
func (r *reading) passedOn(n name) bool {
	if r.proxyName() != "nginx" || !r.has(n) {
		return false
	}
	return r.first[n] > r.written || r.manner() == closeDefault && r.before(connection, n)
}

// passedBoth reports whether this proxy seems to have got Host and X-Forwarded-Host from one
// in front of it: two were on the way, a Host that is not what it dials stands before other
// lines of its own, and X-Forwarded-Host names the page.
func (r *reading) passedBoth() bool {
	return r.chained() && r.byNginx() && r.forwardedHost(r.origin) && !r.ours(r.host) && r.host.port != "" && r.before(host, xForwardedHost)
}

// chainShows says, in the middle of a sentence, what shows that another proxy was there.
func (r *reading) chainShows() string {
	if n := r.forwarded(); n > 1 {
		return fmt.Sprintf("X-Forwarded-For lists %d addresses, %s", n, handshake.Quote(r.value(xForwardedFor)))
	}
	if r.chained() {
		return "a proxy in front has left its lines"
	}
	return "lines about the client stand behind it"
}

var chainOuterNotForwarding = &Cause{
	ID:    "chain-outer-not-forwarding",
	Title: "A proxy further out drops Upgrade or Connection",
	Doc: handshake.Doc{
		What: "Every proxy of a chain has to pass a WebSocket on: a CDN, a load balancer, a panel, an nginx in front of nginx. If the outer one drops Upgrade, the map of the inner one rightly says Connection: close, and its configuration is not the one to cure.",
		See:  "Connection: close stands where a map of the inner proxy writes it, and no Upgrade arrived; X-Forwarded-For lists two addresses. Ask the inner proxy directly, past the outer one: the handshake then works.",
		Do:   "Give the outer proxy the lines. If it is nginx:\n\n" + recipeText + "\n\nA CDN or a load balancer has a switch for WebSockets.",
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  8,
	Shows:    Refusal | Configuration,
	Explains: upgradeChecks,
	Spec:     "RFC 9110 §7.8",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9110#section-7.8",
	nginx:    outerRecipe,
	told:     decided("chain-outer-not-forwarding", (*reading).chainFault),
	find: func(r *reading) sign {
		switch {
		case r.unlisted() && r.chained():
			return possible(fmt.Sprintf("Upgrade arrived and Connection does not list it, and %s: the outer proxy may have written it so, and the inner one copied it.", r.chainShows()), r.spans(connection, xForwardedFor)...)
		case !r.eaten():
			return none()
		case r.passesUnasked():
			return likely(fmt.Sprintf("%s passes a WebSocket on by itself, and no Upgrade arrived: a proxy before it dropped it.", r.proxyName()), r.spans(secKey)...).closer(1)
		}
		return r.outerSwallows()
	},
}

// outerSwallows judges a handshake without Upgrade whose last proxy may be innocent.
func (r *reading) outerSwallows() sign {
	chained := r.chained()
	if !r.byNginx() {
		if chained {
			return possible(fmt.Sprintf("No Upgrade arrived, and %s: the outer proxy may have dropped it already.", r.chainShows()), r.spans(xForwardedFor)...)
		}
		return none()
	}
	s := sign{}
	switch m := r.manner(); {
	case m == closeSet && chained:
		return likely(fmt.Sprintf("No Upgrade arrived, and somebody has set Connection: close, as the usual map does for a request without Upgrade; %s: the outer proxy dropped it.", r.chainShows()), r.spans(connection, xForwardedFor)...).closer(1)
	case m == closeSet:
		return likely("No Upgrade arrived, and somebody has set Connection: close, as the usual map does for a request without Upgrade: a proxy before this one dropped it.", r.at(connection)).closer(1)
	case r.http10() && m != listsUpgrade:
		return none() // the inner one is at fault in any case
	case m == listsUpgrade && chained:
		s = possible(fmt.Sprintf("Connection is a constant here, no Upgrade arrived, and %s: the outer proxy may have dropped it.", r.chainShows()), r.spans(connection, xForwardedFor)...).closer(1)
	case m == listsUpgrade:
		s = possible("Connection is a constant here and no Upgrade arrived: a proxy before this one may have dropped it.", r.at(connection))
	case chained && m == noConnection:
		s = possible(fmt.Sprintf("Neither Upgrade nor Connection arrived, and %s: the outer proxy may have dropped them.", r.chainShows()), r.spans(xForwardedFor)...)
	case chained || m == closeEither:
		s = likely(fmt.Sprintf("No Upgrade arrived, Connection is %s, and %s: the outer proxy may have dropped it before this one saw it.", handshake.Quote(r.value(connection)), r.chainShows()), r.spans(connection, xForwardedFor)...)
	case m == closeDefault && r.hostIsDefault():
		return none() // behind a Host that nobody set, nobody set Connection
	case m != noConnection && m != elsewhere:
		s = possible(fmt.Sprintf("No Upgrade arrived and Connection is %s, which the usual map says too where a proxy before this one dropped Upgrade.", handshake.Quote(r.value(connection))), r.at(connection))
	}
	return s
}

// outerRecipe returns the lines for the proxy before the one next to the backend. Which
// version of HTTP it speaks does not show here.
func outerRecipe(r *reading) Fix {
	if r.passes(r.Config) {
		f := r.recipe().noted("These lines are for the outer proxy, which the same configuration holds. " + wholeNote)
		f.Hop = 2
		return f
	}
	lines := []string{upgradeLine, hopLine, hostLine}
	if r.forwarded() > 1 {
		lines = append(lines, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;")
	}
	note := r.outerNote()
	if note == "" {
		note = "A CDN or a load balancer has a switch for WebSockets."
	}
	return Fix{
		Hop: 2,
		Steps: []Step{
			{Where: "http", Lines: []string{mapLine}},
			{Where: "location", Lines: lines},
		},
		Note: "These lines are for the outer proxy, if it is nginx; before 1.29.7 it needs proxy_http_version 1.1 too, where the proxy behind it is not nginx. " + note,
	}
}

var chainInnerNotForwarding = &Cause{
	ID:    "chain-inner-not-forwarding",
	Title: "The last proxy of a chain has no WebSocket lines",
	Doc: handshake.Doc{
		What: "Every proxy of a chain has to pass a WebSocket on. The outer one may be right; the one next to the backend drops Upgrade unless it is told to pass it on too.",
		See:  "X-Forwarded-For lists two addresses, and the bytes are those of a proxy without WebSocket lines: HTTP/1.0 with Connection: close from nginx before 1.29.7.",
		Do:   "Give the proxy next to the backend the lines:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | Configuration,
	Explains: bareChecks,
	Spec:     "nginx WebSocket proxying",
	SpecURL:  nginxWebSocketURL,
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		return r.recipe().noted("These lines are for the proxy next to the backend. If the fault stays, look at the one in front of it: every proxy on the way needs them. " + recipeNote)
	},
	told: decided("chain-inner-not-forwarding", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if !r.eaten() || r.passesUnasked() {
			return none()
		}
		if !r.chained() {
			if !r.neglected() || !r.http10() && r.has(connection) {
				return none()
			}
			return possible(r.dropper()+" passed on no Upgrade. If another proxy stands in front of it, which does not show here, that one may be right.", r.spans(connection)...).closer(-1)
		}
		because := fmt.Sprintf("%s passed on no Upgrade, and %s: of a chain of proxies, the last one has no WebSocket lines.", r.dropper(), r.chainShows())
		shown := r.spans(connection, xForwardedFor)
		switch m := r.manner(); {
		case !r.byNginx():
			return likely(because, shown...)
		case m == closeSet, m == listsUpgrade:
			return none()
		case r.http10():
			return likely(because, shown...).closer(2)
		case m == noConnection:
			return likely(because, shown...).closer(1)
		}
		return possible(because, shown...)
	},
}

var chainOuterHostLost = &Cause{
	ID:    "chain-outer-host-lost",
	Title: "An outer proxy loses Host, and this one passes on what it got",
	Doc: handshake.Doc{
		What: "Two proxies stand in a row. The outer one sends the inner one's address as Host, because none of its lines sets Host. The inner one passes on faithfully what it got, which is the wrong name.",
		See:  "Host is an internal address or name that is not this server's own, and X-Forwarded-For lists two addresses, or two proxies show.",
		Do: `Cure the outer proxy, the one that the browser talks to:

    proxy_set_header Host $http_host;

The lines of the inner proxy are right. One proxy_set_header in a location cancels all those that it would inherit, so repeat the lines for Upgrade and Connection beside it.`,
	},
	Tempting: hostTempting,
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | Configuration,
	Explains: hostChecks,
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     outsideHost("chain-outer-host-lost", innerHost),
	find:     func(r *reading) sign { return r.changed(host, innerHost(r)) },
	nginx: func(r *reading) Fix {
		return outerRecipe(r).noted("These lines are for the outer proxy, the one that the browser talks to, if it is nginx. " + hostNote)
	},
}

func innerHost(r *reading) sign {
	h := r.host
	if !r.differ || r.direct() || r.ours(h) || isNoHost(h) || h.name == r.origin.name && !h.loopback() {
		return none()
	}
	because := fmt.Sprintf("Host is %s, which is neither the page's name nor this server's address.", handshake.Quote(h.text))
	if r.portless(h) {
		because = fmt.Sprintf("Host is %s, without a port, as $host makes it of an address with one.", handshake.Quote(h.text))
	}
	spans := r.spans(host, origin)
	byDefault := r.dialled(h) && r.hostPlace() == defaultPlace && !r.passesHost()
	switch {
	case r.forwardedHost(r.origin) && !r.passedBoth():
		if h.internal() {
			return possible(because+" X-Forwarded-Host has the page's name: an outer proxy may have sent the inner one's name as Host, and this one passes both on.", r.spans(host, xForwardedHost, origin)...)
		}
		return none()
	case h.internal() && r.forwardedHost(h):
		return likely(because+" X-Forwarded-Host says the same, so this proxy got it from another one in front of it.", r.spans(host, xForwardedHost, origin)...).closer(2)
	case h.internal() && r.passedBoth():
		return likely(because+" X-Forwarded-Host has the page's name, and more than one proxy was on the way: an outer one sent the inner one's address as Host, and the page's name beside it.", r.spans(host, xForwardedFor, xForwardedHost, origin)...).closer(3)
	case h.internal() && r.chained():
		s := likely(because+" More than one proxy was on the way: an outer one sent the inner one's address as Host.", r.spans(host, xForwardedFor, origin)...)
		if byDefault {
			return s
		}
		return s.closer(2)
	case r.portless(h):
		return possible(because+" An outer proxy may have sent the inner one's address.", spans...)
	case h.internal() && !byDefault && h.name != r.origin.name && (h.ip.IsValid() || h.loopback()) && r.local.Addr().IsLoopback():
		return likely(because+" It looks like the address of a proxy that another one dials.", spans...).closer(1)
	case h.internal() || r.chained():
		return possible(because+" An outer proxy may have sent the inner one's name.", spans...)
	}
	return none()
}
