package diagnosis

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
	Lures:    []string{"wss://user:password@host"},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  8,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx auth_basic",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic",
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.on("auth_basic"); d != nil {
			return possible("nginx asks the handshake for a user and a password: " + d.says() + ". Safari and most libraries send none.").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		if !r.refused(401) || !strings.HasPrefix(strings.ToLower(r.Client.said("WWW-Authenticate")), "basic") {
			return none()
		}
		because := fmt.Sprintf("%s answered 401 with WWW-Authenticate: Basic%s: the handshake carries no user and password that it takes.", r.Client.answerer(), r.withheld())
		if s := r.stated(because, "auth_basic"); s.confidence == Certain {
			return s
		}
		if _, ok := r.Client.sent("Authorization"); ok {
			return certain(fmt.Sprintf("%s answered 401 with WWW-Authenticate: Basic%s: it does not take the user and password of the handshake.", r.Client.answerer(), r.withheld()))
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
	told: alone(func(_ *reading, c *Config) sign {
		d := c.on("auth_request")
		switch {
		case d == nil:
			return none()
		case c.answers("auth_request") != nil && c.Status > 0:
			return certain(fmt.Sprintf("nginx asks a login service about every handshake, and answers %d: %s.", c.Status, d.says())).by(*d)
		case !c.followed(), c.skips("auth_request"):
			return possible("nginx asks a login service about every handshake: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		asks := r.Config.on("auth_request")
		status := r.turnedAway()
		location := r.Client.said("Location")
		switch {
		case status == 401 && !strings.HasPrefix(strings.ToLower(r.Client.said("WWW-Authenticate")), "basic"):
			return r.stated(fmt.Sprintf("%s answered 401%s: a login service said no, as auth_request does it.", r.Client.answerer(), r.withheld()), "auth_request")
		case redirects(status) && login.MatchString(location):
			return likely(fmt.Sprintf("%s answered %d%s: the handshake is sent to a login, Location %s.", r.Client.answerer(), status, r.withheld(), handshake.Quote(location)))
		case status == 200 && r.Client.html() && login.MatchString(r.Client.Title):
			return likely(fmt.Sprintf("%s answered 200 with the page %s%s: a login stands before the socket.", r.Client.answerer(), handshake.Quote(r.Client.Title), r.withheld()))
		case (status == 403 || status == 500) && asks != nil && !r.Client.byBackend():
			return likely(fmt.Sprintf("%s answered %d%s: perhaps the login service did, %s.", r.Client.answerer(), status, r.withheld(), asks.says())).by(*asks)
		case status == 403 && r.Config == nil && !r.Client.byBackend():
			return possible(fmt.Sprintf("%s answered 403%s: perhaps a login service said so, as auth_request does it.", r.Client.answerer(), r.withheld()))
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
	Shows:    ClientSide | Configuration,
	Spec:     "nginx deny",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_access_module.html#deny",
	told: alone(func(_ *reading, c *Config) sign {
		if a := c.Answer; a != nil && (a.Name == "return" || a.Name == "deny") && (c.Status == 403 || c.Status == 444) && c.originCheck() == nil {
			return certain("nginx refuses the handshake itself: " + a.says() + ".").by(*a)
		}
		d := c.about("deny", func(*Directive) bool { return true })
		switch {
		case d == nil:
			return none()
		case c.about("allow", func(*Directive) bool { return true }) == nil && d.value() == "all":
			return likely("nginx refuses every address: " + d.says() + ".").by(*d)
		}
		return possible("nginx refuses some addresses: " + d.says() + ".").by(*d)
	}),
	find: func(r *reading) sign {
		if r.shutOut(ClosedUnasked) {
			if d := r.Config.returns(444); d != nil {
				return certain("nginx closed the connection without an answer: " + d.says() + ".").by(*d)
			}
			if len(r.Client.Got) > 0 {
				return none()
			}
			return possible("The proxy closed the connection without an answer" + r.withheld() + ", as nginx does with return 444.")
		}
		if r.turnedAway() != 403 || r.Client.byBackend() {
			return none()
		}
		because := fmt.Sprintf("%s answered 403%s: a rule of its own refuses this client, such as allow and deny.", r.Client.answerer(), r.withheld())
		return r.stated(because, "deny")
	},
	nginx: func(r *reading) Fix {
		if r.shutOut(ClosedUnasked) {
			return Fix{Steps: []Step{{Where: "location", Remove: []string{"return"}}},
				Note: "return 444 closes the connection without an answer. If it keeps scanners away, let it, and give the socket a location of its own beside it."}
		}
		if r.Client == nil || !r.Client.From.IsValid() {
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
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.strictLimit(); d != nil {
			return possible("nginx refuses handshakes that come faster than its rate: " + d.says() + ", without burst.").by(*d)
		}
		if d := c.on("limit_conn"); d != nil {
			return possible("nginx refuses handshakes beyond a number of open connections: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		switch status := r.turnedAway(); {
		case status == 429:
			return certain(fmt.Sprintf("%s answered 429%s: too many requests came from this client.", r.Client.answerer(), r.withheld()))
		case status == 503 && r.Client.nginx():
			because := fmt.Sprintf("nginx answered 503%s, as it does over limit_req and limit_conn", r.withheld())
			switch {
			case r.Config != nil:
				return r.stated(because+".", "limit_req", "limit_conn")
			case r.passedOnce():
				return likely(because + "; another handshake of the same client passed within a minute.")
			}
			return possible(because + ", and for return 503.")
		case status == 503:
			return possible(fmt.Sprintf("%s answered 503%s: perhaps it limits the rate.", r.Client.answerer(), r.withheld()))
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		if d := r.Config.strictLimit(); d != nil {
			return Fix{Steps: []Step{{Where: "location", Lines: []string{"limit_req " + d.Args[0] + " burst=20 nodelay;"}}},
				Note: "Twenty requests may come at once before the rate counts. A page with more files, or clients that all reconnect after a restart, need more."}
		}
		return r.exempt("limit_req_dry_run on;", "limit_conn_dry_run on;").noted("Handshakes are counted and no longer refused (nginx from 1.17.6): the application has to bear all that come. limit_req with burst=20 nodelay keeps a limit.")
	},
}

// passedOnce reports whether another handshake of the same client has passed the proxy within
// a minute.
func (r *reading) passedOnce() bool {
	return slices.ContainsFunc(r.others(), func(o Sighting) bool {
		return o.SameClient && o.Handshake && o.Age.Abs() < time.Minute
	})
}

// strictLimit finds the limit_req that lets nothing come in bursts.
func (c *Config) strictLimit() *Directive {
	return c.about("limit_req", func(d *Directive) bool { return !strings.Contains(d.String(), "burst=") })
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
