package diagnosis

import (
	"fmt"
	"strings"

	"wsinspect/internal/handshake"
)

// manner is how Connection arrived, as far as it tells who wrote it. Before 1.29.7 nginx
// adds Connection: close behind the lines of its configuration, where those do not set it.
type manner uint8

const (
	unread manner = iota
	noConnection
	listsUpgrade // upgrade is in it
	closeDefault // close, behind all that the configuration sets: nginx's own
	closeEither  // close, before lines about the client, which somebody set here or a proxy in front has sent
	closeSet     // close, before a line that the configuration sets: it sets this one too
	otherValue   // keep-alive or another value, among the lines of the configuration
	elsewhere    // not upgrade, behind the client's lines, where nginx writes nothing
)

// manner returns how Connection arrived; it is asked for by many.
func (r *reading) manner() manner {
	if r.how == unread {
		r.how = r.readManner()
	}
	return r.how
}

// readManner looks at the first Connection line, or for upgrade at all of them.
func (r *reading) readManner() manner {
	at := r.first[connection]
	switch {
	case at == 0:
		return noConnection
	case r.lists(connection, "upgrade"):
		return listsUpgrade
	case at > r.written:
		return elsewhere
	case r.value(connection) != "close":
		return otherValue
	case r.before(connection, host), r.before(connection, upgrade):
		return closeSet
	case r.hostIsDefault(), !r.forwardsBehind():
		return closeDefault // behind a Host that nobody set stands no line that somebody did
	case r.before(connection, xForwardedFor) && r.forwarded() > 1:
		return closeSet // who appends to X-Forwarded-For sets it
	}
	return closeEither
}

// forwardsBehind reports whether a line about the client stands behind Connection, before
// those that only a client writes.
func (r *reading) forwardsBehind() bool {
	for _, n := range []name{xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xRealIP} {
		if r.before(connection, n) && r.first[n] <= r.written {
			return true
		}
	}
	return false
}

// closeUnset reports whether Connection: close stands behind the Host that nginx writes
// where nobody sets it, so that nobody has set Connection either.
func (r *reading) closeUnset() bool {
	return r.manner() == closeDefault && r.hostIsDefault() && r.first[host] > 1
}

// unlisted reports whether Upgrade asks for a WebSocket and Connection does not list it.
func (r *reading) unlisted() bool {
	return r.asked() && r.lists(upgrade, "websocket") && r.manner() != listsUpgrade && !r.neverSent(connection)
}

const emptied = "Upgrade arrived and no Connection at all: proxy_set_header Connection \"\", as upstream keepalive wants it, takes it from the handshake too."

// connectionCheck is the check that a wrong Connection breaks.
var connectionCheck = []string{"connection-upgrade"}

var connectionHeaderMissing = &Cause{
	ID:    "connection-header-missing",
	Title: "Upgrade is passed on and Connection is not set",
	Doc: handshake.Doc{
		What: "A server looks at Upgrade only if Connection lists it. nginx sends Connection: close where nothing sets it, and from 1.29.7 on no Connection at all.",
		See:  "Upgrade: websocket arrives, and Connection: close behind all of nginx's own lines, or no Connection.",
		Do:   "Set both:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  2,
	Shows:    Refusal | Configuration,
	Explains: connectionCheck,
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.recipe().noted(recipeNote) },
	told:     decided("connection-header-missing", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if !r.unlisted() || !r.byNginx() {
			return none()
		}
		switch r.manner() {
		case closeDefault:
			return likely("Upgrade arrived and Connection is close, where nginx before 1.29.7 writes its own: the location passes on Upgrade alone.", r.spans(upgrade, connection)...)
		case closeEither:
			return possible("Upgrade arrived and Connection is close, which nginx before 1.29.7 writes by itself where the location passes on Upgrade alone.", r.spans(upgrade, connection)...)
		case noConnection:
			if r.http10() {
				return none() // so old an nginx writes a Connection of its own
			}
			s := likely("Upgrade arrived and no Connection: from nginx 1.29.7 on, a location that passes on Upgrade alone sends none.", r.spans(upgrade)...)
			if r.hostIsDefault() && r.hostLeads() {
				return s.closer(1) // where only such an nginx writes its default
			}
			return s
		}
		return none()
	},
}

var connectionCleared = &Cause{
	ID:    "connection-cleared",
	Title: "Connection is emptied",
	Doc: handshake.Doc{
		What: "proxy_set_header Connection \"\" keeps connections to an upstream open. In a location that passes a WebSocket on it takes Connection from the handshake too.",
		See:  "Upgrade: websocket arrives without a Connection line. nginx before 1.29.7 never leaves it out by itself.",
		Do:   "Let Connection say upgrade for a WebSocket:\n\n" + recipeText + "\n\nTo keep connections open for all other requests, let the map say nothing instead of close:\n\n    map $http_upgrade $connection_upgrade { default ''; websocket upgrade; }",
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  10,
	Shows:    Refusal | Configuration,
	Explains: bareChecks,
	Spec:     "nginx upstream keepalive",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive",
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		return r.recipe().noted("If the location uses the keepalive of an upstream, write '' for close in the map: other requests then still share connections. " + recipeNote)
	},
	told: decided("connection-cleared", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if !r.asked() || !r.byNginx() || r.manner() != noConnection {
			return none()
		}
		switch {
		case r.lists(upgrade, "websocket") && r.http10():
			return likely(emptied, r.spans(upgrade)...).closer(1) // so old an nginx leaves it out in no other way
		case r.lists(upgrade, "websocket"):
			return likely(emptied+" Or this is nginx from 1.29.7 on, which writes none by itself.", r.spans(upgrade)...).breaking(connectionCheck)
		case r.eaten() && r.http10():
			return likely("HTTP/1.0 without Connection: an nginx that speaks it adds Connection: close, unless proxy_set_header Connection \"\" empties it.", r.head.Start.Third)
		case r.eaten():
			return possible("Neither Upgrade nor Connection arrived. nginx before 1.29.7 leaves Connection out only where proxy_set_header Connection \"\" empties it, as upstream keepalive wants it.")
		}
		return none()
	},
}

var connectionHardcoded = &Cause{
	ID:    "connection-hardcoded",
	Title: "Connection is a constant that is not upgrade",
	Doc: handshake.Doc{
		What: "A constant such as keep-alive, from recipes for other servers, or close goes out with every request, the handshake among them, and a server then does not look at Upgrade.",
		See:  "Upgrade: websocket arrives beside Connection: keep-alive, or beside a Connection: close that stands before other lines of the configuration.",
		Do:   "Let a map choose the value:\n\n" + recipeText,
	},
	Tempting: "The constant upgrade cures the handshake and goes out with every page load, which strict servers refuse.",
	Lures:    []string{`proxy_set_header Connection "upgrade";`},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  2,
	Shows:    Refusal | Configuration,
	Explains: connectionCheck,
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.recipe().noted(recipeNote) },
	told:     decided("connection-hardcoded", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if r.eaten() && r.byNginx() && r.manner() == otherValue {
			return likely(fmt.Sprintf("Connection is the constant %s, which somebody has set, and no Upgrade arrived: the location does not pass that on either.", handshake.Quote(r.value(connection))), r.at(connection))
		}
		if !r.unlisted() {
			return none()
		}
		if !r.byNginx() {
			if !r.has(connection) {
				return none()
			}
			return likely(fmt.Sprintf("%s passed Upgrade on, and Connection is %s, which somebody has set.", r.proxyName(), handshake.Quote(r.value(connection))), r.at(connection))
		}
		because := fmt.Sprintf("Upgrade arrived, and Connection is the constant %s, which somebody has set.", handshake.Quote(r.value(connection)))
		switch r.manner() {
		case otherValue:
			return likely(because, r.at(connection)).closer(1)
		case closeSet, closeEither:
			return likely(because, r.at(connection))
		case closeDefault:
			if r.closeUnset() {
				return none()
			}
			return possible("Upgrade arrived, and Connection is close: somebody may have set that.", r.at(connection))
		}
		return none()
	},
}

var mapWrong = &Cause{
	ID:    "map-wrong",
	Title: "The map for Connection gives the wrong value",
	Doc: handshake.Doc{
		What: "The map that fills Connection is turned round, so that a handshake gets close and a page load gets upgrade, or it looks at a variable that does not hold the client's Upgrade.",
		See:  "A handshake arrives with Upgrade: websocket and Connection: close. Where the map is turned round, plain requests from the same proxy arrive with Connection: upgrade.",
		Do:   "Key the map on $http_upgrade, and give upgrade to websocket alone:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | Plain | Configuration,
	Explains: connectionCheck,
	Spec:     "nginx map",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_map_module.html#map",
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		f := r.recipe().noted("The map takes the place of the one that fills $connection_upgrade now. " + recipeNote)
		if m := r.Config.mapOf("$connection_upgrade"); m != nil && f.Steps[0].Where == "http" {
			f.own()
			f.Steps[0].Remove = []string{strings.TrimSuffix(m.String(), ";")}
		}
		return f
	},
	told: decided("map-wrong", (*reading).upgradeFault),
	find: func(r *reading) sign {
		switch m := r.manner(); {
		case !r.byNginx():
		case r.unlisted() && r.plainUpgrades():
			return likely("The handshake has Connection: close, and plain requests from the same proxy have Connection: upgrade: the map is turned round.", r.spans(connection, upgrade)...).closer(2)
		case r.unlisted() && (m == closeSet || m == closeEither):
			return likely("Upgrade arrived and Connection is close, which somebody has set: a map that is turned round, or keyed on the wrong variable, gives that.", r.at(connection))
		case r.unlisted() && m != elsewhere && !r.closeUnset():
			return possible("Upgrade arrived and Connection does not list it: a map that is turned round, or keyed on the wrong variable, does that.", r.spans(upgrade, connection)...)
		case !r.asked() && m == listsUpgrade && !r.has(upgrade) && r.handshakesClose():
			return likely("A plain request has Connection: upgrade, and handshakes from the same proxy have none: the map is turned round.", r.at(connection)).closer(1)
		case !r.asked() && m == listsUpgrade && !r.has(upgrade):
			return possible("A plain request has Connection: upgrade: a map that is turned round gives that, and close to handshakes.", r.at(connection))
		}
		return none()
	},
}

// plainUpgrades reports whether the same proxy sent Connection: upgrade with a request that
// asked for no WebSocket.
func (r *reading) plainUpgrades() bool {
	return r.sighted(func(o *reading) bool { return !o.asked() && !o.has(upgrade) && o.manner() == listsUpgrade })
}

// handshakesClose reports whether the same proxy passed on an Upgrade and sent a
// Connection that does not list it.
func (r *reading) handshakesClose() bool { return r.sighted((*reading).unlisted) }

var httpVersionMissing = &Cause{
	ID:    "http-version-missing",
	Title: "The handshake says HTTP/1.0",
	Doc: handshake.Doc{
		What: "Before 1.29.7 nginx speaks HTTP/1.0 to a backend unless proxy_http_version says otherwise. HTTP/1.0 has no Upgrade; gorilla does not look at the version and accepts, servers that follow RFC 6455 answer 400, 426 or 505.",
		See:  "The request line ends in HTTP/1.0, and Upgrade and Connection are right.",
		Do:   "In the location:\n\n    " + versionLine,
	},
	Severity: Risks,
	Party:    ByProxy,
	Reports:  9,
	Shows:    Refusal | Acceptance | Configuration,
	Explains: []string{"http-version"},
	Spec:     "nginx proxy_http_version",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version",
	remedy:   speakHTTP1,
	nginx: func(r *reading) Fix {
		if r.wrongHostToo() {
			return r.recipe().noted("proxy_http_version 1.1 cures the version. Host is wrong as well, so the lines of a WebSocket stand here whole. " + recipeNote)
		}
		return Fix{
			Steps: []Step{{Where: "location", Lines: []string{versionLine}}},
			Note:  "It may as well stand in the server or http block: it is inherited, and one proxy_set_header does not cancel it.",
		}
	},
	told: oldVersion,
	find: func(r *reading) sign {
		if !r.http10() || !r.asked() || !r.lists(upgrade, "websocket") || r.manner() != listsUpgrade {
			return none()
		}
		return likely(fmt.Sprintf("Upgrade and Connection are right, and the request line says HTTP/1.0: %s.", r.versionless()), r.head.Start.Third)
	},
}

// oldVersion states that c speaks HTTP/1.0 with a handshake that it passes on.
func oldVersion(r *reading, c *Config) sign {
	set, said := c.directive("proxy_http_version")
	old := said && set.value() == "1.0" || !said && !c.since(1, 29, 7)
	if c != r.Config || !r.passes(c) || !old || !r.wants() || r.dropped(c) != nil || c.withholds() != nil || r.Request != nil && !r.http10() {
		return none()
	}
	switch {
	case said:
		return certain("The handshake goes out as HTTP/1.0: " + set.says() + ".").closer(-1).by(set)
	case r.Request != nil, c.Version != "":
		return certain(c.block() + " sets no proxy_http_version, and nginx before 1.29.7 speaks HTTP/1.0.").closer(-1).by(c.Block)
	}
	return likely(c.block() + " sets no proxy_http_version, and nginx before 1.29.7 speaks HTTP/1.0 then.").closer(-1).by(c.Block)
}

// versionless says who speaks HTTP/1.0, at the end of a sentence.
func (r *reading) versionless() string {
	if r.byNginx() {
		return "the location lacks proxy_http_version 1.1, which nginx needs before 1.29.7"
	}
	return r.proxyName() + " speaks that to the backend"
}
