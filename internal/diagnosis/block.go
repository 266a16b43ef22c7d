package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// recent is how far another attempt may be away to say something about this one: later or
// earlier the configuration may have been another.
const recent = 10 * time.Minute

// sighted reports whether another attempt of the same proxy, not long ago, is as asked.
func (r *reading) sighted(is func(other *reading) bool) bool { return r.sighting(is) != nil }

// sighting returns the newest attempt of the same proxy, not long ago, that is as asked;
// nil where none is.
func (r *reading) sighting(is func(other *reading) bool) *reading {
	if r.neighbours == nil {
		r.neighbours = r.readNeighbours()
	}
	if i := slices.IndexFunc(r.neighbours, is); i >= 0 {
		return r.neighbours[i]
	}
	return nil
}

// readNeighbours reads the other attempts of the same proxy, not long ago, for all causes
// that ask for them.
func (r *reading) readNeighbours() []*reading {
	others := r.others()
	found := make([]*reading, 0, len(others))
	for i := range others {
		o := &others[i]
		if o.Request == nil || o.Age > recent || o.Age < -recent || !r.samePeer(o) {
			continue
		}
		other := &reading{Evidence: &Evidence{Request: o.Request}}
		other.read()
		found = append(found, other)
	}
	return found
}

// samePeer reports whether another attempt came from the machine that this one came from;
// where this is not known, it is taken for the same.
func (r *reading) samePeer(o *Sighting) bool {
	if r.Request == nil || r.Request.Remote == nil || !o.Peer.IsValid() {
		return true
	}
	peer, err := netip.ParseAddrPort(r.Request.Remote.String())
	return err != nil || peer.Addr().Unmap() == o.Peer.Unmap()
}

// passed reports whether Upgrade and Connection came through. Whoever names our own
// address as Host may have come without a proxy, and shows nothing about one.
func (r *reading) passed() bool {
	return r.asked() && r.lists(upgrade, "websocket") && r.lists(connection, "upgrade") && !r.hostIsDefault()
}

// passedElsewhere returns a handshake that the same proxy passed on under the same Host at
// another path; nil where none was seen.
func (r *reading) passedElsewhere() *reading {
	return r.sighting(func(o *reading) bool {
		return o.passed() && o.host.same(r.askedHost()) && o.path() != r.path() && !r.sameKey(o)
	})
}

// passedOtherHost returns a handshake that the same proxy passed on under another Host.
func (r *reading) passedOtherHost() *reading {
	return r.sighting(func(o *reading) bool { return o.passed() && !o.host.same(r.askedHost()) })
}

// askedHost returns the host that the client asked for, as far as it shows: where Host is
// the proxy's default, a page most often asks the host that it came from.
func (r *reading) askedHost() authority {
	if r.hostIsDefault() && r.origin.web() {
		return r.origin
	}
	return r.host
}

// path returns the path of the target as it was spelt, without its query.
func (r *reading) path() string {
	path, _, _ := strings.Cut(r.span(r.head.Start.Second), "?")
	return path
}

// neglected reports whether nginx, or a proxy that may be it, served a handshake from a
// block that has lines of its own but not those of a WebSocket.
func (r *reading) neglected() bool {
	if !r.eaten() || !r.byNginx() {
		return false
	}
	switch r.manner() {
	case closeDefault, closeEither, noConnection:
		return true
	}
	return false
}

// neglect says what shows of the block that served it: lines of its own, or none at all.
func (r *reading) neglect() string {
	if !r.hostIsDefault() || r.setBesides() != "" || !r.http10() && r.has(connection) {
		return "has lines of its own, but none for a WebSocket"
	}
	return "has no line for a WebSocket"
}

var setHeaderInheritanceLost = &Cause{
	ID:    "set-header-inheritance-lost",
	Title: "One proxy_set_header cancels the inherited ones",
	Doc: handshake.Doc{
		What: "nginx inherits proxy_set_header from the server or http block only where a block has none of its own. One line such as X-Real-IP in the location cancels Upgrade, Connection and Host from outside. proxy_http_version is another directive and stays.",
		See:  "HTTP/1.1, which somebody has set, beside a header that somebody has set; but Host is the upstream's address and Upgrade is gone. Or Upgrade is there and Host alone is not.",
		Do:   "Give the block that sets a header all of them:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | Configuration,
	Explains: blockChecks,
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx:    func(r *reading) Fix { return r.recipe().noted(recipeNote) },
	told: func(r *reading, c *Config) sign {
		const cause = "set-header-inheritance-lost"
		if s := r.upgradeFault(c).sign(cause); s.confidence != Unlikely {
			return s
		}
		return r.hostFault(c).sign(cause)
	},
	find: func(r *reading) sign {
		switch besides := r.setBesides(); {
		case r.neglected() && r.passedElsewhere() != nil:
			return likely(fmt.Sprintf("The same proxy passes Upgrade on at %s, and not here: a proxy_set_header in this location cancels those it would inherit.", handshake.Quote(r.passedElsewhere().path())), r.spans(connection)...)
		case r.neglected() && !r.http10() && r.hostIsDefault() && besides != "" && r.has(connection):
			return likely(fmt.Sprintf("The location sets %s and speaks HTTP/1.1, yet Host, Connection and Upgrade are nginx's defaults: the %s line cancels those that would be inherited.", besides, besides), r.spans(host, connection)...).closer(1)
		case r.neglected() && !r.http10() && r.hostIsDefault() && besides != "":
			return likely(fmt.Sprintf("The location sets %s, and Upgrade, Connection and Host are missing: one line cancels all those that would be inherited.", besides), r.spans(host)...)
		case r.neglected() && r.http10() && r.hostIsDefault() && besides != "":
			return possible(fmt.Sprintf("The location sets %s, and Host, Connection and Upgrade are nginx's defaults: if they are set further out, the %s line cancels them.", besides, besides), r.spans(host, connection)...).breaking(bareChecks)
		case r.neglected() && !r.http10() && !r.hostIsDefault():
			return possible("The location sets Host and not Upgrade: a proxy_set_header in it cancels those of the server block.", r.spans(host, connection)...)
		case r.neglected() && !r.http10() && (r.has(connection) || isPool(r.host)):
			return possible("The location speaks HTTP/1.1, and passes on neither Host nor Upgrade: if they are set further out, a proxy_set_header in it that leaves no trace here, such as an empty one, cancels them.", r.spans(host, connection)...)
		case r.eaten() && r.lists(connection, "upgrade") && r.defaultHost():
			return possible("The location sets Connection, and Host is nginx's default: an Upgrade and a Host that are set further out are cancelled by it.", r.spans(connection, host)...)
		case r.asked() && r.lists(upgrade, "websocket") && r.defaultHost():
			return possible("The location sets Upgrade, and Host is nginx's default: a Host that is set further out is cancelled by it.", r.spans(host)...)
		}
		return none()
	},
}

var regexLocationWins = &Cause{
	ID:    "regex-location-wins",
	Title: "A regex location wins over the WebSocket's",
	Doc: handshake.Doc{
		What: "nginx takes the longest prefix location only if no regular expression matches: location ~ ^/api/ beats location /api/ws, and its block may have no WebSocket lines.",
		See:  "Upgrade arrives at other paths and not at this one. nginx -T shows a location with ~ or ~* that matches.",
		Do:   "Write location ^~ for the WebSocket's path, so that no regular expression is asked:\n\n    location ^~ /api/ws { ... }\n\nOr give the regex location the lines too:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | ClientSide | Configuration,
	Explains: bareChecks,
	Spec:     "nginx location",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#location",
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		return r.placeLines("location", "The other cure: write ^~ before the path of the WebSocket's own location.")
	},
	told: decided("regex-location-wins", (*reading).upgradeFault),
	find: func(r *reading) sign {
		return r.anotherBlock("a location with a regular expression may win over the one that was meant")
	},
}

var wsPathInWrongLocation = &Cause{
	ID:    "ws-path-in-wrong-location",
	Title: "The socket's path falls to another location",
	Doc: handshake.Doc{
		What: "The location with the WebSocket lines does not match the path that the client opens: /ws/ does not match /ws, and /socket does not match /ws. The request falls to another location, most often location /, which has none.",
		See:  "Upgrade arrives at one path and not at another. Compare the path in the request line with the locations, letter by letter, slashes too.",
		Do:   "Make the location match the path, or give the one that serves it the lines:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | ClientSide | Configuration,
	Explains: bareChecks,
	Spec:     "nginx location",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#location",
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		return r.placeLines("location", "The other cure: make the WebSocket's own location match the path, /ws and not /ws/.")
	},
	told: decided("ws-path-in-wrong-location", (*reading).upgradeFault),
	find: func(r *reading) sign {
		s := r.anotherBlock("the path may fall to another location than the one with the WebSocket lines")
		if s.confidence == Likely && strings.Trim(r.passedElsewhere().path(), "/") == strings.Trim(r.path(), "/") {
			s = s.closer(2) // only a slash is different
		}
		return s
	},
}

// anotherBlock looks for signs that a block serves the request which was not meant to.
func (r *reading) anotherBlock(how string) sign {
	if !r.neglected() {
		return r.answeredElsewhere("another location than the one that was meant", 404)
	}
	if o := r.passedElsewhere(); o != nil {
		return likely(fmt.Sprintf("The same proxy passes Upgrade on at %s, and not at %s: %s.", handshake.Quote(o.path()), handshake.Quote(r.path()), how), r.target()...).closer(1)
	}
	return possible("The block that served "+handshake.Quote(r.path())+" "+r.neglect()+": "+how+".", r.target()...)
}

var wrongServerBlock = &Cause{
	ID:    "wrong-server-block",
	Title: "The host name falls to another server block",
	Doc: handshake.Doc{
		What: "nginx chooses the server block by Host. A name that no server_name lists falls to the default one, the first that listens there, and that one may have no WebSocket lines.",
		See:  "Upgrade arrives under one host name and not under another, from the same proxy. nginx -T shows the server_name lines.",
		Do:   "Add the name to server_name of the block that was meant:\n\n    server_name app.example.com chat.example.com;\n\nOr give the block that serves it the lines:\n\n" + recipeText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | ClientSide | Configuration,
	Explains: bareChecks,
	Spec:     "nginx server_name",
	SpecURL:  "https://nginx.org/en/docs/http/server_names.html",
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		return r.placeLines("block", "The other cure: add the host name to server_name of the block that was meant.")
	},
	told: decided("wrong-server-block", (*reading).upgradeFault),
	find: func(r *reading) sign {
		if s := r.answeredElsewhere("another server block than the one that was meant", 404, 503); s.confidence != Unlikely {
			return s
		}
		if !r.neglected() {
			return none()
		}
		if o := r.passedOtherHost(); o != nil {
			return likely(fmt.Sprintf("The same proxy passes Upgrade on for Host %s, and not for %s: another server block may serve this name.", handshake.Quote(o.host.text), handshake.Quote(r.askedHost().name)), r.spans(host)...).closer(2)
		}
		return possible("The block that served Host "+handshake.Quote(r.askedHost().hostText())+" "+r.neglect()+": the name may fall to another server block than the one that was meant.", r.spans(host)...)
	},
}

// answeredElsewhere looks for an answer of nginx itself that another block than the meant one
// may have given; a configuration would name the block.
func (r *reading) answeredElsewhere(which string, statuses ...int) sign {
	if status := r.turnedAway(); r.Config == nil && slices.Contains(statuses, status) && r.Client.nginx() {
		return possible(fmt.Sprintf("nginx answered %d itself%s: perhaps %s serves the request.", status, r.withheld(), which))
	}
	return none()
}

// placeLines returns the lines for the block that serves the request: those of a location that
// passes it on, or a whole one where the block answers by itself.
func (r *reading) placeLines(block, other string) Fix {
	if r.Config.displaced() != nil && r.Config.location() == "" {
		return Fix{Note: "The server answers before any location of it is asked. " + other}
	}
	if r.Config.displaced() != nil || r.turnedAway() != 0 {
		return r.ownLocation().noted("These lines are a whole location for the socket, in the server that serves it now. Write your application's address behind proxy_pass where it differs. " + other)
	}
	return r.recipe().noted("These lines go into the " + block + " that serves the request now. " + other)
}

// target returns the place of the target; nothing where no request arrived.
func (r *reading) target() []dump.Span {
	if r.head.Start.Second.Empty() {
		return nil
	}
	return []dump.Span{r.head.Start.Second}
}
