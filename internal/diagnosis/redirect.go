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
	told: alone(func(_ *reading, c *Config) sign {
		d := c.returns(301, 302, 303, 307, 308)
		switch {
		case c.Answer != nil && redirects(c.Status) && strings.HasSuffix(c.Redirect, "/") && c.Answer.Name != "return":
			return certain(fmt.Sprintf("%s serves %s, and nginx redirects a request that lacks the slash.", c.block(), handshake.Quote(c.Redirect))).by(c.Block)
		case c.Answer != nil && redirects(c.Status):
			return certain("nginx redirects the handshake instead of passing it on: " + c.Answer.says() + ".").by(*c.Answer)
		case d != nil && c.Answer == nil:
			return likely("nginx redirects the handshake instead of passing it on: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		status := r.turnedAway()
		if !redirects(status) {
			return none()
		}
		because := fmt.Sprintf("%s answered %d%s: the handshake is sent to %s, Location %s. Browsers do not follow a redirect in a handshake.", r.Client.answerer(), status, r.withheld(), r.detour(), handshake.Quote(r.Client.said("Location")))
		switch {
		case login.MatchString(r.Client.said("Location")):
			return possible(because)
		case r.Config != nil:
			if a := r.Config.outermost(); a.Answer != nil && redirects(a.Status) {
				return certain(because + " " + a.Answer.says() + ".").by(*a.Answer)
			}
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
			if d := r.Config.returns(301, 302, 303, 307, 308); d != nil {
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
