package diagnosis

// The fingerprints of proxies: for each what shows that it wrote these bytes to the
// backend, and what shows it further out, behind another one. They were measured with
// nginx 1.22 and 1.30, HAProxy 2.6, Apache 2.4.71, Caddy 2.6 and 2.11, lighttpd 1.4.69,
// Varnish 7.1, h2o 2.2.5, nghttpx 1.52, Squid 5.7, Traffic Server 9.2, http-proxy 1.18 and
// Go's ReverseProxy, each without and with its lines for WebSockets; testdata/hops has
// what they wrote. None is certain but one: a client can write whatever a proxy writes.

// haproxyNext: HAProxy's own form of HTTP has names in lower case only; it keeps the
// client's order and adds its lines behind.
func haproxyNext(t *trail) sign {
	last := t.lines() - 1
	switch {
	case t.lower == last && t.first[secKey] == t.lines() && madeUpKey(t.spelt(last)):
		return certain("All names are in lower case but that of Sec-Websocket-Key, the last line: HAProxy makes that line up when a browser opens the WebSocket over HTTP/2.", t.line(secKey))
	case t.lower < t.lines():
		return none()
	case t.titledUser:
		return likely("All names are in lower case and in the client's order, as HAProxy writes them; this client itself writes capital letters.", t.all())
	case t.has(xForwardedFor):
		return likely("All names are in lower case, that of X-Forwarded-For too, as HAProxy writes them.", t.line(xForwardedFor))
	}
	return none()
}

// haproxyBeyond: whoever keeps the spelling of what passes leaves HAProxy's to be seen. A
// page load is no evidence: a browser that speaks HTTP/2 writes lower case itself.
func haproxyBeyond(t *trail) sign {
	if t.asks() && t.titledUser && t.lower < t.lines() && t.lowered == t.clients && !t.envoy() {
		return likely("The client's lines have names in lower case, and this client writes capital letters: HAProxy, further out, makes them so.", t.line(userAgent))
	}
	return none()
}

// envoyNext: Envoy writes lower case as HAProxy does.
func envoyNext(t *trail) sign {
	if t.lower == t.lines() && t.envoy() {
		return likely("All names are in lower case, and a line begins with x-envoy: Envoy writes both. Any client can write them too.", t.all())
	}
	return none()
}

func (t *trail) envoy() bool { return t.foreign[byEnvoy] > 0 }

// nodeNext: http-proxy writes the lines in the opposite order, for handshakes and page loads
// alike; its own come first.
func nodeNext(t *trail) sign {
	switch {
	case t.lower < t.lines():
	case t.begins(xForwardedProto, xForwardedPort, xForwardedFor), t.begins(xForwardedHost, xForwardedProto, xForwardedPort, xForwardedFor):
		return likely("All names are in lower case, and the X-Forwarded lines stand first, as the http-proxy package of Node writes them.", t.span(0, t.first[xForwardedFor]-1))
	case t.titledUser && t.before(userAgent, host) && !t.before(userAgent, secKey):
		return likely("All names are in lower case, and the lines stand in the opposite of the client's order, Host behind User-Agent, as the http-proxy package of Node writes them.", t.block(userAgent, host))
	}
	return none()
}

// h2oNext: h2o writes its own names in lower case, three of them first.
func h2oNext(t *trail) sign {
	first := t.begins(connection, host) || t.begins(connection, upgrade, host)
	if first && t.small(connection) && t.small(host) && (t.lower < t.lines() || t.ends(xForwardedProto, xForwardedFor, via)) {
		return likely("Connection and Host stand first and in lower case, as h2o writes them.", t.span(0, t.first[host]-1))
	}
	return none()
}

// apacheNext: Apache passes the client's lines on and writes its own behind, Connection and
// Upgrade last. Without the X-Forwarded lines (ProxyAddHeaders Off) only that is left, which
// shows with a browser, since none ends so.
func apacheNext(t *trail) sign {
	switch {
	case !t.ends(connection) && !t.ends(connection, upgrade):
	case t.before(host, xForwardedServer):
		return likely("The head ends with Connection, behind X-Forwarded-Server: Apache writes these lines last.", t.span(min(t.first[xForwardedServer], t.first[connection])-1, t.lines()-1))
	case t.browser && t.first[host] == 1 && (t.ends(connection, upgrade) || t.says(connection, "Keep-Alive")):
		return likely("The head ends with Connection, which no browser writes last; Apache does.", t.span(t.first[connection]-1, t.lines()-1))
	}
	return none()
}

func apacheBeyond(t *trail) sign {
	if t.run(xForwardedHost, xForwardedServer) && !t.sorted {
		return likely("X-Forwarded-Host and X-Forwarded-Server follow each other, as Apache writes them.", t.block(xForwardedHost, xForwardedServer))
	}
	return none()
}

// goNext reports whether a proxy written in Go is next to the backend: net/http writes
// Host, User-Agent, then the rest in the order of the alphabet. A client written in Go
// does the same, but is no browser and forwards for nobody; and of a browser's page load
// the few lines may be in that order by themselves.
func (t *trail) goNext() bool {
	return t.first[host] == 1 && t.sorted && (t.first[userAgent] == 2 || !t.has(userAgent)) && t.kept() && (t.browser && t.asks() || t.has(xForwardedFor))
}

func traefikNext(t *trail) sign {
	if t.goNext() && t.has(xForwardedServer) && t.has(xForwardedPort) && t.has(xRealIP) {
		return likely("The lines stand in the order of the alphabet, with X-Forwarded-Port, X-Forwarded-Server and X-Real-Ip among them: Traefik writes those.", t.block(xForwardedPort, xRealIP))
	}
	return none()
}

func caddyNext(t *trail) sign {
	switch {
	case !t.goNext():
	case t.names("Caddy"):
		return likely("The lines stand in the order of the alphabet, as a proxy written in Go sends them, and Via names Caddy.", t.line(via))
	case t.run(xForwardedFor, xForwardedHost, xForwardedProto):
		return likely("The lines stand in the order of the alphabet, as a proxy written in Go sends them, with the three X-Forwarded lines that Caddy adds.", t.block(xForwardedFor, xForwardedProto))
	}
	return none()
}

func caddyBeyond(t *trail) sign {
	if t.names("Caddy") {
		return likely("Via names Caddy.", t.line(via))
	}
	return none()
}

func goProxyNext(t *trail) sign {
	if t.goNext() {
		return likely("Behind Host and User-Agent the lines stand in the order of the alphabet, as a proxy written in Go sends them, and no browser does.", t.all())
	}
	return none()
}

func goProxyBeyond(t *trail) sign {
	kept := t.next == nil || !t.next.reorders
	if kept && t.browser && t.asks() && t.sorted && t.before(host, userAgent) && !t.names("Caddy") {
		return likely("The browser's lines stand in the order of the alphabet, as a proxy written in Go sends them: Caddy, Traefik or another.", t.span(t.first[userAgent]-1, t.lines()-1))
	}
	return none()
}

func lighttpdNext(t *trail) sign {
	switch {
	case !t.ends(connection):
	case t.says(connection, "close, upgrade"):
		return likely("The head ends with Connection: close, upgrade, as lighttpd writes it.", t.line(connection))
	case t.has(xHost):
		return likely("The head ends with Connection, and X-Host is there: lighttpd writes both.", t.line(xHost), t.line(connection))
	}
	return none()
}

func lighttpdBeyond(t *trail) sign {
	if t.run(xHost, xForwardedHost, xForwardedProto) {
		return likely("X-Host, X-Forwarded-Host and X-Forwarded-Proto follow one another, as lighttpd writes them.", t.block(xHost, xForwardedProto))
	}
	return none()
}

// varnishNext: Varnish drops Upgrade and Connection unless a pipe sets them again; then
// they stand last, spelt as in the configuration.
func varnishNext(t *trail) sign {
	switch {
	case t.ends(xVarnish, upgrade, connection):
		return likely("The head ends with X-Varnish and, behind it, what a pipe of Varnish sets.", t.block(xVarnish, connection))
	case t.ends(xVarnish) && !t.has(connection) && !t.has(upgrade):
		return likely("The head ends with X-Varnish.", t.line(xVarnish))
	}
	return none()
}

func varnishBeyond(t *trail) sign {
	if t.has(xVarnish) && t.foreign[byFastly] == 0 { // Fastly is made of Varnish
		return likely("X-Varnish is there, which Varnish writes.", t.line(xVarnish))
	}
	return none()
}

// nghttpxNext and trafficServerNext: these write Via last and pass every Upgrade on.
func nghttpxNext(t *trail) sign {
	if t.names("nghttpx") && t.ends(via) && t.kept() && !t.inFront(connection) {
		return likely("The head ends with a Via line that names nghttpx.", t.line(via))
	}
	return none()
}

func nghttpxBeyond(t *trail) sign { return t.namedByVia("nghttpx", "Via names nghttpx.") }

func trafficServerNext(t *trail) sign {
	if t.names("(ApacheTrafficServer") && t.ends(via) && t.kept() && !t.inFront(connection) {
		return likely("The head ends with a Via line that names Traffic Server.", t.line(via))
	}
	return none()
}

func trafficServerBeyond(t *trail) sign {
	return t.namedByVia("(ApacheTrafficServer", "Via names Traffic Server.")
}

// squidNext: Squid writes Host behind the client's lines, right before Via.
func squidNext(t *trail) sign {
	if t.names("(squid") && t.run(host, via) {
		return likely("Host stands right before a Via line that names Squid.", t.block(host, via))
	}
	return none()
}

func squidBeyond(t *trail) sign { return t.namedByVia("(squid", "Via names Squid.") }

func tinyproxyNext(t *trail) sign {
	if t.names("(tinyproxy") && t.begins(host, connection) && t.says(connection, "close") {
		return likely("Connection: close follows Host, and Via names tinyproxy.", t.block(host, connection), t.line(via))
	}
	return none()
}

func tinyproxyBeyond(t *trail) sign { return t.namedByVia("(tinyproxy", "Via names tinyproxy.") }

// namedByVia is the evidence of a proxy that names itself. Whoever is further in passes the
// line on.
func (t *trail) namedByVia(self, because string) sign {
	if t.names(self) {
		return likely(because, t.line(via))
	}
	return none()
}

// another is the evidence of more proxies than were recognised: each one that appends an
// address to X-Forwarded-For appends that of who spoke to it. Front ends may append two.
func (t *trail) another(known int) sign {
	if t.addresses <= known || t.foreign != [frontEndCount]int{} {
		return none()
	}
	if known == 0 {
		return possible("X-Forwarded-For is there, which proxies write. Any client can write it too.", t.line(xForwardedFor))
	}
	return likely("X-Forwarded-For lists more addresses than there are proxies that were recognised: another one was there first. A client can have begun the list.", t.line(xForwardedFor))
}
