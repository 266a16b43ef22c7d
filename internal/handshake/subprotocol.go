package handshake

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/dump"
)

var subprotocolOffered = &Check{
	ID:    "subprotocol-offered",
	Title: "Subprotocols are offered as a list of different tokens",
	Doc: Doc{
		What: "Sec-WebSocket-Protocol lists what may be spoken inside the socket, most wanted first. Each name is a token, and none stands there twice. gorilla reads the first line only.",
		See:  "The list has an empty element, a name with a space or a slash, the same name twice, or goes on in a second line.",
		Do:   "Let the client offer plain names, such as chat or graphql-transport-ws. A token for signing in, carried here because browsers allow no other header, has to be encoded: base64url has no equals sign, slash or plus.",
	},
	Spec:     "RFC 6455 §4.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		if !r.has(secProtocol) {
			return moot("No subprotocol is offered.")
		}
		seen := map[string]bool{}
		for f, v := range r.lines(secProtocol) {
			for element := range strings.SplitSeq(v, ",") {
				offered := strings.Trim(element, " \t")
				switch {
				case !dump.IsToken(offered):
					return lacks(fmt.Sprintf("Sec-WebSocket-Protocol is %s, and %s is no token.", r.quoteLines(secProtocol), Quote(offered)), r.place(f))
				case seen[offered] && !r.head.Masked(f.Value): // masked, two can look the same
					return lacks(fmt.Sprintf("Sec-WebSocket-Protocol is %s: %s is offered twice.", r.quoteLines(secProtocol), Quote(offered)), r.place(f))
				}
				seen[offered] = true
			}
		}
		if r.count[secProtocol] > 1 {
			return lacks(fmt.Sprintf("%d Sec-WebSocket-Protocol lines arrived: %s. gorilla reads the first only.", r.count[secProtocol], r.quoteLines(secProtocol)), r.places(secProtocol)...)
		}
		return keeps("What is offered is a list of different tokens.")
	},
}

var subprotocolAgreed = &Check{
	ID:    "subprotocol-agreed",
	Title: "A subprotocol is offered that this server speaks",
	Doc: Doc{
		What: "The server chooses one of the subprotocols that the client offers, or none. A browser that offered some closes the connection if none is chosen. wsinspect speaks those of --subprotocol, or without that flag the first that is offered, since it stands in for an application that it does not know.",
		See:  "The handshake is answered with 101 and without Sec-WebSocket-Protocol, and the browser ends it at once with 1006.",
		Do:   "Let client and server name the same subprotocol. The letters' case counts. If the client's list does not arrive, look for a proxy that passes on only the headers that it knows.",
	},
	Spec:     "RFC 6455 §4.2.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		f, ok := r.line(secProtocol)
		if !ok {
			return moot("No subprotocol is offered.")
		}
		offered := strings.Split(r.value(f), ",")
		for i := range offered {
			offered[i] = strings.TrimSpace(offered[i])
		}
		for _, s := range r.policy.Subprotocols(offered) {
			if slices.Contains(offered, s) {
				return keeps("A subprotocol is agreed.")
			}
		}
		if len(r.policy.Spoken) == 0 {
			return lacks(fmt.Sprintf("Sec-WebSocket-Protocol is %s, and nothing in it can be chosen.", Quote(r.value(f))), r.place(f))
		}
		return lacks(fmt.Sprintf("Sec-WebSocket-Protocol is %s, and this server speaks %s. Browsers close a connection on which none of their subprotocols is chosen.", Quote(r.value(f)), Quote(strings.Join(r.policy.Spoken, ", "))), r.place(f))
	},
}
