package diagnosis

import (
	"fmt"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var proxyPassMissing = &Cause{
	ID:    "proxy-pass-missing",
	Title: "The location of the socket passes nothing on",
	Doc: handshake.Doc{
		What: "No location of nginx that passes requests on serves the path of the socket: it has the header lines but no proxy_pass, or the path falls to a location for files.",
		See:  "The client sees nginx's own page 404 Not Found, and nothing arrives at the backend. nginx's error log says open() of a file below its root failed.",
		Do:   "Give the path a location that passes it on:\n\n" + locationText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx proxy_pass",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
	told: alone(func(_ *reading, c *Config) sign {
		_, files := c.directive("try_files")
		_, returns := c.directive("return")
		_, passes := c.directive("proxy_pass")
		switch {
		case c.handsOn(), passes, files, returns, c.location() == "", c.Status > 0, c.displaced() != nil:
			return none()
		case len(c.sets("Upgrade")) > 0:
			return certain(c.block() + " serves the path of the socket, sets its headers, and has no proxy_pass.").by(c.Block)
		}
		return likely(c.block() + " serves the path of the socket, and has no proxy_pass.").by(c.Block)
	}),
	find: func(r *reading) sign {
		if r.turnedAway() != 404 || r.Client.byBackend() {
			return none()
		}
		because := fmt.Sprintf("%s answered 404%s: no location that serves this path has a proxy_pass.", r.Client.answerer(), r.withheld())
		switch {
		case r.Config.handsOn():
			return possible(because + " The configuration of nginx has one, so perhaps another proxy answered.")
		case r.Config.displaced() != nil:
			return possible(because)
		case r.Config != nil && r.Config.Error == "":
			return certain(because).by(r.Config.Block)
		case r.Client.ownPage(404):
			return likely(because).closer(1)
		}
		return likely(because)
	},
	nginx: func(r *reading) Fix {
		return r.ownLocation().noted("These lines are a whole location for the socket. Write your application's address behind proxy_pass where it differs, and location /path instead of location = /path where sockets are opened below it.")
	},
}

var upstreamUnreachable = &Cause{
	ID:    "upstream-unreachable",
	Title: "The proxy does not reach the backend",
	Doc: handshake.Doc{
		What: "Nobody listens where the proxy connects to: a wrong port, an application that is not running or listens on another address (127.0.0.1 inside its own container), a name that resolves to ::1 alone, a firewall, or SELinux. A backend that is reached and stays silent gives 504.",
		See:  "The client sees 502 or 504 from nginx and Caddy, 503 from HAProxy, Apache, Varnish and Envoy, and nothing arrives at the backend. nginx's error log says connect() failed and the address.",
		Do: `Read the address in the proxy's error log, and see whether somebody listens there:

    ss -ltn

Inside a container localhost is the container itself: use the name of the service. Let the application listen on 0.0.0.0 where the proxy comes from outside. With SELinux: setsebool -P httpd_can_network_connect 1.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  6,
	Shows:    ClientSide,
	Spec:     "nginx proxy_pass",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
	find: func(r *reading) sign {
		if r.Client == nil {
			return none()
		}
		to := "."
		if d, ok := r.Config.directive("proxy_pass"); ok {
			to = ": " + d.says() + "."
		}
		if r.meanwhile(dump.TLS, dump.HTTP2, dump.Binary) {
			return none() // it was reached, in another language
		}
		switch status := r.turnedAway(); {
		case status == 502 || status == 504:
			return likely(fmt.Sprintf("%s answered %d%s: it does not reach the backend%s", r.Client.answerer(), status, r.missed(), to))
		case status == 503 && !r.Client.nginx():
			return likely(fmt.Sprintf("%s answered 503%s: it has no backend that it reaches%s", r.Client.answerer(), r.missed(), to))
		case status == 521 || status == 522 || status == 523:
			return certain(fmt.Sprintf("Cloudflare answered %d%s: it does not reach your server.", status, r.missed()))
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		if r.address() == "" {
			return Fix{Note: "Write into proxy_pass, or into the server line of the upstream block, where the application listens. nginx's error log names the address that it tried."}
		}
		return Fix{Steps: []Step{{Where: "location", Lines: []string{r.passLine()}}},
			Note: "This is where wsinspect listens, as it was reached before. A proxy on another machine or in another container needs the address that leads here from there."}
	},
}

// handsOn reports whether the block passes the request on, in whatever language.
func (c *Config) handsOn() bool {
	return c.passes() || c != nil && c.Stream || c.otherProtocol() != nil
}
