package diagnosis

import (
	"fmt"
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

// typed reports whether the User-Agent is that of a tool with which people write requests
// by hand.
func (r *reading) typed() bool {
	agent := r.value(userAgent)
	for _, tool := range []string{"curl/", "Wget/", "HTTPie/", "PostmanRuntime/", "insomnia/", "python-requests/"} {
		if strings.HasPrefix(agent, tool) {
			return true
		}
	}
	return false
}

// meant reports whether a line beside key and version shows that a WebSocket client asked.
func (r *reading) meant() bool {
	if r.has(secExtensions) || r.has(secProtocol) {
		return true
	}
	mode, ok := r.head.Field("Sec-Fetch-Mode")
	return ok && strings.EqualFold(r.head.Value(mode), "websocket")
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
	Shows:    Refusal | Acceptance,
	Explains: []string{"connection-single", "upgrade-single", "version-single", "key-single"},
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passUpgrade,
	nginx: func(r *reading) Fix {
		return r.recipe().noted("Each of these lines takes the place of all lines for its header, those of included files too. " + recipeNote)
	},
	find: func(r *reading) sign {
		var doubled []string
		var shown []dump.Span
		for _, n := range []name{upgrade, connection, secVersion, secKey} {
			if r.count[n] < 2 || r.wentTwice(n) {
				continue
			}
			doubled = append(doubled, spelling[n])
			for f := range r.head.All(spelling[n]) {
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
	Shows:    Refusal | Plain,
	Explains: []string{"version-13", "key-valid"},
	Spec:     "nginx proxy_set_header",
	SpecURL:  setHeaderURL,
	remedy:   passSubprotocol,
	nginx: func(r *reading) Fix {
		return r.recipe().without("proxy_set_header Sec-WebSocket-Key", "proxy_set_header Sec-WebSocket-Version").
			noted("nginx passes the Sec-WebSocket lines on by itself; these take the place of lines that set them in this block or further out.")
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
		if r.has(missing) || !r.lists(upgrade, "websocket") {
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

var handshakeByHand = &Cause{
	ID:    "handshake-by-hand",
	Title: "The handshake was typed, and half of it is missing",
	Doc: handshake.Doc{
		What: "People try a WebSocket with curl and write Upgrade and Connection, as many pages on the web show it. A server also needs Sec-WebSocket-Key and Sec-WebSocket-Version, and refuses without them, whatever the proxy does.",
		See:  "The User-Agent is that of curl or of a similar tool, Upgrade: websocket is there, and a Sec-WebSocket line is not.",
		Do:   "Send the whole handshake:\n\n    " + wholeHandshake + "\n\nOr use wsinspect probe, which also looks at the answer.",
	},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    Refusal | Plain,
	Explains: []string{"version-13", "key-valid"},
	Spec:     "RFC 6455 §4.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	nginx: func(*reading) Fix {
		return Fix{
			For:   "client",
			Steps: []Step{{Where: "shell", Lines: []string{wholeHandshake}}},
			Note:  "A proxy cannot cure it: it passes on what it gets. Write the address that the page opens, with http:// for ws:// and https:// for wss://.",
		}
	},
	find: func(r *reading) sign {
		if !r.typed() || !r.lists(upgrade, "websocket") || r.has(secKey) && r.has(secVersion) || r.wentOut(secKey) && r.wentOut(secVersion) {
			return none()
		}
		because := fmt.Sprintf("Upgrade is there and Sec-WebSocket-Key or Sec-WebSocket-Version is not, from %s: somebody wrote half a handshake by hand.", handshake.Quote(r.value(userAgent)))
		if r.before(upgrade, userAgent) && r.next() != nil {
			return possible(because+" Or the proxy writes Upgrade by itself.", r.spans(userAgent, upgrade)...)
		}
		return likely(because, r.spans(userAgent, upgrade)...).closer(1)
	},
}

// wholeHandshake is a handshake that a server accepts; its key is the example of RFC 6455.
const wholeHandshake = `curl -i -N --http1.1 -H "Connection: Upgrade" -H "Upgrade: websocket" -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" http://localhost:8080/ws`

var versionUnsupported = &Cause{
	ID:    "version-unsupported",
	Title: "The client speaks another version of WebSocket",
	Doc: handshake.Doc{
		What: "13 is the version of RFC 6455 and the only one in use. 8 and 7 are drafts of 2011, which old libraries speak.",
		See:  "Sec-WebSocket-Version arrives, and does not say 13.",
		Do:   "Use a client library of after 2011, or correct the line where it is written by hand. No proxy writes it by itself.",
	},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    Refusal,
	Explains: []string{"version-13"},
	Spec:     "RFC 6455 §4.4",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.4",
	nginx: func(*reading) Fix {
		return Fix{For: "client", Note: "Use a client that speaks RFC 6455. A proxy that wrote 13 over it would only hide that the client speaks something else."}
	},
	find: func(r *reading) sign {
		if !r.has(secVersion) || r.lists(secVersion, "13") {
			return none()
		}
		sure := likely
		if r.writtenOver(secVersion) {
			sure = possible
		}
		return sure(fmt.Sprintf("The client asks for version %s of WebSocket; servers speak 13.", handshake.Quote(r.value(secVersion))), r.at(secVersion))
	},
}

var keyMalformed = &Cause{
	ID:    "key-malformed",
	Title: "The client's key is no 16 bytes in base64",
	Doc: handshake.Doc{
		What: "Sec-WebSocket-Key is 16 random bytes in base64, 24 characters with two equals signs at the end. A client that writes it by hand, or encodes 16 characters of hexadecimal, sends another length.",
		See:  "Sec-WebSocket-Key arrives and has another length, or characters that base64 has not. A comma in it means that a proxy joined two lines.",
		Do:   "Let a client library make the key. In a shell:\n\n    " + keyLine,
	},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    Refusal,
	Explains: []string{"key-valid"},
	Spec:     "RFC 6455 §4.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	nginx: func(*reading) Fix {
		return Fix{
			For:   "client",
			Steps: []Step{{Where: "shell", Lines: []string{keyLine}}},
			Note:  "The line prints a key for a request that is written by hand; a client library makes its own.",
		}
	},
	find: func(r *reading) sign {
		if !r.has(secKey) || !r.is("key-valid") {
			return none()
		}
		sure := likely
		if r.writtenOver(secKey) {
			sure = possible
		}
		return sure(fmt.Sprintf("The client sent the key %s, which is no 16 bytes in base64.", handshake.Quote(r.value(secKey))), r.at(secKey))
	},
}

const keyLine = "openssl rand -base64 16"

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
		if r.differ() {
			whole := r.recipe()
			f.Steps[0].Lines, f.Steps[2].Lines = whole.Steps[0].Lines, whole.Steps[1].Lines
			f.also("Host is wrong as well, so the lines of a WebSocket stand here whole. " + recipeNote)
		}
		return f
	},
	find: func(r *reading) sign {
		if r.configures() && r.Request == nil {
			if d, ok := r.Config.directive("proxy_method"); ok && !strings.EqualFold(argument(&d), "GET") {
				return certain(fmt.Sprintf("%s makes every request a %s, the handshake too.", d.where(), handshake.Quote(argument(&d))))
			}
			return none()
		}
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
	Shows:    Acceptance,
	Spec:     "RFC 7692 §5",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc7692#section-5",
	remedy:   passSubprotocol,
	nginx: func(r *reading) Fix {
		return r.recipe().without("proxy_set_header Sec-WebSocket-Extensions").
			noted("nginx passes the line on by itself. Compression costs memory for each session; if that is why it was taken out, switch it off in the application instead.")
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

var framesBeforeAnswer = &Cause{
	ID:    "frames-before-answer",
	Title: "The client sends before the server has answered",
	Doc: handshake.Doc{
		What: "A client waits for the 101 before its first message. gorilla closes the connection without any answer if bytes have arrived behind the head; whether they have is a race, so it fails only now and then.",
		See:  "Bytes followed the head. The client sees the connection end without an answer, a proxy reports 502, and only sometimes.",
		Do:   "Let the client send its first message after the answer: in a browser, in the open event. If no client of yours does this, look for a proxy that sends a body or another request behind the head.",
	},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    Refusal | Acceptance,
	Explains: []string{"early-data"},
	Spec:     "RFC 6455 §4.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	nginx: func(*reading) Fix {
		return Fix{For: "client", Note: "Let the client wait for the answer before it sends. A proxy that holds the first bytes back would only hide the race."}
	},
	find: func(r *reading) sign {
		switch {
		case !r.is("early-data"):
			return none()
		case r.Request.AfterKind == "frames":
			return likely(fmt.Sprintf("%d bytes that look like WebSocket frames came behind the head: the client sent before it had an answer.", r.Request.After))
		}
		return possible(fmt.Sprintf("%d bytes came behind the head before the answer, and they do not look like WebSocket frames.", r.Request.After))
	},
}
