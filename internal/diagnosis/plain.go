package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/handshake"
)

// clientless reports whether not one line of a client is there: only lines that a proxy
// writes by itself, and those of them that people pass by hand.
func (r *reading) clientless() bool {
	for i := range r.head.Fields {
		switch r.name(i) {
		case host, connection, upgrade, via, xRealIP: // whatever the client sent
		case origin, cookie:
		default:
			if spelt := r.spelt(i); len(spelt) < 2 || !strings.EqualFold(string(spelt[:2]), "x-") {
				return false
			}
		}
	}
	return len(r.head.Fields) > 0
}

var connectionUpgradeOnPlainRequests = &Cause{
	ID:    "connection-upgrade-on-plain-requests",
	Title: "Connection: upgrade goes out with every request",
	Doc: handshake.Doc{
		What: "The constant upgrade for Connection also goes out with page loads and form posts, which ask for no upgrade. Strict servers (Kestrel among them) refuse those with 400, and the keepalive of an upstream is lost.",
		See:  "A request arrives with Connection: upgrade and without Upgrade and any Sec-WebSocket line.",
		Do:   "Let a map choose the value, or give the socket's path a location of its own:\n\n" + recipeText,
	},
	Severity: Risks,
	Party:    ByProxy,
	Reports:  7,
	Shows:    Plain | Configuration,
	Explains: upgradeChecks,
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.strictRecipe().noted(recipeNote) },
	told: func(r *reading, c *Config) sign {
		sets := c.sets("Connection")
		if c != r.Config || len(sets) == 0 || !r.passes(c) || r.Request != nil && (r.has(upgrade) || r.manner() != listsUpgrade || r.meant()) {
			return none()
		}
		d := sets[0]
		constant := inList(d.value(), "upgrade")
		line, _ := c.line(c.Plain, "Connection")
		switch {
		case r.Request != nil && constant:
			return certain(fmt.Sprintf("Connection is %s on a request that asks for no WebSocket: %s.", handshake.Quote(r.value(connection)), d.says())).by(d)
		case r.Request != nil && d.value() != "$http_connection":
			return likely(fmt.Sprintf("Connection is %s on a request that asks for no WebSocket, where %s fills it.", handshake.Quote(r.value(connection)), d.Where())).by(d)
		case !r.unasked(), r.dropped(c) != nil:
			return none()
		case constant:
			return possible("Connection: upgrade goes out with every request of this block: " + d.says() + ". That is right where it serves nothing but the socket.").by(d)
		case inList(line, "upgrade"):
			return likely(fmt.Sprintf("Connection: upgrade goes out with requests too that ask for no WebSocket, as %s fills it.", d.Where())).by(d)
		}
		return none()
	},
	find: func(r *reading) sign {
		if r.has(upgrade) || r.manner() != listsUpgrade || r.meant() {
			return none()
		}
		because := fmt.Sprintf("Connection is %s on a request that asks for no WebSocket: no Upgrade, no Sec-WebSocket line.", handshake.Quote(r.value(connection)))
		return likely(because+" A proxy sets it as a constant.", r.at(connection))
	},
}

var upgradeHardcoded = &Cause{
	ID:    "upgrade-hardcoded",
	Title: "Upgrade: websocket is a constant",
	Doc: handshake.Doc{
		What: "Where the configuration writes websocket instead of what the client sent, every page load and health check reaches the backend as half a handshake, and is refused.",
		See:  "Upgrade: websocket arrives with a page load: no Sec-WebSocket line, but what browsers send for pages.",
		Do:   "Pass on what the client sent:\n\n" + recipeText,
	},
	Severity: Risks,
	Party:    ByProxy,
	Reports:  2,
	Shows:    Plain | Configuration,
	Explains: []string{"method-get", "version-13", "key-valid", "connection-upgrade"},
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.strictRecipe().noted(recipeNote) },
	told: func(r *reading, c *Config) sign {
		sets := c.sets("Upgrade")
		if c != r.Config || len(sets) != 1 || !strings.EqualFold(sets[0].value(), "websocket") || !r.unasked() && (r.Request == nil || r.asked() || r.meant()) {
			return none()
		}
		s := certain(fmt.Sprintf("%s sets Upgrade to the constant websocket, on page loads too.", sets[0].Where()))
		if r.unasked() {
			s.confidence = Likely // it may serve nothing but the socket
		}
		return s.by(sets[0])
	},
	find: func(r *reading) sign {
		if !r.lists(upgrade, "websocket") || r.meant() {
			return none()
		}
		switch {
		case r.typed() && !r.before(upgrade, userAgent):
			return none() // it stands where the tool wrote it
		case r.clientless():
			return possible("Upgrade: websocket arrived with no Sec-WebSocket line: the configuration may set it as a constant.", r.spans(upgrade, connection)...)
		}
		return likely("Upgrade: websocket arrived with a request that has no Sec-WebSocket line: a proxy wrote it, no client.", r.spans(upgrade, connection)...)
	},
}

var upgradeAnyProtocol = &Cause{
	ID:    "upgrade-any-protocol",
	Title: "Upgrade is passed on whatever it asks for",
	Doc: handshake.Doc{
		What: "$http_upgrade passes on every protocol that a client names. With h2c a client can open HTTP/2 to a backend that speaks it, and go round the rules of the proxy (h2c smuggling).",
		See:  "Upgrade arrives with another protocol than websocket, and Connection: upgrade, as the proxy writes it: a client would list HTTP2-Settings there too.",
		Do:   "Fill both headers from maps that know websocket alone. In the http block, once:\n\n    " + mapLine + "\n    " + upgradeMapLine + "\n\nIn the location:\n\n    " + mappedUpgradeLine + "\n    " + hopLine,
	},
	Severity: Risks,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Plain | Configuration,
	Explains: []string{"upgrade-websocket"},
	Spec:     "nginx WebSocket proxying",
	SpecURL:  nginxWebSocketURL,
	nginx: func(r *reading) Fix {
		f := r.recipe().noted("A variable of a map that knows websocket alone stands for $http_upgrade: nginx sends no Upgrade for other protocols. " + recipeNote)
		f.own()
		for i := range f.Steps {
			s := &f.Steps[i]
			switch s.Where {
			case "http":
				s.Lines = append(s.Lines, upgradeMapLine)
			case "location":
				s.Lines = slices.Clone(s.Lines)
				for j, line := range s.Lines {
					if line == upgradeLine {
						s.Lines[j] = mappedUpgradeLine
					}
				}
			}
		}
		return f
	},
	told: func(r *reading, c *Config) sign {
		sets := c.sets("Upgrade")
		value := r.value(upgrade)
		if c != r.Config || r.Request == nil || len(sets) == 0 || sets[0].value() != "$http_upgrade" || value == "" || r.lists(upgrade, "websocket") {
			return none()
		}
		return certain(fmt.Sprintf("Upgrade is %s, and whatever a client asks for is passed on: %s.", handshake.Quote(value), sets[0].says())).by(sets[0])
	},
	find: func(r *reading) sign {
		value := r.value(upgrade)
		if value == "" || r.lists(upgrade, "websocket") || r.noProtocol(value) {
			return none()
		}
		switch {
		case r.lists(connection, "HTTP2-Settings"):
			return none() // the client's own line: nobody wrote one for this hop
		case r.manner() == listsUpgrade:
			return likely(fmt.Sprintf("Upgrade is %s and Connection is %s: the proxy passes on every protocol that a client asks for.", handshake.Quote(value), handshake.Quote(r.value(connection))), r.spans(upgrade, connection)...)
		}
		return possible(fmt.Sprintf("Upgrade is %s: the proxy passes it on, whatever it asks for.", handshake.Quote(value)), r.at(upgrade))
	},
}

const (
	upgradeMapLine    = `map $http_upgrade $upgrade_websocket { websocket websocket; }`
	mappedUpgradeLine = `proxy_set_header Upgrade $upgrade_websocket;`
)

var requestHeadersNotPassed = &Cause{
	ID:    "request-headers-not-passed",
	Title: "The proxy passes on none of the client's lines",
	Doc: handshake.Doc{
		What: "proxy_pass_request_headers off withholds every line that the client sent, Sec-WebSocket-Key, Origin and Cookie among them. Only the lines of the configuration arrive.",
		See:  "Upgrade and Connection arrive, and not one line of a client: no User-Agent, no Origin, no Sec-WebSocket line.",
		Do:   "Let the lines through, in the location:\n\n    " + passHeadersLine,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Plain | Configuration,
	Explains: []string{"upgrade-websocket", "connection-upgrade", "version-13", "key-valid"},
	Spec:     "nginx proxy_pass_request_headers",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass_request_headers",
	nginx: func(r *reading) Fix {
		return r.recipe(passHeadersLine).noted("On is the default of the last line; the others make the location whole. If lines were withheld on purpose, take out those alone, each with an empty proxy_set_header, and never a Sec-WebSocket line.")
	},
	told: func(r *reading, c *Config) sign {
		if d := c.withholds(); d != nil && (r.Request == nil || r.clientless()) {
			return certain(fmt.Sprintf("%s withholds every line of the client.", d.Where())).by(*d)
		}
		return none()
	},
	find: func(r *reading) sign {
		if !r.clientless() {
			return none()
		}
		switch {
		case r.lists(upgrade, "websocket") && (r.has(origin) || r.has(cookie)):
			return likely("Upgrade: websocket arrived, and of a browser's lines those alone that somebody may pass by hand, not even User-Agent: the proxy withholds the others.", r.spans(upgrade, origin, cookie)...).closer(1)
		case r.lists(upgrade, "websocket"):
			return likely("Upgrade: websocket arrived and not one line of a client, not even User-Agent: the proxy withholds them.", r.spans(upgrade)...)
		case r.manner() == listsUpgrade, r.has(xRealIP), r.has(xForwardedFor):
			return possible("Lines of a proxy arrived, and not one of a client, not even User-Agent: the proxy may withhold them.", r.spans(connection, xRealIP, xForwardedFor)...)
		}
		return none()
	},
}

const passHeadersLine = "proxy_pass_request_headers on;"
