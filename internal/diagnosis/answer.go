package diagnosis

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"wsinspect/internal/handshake"
)

var redirectOnHandshake = &Cause{
	ID:    "redirect-on-handshake",
	Title: "The handshake is redirected instead of passed on",
	Doc: handshake.Doc{
		What: "A redirect that is meant for pages hits the handshake too: to https, to www, or to the same path with a slash at its end. Browsers and most libraries do not follow a redirect in a handshake.",
		See:  "The client sees 301, 302, 307 or 308 with a Location, and nothing arrives at the backend: only the client's side shows it. A redirect to the very address that was asked for over TLS means that a proxy in front ends TLS and does not say so in X-Forwarded-Proto.",
		Do: `Open the address that Location names, with wss: for https: and ws: for http:. Where TLS ends in a proxy in front, let that one say so:

    proxy_set_header X-Forwarded-Proto $scheme;

Where the redirect has to stay, give the socket a location of its own in front of it.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  8,
	Shows:    ClientSide | Configuration,
	Spec:     "WHATWG WebSockets, redirects fail",
	SpecURL:  "https://websockets.spec.whatwg.org/#websocket-opening-handshake",
	find: func(r *reading) sign {
		if r.unasked() {
			if d, ok := r.Config.returns(301, 302, 303, 307, 308); ok {
				return likely("nginx redirects the handshake instead of passing it on: " + d.says() + ".")
			}
			return none()
		}
		status := r.turnedAway()
		if !redirects(status) {
			return none()
		}
		because := fmt.Sprintf("%s answered %d and passed nothing on: the handshake is sent to %s, Location %s. Browsers do not follow a redirect in a handshake.",
			r.Client.answerer(), status, r.detour(), handshake.Quote(r.Client.said("Location")))
		switch {
		case login.MatchString(r.Client.said("Location")):
			return possible(because)
		case r.Config != nil:
			return r.stated(because, "return", "rewrite")
		case r.Client.ownPage(status):
			return certain(because)
		}
		return likely(because)
	},
	nginx: func(r *reading) Fix {
		if login.MatchString(r.Client.said("Location")) {
			return Fix{For: "client", Note: "The redirect leads to a login: see that the session of the login goes with the handshake."}
		}
		switch way := r.detour(); {
		case way == "https" && r.overTLS():
			remove := "if"
			if d, ok := r.Config.directive("if"); ok {
				remove += " " + strings.Join(d.Args, " ")
			}
			return Fix{Steps: []Step{
				{Where: "http", Lines: []string{`map "$http_x_forwarded_proto:$http_upgrade" $redirect_to_https { default 1; ~^https: 0; ~*:websocket$ 0; }`}},
				{Where: "server", Lines: []string{"if ($redirect_to_https) { return 301 https://$host$request_uri; }"}, Remove: []string{remove, "return"}},
			}, Note: "The new if takes the place of the one that redirects, and lets handshakes through; other ifs of the server may stay. The proxy in front that ends TLS had better say so itself: proxy_set_header X-Forwarded-Proto $scheme;"}
		case r.known() && (way == "another host" || way == "the same path with a slash"):
			f := r.ownLocation()
			if d, ok := r.Config.returns(301, 302, 303, 307, 308); ok {
				server := &f.Steps[len(f.Steps)-1]
				server.Remove = []string{"return"}
				server.Lines = append(server.Lines, "location / { "+d.String()+" }")
			}
			return f.noted("The socket gets a location of its own; a return beside it in the server has to move into location /, since it comes before every location. A client that opens the address of Location needs none of this.")
		}
		target := r.Client.target()
		if target == "" {
			return Fix{For: "client", Note: "Let the client open the address that the redirect leads to, with wss: for https:."}
		}
		return Fix{For: "client", Steps: []Step{{Where: "client", Lines: []string{"new WebSocket(" + handshake.Quote(target) + ")"}}},
			Note: "The client opens the address that the redirect leads to. In a page, make it from location.protocol and location.host, so that it follows the page."}
	},
}

var cachedResponse = &Cause{
	ID:    "cached-response",
	Title: "A stored answer is given to the handshake",
	Doc: handshake.Doc{
		What: "The proxy caches the location of the socket and answers the handshake with what the backend said to an earlier request, an error most often. A handshake is a GET, and its answer cannot be used twice: Sec-WebSocket-Accept belongs to one key.",
		See:  "The answer looks like the backend's own and nothing arrives: Wsinspect-Attempt names an earlier attempt, or Age, X-Cache or CF-Cache-Status speak of a cache. Only the client's side shows it.",
		Do: `Do not cache the location of the socket, then empty the cache:

    proxy_cache off;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    ClientSide,
	Spec:     "nginx proxy_cache",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache",
	find: func(r *reading) sign {
		status := r.turnedAway()
		if status == 0 || status == 101 || redirects(status) {
			return none()
		}
		const cause = "a cache in front gave the handshake an answer to an earlier request"
		if id := r.Client.said("Wsinspect-Attempt"); id != "" {
			return likely(fmt.Sprintf("The answer %d names the attempt %s, and this handshake did not arrive: %s.", status, handshake.Quote(id), cause)).closer(1)
		}
		for _, name := range []string{"X-Cache", "X-Cache-Status", "X-Proxy-Cache", "CF-Cache-Status", "Age"} {
			value := r.Client.said(name)
			if strings.Contains(strings.ToUpper(value), "HIT") || name == "Age" && strings.Trim(value, "0") != "" {
				return likely(fmt.Sprintf("The answer %d has %s: %s, and the handshake did not arrive: %s.", status, name, handshake.Quote(value), cause)).closer(1)
			}
		}
		d, caches := r.Config.directive("proxy_cache")
		if caches = caches && len(d.Args) > 0 && d.Args[0] != "off"; caches && r.Client.byBackend() {
			return certain(fmt.Sprintf("%s answered %d in the backend's words and passed nothing on: %s.", r.Client.answerer(), status, d.says()))
		} else if caches || r.Client.byBackend() {
			return possible(fmt.Sprintf("%s answered %d and passed nothing on: perhaps %s.", r.Client.answerer(), status, cause))
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		return Fix{Steps: []Step{{Where: "location", Lines: []string{"proxy_cache off;"}}},
			Note: "The location is the one that serves the socket. What else it serves is cached no longer, so a location of its own is better for the socket. Answers that are stored already no longer matter."}
	},
}

var staticFallback = &Cause{
	ID:    "static-fallback",
	Title: "The handshake is answered with a page",
	Doc: handshake.Doc{
		What: "The path of the socket has no location of its own, so it falls to the one that serves files, and try_files answers with index.html, as it does for every path that a single-page application draws by itself.",
		See:  "The client sees 200 with text/html instead of 101, and nothing arrives at the backend. The browser says: Unexpected response code: 200.",
		Do: `Give the socket a location of its own:

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
	Reports:  4,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx try_files",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files",
	find: func(r *reading) sign {
		if r.unasked() {
			if d, ok := r.Config.directive("try_files"); ok && !r.Config.passes() {
				return likely("nginx looks for the path of the socket among its files: " + d.says() + ".")
			}
			return none()
		}
		if r.turnedAway() != 200 || !r.Client.html() {
			return none()
		}
		because := fmt.Sprintf("%s answered 200 with a page%s instead of passing the handshake on: the path of the socket falls to the location that serves files.", r.Client.answerer(), r.Client.titled())
		if login.MatchString(r.Client.Title) {
			return possible(because)
		}
		return r.stated(because, "try_files", "error_page", "root", "alias", "index")
	},
	nginx: func(r *reading) Fix {
		return r.ownLocation().noted("These lines are a whole location for the socket. Write your application's address behind proxy_pass where it differs, and location /path instead of location = /path where sockets are opened below it.")
	},
}

var responseUpgradeHidden = &Cause{
	ID:    "response-upgrade-hidden",
	Title: "A proxy takes lines out of the 101",
	Doc: handshake.Doc{
		What: "The backend accepts, and on the way back its 101 loses Upgrade or Sec-WebSocket-Accept: proxy_hide_header, more_clear_headers, or a proxy that does not know the upgrade. The client must fail such a handshake (RFC 6455, section 4.1).",
		See:  "The client sees a 101 and closes all the same; the browser says: 'Upgrade' header is missing. The backend sees a good handshake whose client leaves at once, without a close frame.",
		Do: `Take the line out that hides it, proxy_hide_header Upgrade. Where it is inherited, this lifts it:

    proxy_pass_header Upgrade;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    ClientSide | SessionEnd | Configuration,
	Spec:     "nginx proxy_hide_header",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header",
	find: func(r *reading) sign {
		if name := r.Config.hides("Upgrade", "Sec-WebSocket-Accept"); name != nil {
			return certain("nginx takes a line out of the 101 that the client needs: " + name.says() + ".")
		}
		if r.Client != nil && r.Client.status() == 101 {
			missing := r.Client.missing101()
			if missing == "" {
				return none()
			}
			because := fmt.Sprintf("The client got a 101 without %s, and has to fail the handshake: a proxy took it out.", missing)
			if r.Verdict != nil && r.Verdict.Accepted {
				return certain(because)
			}
			return likely(because)
		}
		if r.leftAtOnce() {
			return possible("The browser left right after the 101, without a close frame or a message: perhaps a proxy took Upgrade or Sec-WebSocket-Accept out of the answer.")
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		return Fix{Steps: []Step{{Where: "location",
			Lines:  []string{"proxy_pass_header Upgrade;", "proxy_pass_header Sec-WebSocket-Accept;"},
			Remove: []string{"proxy_hide_header Upgrade", "proxy_hide_header Sec-WebSocket-Accept"}}},
			Note: "proxy_pass_header lifts a proxy_hide_header that is inherited. Look for more_clear_headers too, if nginx has the headers-more module."}
	},
}

var subprotocolStripped = &Cause{
	ID:    "subprotocol-stripped",
	Title: "The subprotocol is lost between client and backend",
	Doc: handshake.Doc{
		What: "The client asks for a subprotocol, and its Sec-WebSocket-Protocol does not arrive, or the answer's does not come back. A browser closes a connection whose 101 agrees to none of those it asked for.",
		See:  "The browser says: Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received. The backend sees a good handshake whose client leaves at once; that a subprotocol was asked for shows at the client alone.",
		Do: `Take the line out that empties it, or that hides it in the answer:

    proxy_set_header Sec-WebSocket-Protocol "";
    proxy_hide_header Sec-WebSocket-Protocol;

Nothing has to be written instead: nginx passes it on by itself.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  5,
	Shows:    ClientSide | SessionEnd | Configuration,
	Spec:     "RFC 6455 §4.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	find: func(r *reading) sign {
		if d := r.Config.empties("Sec-WebSocket-Protocol"); d != nil {
			return certain("nginx takes the subprotocol out of the request: " + d.says() + ".")
		}
		if d := r.Config.hides("Sec-WebSocket-Protocol"); d != nil {
			return certain("nginx takes the subprotocol out of the answer: " + d.says() + ".")
		}
		if c := r.Client; c != nil && c.Sent != nil {
			asked, ok := c.Sent.Field("Sec-WebSocket-Protocol")
			switch {
			case !ok:
				return none()
			case r.Request != nil && !r.has(secProtocol):
				return certain(fmt.Sprintf("The client asked for the subprotocol %s, and no Sec-WebSocket-Protocol arrived: a proxy dropped it.", handshake.Quote(c.Sent.Value(asked))))
			case c.status() == 101 && !c.Answer.Has("Sec-WebSocket-Protocol"):
				return likely(fmt.Sprintf("The client asked for the subprotocol %s, and the 101 agrees to none: a browser closes such a connection.", handshake.Quote(c.Sent.Value(asked))))
			}
			return none()
		}
		if r.leftAtOnce() && r.has(secProtocol) {
			return possible("The browser asked for a subprotocol and left right after the 101 that agreed to it, without a close frame or a message: perhaps a proxy dropped Sec-WebSocket-Protocol from the answer.", r.at(secProtocol))
		}
		if r.leftAtOnce() {
			const left = "The browser left right after the 101, without a close frame or a message, and no Sec-WebSocket-Protocol arrived: "
			for _, o := range r.others() {
				if o.SameClient && o.Request != nil && o.Request.Head.Has("Sec-WebSocket-Protocol") {
					return likely(left + "other handshakes of the same client have one, so a proxy may have dropped it here.")
				}
			}
			return possible(left + "perhaps the page asked for a subprotocol, and a proxy dropped the line.")
		}
		return none()
	},
	remedy: passSubprotocol,
	nginx: func(r *reading) Fix {
		return r.recipe("proxy_pass_header Sec-WebSocket-Protocol;").
			without("proxy_set_header Sec-WebSocket-Protocol", "proxy_hide_header Sec-WebSocket-Protocol").
			noted("What cures it is taking the line out. The others make the location whole, so that nothing is inherited that empties the subprotocol, and lift a proxy_hide_header that is.")
	},
}

// leftAtOnce reports whether a browser that was accepted left within a second, without a
// close frame and without having sent anything: it did not like the answer.
func (r *reading) leftAtOnce() bool {
	s := r.Session
	return s != nil && s.Cut && s.Received == 0 && s.Ended.Sub(s.Opened) < leavesWithin && r.browser()
}

// login matches an address or a title of a page that asks who one is.
var login = regexp.MustCompile(`(?i)log[-_ ]?[io]n|sign[-_ ]?in|\b(sso|oauth2?|saml2?|oidc|auth|authorize|openid-connect)\b`)

func redirects(status int) bool {
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308
}

// detour says in words where the redirect leads.
func (r *reading) detour() string {
	if r.Client == nil {
		return "somewhere else"
	}
	from, err := url.Parse(r.Client.URL)
	to, err2 := url.Parse(r.Client.said("Location"))
	if err != nil || err2 != nil {
		return "somewhere else"
	}
	if to.Host == "" {
		to.Host, to.Scheme = from.Host, from.Scheme
	}
	asked := from.Hostname()
	if host, ok := r.Client.sent("Host"); ok {
		asked = readAuthority(host).name
	}
	switch {
	case !strings.EqualFold(to.Hostname(), asked) && from.Hostname() != "":
		return "another host"
	case to.Path == from.Path+"/":
		return "the same path with a slash"
	case to.Path == from.Path && to.Scheme == "https":
		return "https"
	}
	return "another address"
}

// overTLS reports whether the client itself, or its page, spoke TLS: what redirects to https
// then stands behind the proxy that ended it.
func (r *reading) overTLS() bool {
	origin, _ := r.Client.sent("Origin")
	return r.Client != nil && strings.HasPrefix(r.Client.URL, "wss:") || strings.HasPrefix(origin, "https:")
}
