package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var acceptWrong = &Cause{
	ID:    "accept-wrong",
	Title: "The 101 answers another key than the client's",
	Doc: handshake.Doc{
		What: "Sec-WebSocket-Accept is made from the key of this one handshake. Another value means that the backend makes it wrongly, that a line of a proxy has put another key in its place, or that the answer is an earlier one out of a cache. The client must fail such a handshake (RFC 6455, section 4.1).",
		See:  "The browser says: Incorrect 'Sec-WebSocket-Accept' header value. The backend sees a good handshake whose client leaves at once.",
		Do: `Take out whatever sets the key, and keep the answer out of caches:

    proxy_set_header Sec-WebSocket-Key "dGhlIHNhbXBsZSBub25jZQ==";
    proxy_cache on;

An application that answers by hand makes the value by base64 of SHA-1 over the key and 258EAFA5-E914-47DA-95CA-C5AB0DC85B11, without a line end.`,
	},
	Severity: Rejects,
	Party:    ByBackend,
	Shows:    ClientSide,
	Spec:     "RFC 6455 §4.2.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2",
	find: func(r *reading) sign {
		value := r.Client.said("Sec-WebSocket-Accept")
		if r.Client.status() != 101 || value == "" || r.Client.Accept {
			return none()
		}
		because := fmt.Sprintf("The 101 has Sec-WebSocket-Accept %s, which does not answer the key that the client sent.", handshake.Quote(value))
		if sent, known := r.sent(secKey); known && r.has(secKey) && sent != r.value(secKey) {
			return none() // another key arrived: sec-websocket-header-lost
		}
		return certain(because)
	},
	nginx: func(*reading) Fix {
		return Fix{For: "backend", Note: "Let a library answer the handshake. If a proxy caches or changes the key, its line has to go: proxy_cache off; and no proxy_set_header Sec-WebSocket-Key."}
	},
}

var answerNotOffered = &Cause{
	ID:    "answer-not-offered",
	Title: "The 101 agrees to what the client did not offer",
	Doc: handshake.Doc{
		What: "A server chooses a subprotocol and extensions among those that the client offers, or none. One that answers with a fixed one, or a proxy that adds a line to the answer, breaks every client that did not ask for it: the client must fail such a handshake (RFC 6455, section 4.1).",
		See:  "The browser says: Response must not include 'Sec-WebSocket-Protocol' header if not present in request, or: Found an unsupported extension. The backend sees a client that leaves at once.",
		Do: `Choose among what the client offers. In gorilla:

    websocket.Upgrader{Subprotocols: []string{"graphql-transport-ws"}}

In nginx, look for an add_header that adds such a line:

    add_header Sec-WebSocket-Protocol chat always;`,
	},
	Severity: Rejects,
	Party:    ByBackend,
	Shows:    ClientSide,
	Spec:     "RFC 6455 §4.2.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2",
	find: func(r *reading) sign {
		if r.Client.status() != 101 || r.Client.Sent == nil {
			return none()
		}
		for _, n := range []name{secProtocol, secExtensions} {
			for _, chosen := range tokens(r.Client.Answer, n) {
				if slices.Contains(tokens(r.Client.Sent, n), chosen) {
					continue
				}
				because := fmt.Sprintf("The 101 has %s in %s, which the client did not offer.", handshake.Quote(chosen), n)
				if d := r.Config.outermost().about("add_header", func(d *Directive) bool { return strings.EqualFold(unquoted(d.Args[0]), n.String()) }); d != nil {
					return certain(because + " " + d.says() + ".").by(*d)
				}
				return certain(because)
			}
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		if d := r.Config.outermost().about("add_header", func(d *Directive) bool {
			return strings.HasPrefix(strings.ToLower(unquoted(d.Args[0])), "sec-websocket-")
		}); d != nil {
			return Fix{Hop: 1, Steps: []Step{{Where: "location", Remove: []string{"add_header " + d.Args[0]}}}, Note: "The backend's own line comes back by itself."}
		}
		return Fix{For: "backend", Note: "Let the application choose among what the client offers, or none. If a proxy adds the line, with add_header in nginx, its line has to go."}
	},
}

// tokens returns what the lines of that name list, without parameters, in lower case where
// that does not matter.
func tokens(h *dump.Head, n name) (all []string) {
	for f := range h.All(n.String()) {
		for element := range strings.SplitSeq(h.Value(f), ",") {
			token, _, _ := strings.Cut(element, ";")
			if token = strings.Trim(token, " \t"); n == secExtensions {
				token = strings.ToLower(token)
			}
			if token != "" {
				all = append(all, token)
			}
		}
	}
	return all
}
