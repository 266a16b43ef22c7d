package diagnosis

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"wsinspect/internal/handshake"
)

var http2OnlyListener = &Cause{
	ID:    "http2-only-listener",
	Title: "The listener speaks HTTP/2 alone, without TLS",
	Doc: handshake.Doc{
		What: "Before nginx 1.25.1, listen with http2 and without ssl makes a port that takes HTTP/2 with prior knowledge and nothing else. No browser speaks that: a ws:// handshake gets binary frames and the connection is closed.",
		See:  "What comes back is no HTTP/1: 00 00 12 04 00 00 00 00 00, a SETTINGS frame of HTTP/2. Nothing arrives at the backend. nginx's error log says invalid connection preface.",
		Do: `Take http2 off the plain listener, and keep it where ssl is:

    listen 80;
    listen 443 ssl http2;

From nginx 1.25.1 write http2 on; instead, which leaves HTTP/1.1 on the same port.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx listen, http2",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
	told: alone(func(_ *reading, c *Config) sign {
		d := c.http2Alone()
		switch {
		case d == nil, c.Outer != nil:
			return none()
		case c.Version == "":
			return likely("Before nginx 1.25.1 this is HTTP/2 alone on a plain port: " + d.says() + ".").by(*d)
		}
		return certain("nginx speaks HTTP/2 alone on a plain port: " + d.says() + ".").by(*d)
	}),
	find: func(r *reading) sign {
		d := r.Config.http2Alone()
		switch {
		case !r.shutOut(NotHTTP):
			return none()
		case startsSettings(r.Client.Got):
			because := fmt.Sprintf("The answer begins with a SETTINGS frame of HTTP/2, %s: the port speaks HTTP/2 alone.", handshake.Quote(string(r.Client.Got[:9])))
			if d != nil {
				return certain(because + " " + d.says() + ".").by(*d)
			}
			return certain(because)
		case d != nil:
			return certain("What came back is no HTTP/1, since the port speaks HTTP/2 alone: " + d.says() + ".").by(*d)
		case len(r.Client.Got) == 0:
			return likely("What came back is no HTTP/1: perhaps the port speaks HTTP/2 alone.")
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		return r.listenFix("http2").noted("HTTP/2 stays where TLS is: browsers speak it nowhere else, and HTTP/1.1 is offered on the same port.")
	},
}

var proxyProtocolExpected = &Cause{
	ID:    "proxy-protocol-expected",
	Title: "The listener waits for a PROXY protocol header that nobody sends",
	Doc: handshake.Doc{
		What: "listen with proxy_protocol takes connections only with a PROXY protocol header in front, which a load balancer writes and a browser does not. Asked directly, nginx closes the connection without an answer.",
		See:  "The client connects, sends its handshake, and the connection ends without a byte. Nothing arrives at the backend. nginx's error log says broken header, while reading PROXY protocol.",
		Do: `Switch the header on in what stands in front (send-proxy-v2 in HAProxy, proxy_protocol on; in nginx's stream block, proxy protocol of the target group on AWS), or take it off the listener:

    listen 80;

For clients of both kinds, open two ports.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  2,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx listen, proxy_protocol",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.listens("proxy_protocol"); d != nil && c.Outer == nil {
			return possible("nginx takes connections only with a PROXY protocol header in front: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		d := r.Config.listens("proxy_protocol")
		switch {
		case !r.shutOut(ClosedUnasked), len(r.Client.Got) > 0:
			return none()
		case d != nil:
			return certain("nginx closed the connection without an answer, since it waits for a PROXY protocol header: " + d.says() + ".").by(*d)
		}
		const because = "The connection was closed without an answer, as where nginx waits for a PROXY protocol header and gets none."
		if r.Config != nil {
			return possible(because + " The configuration has no listen with proxy_protocol, so perhaps another proxy closed it.")
		}
		return possible(because).closer(1) // return 444 stands mostly where no site is
	},
	nginx: func(r *reading) Fix {
		return r.listenFix("proxy_protocol").noted("Whoever sends the header to this port is refused then: keep it where a load balancer stands in front, and let that one send it. Take real_ip_header proxy_protocol out as well.")
	},
}

// startsSettings reports whether the bytes begin with a SETTINGS frame on stream 0 (RFC
// 9113, sections 4.1 and 6.5).
func startsSettings(b []byte) bool {
	return len(b) >= 9 && b[0] == 0 && b[1] == 0 && b[3] == 4 && string(b[5:9]) == "\x00\x00\x00\x00"
}

// http2Alone finds the listen directive that makes a plain port speak nothing but HTTP/2, as
// it did before nginx 1.25.1.
func (c *Config) http2Alone() *Directive {
	if d := c.listens("http2"); d != nil && !slices.Contains(d.Args, "ssl") && !c.since(1, 25, 1) {
		return d
	}
	return nil
}

// listens finds the listen directive with that parameter, of the proxy that clients reach.
func (c *Config) listens(parameter string) *Directive {
	return c.outermost().about("listen", func(d *Directive) bool { return slices.Contains(d.Args[1:], parameter) })
}

// outermost returns the proxy of the chain that clients reach.
func (c *Config) outermost() *Config {
	for c != nil && c.Outer != nil {
		c = c.Outer
	}
	return c
}

// listenFix returns the listen directive without a parameter.
func (r *reading) listenFix(parameter string) Fix {
	said := []string{r.port()}
	if d := r.Config.listens(parameter); d != nil {
		said = d.Args
	}
	args := slices.DeleteFunc(slices.Clone(said), func(a string) bool { return a == parameter })
	return Fix{Steps: []Step{{Where: "server", Lines: []string{"listen " + strings.Join(args, " ") + ";"}}}}
}

// port returns the port that the client opened.
func (r *reading) port() string {
	if r.Client != nil {
		if u, err := url.Parse(r.Client.URL); err == nil && u.Port() != "" {
			return u.Port()
		}
	}
	return "80"
}
