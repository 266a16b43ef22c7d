package diagnosis

import (
	"cmp"
	"encoding/binary"
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
	Shows:    Refusal | ClientSide,
	Explains: []string{"no-proxy-protocol", "request-line", "header-lines", "head-complete", "plain-http1"},
	Spec:     "nginx stream proxy_protocol",
	SpecURL:  "https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_protocol",
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

In a stream block of nginx, take proxy_ssl out. If a page opens the backend's own port, let it open the proxy's.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | ClientSide,
	Explains: []string{"plain-http1"},
	Spec:     "nginx proxy_pass",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
	find: func(r *reading) sign {
		if r.meanwhile(dump.TLS) {
			return likely("The proxy refused the client, and at that moment it opened a TLS connection to the backend, which speaks plain HTTP: proxy_pass says https:// where it should say http://.").closer(1)
		}
		if r.head.Kind != dump.TLS {
			return none()
		}
		if d, ok := r.Config.directive("proxy_pass"); ok && len(d.Args) > 0 && strings.HasPrefix(d.Args[0], "https://") {
			return certain("nginx speaks TLS to a port that speaks plain HTTP: " + d.says() + ".")
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
		return r.recipe(r.passLine()).noted("http:// instead of https:// is the cure; the other lines make the location whole. Write the address as the location has it, if that differs. In a stream block, take proxy_ssl out instead. If a client opened wss:// at this port itself, let it open the proxy's port.")
	},
}

var wrongUpstreamProtocol = &Cause{
	ID:    "wrong-upstream-protocol",
	Title: "The proxy speaks another protocol than HTTP/1.1 to the backend",
	Doc: handshake.Doc{
		What: "uwsgi_pass, fastcgi_pass, scgi_pass, grpc_pass and proxy_http_version 2 speak languages of their own. A backend for HTTP/1.1 does not understand them, and the upgrade of HTTP/1.1 does not exist in HTTP/2.",
		See:  "The first bytes name the language: PRI * HTTP/2.0 is HTTP/2, 01 01 00 01 is FastCGI, a length and QUERY_STRING or HTTP_HOST is uwsgi, 497:CONTENT_LENGTH is SCGI. Of these only HTTP/2 has line ends, so the others leave the server waiting, and nginx answers 504.",
		Do: `If your application does not expect it, speak HTTP/1.1 to it. Take out the pass directive of the other language, or proxy_http_version 2 (nginx from 1.29.4), and write:

    proxy_pass http://localhost:8080;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Host $http_host;

In Caddy write http:// instead of h2c://, in HAProxy take proto h2 off the server line.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | Plain | ClientSide,
	Explains: []string{"plain-http1", "request-line", "header-lines", "head-complete", "head-size"},
	Spec:     "nginx proxy_http_version",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version",
	find: func(r *reading) sign {
		if r.meanwhile(dump.HTTP2, dump.Binary) {
			return likely("The proxy refused the client, and at that moment it sent the backend something that is no HTTP/1.1: a pass directive other than proxy_pass, or proxy_http_version 2.").closer(1)
		}
		l := spoken(r.head)
		if l == nil {
			return none()
		}
		if d, ok := r.Config.otherProtocol(); ok {
			return certain(fmt.Sprintf("nginx speaks %s to a backend that speaks HTTP/1.1: %s.", l.name, d.says()), l.shown)
		}
		because := fmt.Sprintf("The bytes are %s and not HTTP/1.1: %s sends them.", l.name, l.by)
		switch {
		case l.sure:
			return certain(because, l.shown)
		case l.by == "":
			return possible(fmt.Sprintf("The bytes begin with %s: they are no HTTP, and of no language that is known here.", handshake.Quote(r.head.Text(l.shown))), l.shown)
		}
		return likely(because, l.shown).closer(1)
	},
	remedy: speakHTTP1,
	nginx: func(r *reading) Fix {
		l := spoken(r.head)
		if l == nil {
			l = &language{}
		} else if l.name == "AJP" {
			return apacheCures[speakHTTP1](r)
		}
		return r.recipe(r.passLine()).without(l.directives...).
			noted("proxy_pass speaks HTTP/1.1 where the other directive spoke its own language. Write the address as the location has it, if that differs. If your application does expect the other language, only wsinspect cannot take its place.")
	},
}

// language is a protocol that is spoken where HTTP/1.1 is expected.
type language struct {
	name       string   // "uwsgi"
	by         string   // who sends it, for a sentence; empty where that is not known
	directives []string // of nginx, that speak it, and are to be taken out
	sure       bool     // nothing else makes these bytes
	shown      dump.Span
}

// spoken tells the language of a head that is no HTTP/1, and is not TLS alone; nil where it
// is HTTP/1.
func spoken(h *dump.Head) *language {
	raw := h.Raw
	text := string(raw[:min(len(raw), 24)])
	grpc := []string{"grpc_pass", "grpc_set_header"}
	first := func(n int) dump.Span { return dump.Span{End: min(n, len(raw))} }
	switch {
	case h.Kind == dump.HTTP2:
		return &language{name: "HTTP/2", by: "nginx with grpc_pass or proxy_http_version 2, Caddy with h2c://, HAProxy with proto h2, or Envoy", directives: grpc, sure: true, shown: first(14)}
	case h.Kind == dump.TLS:
		if hello := readHello(raw); slices.Equal(hello.protocols, []string{"h2"}) {
			return &language{name: "TLS that offers h2 alone", by: "nginx with grpc_pass grpcs://", directives: grpc, shown: first(3)}
		}
		return nil
	case startsSCGI(text):
		return &language{name: "SCGI", by: "nginx with scgi_pass", directives: []string{"scgi_pass", "scgi_param"}, sure: true, shown: first(strings.IndexByte(text, ':') + 1 + len("CONTENT_L"))}
	case h.Kind == dump.HTTP1:
		// memcached's "get /ws" has neither a version nor another line.
		if h.Method() == "get" && strings.HasPrefix(h.Target(), "/") && h.Start.Third.Empty() && len(h.Fields) == 0 {
			return &language{name: "memcached's protocol", by: "nginx with memcached_pass", directives: []string{"memcached_pass"}, shown: h.Start.First}
		}
		return nil
	case h.Kind != dump.Binary:
		return nil
	case strings.HasPrefix(text, "\x01\x01\x00\x01"): // version 1, FCGI_BEGIN_REQUEST, request 1
		return &language{name: "FastCGI", by: "nginx with fastcgi_pass, or Apache with fcgi://,", directives: []string{"fastcgi_pass", "fastcgi_param", "fastcgi_index"}, sure: true, shown: first(8)}
	case strings.HasPrefix(text, "\x12\x34"):
		return &language{name: "AJP", by: "Apache with ajp://", sure: true, shown: first(4)}
	case startsUwsgi(raw):
		return &language{name: "uwsgi", by: "nginx with uwsgi_pass, or Apache with uwsgi://,", directives: []string{"uwsgi_pass", "uwsgi_param"}, sure: true, shown: first(16)}
	}
	return &language{shown: first(8)}
}

// startsSCGI reports whether text begins as an SCGI request does: a netstring whose first
// header is CONTENT_LENGTH, of which at least the start is not masked.
func startsSCGI(text string) bool {
	length, rest, ok := strings.Cut(text, ":")
	return ok && length != "" && strings.Trim(length, "0123456789") == "" && strings.HasPrefix(rest, "CONTENT_L")
}

// startsUwsgi reports whether raw begins as a uwsgi packet does: modifier 0, a size, and
// the length of a name in capitals, of which at least the start is not masked.
func startsUwsgi(raw []byte) bool {
	const header, shown = 4, 16
	if len(raw) < header+3 || raw[0] != 0 {
		return false
	}
	name := raw[header+2 : min(len(raw), shown)]
	if n := int(binary.LittleEndian.Uint16(raw[header:])); n == 0 {
		return false
	} else if n < len(name) {
		name = name[:n]
	}
	for _, c := range name {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// hello is what a ClientHello tells of who sent it.
type hello struct {
	server    string   // the server name, empty where none is asked for
	protocols []string // of ALPN, nil where none are offered
	read      bool     // it arrived as far as its extensions
}

// readHello reads a TLS record with a ClientHello (RFC 8446, section 4.1.2) as far as it
// goes.
func readHello(raw []byte) (h hello) {
	const start = 5 + 4 + 2 + 32 // record and handshake header, version, random
	rest := raw[min(start, len(raw)):]
	// vector cuts off a part that its length stands before, in that many bytes.
	vector := func(from *[]byte, size int) (part []byte) {
		n := 0
		for ; size > 0 && len(*from) > 0; size-- {
			n = n<<8 | int((*from)[0])
			*from = (*from)[1:]
		}
		n = min(n, len(*from))
		part, *from = (*from)[:n], (*from)[n:]
		return part
	}
	vector(&rest, 1) // session
	vector(&rest, 2) // cipher suites
	vector(&rest, 1) // compression
	extensions := vector(&rest, 2)
	h.read = len(extensions) > 0
	for len(extensions) >= 4 {
		kind := binary.BigEndian.Uint16(extensions)
		extensions = extensions[2:]
		body := vector(&extensions, 2)
		switch kind {
		case 0: // server_name
			if list := vector(&body, 2); len(list) > 0 {
				list = list[1:]
				h.server = string(vector(&list, 2))
			}
		case 16: // application_layer_protocol_negotiation
			for list := vector(&body, 2); len(list) > 0; {
				h.protocols = append(h.protocols, string(vector(&list, 1)))
			}
		}
	}
	return h
}

// Hello returns the server name and the protocols that a TLS ClientHello asks for, and
// whether it arrived as far as its extensions, where both would stand.
func Hello(raw []byte) (server string, protocols []string, whole bool) {
	h := readHello(raw)
	return h.server, h.protocols, h.read
}

// meanwhile reports whether the client was refused although its handshake did not arrive,
// and the backend got bytes of such a kind from the proxy in the same seconds.
func (r *reading) meanwhile(kinds ...dump.Kind) bool {
	if status := r.turnedAway(); status != 400 && status != 502 && status != 504 {
		return false
	}
	return slices.ContainsFunc(r.others(), func(o Sighting) bool {
		return o.Request != nil && slices.Contains(kinds, o.Request.Head.Kind) && o.Age.Abs() < 5*time.Second
	})
}

// passLine returns the proxy_pass that reaches this backend in plain HTTP.
func (r *reading) passLine() string {
	return "proxy_pass http://" + cmp.Or(r.address(), r.backend()) + ";"
}

// address returns where this backend listens, as proxy_pass has it; empty where nothing
// ever arrived.
func (r *reading) address() string {
	request := r.Request
	for _, o := range r.others() {
		if request == nil {
			request = o.Request
		}
	}
	switch {
	case request == nil || request.Local == nil:
		return ""
	case request.Local.Network() == "unix":
		return "unix:" + request.Local.String()
	}
	return request.Local.String()
}
