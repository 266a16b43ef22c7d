package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// wentOut reports whether the client is known to have sent a line of that name.
func (r *reading) wentOut(n name) bool {
	value, _ := r.sent(n)
	return value != ""
}

// neverSent reports whether the client is known not to have sent a line of that name.
func (r *reading) neverSent(n name) bool {
	value, known := r.sent(n)
	return known && value == ""
}

// sentWhole reports whether the client is known to have sent a handshake that asks for an
// upgrade.
func (r *reading) sentWhole() bool {
	return r.Client != nil && r.Client.Sent != nil && handshake.IsHandshake(r.Client.Sent) && r.wentOut(upgrade) && r.wentOut(connection)
}

// meant reports whether a line beside key and version shows that a WebSocket client asked.
func (r *reading) meant() bool {
	if r.has(secExtensions) || r.has(secProtocol) {
		return true
	}
	return strings.EqualFold(r.value(secFetchMode), "websocket")
}

var duplicateSetHeader = &Cause{
	ID:    "duplicate-set-header",
	Title: "Upgrade or Connection is set twice",
	Doc: handshake.Doc{
		What: "Two proxy_set_header lines for one header in the same block make nginx send both, one of them often from an included file. gorilla reads all of them; a server that reads the first alone may refuse.",
		See:  "The same name stands on two lines among those that the proxy writes.",
		Do:   "Let one line set each header:\n\n" + recipeText,
	},
	Severity: Risks,
	Party:    ByProxy,
	Shows:    Refusal | Acceptance | Configuration,
	Explains: []string{"connection-single", "upgrade-single", "version-single", "key-single"},
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		return r.recipe().noted("Each of these lines takes the place of all lines for its header, those of included files too. " + recipeNote)
	},
	told: func(r *reading, c *Config) sign {
		for _, n := range []name{upgrade, connection, secVersion, secKey} {
			sets := slices.DeleteFunc(c.sets(n.String()), func(d Directive) bool { return d.value() == "" })
			if c != r.Config || len(sets) < 2 || r.Request != nil && r.count[n] < 2 {
				continue
			}
			return certain(fmt.Sprintf("%s and %s both set %s, and nginx sends it twice.", sets[0].Where(), sets[1].Where(), n)).by(sets[1])
		}
		return none()
	},
	find: func(r *reading) sign {
		var doubled []string
		var shown []dump.Span
		for _, n := range []name{upgrade, connection, secVersion, secKey} {
			if r.count[n] < 2 || r.wentTwice(n) {
				continue
			}
			doubled = append(doubled, spelling[n])
			for f := range r.all(n) {
				shown = append(shown, f.Name)
			}
		}
		if doubled == nil || !r.asked() {
			return none()
		}
		return likely(fmt.Sprintf("%s arrived on more than one line, as nginx sends it where two proxy_set_header lines name one header.", strings.Join(doubled, " and ")), shown...)
	},
}

// wentTwice reports whether the client itself is known to have sent two lines of that name.
func (r *reading) wentTwice(n name) bool {
	if !r.wentOut(n) {
		return false
	}
	lines := 0
	for range r.Client.Sent.All(spelling[n]) {
		lines++
	}
	return lines > 1
}

var secWebSocketHeaderLost = &Cause{
	ID:    "sec-websocket-header-lost",
	Title: "The proxy removes Sec-WebSocket-Key or -Version, or writes over it",
	Doc: handshake.Doc{
		What: "A proxy passes these lines on by itself. Somebody sets them by hand, from a variable that is empty because its name is misspelt, or a filter lets only known headers through.",
		See:  "Upgrade and Connection are right, and Sec-WebSocket-Key or Sec-WebSocket-Version is missing although the other one, or another line of the client's handshake, is there. Or one of them is wrong and stands among the proxy's own lines, where no browser writes it.",
		Do:   "Take the lines out that set Sec-WebSocket headers. nginx passes them on unasked.",
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | Plain | Configuration,
	Explains: []string{"version-13", "key-valid"},
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passSubprotocol,
	nginx: func(r *reading) Fix {
		return r.recipe().without("proxy_set_header Sec-WebSocket-Key", "proxy_set_header Sec-WebSocket-Version").
			noted("nginx passes the Sec-WebSocket lines on by itself; these take the place of lines that set them in this block or further out.")
	},
	told: func(r *reading, c *Config) sign {
		for _, n := range []name{secKey, secVersion} {
			sets := c.sets(n.String())
			if len(sets) == 0 || sets[0].value() == "$http_"+strings.ReplaceAll(strings.ToLower(n.String()), "-", "_") || n == secVersion && sets[0].value() == "13" || r.untouched(n) {
				continue
			}
			return certain(fmt.Sprintf("%s sets %s in place of what the client sent: %s.", sets[0].Where(), n, handshake.Quote(sets[0].String()))).by(sets[0])
		}
		return none()
	},
	find: func(r *reading) sign {
		for _, n := range []name{secVersion, secKey} {
			if r.writtenOver(n) {
				return likely(fmt.Sprintf("%s is %s and stands where no browser writes it: a line of the proxy sets it, in place of what the client sent.", n, handshake.Quote(r.value(n))), r.at(n)).closer(1)
			}
		}
		missing := secKey
		if r.has(secKey) {
			missing = secVersion
		}
		if r.has(missing) || !r.lists(upgrade, "websocket") || r.wentOut(userAgent) && r.clientless() || r.is("head-size") {
			return none()
		}
		switch {
		case r.neverSent(missing):
			return none()
		case r.wentOut(missing):
			return certain(fmt.Sprintf("The client sent %s, and it did not arrive: a proxy on the way removed it.", missing), r.spans(secKey, secVersion)...)
		case r.asked() && r.typed():
			return possible(fmt.Sprintf("%s is missing, which a proxy may have removed.", missing), r.spans(secKey, secVersion)...)
		case r.asked():
			return likely(fmt.Sprintf("%s is missing and the rest of the handshake is there: a proxy on the way removed it, as nginx does where it is filled from an empty variable.", missing), r.spans(secKey, secVersion)...)
		case r.meant():
			return likely("Sec-WebSocket-Key and Sec-WebSocket-Version are both missing, and another line shows that a WebSocket client asked: a proxy on the way removed them.", r.spans(secExtensions, secProtocol)...).closer(1)
		}
		return none()
	},
}

// writtenOver reports whether a Sec-WebSocket line is wrong and stands where a proxy wrote
// it: before Host or Upgrade, of which one is always nginx's own, or right behind nginx's
// own lines where a Chrome, whose order is Origin, version, key, has it further down.
func (r *reading) writtenOver(n name) bool {
	wrong := n == secKey && r.is("key-valid") || n == secVersion && !r.lists(secVersion, "13")
	if !r.has(n) || !wrong || !r.browser() || !r.byNginx() || r.untouched(n) {
		return false
	}
	if r.before(n, host) || r.before(n, upgrade) && r.before(upgrade, userAgent) {
		return true
	}
	chrome := strings.Contains(r.value(userAgent), " Chrome/")
	return chrome && r.first[n] == r.written+1 && (r.before(n, origin) || n == secKey && r.before(n, secVersion))
}

var methodChanged = &Cause{
	ID:    "method-changed",
	Title: "The proxy changes the method",
	Doc: handshake.Doc{
		What: "A handshake is a GET. proxy_method, or a rewrite in another proxy, makes another method of it.",
		See:  "The request line begins with another method, and all lines of a handshake are there. Clients always send GET.",
		Do:   "Take proxy_method out of the location, and of the server and http blocks around it.",
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | Configuration,
	Explains: []string{"method-get"},
	Spec:     "nginx proxy_method",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_method",
	nginx: func(r *reading) Fix {
		take := []string{"proxy_method"}
		f := Fix{
			Steps: []Step{{Where: "http", Remove: take}, {Where: "server", Remove: take}, {Where: "location", Remove: take}},
			Note:  "Without the directive nginx sends the method that the client sent. Where other requests need it, keep it in a location of their own.",
		}
		if r.wrongHostToo() {
			whole := r.recipe()
			for _, s := range whole.Steps {
				i := slices.IndexFunc(f.Steps, func(own Step) bool { return own.Where == s.Where })
				f.Steps[i].Lines = s.Lines
			}
			f.also("Host is wrong as well, so the lines of a WebSocket stand here whole. " + recipeNote)
		}
		return f
	},
	told: func(r *reading, c *Config) sign {
		d := c.about("proxy_method", func(d *Directive) bool { return !strings.EqualFold(d.value(), "GET") })
		if d == nil || !r.passes(c) || r.Request != nil && (r.head.Method() == "GET" || !r.asked()) {
			return none()
		}
		return certain(fmt.Sprintf("%s makes every request a %s, the handshake too.", d.Where(), handshake.Quote(d.value()))).closer(1).by(*d)
	},
	find: func(r *reading) sign {
		method := r.head.Method()
		if method == "GET" || method == "" || !r.asked() || !r.lists(upgrade, "websocket") {
			return none()
		}
		at := r.head.Start.First
		if r.Client != nil && r.Client.Sent != nil {
			if r.Client.Sent.Method() != "GET" {
				return none()
			}
			return certain(fmt.Sprintf("The client sent GET and %s arrived: a proxy changed it.", handshake.Quote(method)), at)
		}
		return likely(fmt.Sprintf("The method is %s, and every line of a handshake is there: clients send GET, so a proxy changed it.", handshake.Quote(method)), at)
	},
}

var extensionsStripped = &Cause{
	ID:    "extensions-stripped",
	Title: "The proxy removes Sec-WebSocket-Extensions",
	Doc: handshake.Doc{
		What: "Every current browser offers permessage-deflate. Without the line the session works and nothing in it is compressed. Somebody has emptied it, perhaps to get round a fault of an old server.",
		See:  "The User-Agent is a browser's and no Sec-WebSocket-Extensions line arrived.",
		Do:   "Take the line that empties it out of the location. In nginx:\n\n    proxy_set_header Sec-WebSocket-Extensions \"\";",
	},
	Severity: Risks,
	Party:    ByProxy,
	Shows:    Acceptance | Configuration,
	Spec:     "RFC 7692 §5",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc7692#section-5",
	remedy:   passSubprotocol,
	nginx: func(r *reading) Fix {
		return r.recipe().without("proxy_set_header Sec-WebSocket-Extensions").
			noted("nginx passes the line on by itself. Compression costs memory for each session; if that is why it was taken out, switch it off in the application instead.")
	},
	told: func(r *reading, c *Config) sign {
		if d := c.empties("Sec-WebSocket-Extensions"); d != nil && !r.has(secExtensions) && !r.neverSent(secExtensions) {
			return certain("nginx takes the offer of compression out of the handshake: " + d.says() + ".").by(*d)
		}
		return none()
	},
	find: func(r *reading) sign {
		switch {
		case r.has(secExtensions), r.neverSent(secExtensions):
			return none()
		case r.wentOut(secExtensions):
			return certain("The client offered Sec-WebSocket-Extensions, and it did not arrive: a proxy on the way removed it.")
		case r.browser() && currentBrowser(r.value(userAgent)):
			return likely("No Sec-WebSocket-Extensions arrived from a browser, and every current browser offers permessage-deflate: a proxy on the way removed it.", r.at(userAgent))
		}
		return none()
	},
}

// currentBrowser reports whether a User-Agent is that of a browser with permessage-deflate;
// libraries that call themselves Mozilla are not.
func currentBrowser(agent string) bool {
	return strings.Contains(agent, " Chrome/") || strings.Contains(agent, " Firefox/") || strings.Contains(agent, " Version/") && strings.Contains(agent, " Safari/")
}
