package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var proxyProtocolToBackend = &Cause{
	ID:    "proxy-protocol-to-backend",
	Title: "A PROXY protocol header is sent to a backend that expects HTTP",
	Doc: handshake.Doc{
		What: "A proxy that passes bytes on tells the client's address in a PROXY protocol header in front of them. A backend that is not told to expect it reads the header as the request line and answers 400.",
		See:  "The first bytes are PROXY TCP4, PROXY TCP6 or PROXY UNKNOWN (version 1), or 0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a (version 2). nginx's stream module writes version 1 alone; version 2 comes from HAProxy, hitch, Envoy, Traefik or an AWS network load balancer.",
		Do: `Switch the header off towards this backend, if your application does not expect it. In nginx, take this line out of the server in the stream block:

    proxy_protocol on;

In HAProxy, take send-proxy, send-proxy-v2 or send-proxy-v2-ssl off the server line. On an AWS network load balancer, switch proxy_protocol_v2.enabled off in the target group. If the application does expect the header, nothing is wrong but that wsinspect stands in its place.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    Refusal | ClientSide | Configuration,
	Explains: []string{"no-proxy-protocol", "request-line", "header-lines", "head-complete", "plain-http1"},
	Spec:     "nginx stream proxy_protocol",
	SpecURL:  "https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_protocol",
	told: func(r *reading, c *Config) sign {
		d := c.on("proxy_protocol")
		switch {
		case d == nil, c != r.Config:
			return none()
		case r.unasked():
			return possible("nginx writes a PROXY protocol header in front of what it passes on, and the backend has to expect it: " + d.says() + ".").by(*d)
		case r.head.Kind == dump.ProxyV1:
			return certain("nginx wrote the PROXY protocol line in front of the request: " + d.says() + ". The backend reads it as the request line, if your application does not expect it.").by(*d)
		}
		return none()
	},
	find: func(r *reading) sign {
		if r.meanwhile(dump.ProxyV1, dump.ProxyV2) {
			return likely("The client was refused, and at that moment a PROXY protocol header came to the backend, which reads it as a request line, if your application does not expect it.").closer(1)
		}
		switch r.head.Kind {
		case dump.ProxyV1:
			line, _, _ := strings.Cut(r.head.Text(r.head.Preface), "\r\n")
			return certain(fmt.Sprintf("A proxy wrote the PROXY protocol line %s in front of the request, as nginx does in a stream block with proxy_protocol on, or HAProxy with send-proxy. The backend reads it as the request line, if your application does not expect it.", handshake.Quote(line)), dump.Span{End: len(line)})
		case dump.ProxyV2:
			return certain("A proxy wrote a PROXY protocol header of version 2 in front of the request, as HAProxy does with send-proxy-v2, or an AWS network load balancer. The backend reads it as the request line, if your application does not expect it.", r.head.Preface)
		}
		return none()
	},
	remedy: noPreface,
	nginx: func(r *reading) Fix {
		if r.head.Kind == dump.ProxyV2 {
			return haproxyCures[noPreface](r)
		}
		return Fix{Steps: []Step{{Where: "server", Remove: []string{"proxy_protocol"}}},
			Note: "The server is the one in the stream block; in HAProxy, take send-proxy off the server line. With the header goes the client's address: the application sees the proxy's."}
	},
}

var tlsToPlainBackend = &Cause{
	ID:    "tls-to-plain-backend",
	Title: "TLS is spoken to a port that speaks plain HTTP",
	Doc: handshake.Doc{
		What: "The backend speaks plain HTTP, and somebody opens the connection with TLS: a proxy with https:// behind proxy_pass, or a client that opens wss:// at the backend itself.",
		See:  "The first bytes are a TLS record, 16 03. nginx answers 502, and its error log says wrong version number. nginx names no server in its ClientHello and offers no protocol unless it is told to; browsers do both.",
		Do: `If your application does not expect TLS on this port, let the proxy speak plain HTTP to it:

    proxy_pass http://localhost:8080;

In a stream block of nginx, take proxy_ssl out. If a page opens the backend's own port, let it open the proxy's. If your application does expect TLS, start wsinspect with --tls-cert and --tls-key.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | ClientSide | Configuration,
	Explains: []string{"plain-http1"},
	Spec:     "nginx proxy_pass",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
	told: func(r *reading, c *Config) sign {
		d := c.speaksTLS()
		switch {
		case d == nil, c != r.Config:
			return none()
		case r.unasked():
			return possible("nginx speaks TLS to the backend, which has to expect it: " + d.says() + ".").by(*d)
		case r.head.Kind == dump.TLS:
			return certain("nginx speaks TLS to a port that speaks plain HTTP: " + d.says() + ".").by(*d)
		}
		return none()
	},
	find: func(r *reading) sign {
		if r.meanwhile(dump.TLS) {
			return likely("The proxy refused the client, and at that moment it opened a TLS connection to the backend, which speaks plain HTTP: proxy_pass says https:// where it should say http://.").closer(1)
		}
		if r.head.Kind != dump.TLS {
			return none()
		}
		because := "A TLS ClientHello came to a port that speaks plain HTTP."
		switch hello := readHello(r.head.Raw); {
		case hello.server != "":
			because += fmt.Sprintf(" It asks for the server %s, like that of a client that opens wss:// at the backend itself, or of a proxy that is told to name one.", handshake.Quote(hello.server))
		case hello.protocols != nil:
			because += fmt.Sprintf(" It names no server and offers %s, like that of a proxy with https:// behind it.", handshake.Quote(strings.Join(hello.protocols, ", ")))
		case hello.read:
			because += " It names no server and offers no protocol, like that of nginx with https:// behind proxy_pass, or with proxy_ssl in a stream block."
		}
		return likely(because, dump.Span{End: min(3, len(r.head.Raw))})
	},
	remedy: speakHTTP1,
	nginx: func(r *reading) Fix {
		if d := r.Config.on("proxy_ssl"); d != nil && r.Config.Stream {
			return Fix{Steps: []Step{{Where: "server", Lines: []string{"proxy_ssl off;"}}},
				Note: "The stream module passes the bytes on as they come, in plain HTTP. If your application does expect TLS, nothing is wrong with this line: start wsinspect with --tls-cert and --tls-key."}
		}
		return r.recipe(r.passLine()).noted("http:// instead of https:// is the cure; the other lines make the location whole. Write the address as the location has it, if that differs. In a stream block, take proxy_ssl out instead. If a client opened wss:// at this port itself, let it open the proxy's port.")
	},
}

// speaksTLS finds the directive by which TLS is spoken to the backend: the https of
// proxy_pass, or proxy_ssl of the stream module.
func (c *Config) speaksTLS() *Directive {
	if c != nil && c.Stream {
		return c.on("proxy_ssl")
	}
	return c.about("proxy_pass", func(d *Directive) bool { return strings.HasPrefix(d.value(), "https://") })
}

// meanwhile reports whether the client was refused although its handshake did not arrive,
// and the backend got bytes of such a kind from the proxy in the same seconds.
func (r *reading) meanwhile(kinds ...dump.Kind) bool {
	if status := r.turnedAway(); status != 400 && status != 502 && status != 504 && !r.shutOut(ClosedUnasked) {
		return false
	}
	return slices.ContainsFunc(r.others(), func(o Sighting) bool {
		return o.Request != nil && slices.Contains(kinds, o.Request.Head.Kind) && -5*time.Second < o.Age && o.Age < 250*time.Millisecond
	})
}

// passLine returns the proxy_pass that reaches this backend in what its port speaks.
func (r *reading) passLine() string {
	scheme := "http://"
	if request := r.seen(); request != nil && request.Layer != dump.Bare {
		scheme = "https://"
	}
	return "proxy_pass " + scheme + cmp.Or(r.address(), r.backend()) + ";"
}

// seen returns the request, or another one that came to this backend; nil where nothing
// ever arrived.
func (r *reading) seen() *dump.Request {
	request := r.Request
	for _, o := range r.others() {
		if request == nil {
			request = o.Request
		}
	}
	return request
}

// address returns where this backend listens, as proxy_pass has it; empty where nothing
// ever arrived.
func (r *reading) address() string {
	request := r.seen()
	switch {
	case request == nil || request.Local == nil:
		return ""
	case request.Local.Network() == "unix":
		return "unix:" + request.Local.String()
	}
	return request.Local.String()
}
