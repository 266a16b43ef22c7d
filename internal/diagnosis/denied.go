package diagnosis

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var authBasicOnHandshake = &Cause{
	ID:    "auth-basic-on-handshake",
	Title: "The handshake is asked for a user and a password",
	Doc: handshake.Doc{
		What: "auth_basic of the site covers the socket too, and the handshake carries no Authorization line. Some browsers send the credentials that they know for the page with the handshake, Safari and most libraries do not, and no script can add the line.",
		See:  "The client sees 401 with WWW-Authenticate: Basic, and nothing arrives at the backend. The page itself works, since the browser asked for the password there.",
		Do: `Switch it off for the socket alone, and let the application check the session cookie or a token there:

    location /ws {
        auth_basic off;
        proxy_pass http://localhost:8080;
    }

with the lines that pass a WebSocket on.`,
	},
	Tempting: "wss://user:password@host: Safari drops it, and the password stands in histories and logs.",
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  8,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx auth_basic",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic",
	find: func(r *reading) sign {
		if r.unasked() {
			if d, ok := r.Config.directive("auth_basic"); ok && !d.off() {
				return likely("nginx asks the handshake for a user and a password: " + d.says() + ". Safari and most libraries send none.")
			}
			return none()
		}
		if !r.refused(401) || !strings.HasPrefix(strings.ToLower(r.Client.said("WWW-Authenticate")), "basic") {
			return none()
		}
		because := fmt.Sprintf("%s answered 401 with WWW-Authenticate: Basic and passed nothing on: the handshake carries no user and password that it takes.", r.Client.answerer())
		if s := r.stated(because, "auth_basic"); s.confidence == Certain {
			return s
		}
		if _, ok := r.Client.sent("Authorization"); ok {
			return certain(fmt.Sprintf("%s answered 401 with WWW-Authenticate: Basic and passed nothing on: it does not take the user and password of the handshake.", r.Client.answerer()))
		}
		return certain(because)
	},
	nginx: func(r *reading) Fix {
		return r.exempt("auth_basic off;").noted("The socket is open to everybody then: the application has to check who comes, by its session cookie or a token. A location that serves more than the socket opens all that.")
	},
}

var authRequestDenied = &Cause{
	ID:    "auth-request-denied",
	Title: "The proxy asks a login service about the handshake, and it says no",
	Doc: handshake.Doc{
		What: "auth_request, or a portal such as Authelia, Authentik or oauth2-proxy, covers the socket. The session of the login is not there or over, its cookie does not go with the handshake (another host, SameSite), or the service does not understand the subrequest.",
		See:  "The client sees 401 or 403 without WWW-Authenticate: Basic, or a redirect to an address of a login, and nothing arrives at the backend. nginx answers 500 where the login service says something else than 2xx, 401 or 403.",
		Do: `Log in on the page first, and see that the cookie of the login goes with the handshake: same host, path / and no SameSite=Strict across sites. A program needs a token that the service takes. To let the socket through, and check in the application:

    auth_request off;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx auth_request",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_auth_request_module.html#auth_request",
	find: func(r *reading) sign {
		asks, has := r.Config.directive("auth_request")
		has = has && !asks.off()
		if r.unasked() {
			if has {
				return possible("nginx asks a login service about every handshake: " + asks.says() + ".")
			}
			return none()
		}
		status := r.turnedAway()
		location := r.Client.said("Location")
		switch {
		case status == 401 && !strings.HasPrefix(strings.ToLower(r.Client.said("WWW-Authenticate")), "basic"):
			return r.stated(fmt.Sprintf("%s answered 401 and passed nothing on: a login service said no, as auth_request does it.", r.Client.answerer()), "auth_request")
		case redirects(status) && login.MatchString(location):
			return likely(fmt.Sprintf("%s answered %d and passed nothing on: the handshake is sent to a login, Location %s.", r.Client.answerer(), status, handshake.Quote(location)))
		case status == 200 && r.Client.html() && login.MatchString(r.Client.Title):
			return likely(fmt.Sprintf("%s answered 200 with the page %s and passed nothing on: a login stands before the socket.", r.Client.answerer(), handshake.Quote(r.Client.Title)))
		case (status == 403 || status == 500) && has && !r.Client.byBackend():
			return likely(fmt.Sprintf("%s answered %d and passed nothing on: perhaps the login service did, %s.", r.Client.answerer(), status, asks.says()))
		case status == 403 && r.Config == nil && !r.Client.byBackend():
			return possible(fmt.Sprintf("%s answered 403 and passed nothing on: perhaps a login service said so, as auth_request does it.", r.Client.answerer()))
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		return r.exempt("auth_request off;").noted("The socket is open to everybody then: the application has to check who comes, by its session cookie or a token. If people are to log in first, nothing is wrong with the proxy: log in, and see that the cookie goes with the handshake.")
	},
}

var accessDeniedByProxy = &Cause{
	ID:    "access-denied-by-proxy",
	Title: "The proxy refuses the client's address",
	Doc: handshake.Doc{
		What: "allow and deny, a firewall of applications or a rule of a CDN refuses the client. Behind another proxy or in a container nginx sees that one's address instead of the client's, unless it is told to read it from a header.",
		See:  "The client sees 403 and nothing arrives at the backend, which tells this 403 from one over Origin. nginx's error log says access forbidden by rule and the address that it saw.",
		Do: `Allow the address that the error log names, before deny:

    allow 192.0.2.7;
    deny all;

Where that is the address of another proxy, tell nginx where the client's stands:

    set_real_ip_from 172.16.0.0/12;
    real_ip_header X-Forwarded-For;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    ClientSide,
	Spec:     "nginx deny",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_access_module.html#deny",
	find: func(r *reading) sign {
		if r.shutOut(ClosedUnasked) {
			if d, ok := r.Config.returns(444); ok {
				return certain("nginx closed the connection without an answer: " + d.says() + ".")
			}
			return possible("The proxy closed the connection without an answer and passed nothing on, as nginx does with return 444.")
		}
		if r.turnedAway() != 403 || r.Client.byBackend() {
			return none()
		}
		because := fmt.Sprintf("%s answered 403 and passed nothing on: a rule of its own refuses this client, such as allow and deny.", r.Client.answerer())
		return r.stated(because, "deny")
	},
	nginx: func(r *reading) Fix {
		if r.shutOut(ClosedUnasked) {
			return Fix{Steps: []Step{{Where: "location", Remove: []string{"return"}}},
				Note: "return 444 closes the connection without an answer. If it keeps scanners away, let it, and give the socket a location of its own beside it."}
		}
		if !r.Client.From.IsValid() {
			return Fix{Note: "nginx's error log names the address that it refused, after: access forbidden by rule, client. Write allow with it before deny. If it is another proxy's address, set_real_ip_from and real_ip_header tell nginx where the client's stands."}
		}
		return r.exempt("allow "+r.Client.From.String()+";", "deny all;").noted("The socket is open to this client alone; add an allow for each of the others. Where nginx sees the address of another proxy, set_real_ip_from and real_ip_header tell it where the client's stands.")
	},
}

var rateLimited = &Cause{
	ID:    "rate-limited",
	Title: "The proxy limits the rate or the number of connections",
	Doc: handshake.Doc{
		What: "limit_req or limit_conn counts the handshake with the other requests of the page. Without burst it refuses what comes faster than the rate, so a page with many files, or reconnecting sockets, use it up. An open socket counts in limit_conn as long as it lives.",
		See:  "The client sees 503, or 429 with limit_req_status, and nothing arrives at the backend; a later attempt gets through. nginx's error log says limiting requests or limiting connections.",
		Do: `Let handshakes come in bursts:

    limit_req zone=perip burst=20 nodelay;

or keep them out of the count, in the location of the socket:

    limit_req_dry_run on;
    limit_conn_dry_run on;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx limit_req",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req",
	find: func(r *reading) sign {
		if r.unasked() {
			if d, ok := r.Config.directive("limit_req"); ok && !strings.Contains(d.String(), "burst=") {
				return possible("nginx refuses handshakes that come faster than its rate: " + d.says() + ", without burst.")
			}
			return none()
		}
		switch status := r.turnedAway(); {
		case status == 429:
			return certain(fmt.Sprintf("%s answered 429 and passed nothing on: too many requests came from this client.", r.Client.answerer()))
		case status == 503 && r.Client.nginx():
			return r.stated("nginx answered 503 and passed nothing on, as it does over limit_req and limit_conn.", "limit_req", "limit_conn")
		case status == 503:
			return possible(fmt.Sprintf("%s answered 503 and passed nothing on: perhaps it limits the rate.", r.Client.answerer()))
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		if d, ok := r.Config.directive("limit_req"); ok && len(d.Args) > 0 && !strings.Contains(d.String(), "burst=") {
			return Fix{Steps: []Step{{Where: "location", Lines: []string{"limit_req " + d.Args[0] + " burst=20 nodelay;"}}},
				Note: "Twenty requests may come at once before the rate counts. A page with more files, or clients that all reconnect after a restart, need more."}
		}
		return r.exempt("limit_req_dry_run on;", "limit_conn_dry_run on;").noted("Handshakes are counted and no longer refused (nginx from 1.17.6): the application has to bear all that come. limit_req with burst=20 nodelay keeps a limit.")
	},
}

var proxyPassMissing = &Cause{
	ID:    "proxy-pass-missing",
	Title: "The location of the socket passes nothing on",
	Doc: handshake.Doc{
		What: "No location of nginx that passes requests on serves the path of the socket: it has the header lines but no proxy_pass, or the path falls to a location for files.",
		See:  "The client sees nginx's own page 404 Not Found, and nothing arrives at the backend. nginx's error log says open() of a file below its root failed.",
		Do: `Give the path a location that passes it on:

    location /ws {
        proxy_pass http://localhost:8080;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Host $http_host;
    }`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx proxy_pass",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
	find: func(r *reading) sign {
		passes := r.Config.passes()
		if _, other := r.Config.otherProtocol(); other {
			passes = true
		}
		if r.unasked() {
			_, files := r.Config.directive("try_files")
			_, returns := r.Config.directive("return")
			if r.Config.Error == "" && !passes && !files && !returns && r.Config.Location != "" {
				return likely(fmt.Sprintf("nginx serves the path of the socket by %s, which has no proxy_pass.", handshake.Quote(r.Config.Location)))
			}
			return none()
		}
		if r.turnedAway() != 404 || r.Client.byBackend() {
			return none()
		}
		because := fmt.Sprintf("%s answered 404 and passed nothing on: no location that serves this path has a proxy_pass.", r.Client.answerer())
		switch {
		case r.Config != nil && passes:
			return possible(because + " The configuration of nginx has one, so perhaps another proxy answered.")
		case r.Config != nil && r.Config.Error == "":
			return certain(because)
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
		to := "."
		if d, ok := r.Config.directive("proxy_pass"); ok {
			to = ": " + d.says() + "."
		}
		if r.meanwhile(dump.TLS, dump.HTTP2, dump.Binary) {
			return none() // it was reached, in another language
		}
		switch status := r.turnedAway(); {
		case status == 502 || status == 504:
			return likely(fmt.Sprintf("%s answered %d, and nothing arrived here: it does not reach the backend%s", r.Client.answerer(), status, to))
		case status == 503 && !r.Client.nginx():
			return likely(fmt.Sprintf("%s answered 503, and nothing arrived here: it has no backend that it reaches%s", r.Client.answerer(), to))
		case status == 521 || status == 522 || status == 523:
			return certain(fmt.Sprintf("Cloudflare answered %d, and nothing arrived here: it does not reach your server.", status))
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

// refused reports whether somebody before the backend answered with that status.
func (r *reading) refused(status int) bool { return r.turnedAway() == status }

// exempt returns the lines that lift something for the socket: in a location of its own
// where it is known what that has to pass to, so that nothing else is lifted.
func (r *reading) exempt(lines ...string) Fix {
	if r.known() {
		return r.ownLocation(lines...)
	}
	return Fix{Steps: []Step{{Where: "location", Lines: lines}}}
}
