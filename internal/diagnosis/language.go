package diagnosis

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

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
	Shows:    Refusal | Plain | ClientSide | Configuration,
	Explains: []string{"plain-http1", "request-line", "header-lines", "head-complete", "head-size"},
	Spec:     "nginx proxy_http_version",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version",
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.otherProtocol(); d != nil {
			return likely("nginx speaks another language than HTTP/1.1 to the backend, which knows no upgrade: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		if r.meanwhile(dump.HTTP2, dump.Binary) {
			return likely("The proxy refused the client, and at that moment it sent the backend something that is no HTTP/1.1: a pass directive other than proxy_pass, or proxy_http_version 2.").closer(1)
		}
		l, d := spoken(r.head), r.Config.otherProtocol()
		switch {
		case l == nil && d != nil && r.Request != nil && r.head.Kind == dump.HTTP1:
			return likely("nginx speaks another language than HTTP/1.1 to the backend: " + d.says() + ". The request that arrived is another one, such as that for the page of an error.").by(*d).breaking(bareChecks).closer(3)
		case l == nil:
			return none()
		case d != nil:
			return certain(fmt.Sprintf("nginx speaks %s to a backend that speaks HTTP/1.1: %s.", l.name, d.says()), l.shown).by(*d)
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

// byGRPC are the directives of nginx that speak HTTP/2.
var byGRPC = []string{"grpc_pass", "grpc_set_header"}

// spoken tells the language of a head that is no HTTP/1, and is not TLS alone; nil where it
// is HTTP/1.
func spoken(h *dump.Head) *language {
	raw := h.Raw
	text := string(raw[:min(len(raw), 24)])
	first := func(n int) dump.Span { return dump.Span{End: min(n, len(raw))} }
	switch {
	case h.Kind == dump.HTTP2:
		return &language{name: "HTTP/2", by: "nginx with grpc_pass or proxy_http_version 2, Caddy with h2c://, HAProxy with proto h2, or Envoy", directives: byGRPC, sure: true, shown: first(14)}
	case h.Kind == dump.TLS:
		if hello := readHello(raw); slices.Equal(hello.protocols, []string{"h2"}) {
			return &language{name: "TLS that offers h2 alone", by: "nginx with grpc_pass grpcs://", directives: byGRPC, shown: first(3)}
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
