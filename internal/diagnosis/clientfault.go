package diagnosis

import (
	"fmt"
	"strings"

	"wsinspect/internal/handshake"
)

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
