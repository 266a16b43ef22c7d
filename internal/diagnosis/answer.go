package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/handshake"
)

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
	Shows:    ClientSide | Configuration,
	Spec:     "nginx proxy_cache",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache",
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.on("proxy_cache"); d != nil && c.passes() {
			return likely("nginx keeps answers of this location and gives them to handshakes, an error most often: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		status := r.turnedAway()
		if status == 0 || r.Client.Reach != NotReached || status == 101 || redirects(status) {
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
		d := r.Config.on("proxy_cache")
		if d != nil && r.Client.byBackend() {
			return certain(fmt.Sprintf("%s answered %d in the backend's words%s: %s.", r.Client.answerer(), status, r.withheld(), d.says())).by(*d)
		} else if r.Client.byBackend() {
			return possible(fmt.Sprintf("%s answered %d in the words of a WebSocket server, and the handshake did not arrive here: another server said so, or %s.", r.Client.answerer(), status, cause))
		} else if d != nil {
			return possible(fmt.Sprintf("%s answered %d%s: perhaps %s.", r.Client.answerer(), status, r.withheld(), cause))
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
		Do:   "Give the socket a location of its own:\n\n" + locationText,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx try_files",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files",
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.on("try_files"); d != nil && !c.handsOn() {
			return likely("nginx looks for the path of the socket among its files: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
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
	told: func(r *reading, c *Config) sign {
		if d := c.hides("Upgrade", "Sec-WebSocket-Accept"); d != nil && !r.well() {
			return certain("nginx takes a line out of the 101 that the client needs: " + d.says() + ".").by(*d)
		}
		return none()
	},
	find: func(r *reading) sign {
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
		if r.left {
			return possible(leftText + ": perhaps a proxy took Upgrade or Sec-WebSocket-Accept out of the answer.")
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
	told: func(r *reading, c *Config) sign {
		switch asked, out := c.empties("Sec-WebSocket-Protocol"), c.hides("Sec-WebSocket-Protocol"); {
		case r.neverSent(secProtocol), r.well():
			return none()
		case asked != nil && !r.has(secProtocol):
			return certain("nginx takes the subprotocol out of the request: " + asked.says() + ".").by(*asked)
		case out != nil:
			return certain("nginx takes the subprotocol out of the answer: " + out.says() + ".").by(*out)
		}
		return none()
	},
	find: func(r *reading) sign {
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
		if r.left && r.has(secProtocol) {
			return possible(leftText+", though that agreed to the subprotocol that it asked for: perhaps a proxy dropped Sec-WebSocket-Protocol from the answer.", r.at(secProtocol))
		}
		if r.left {
			const left = leftText + ", and no Sec-WebSocket-Protocol arrived: "
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

const leftText = "The client left right after the 101, without a close frame or a message"

// leftAtOnce reports whether a client that was accepted left within a second, without a
// close frame and without having sent anything: it did not like the answer. People try a
// server with programs that they break off; so that counts of a browser alone, or where it
// happens again.
func (r *reading) leftAtOnce() bool {
	return r.Session.LeftAtOnce() && (r.wholeBrowser() || slices.ContainsFunc(r.others(), func(o Sighting) bool {
		return o.SameClient && o.Session.LeftAtOnce()
	}))
}

// LeftAtOnce reports whether the client left within a second, without a close frame and
// without having sent anything.
func (s *Session) LeftAtOnce() bool {
	return s != nil && s.Cut && s.Received == 0 && s.Ended.Sub(s.Opened) < leavesWithin
}

// wholeBrowser reports whether a browser opened the session: its name stands there, and
// beside it what programs that only call themselves so leave out.
func (r *reading) wholeBrowser() bool {
	return r.has(origin) && (r.has(secExtensions) || r.has(acceptLanguage)) && currentBrowser(r.value(userAgent))
}

// well reports whether the client is known to have got the 101 of its handshake whole.
func (r *reading) well() bool {
	c := r.Client
	if c == nil || c.status() != 101 || c.missing101() != "" {
		return false
	}
	asked, _ := c.sent("Sec-WebSocket-Protocol")
	return asked == "" || c.Answer.Has("Sec-WebSocket-Protocol")
}
