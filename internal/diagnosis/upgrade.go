package diagnosis

import (
	"fmt"
	"strings"

	"wsinspect/internal/handshake"
)

// The checks that lose when Upgrade and Connection are not passed on; those that a block
// without any line of its own breaks besides, since it sends its own Host as well; and
// those where HTTP/1.0 is left at that.
var (
	upgradeChecks = []string{"connection-upgrade", "upgrade-websocket"}
	blockChecks   = append(upgradeChecks[:2:2], "origin-same-host", "host-names-upstream")
	bareChecks    = append(blockChecks[:4:4], "http-version")
)

// nginxWebSocketURL documents the lines of the recipe.
const nginxWebSocketURL = "https://nginx.org/en/docs/http/websocket.html"

// setHeaderURL documents the directive behind most of these causes.
const setHeaderURL = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header"

// eaten reports whether a WebSocket client asked and no Upgrade arrived: proxies that drop
// Upgrade pass the Sec-WebSocket lines on. One that the client did not send none has dropped.
func (r *reading) eaten() bool { return r.asked() && !r.has(upgrade) && !r.neverSent(upgrade) }

// passesUnasked reports whether the proxy next to the backend was recognised as one that
// passes a WebSocket on without being told to.
func (r *reading) passesUnasked() bool {
	switch r.proxyName() {
	case "HAProxy", "Caddy", "nghttpx", "Traefik", "Envoy", "Traffic Server", "Go reverse proxy", "Node http-proxy":
		return true
	}
	return false
}

// proxyName returns the name of the proxy next to the backend; empty where it was not
// recognised.
func (r *reading) proxyName() string {
	if r.next() == nil {
		return ""
	}
	return r.next().name
}

// dropper names the proxy next to the backend at the beginning of a sentence.
func (r *reading) dropper() string {
	switch {
	case r.next() != nil:
		return r.next().name
	case r.has(connection) && r.first[connection] <= r.written && r.value(connection) == "close":
		return "nginx" // its default stands where nobody else writes it
	}
	return "The proxy next to the backend"
}

// hostIsDefault reports whether Host is what nginx sends where nobody sets it: the address
// or the name behind proxy_pass.
func (r *reading) hostIsDefault() bool {
	return r.dialled(r.host) && !r.host.same(r.origin) && r.host.name != "_"
}

// setBesides returns the name of a header other than Host, Connection and Upgrade that the
// configuration of nginx sets; empty where none shows. Lines behind a Connection may have
// been passed on.
func (r *reading) setBesides() string {
	for i, f := range r.head.Fields[:r.written] {
		switch i + 1 {
		case r.first[connection]:
			return ""
		case r.first[host], r.first[upgrade]:
			continue
		}
		return handshake.Quote(r.head.Name(f))
	}
	return ""
}

// hostTold adds to a sentence that Host too is nginx's default.
func (r *reading) hostTold() string {
	if !r.hostIsDefault() {
		return ""
	}
	return " Host is its default too, " + handshake.Quote(r.host.text) + "."
}

var upgradeNotConfigured = &Cause{
	ID:    "upgrade-not-configured",
	Title: "The proxy has no WebSocket lines",
	Doc: handshake.Doc{
		What: "Upgrade and Connection concern one hop only, so a proxy drops them unless it is told to pass a WebSocket on. nginx, Apache, lighttpd, Varnish, h2o and Squid all do so with a plain configuration; HAProxy and Caddy pass a WebSocket on unasked.",
		See:  "Sec-WebSocket-Key arrived and Upgrade did not: a WebSocket client asked, and the last proxy dropped its Upgrade. From nginx before 1.29.7 the request line says HTTP/1.0, with Connection: close; from 1.29.7 on it says HTTP/1.1 and no Connection arrives.",
		Do:   "Give the location the lines that pass a WebSocket on. In nginx:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  20,
	Shows:    Refusal | ClientSide | Configuration,
	Explains: bareChecks,
	Spec:     "nginx WebSocket proxying",
	SpecURL:  nginxWebSocketURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.recipe().noted(recipeNote) },
	told:     decided("upgrade-not-configured", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if status := r.refusedAs(); (status == 400 || status == 426) && r.sentWhole() {
			return r.refusal(fmt.Sprintf("A WebSocket server answered %d to a whole handshake: a proxy on the way has dropped Upgrade or Connection.", status))
		} else if status == 505 && r.sentWhole() {
			return r.refusal("A WebSocket server answered 505 to a handshake in HTTP/1.1: a proxy on the way speaks HTTP/1.0 to it, which has no upgrade.")
		}
		if !r.eaten() || r.passesUnasked() || r.proxyName() == "tinyproxy" {
			return none()
		}
		dropped := r.dropper() + " passed on neither Upgrade nor Connection: "
		if !r.byNginx() {
			return likely(fmt.Sprintf("%sits configuration has no line that lets a WebSocket through, and it drops both without one.", dropped), r.spans(secKey, connection)...).closer(1)
		}
		var s sign
		switch m := r.manner(); {
		case m == listsUpgrade, m == closeSet && !r.http10(), m == otherValue:
			return none()
		case r.http10() && m == noConnection:
			s = likely(dropped+"it speaks HTTP/1.0 and sends no Connection, as nginx does before 1.29.7 where a location has no WebSocket lines and clears Connection.", r.head.Start.Third)
		case r.http10() && m == closeSet:
			s = possible(dropped+"it speaks HTTP/1.0, as nginx does before 1.29.7 where proxy_http_version is not set.", r.head.Start.Third)
		case r.http10():
			s = likely(dropped+"it speaks HTTP/1.0 with Connection: close, as nginx does before 1.29.7 where a location has no WebSocket lines."+r.hostTold(), r.head.Start.Third, r.at(connection))
		case m == closeDefault, m == closeEither:
			return none() // somebody has set proxy_http_version 1.1
		case m == noConnection:
			s = likely(dropped+"HTTP/1.1 without Connection is what nginx from 1.29.7 on sends from a location without WebSocket lines."+r.hostTold(), r.spans(secKey)...)
		default:
			return likely(fmt.Sprintf("%sConnection is %s, and Sec-WebSocket-Key shows that a WebSocket client asked.", dropped, handshake.Quote(r.value(connection))), r.spans(connection, secKey)...)
		}
		if r.hostIsDefault() && r.setBesides() == "" {
			s = s.closer(1)
		}
		if r.subrequest() {
			s.because += " Or this is the subrequest of an auth_request, which carries neither and asks for no WebSocket."
		}
		return s
	},
}

var upgradeHeadersNotForwarded = &Cause{
	ID:    "upgrade-headers-not-forwarded",
	Title: "The location speaks HTTP/1.1 and passes on neither line",
	Doc: handshake.Doc{
		What: "proxy_http_version 1.1 is one of the lines that a WebSocket needs. Upgrade and Connection concern one hop only: nginx copies neither by itself, whatever the version.",
		See:  "HTTP/1.1 with Connection: close directly behind nginx's own lines, and no Upgrade, although Sec-WebSocket-Key is there.",
		Do:   "Add the two headers to the location:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | Configuration,
	Explains: blockChecks,
	Spec:     "nginx WebSocket proxying",
	SpecURL:  nginxWebSocketURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.recipe().noted(recipeNote) },
	told:     decided("upgrade-headers-not-forwarded", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if !r.eaten() || !r.byNginx() || r.http10() {
			return none()
		}
		switch r.manner() {
		case closeDefault, closeEither:
			because := "nginx passed on neither Upgrade nor Connection: the location sets proxy_http_version 1.1, and Connection: close is what nginx writes where no line sets it."
			if r.is("origin-same-host") && !r.hostIsDefault() && r.chained() {
				return possible(because, r.spans(connection)...) // the outer proxy has lost Host, and so more than one line
			}
			return likely(because, r.spans(connection)...)
		case otherValue:
			return possible(fmt.Sprintf("No Upgrade arrived, and Connection is %s: the location sets that, and does not pass Upgrade on.", handshake.Quote(r.value(connection))), r.spans(connection)...)
		case closeSet:
			return possible("No Upgrade arrived, and somebody has set Connection: close: the location may have no line for Upgrade.", r.spans(connection)...)
		case noConnection:
			return possible("Neither Upgrade nor Connection arrived. Before nginx 1.29.7 that takes proxy_http_version 1.1 and an emptied Connection; from 1.29.7 on it is what nginx does by itself.", r.spans(secKey)...)
		}
		return none()
	},
}

var upgradeHeaderMissing = &Cause{
	ID:    "upgrade-header-missing",
	Title: "Connection: upgrade is set and Upgrade is not passed on",
	Doc: handshake.Doc{
		What: "Connection only names the headers that concern this hop. Upgrade itself says which protocol is wanted, and nginx does not copy it by itself.",
		See:  "Connection: upgrade arrives beside Sec-WebSocket-Key, and no Upgrade line.",
		Do:   "Set both:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  2,
	Shows:    Refusal | Configuration,
	Explains: []string{"upgrade-websocket"},
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.recipe().noted(recipeNote) },
	told:     decided("upgrade-header-missing", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if !r.eaten() || !r.lists(connection, "upgrade") {
			return none()
		}
		if r.passesUnasked() {
			return possible(fmt.Sprintf("%s passed Connection on and no Upgrade: one of its own rules may take Upgrade out.", r.proxyName()), r.spans(connection)...)
		}
		if !r.byNginx() {
			return none()
		}
		return likely(fmt.Sprintf("Connection is %s and no Upgrade arrived: the location sets Connection alone.", handshake.Quote(r.value(connection))), r.spans(connection)...)
	},
}

var upgradeWrongVariable = &Cause{
	ID:    "upgrade-wrong-variable",
	Title: "Upgrade is filled from the wrong variable",
	Doc: handshake.Doc{
		What: "Upgrade has to carry what the client sent, which is $http_upgrade. Filled from $connection_upgrade it says upgrade or close; a misspelt $http_ variable is empty, and nginx sends no line for an empty value.",
		See:  "Upgrade arrives with a value that no client sends, such as upgrade, close or a host name. Of a misspelt variable only the missing line shows, beside Connection: upgrade.",
		Do:   "Fill Upgrade from $http_upgrade:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  1,
	Shows:    Refusal | Plain | Configuration,
	Explains: []string{"upgrade-websocket"},
	Spec:     "nginx $http_name variables",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#var_http_",
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.recipe().noted(recipeNote) },
	told:     decided("upgrade-wrong-variable", (*reading).upgradeFault),
	find: func(r *reading) sign {
		switch {
		case r.eaten() && r.byNginx() && r.manner() == listsUpgrade:
			return possible("Connection: upgrade arrived and Upgrade did not: a misspelt variable behind proxy_set_header Upgrade is empty, and nginx sends no line for it.", r.spans(connection)...)
		case !r.has(upgrade) || r.lists(upgrade, "websocket"):
			return none()
		case r.noProtocol(r.value(upgrade)), r.asked() && r.first[upgrade] <= r.written && r.byNginx():
			return likely(fmt.Sprintf("Upgrade is %s, which no client sends: the configuration fills it from another variable than $http_upgrade.", handshake.Quote(r.value(upgrade))), r.at(upgrade))
		case r.asked():
			return possible(fmt.Sprintf("Upgrade is %s beside Sec-WebSocket lines: no WebSocket client asks for that.", handshake.Quote(r.value(upgrade))), r.at(upgrade))
		}
		return none()
	},
}

// noProtocol reports whether a value of Upgrade names no protocol at all, but is what
// another variable or a slip of the pen leaves there.
func (r *reading) noProtocol(value string) bool {
	switch v := strings.ToLower(value); v {
	case "", "upgrade", "close", "keep-alive", "on", "1", "true", "http_upgrade", "connection_upgrade":
		return true
	default:
		return strings.ContainsAny(v, "${}") || v == strings.ToLower(r.host.text) || strings.HasPrefix(v, "mozilla/") || strings.HasPrefix(v, "/") || r.head.Method() == value
	}
}

var proxyCannotUpgrade = &Cause{
	ID:    "proxy-cannot-upgrade",
	Title: "The proxy knows no upgrade at all",
	Doc: handshake.Doc{
		What: "tinyproxy answers ordinary requests only. It drops Upgrade, and has no setting that would keep it.",
		See:  "Via names tinyproxy, Sec-WebSocket-Key arrived, and Upgrade did not.",
		Do:   "Put a proxy in its place that passes a WebSocket on: HAProxy and Caddy do so without a line, nginx and Apache with a few. If only the socket matters, lead its path round tinyproxy.",
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal,
	Explains: bareChecks,
	Spec:     "tinyproxy.conf",
	SpecURL:  "https://tinyproxy.github.io/",
	nginx: func(r *reading) Fix {
		return Fix{For: "tinyproxy", Note: "No line of tinyproxy cures it. Lead the path of the socket round it, or put HAProxy, Caddy or nginx in its place."}
	},
	find: func(r *reading) sign {
		named := strings.Contains(r.value(via), "(tinyproxy/")
		switch {
		case !r.eaten() || !named:
			return none()
		case r.proxyName() == "tinyproxy" || r.next() == nil && !r.chained():
			return likely(fmt.Sprintf("tinyproxy dropped Upgrade, as it always does: Via is %s, and it has no setting for WebSockets.", handshake.Quote(r.value(via))), r.at(via)).closer(1)
		}
		return possible(fmt.Sprintf("tinyproxy is on the way, and always drops Upgrade: Via is %s.", handshake.Quote(r.value(via))), r.at(via))
	},
}
