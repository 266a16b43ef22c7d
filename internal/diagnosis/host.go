package diagnosis

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// hostChecks are the checks that lose when a wrong Host arrives.
var hostChecks = []string{"origin-same-host", "host-names-upstream"}

// What is said of every cause that a wrong Host has.
const (
	hostDo = `Pass on the Host that the client asked for:

    proxy_set_header Host $http_host;

One proxy_set_header in a location cancels all those that it would inherit, so repeat the lines for Upgrade and Connection beside it.`
	hostTempting = "An empty Origin (proxy_set_header Origin \"\") and a CheckOrigin that always returns true end the 403 too. Both switch off the check against cross-site WebSocket hijacking: every site that your users visit could then open this socket with their cookies."

	// The two lines of that cure, in nginx and in the application.
	emptyOriginLine = `proxy_set_header Origin "";`
	anyOriginLine   = "CheckOrigin: func(*http.Request) bool { return true }"
	hostNote        = "$http_host is the Host that the client sent, with its port; $host would lose the port. " + wholeNote
	hostSpec        = "nginx proxy_set_header"
	hostURL         = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header"
)

// hostRecipe is the cure of every wrong Host at the proxy next to the backend.
func hostRecipe(r *reading) Fix { return r.recipe().noted(hostNote) }

var hostNotForwarded = &Cause{
	ID:    "host-not-forwarded",
	Title: "The proxy sends the address that it dials as Host",
	Doc: handshake.Doc{
		What: "Unless a line sets Host, nginx and Apache send the address or name behind proxy_pass. The application then sees localhost:8080 or app_pool in place of the public name, and a same-origin check, which compares Origin with Host, refuses every browser with 403.",
		See:  "Host is this server's own address, or a name that only an upstream block or a container can have, and stands behind all lines that the proxy sets, or before them all, where newer nginx (1.31) writes it whether it is set or not. Origin names the public site.",
		Do:   hostDo,
	},
	Tempting: hostTempting,
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  16,
	Shows:    Refusal | ClientSide | Configuration,
	Explains: hostChecks,
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("host-not-forwarded", (*reading).hostFault),
	find:     func(r *reading) sign { return r.changed(host, dialledHost(r)) },
	remedy:   passHost,
	nginx:    hostRecipe,
}

func dialledHost(r *reading) sign {
	if r.refusedAs() == 403 && r.ownOrigin() {
		return r.refusal("A WebSocket server answered 403 to a page of the very host that was asked: a proxy on the way has sent it another Host, most often the address that it dials.")
	}
	if !r.differ || r.direct() || r.passesHost() || isNoHost(r.host) || r.forwardedHost(r.host) && !r.dialled(r.host) {
		return none()
	}
	at := r.hostPlace()
	if at == setPlace {
		return none()
	}
	told, _ := r.pageBeside()
	beside := told != otherName && r.byNginx() // other proxies write X-Forwarded-Host unasked
	const unset = ". That is what is sent when no line sets Host."
	sent := func(sure degree, whose, means string) sign {
		return sure(r.doer()+" sent "+handshake.Quote(r.host.text)+" as Host, "+whose+", and the page is from "+handshake.Quote(r.origin.text)+means, r.spans(host, origin)...)
	}
	sure := possible
	switch {
	case r.ours(r.host):
		const ours = "the address that it dials to reach this server"
		if at == defaultPlace && !beside {
			return sent(likely, ours, unset).closer(1)
		}
		return sent(possible, ours, ".")
	case r.host.name == r.origin.name && !r.host.internal():
		if r.host.port == "" || !r.onOurPort(r.host) {
			return none()
		}
	case r.host.internal() && at == defaultPlace && !beside && (r.dialled(r.host) || r.trailingName()):
		sure = likely
	case !r.dialled(r.host) && !r.host.internal() && !r.trailingName():
		return none()
	}
	return sent(sure, "which may be the name behind proxy_pass", unset)
}

var hostSetToUpstream = &Cause{
	ID:    "host-set-to-upstream",
	Title: "A line sets Host to the address of the upstream",
	Doc: handshake.Doc{
		What: "The configuration sets Host to what the proxy dials, for example with $proxy_host, or {upstream_hostport} in Caddy. Virtual hosts behind the proxy may want that; a same-origin check compares it with Origin and refuses every browser with 403.",
		See:  "Host is the upstream's address, and stands among the lines that the proxy sets, where nginx's own default never stands. Where it stands last or first, the bytes do not tell it from a Host that nobody set.",
		Do:   hostDo,
	},
	Tempting: hostTempting,
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | Configuration,
	Explains: hostChecks,
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("host-set-to-upstream", (*reading).hostFault),
	find:     func(r *reading) sign { return r.changed(host, chosenUpstream(r)) },
	remedy:   passHost,
	nginx:    hostRecipe,
}

func chosenUpstream(r *reading) sign {
	ours := r.ours(r.host)
	if !r.differ || r.direct() {
		return none()
	}
	if r.host.twoPorts() && r.dialled(r.host.withoutPort()) {
		return likely(fmt.Sprintf("Host is %s, the upstream's address with its port twice, as a line with $proxy_host:$proxy_port makes it.", handshake.Quote(r.host.text)), r.spans(host, origin)...).closer(1)
	}
	if isNoHost(r.host) || !ours && (r.passesHost() || !r.host.internal() || !r.dialled(r.host)) {
		return none()
	}
	spans := r.spans(host, origin)
	whose := handshake.Quote(r.host.text) + ", the address or name of the upstream, "
	if ours {
		whose = handshake.Quote(r.host.text) + ", the address that it dials to reach this server, "
	}
	if r.passesHost() {
		return likely(r.doer()+" sent "+whose+"as Host: it passes Host on unless a line sets it.", spans...)
	}
	because := "Host is " + whose + "as a line with $proxy_host makes it."
	switch at := r.hostPlace(); {
	case at == defaultPlace:
		return possible(because, spans...)
	case ours || strings.Contains(r.host.name, "_"):
		return likely(because+" Another line that the proxy sets stands behind it, where the default never stands.", spans...).closer(1)
	}
	return possible(because, spans...)
}

var hostHardcoded = &Cause{
	ID:    "host-hardcoded",
	Title: "A line sets Host to a constant",
	Doc: handshake.Doc{
		What: "The configuration sets Host to a fixed name, or to $server_name, which is the first name of the server block and not what the client asked for: in a catch-all block it is _. Every request then carries the same Host, and browsers from any other name are refused with 403.",
		See:  "Host is a name that is neither the page's nor the upstream's address, or is no name at all: _, a wildcard, a variable that was not filled in.",
		Do:   hostDo,
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
	told:     decided("host-hardcoded", (*reading).hostFault),
	find:     func(r *reading) sign { return r.changed(host, constantHost(r)) },
	remedy:   passHost,
	nginx:    hostRecipe,
}

// isConfigText reports whether a Host is no host but text of a configuration: the name of a
// catch-all or wildcard server block, or a variable that was not filled in.
func isConfigText(a authority) bool {
	return a.name == "_" || strings.ContainsAny(a.text, "*~$(")
}

// isNoHost reports whether no host can be called so: it is text of a configuration, or has
// two ports.
func isNoHost(a authority) bool { return a.twoPorts() || isConfigText(a) }

func constantHost(r *reading) sign {
	if !r.differ || r.direct() {
		return none()
	}
	h, at := r.host, r.hostPlace()
	word := !h.ip.IsValid()
	is := func(sure degree, what string) sign {
		return sure("Host is "+handshake.Quote(h.text)+what, r.spans(host, origin)...)
	}
	page := func(what string) string { return " for a page from " + handshake.Quote(r.origin.text) + what }
	switch {
	case isConfigText(h):
		s := is(certain, ", which is no host but text from a configuration: the first name of a server block, as $server_name gives it, or a variable that was not filled in.")
		s.evidence = r.spans(host)
		return s
	case r.originSet() && !h.internal(), isNoHost(h):
		return none()
	case h.name == r.origin.name && h.port == "" && !h.loopback():
		return is(possible, ", the page's name without its port: $server_name, which never has one, may stand where $http_host should.")
	case h.name == r.origin.name:
		return none()
	case !h.internal():
		sure := possible
		if _, seen := r.sent(host); seen || r.value(secFetchSite) == "same-origin" {
			sure = likely // it is not the client that asked for another site
		}
		return is(sure, page(": a proxy may send the same name for every request."))
	case r.portless(h) && !r.chained() && !r.forwardedHost(h):
		return is(likely, ", this server's own address without its port,"+page(": a line sets it to this constant, or to $server_name or $server_addr.")).closer(1)
	case h.port == "" && h.name == "localhost":
		return is(possible, ", as $server_name gives it in a server block that is called localhost.")
	case at == defaultPlace && !word && !r.onOurPort(h) && !r.passesHost():
		return is(possible, ", an address with another port than this server's,"+page(": a line may set it to this constant."))
	case at == defaultPlace && (!word || r.ours(h) || isPool(h)):
		return none()
	case r.ours(h) || !word:
		return is(possible, page(", and other lines of the proxy stand behind it: somebody set it, perhaps to this constant."))
	case at == defaultPlace && r.dialled(h), r.trailingName():
		return is(possible, ", an internal name,"+page(": a line may set it to this constant, or to $hostname."))
	}
	return is(likely, ", an internal name,"+page(": most likely a line sets it to this constant."))
}

var hostCleared = &Cause{
	ID:    "host-cleared",
	Title: "A line sets Host to a variable that is empty here",
	Doc: handshake.Doc{
		What: "proxy_set_header with an empty value removes the line. It happens with a variable that is empty for this request: $http_x_forwarded_host without another proxy in front, $http_host over HTTP/3. net/http answers 400 to HTTP/1.1 without Host before any handler runs; nginx from 1.31.4 sends the upstream's address in its place, and the answer is 403.",
		See:  "No Host line arrived, or one without a name, while a browser always sends one.",
		Do:   hostDo,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  1,
	Shows:    Refusal | Configuration,
	Explains: []string{"host-present", "host-readable", "origin-same-host", "host-names-upstream"},
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("host-cleared", (*reading).hostFault),
	find:     func(r *reading) sign { return r.changed(host, emptyHost(r)) },
	remedy:   passHost,
	nginx:    hostRecipe,
}

func emptyHost(r *reading) sign {
	switch {
	case !r.asked() || r.is("request-line") || r.is("header-lines"):
		return none() // Host may be there, in a line that cannot be read
	case !r.has(host):
		because := r.doer() + " sent no Host at all: a line sets it from a variable that is empty for this request."
		if r.browser() && r.byNginx() && r.has(upgrade) && r.first[upgrade] <= r.written {
			return certain(because + " Browsers always send one.")
		}
		return likely(because + " Or a program asked that sends none.")
	case r.host.name == "" && r.count[host] == 1:
		return likely(fmt.Sprintf("%s sent Host with the value %s: the name comes from a variable that is empty for this request.", r.doer(), handshake.Quote(r.host.text)), r.at(host))
	case r.defaultHost() && (r.ours(r.host) || r.hostLeads() && r.host.internal()) && !r.nginxBefore1297():
		return possible("Host is "+handshake.Quote(r.host.text)+". From nginx 1.31.4 on a line that sets Host from an empty variable has this effect too.", r.at(host)).closer(-1)
	}
	return none()
}

var xForwardedHostOnly = &Cause{
	ID:    "x-forwarded-host-only",
	Title: "The public name is only in X-Forwarded-Host",
	Doc: handshake.Doc{
		What: "The proxy tells the public name in X-Forwarded-Host and leaves Host at the upstream's address. gorilla and most libraries compare Origin with Host only, because a client can write X-Forwarded-Host itself.",
		See:  "X-Forwarded-Host names the same host as Origin, and Host does not.",
		Do:   hostDo,
	},
	Tempting: "An application that compares Origin with X-Forwarded-Host trusts a line that clients can write, unless every proxy on the way replaces it. " + hostTempting,
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    Refusal | Configuration,
	Explains: hostChecks,
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("x-forwarded-host-only", (*reading).hostFault),
	find:     func(r *reading) sign { return r.changed(host, nameBeside(r)) },
	remedy:   passHost,
	nginx:    hostRecipe,
}

func nameBeside(r *reading) sign {
	name, line := r.pageBeside()
	if name == otherName || !r.differ || r.host.name == r.origin.name && !r.ours(r.host) {
		return none()
	}
	because := fmt.Sprintf("%s put the name of the page, %s, into %s only; Host is %s, and that is what Origin is compared with.",
		r.doer(), handshake.Quote(r.head.Value(line)), name, handshake.Quote(r.host.text))
	spans := append([]dump.Span{line.Value}, r.spans(host, origin)...)
	if !r.byNginx() {
		return possible(because, spans...) // it writes that line unasked
	}
	return likely(because, spans...).closer(2)
}
