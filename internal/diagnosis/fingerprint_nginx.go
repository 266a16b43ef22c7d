package diagnosis

import "wsinspect/internal/dump"

// nginxNext: nginx writes the lines of proxy_set_header first, in the order of the file,
// then those of its defaults that nobody set (Host, and before 1.29.7 Connection: close),
// then the client's lines in the client's order. So its own lines stand before all that
// only a client writes. That is looked for in the place of Host, Connection, Upgrade and
// the forwarding lines, where no client of that kind writes them.
func nginxNext(t *trail) sign {
	if t.has(host) && (!t.inFront(host) || t.small(host)) || t.loadBalancerFirst() {
		return none()
	}
	for _, shows := range []func(*trail) sign{nginxVersion, nginxForwards, nginxOrder, nginxDrops} {
		if s := shows(t); s.confidence > Unlikely {
			return s
		}
	}
	return none()
}

// nginxVersion: clients and other proxies have left HTTP/1.0; nginx spoke it to backends
// until 1.29.7 unless it was told otherwise.
func nginxVersion(t *trail) sign {
	h := t.head
	if string(h.Raw[h.Start.Third.Start:h.Start.Third.End]) != "HTTP/1.0" {
		return none()
	}
	switch {
	case t.run(host, connection) && t.says(connection, "close"):
		return likely("The request line says HTTP/1.0, and Connection: close follows Host: those are the defaults of nginx before 1.29.7.", h.Start.Third, t.block(host, connection))
	case t.asks() || t.browser:
		return likely("The request line says HTTP/1.0, as nginx before 1.29.7 does by default; no WebSocket client and no browser does.", h.Start.Third)
	}
	return none()
}

// nginxForwards: lines about the client stand before the client's own.
func nginxForwards(t *trail) sign {
	first, last := 0, 0
	for _, n := range forwarding {
		if t.inFront(n) {
			if first == 0 || t.first[n] < first {
				first = t.first[n]
			}
			last = max(last, t.first[n])
		}
	}
	if first == 0 || t.written == t.lines() {
		return none()
	}
	return likely("Lines about the client stand before the client's own: nginx writes those of proxy_set_header first.", t.span(first-1, last-1))
}

// forwarding names the lines that proxies write about the client.
var forwarding = []name{xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xForwardedScheme, xRealIP, xRequestID}

// nginxOrder: Upgrade or Connection stand where this client does not write them.
func nginxOrder(t *trail) sign {
	moved := t.inFront(connection) && (t.before(connection, host) || !t.has(host))
	switch {
	case t.browser && !t.safari && t.inFront(upgrade):
		return likely("Upgrade stands before all that the browser wrote, and no browser of this kind begins with it: nginx writes the lines of proxy_set_header first.", t.own())
	case t.browser && !t.safari && moved:
		return likely("Connection stands before Host, where no browser of this kind writes it: nginx writes the lines of proxy_set_header first.", t.own())
	case moved && (t.says(connection, "upgrade") || t.says(connection, "close") || t.says(connection, "keep-alive")):
		return likely("Connection stands before Host, and its value is spelt as in a configuration: nginx writes the lines of proxy_set_header first.", t.own())
	case t.begins(upgrade, connection, host) && !t.safari:
		return possible("Upgrade and Connection stand before Host, as nginx writes them with the usual WebSocket lines. Some clients do so too.", t.block(upgrade, host))
	}
	return none()
}

// nginxDrops: a WebSocket client asked, and one of its two lines is missing, or says what
// nginx writes where nobody set it.
func nginxDrops(t *trail) sign {
	closes := t.run(host, connection) && t.first[connection] == t.written && t.says(connection, "close")
	switch {
	case closes && (t.asks() || t.browser):
		return likely("Connection: close follows Host and ends the proxy's own lines: nginx before 1.29.7 writes it where no line sets Connection.", t.block(host, connection))
	case !t.asks() || t.written == 0:
	case !t.has(connection) && (!t.has(upgrade) || t.inFront(upgrade)):
		return likely("A WebSocket client asked, and no Connection line arrived. nginx leaves it out from 1.29.7, or where it is set to an empty value.", t.own())
	case !t.has(upgrade) && t.inFront(connection):
		return likely("A WebSocket client asked, and its Upgrade is missing while Connection stands in front, as nginx writes what it was told to set.", t.line(connection))
	}
	return none()
}

// nginxBeyond: a proxy that keeps the order of what it got leaves nginx's lines in front.
func nginxBeyond(t *trail) sign {
	if t.next == nil || t.next.reorders {
		return none()
	}
	if s := nginxForwards(t); s.confidence > Unlikely {
		s.because = "Lines about the client stand before the client's own: further out, nginx wrote those of proxy_set_header first."
		return s
	}
	if t.browser && !t.safari && t.inFront(upgrade) && t.before(upgrade, host) && t.lower == t.lines() {
		return likely("Upgrade stands before Host, where no browser of this kind writes it: further out, nginx wrote the lines of proxy_set_header first.", t.block(upgrade, host))
	}
	return none()
}

// own returns the bytes of the lines that stand before the client's own; there are some.
func (t *trail) own() dump.Span { return t.span(0, t.written-1) }

// loadBalancerFirst reports whether the head begins as AWS's load balancer lets it begin,
// which is nginx's way too.
func (t *trail) loadBalancerFirst() bool {
	return t.foreign[byALB] == 5 && t.begins(xForwardedFor, xForwardedProto, xForwardedPort, host)
}

// ingressNext: the template of ingress-nginx writes these lines in this order.
func ingressNext(t *trail) sign {
	if t.first[host] == 1 && t.run(xRequestID, xRealIP, xForwardedFor, xForwardedHost, xForwardedPort, xForwardedProto) {
		return likely("From X-Request-ID to X-Forwarded-Proto six lines stand in the order in which ingress-nginx writes them.", t.block(xRequestID, xForwardedProto))
	}
	return none()
}

// proxyManagerNext: the configuration that Nginx Proxy Manager includes in every location
// has these lines in this order.
func proxyManagerNext(t *trail) sign {
	if t.run(host, xForwardedScheme, xForwardedProto, xForwardedFor, xRealIP) {
		return likely("From Host to X-Real-IP five lines stand in the order in which Nginx Proxy Manager writes them.", t.block(host, xRealIP))
	}
	return none()
}
