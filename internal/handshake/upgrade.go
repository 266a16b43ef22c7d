package handshake

import (
	"fmt"

	"wsinspect/internal/dump"
)

var connectionUpgrade = &Check{
	ID:    "connection-upgrade",
	Title: "Connection lists upgrade",
	Doc: Doc{
		What: "Connection lists the headers that concern this one hop. A client that sends Upgrade lists it there; a proxy removes both, as RFC 9110 asks of it, unless it is told to pass the upgrade on. Case does not matter.",
		See:  "The Connection line is missing, or says close or keep-alive. If Sec-WebSocket-Key is there all the same, a client asked for a WebSocket and something on the way removed this.",
		Do: `Tell the proxy to send it on, in the location that passes the socket on. In nginx:

    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";

Where the first line ends in HTTP/1.0, as it does from nginx before 1.29.7, add:

    proxy_http_version 1.1;`,
	},
	Spec:    "RFC 6455 §4.2.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
	Decides: true, By: ByGorilla, Status: 400,
	Reason:   "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		if r.listed(connection, "upgrade") {
			return keeps("Connection lists upgrade.")
		}
		return r.lacksToken(connection, "upgrade")
	},
}

var upgradeWebSocket = &Check{
	ID:    "upgrade-websocket",
	Title: "Upgrade lists websocket",
	Doc: Doc{
		What: "Upgrade names the protocol that the client wants to go on with. Case does not matter. It concerns one hop only, so a proxy removes it unless it is told to pass it on.",
		See:  "The Upgrade line is missing or names another protocol, such as h2c. If Sec-WebSocket-Key is there all the same, something on the way removed it.",
		Do: `Tell the proxy to send it on, in the location that passes the socket on. In nginx:

    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";

One proxy_set_header in a location cancels all those that it would inherit.`,
	},
	Spec:    "RFC 6455 §4.2.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
	Decides: true, By: ByGorilla, Status: 400,
	Reason:   "websocket: the client is not using the websocket protocol: 'websocket' token not found in 'Upgrade' header",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		if r.listed(upgrade, "websocket") {
			return keeps("Upgrade lists websocket.")
		}
		return r.lacksToken(upgrade, "websocket")
	},
}

// lacksToken says why gorilla does not find token in the lines of that name.
func (r *request) lacksToken(n name, token string) result {
	key, asked := r.line(secKey)
	switch {
	case r.has(n) && r.written(n, token):
		return lacks(fmt.Sprintf("%s is %s. gorilla stops at an element that is empty or no token, so it does not reach %s.", n, r.quoteLines(n), token), r.places(n)...)
	case r.has(n):
		return lacks(fmt.Sprintf("%s is %s: %s is not in it.", n, r.quoteLines(n), token), r.places(n)...)
	case asked:
		return lacks(fmt.Sprintf("No %s line arrived, but Sec-WebSocket-Key did: a client asked for a WebSocket, and something on the way removed %s.", n, n), key.Name)
	}
	return lacks(fmt.Sprintf("No %s line arrived, and no Sec-WebSocket-Key either: nothing shows that a WebSocket client asked.", n))
}

var version13 = &Check{
	ID:    "version-13",
	Title: "Sec-WebSocket-Version lists 13",
	Doc: Doc{
		What: "13 is the version of RFC 6455, and the only one in use. A server answers any other with the versions that it speaks.",
		See:  "The Sec-WebSocket-Version line is missing or names an older draft, such as 8 or 0.",
		Do:   "Use a client that speaks RFC 6455; every browser does. If the line is missing but Upgrade is there, look for a proxy that sets Upgrade on every request, or passes on only the headers that it knows.",
	},
	Spec:    "RFC 6455 §4.2.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
	Decides: true, By: ByGorilla, Status: 400,
	Reason:   "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		switch {
		case r.listed(secVersion, "13"):
			return keeps("Sec-WebSocket-Version is 13.")
		case !r.has(secVersion):
			return lacks("No Sec-WebSocket-Version line arrived.")
		}
		return r.lacksToken(secVersion, "13")
	},
}

var versionExact = &Check{
	ID:    "version-exact",
	Title: "Sec-WebSocket-Version is 13 and nothing else",
	Doc: Doc{
		What: "A client names one version. gorilla reads the value as a list and is content when 13 is in it; RFC 6455 has a single number there, and stricter servers refuse anything else.",
		See:  "Sec-WebSocket-Version is something like 8, 13.",
		Do:   "Let the client send 13 alone. A list is what a server answers. Two lines that a proxy joined with a comma look the same.",
	},
	Spec:     "RFC 6455 §4.2.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
	Requires: []string{"head-complete", "version-13"},
	run: func(r *request) result {
		for f, v := range r.lines(secVersion) {
			if v != "13" {
				return lacks(fmt.Sprintf("Sec-WebSocket-Version is %s. gorilla finds 13 in it; stricter servers want 13 alone.", Quote(v)), r.place(f))
			}
		}
		return keeps("Sec-WebSocket-Version is 13 alone.")
	},
}

var versionSingle = &Check{
	ID:    "version-single",
	Title: "Only one Sec-WebSocket-Version line arrives",
	Doc: Doc{
		What: "RFC 6455 allows this line once in a request. gorilla looks at all of them and is content when one has 13.",
		See:  "The raw head has two Sec-WebSocket-Version lines.",
		Do:   "Find who adds the second: a proxy that sets it beside the client's, or a client library under another.",
	},
	Spec:     "RFC 6455 §11.3.5",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-11.3.5",
	Requires: []string{"head-complete"},
	run:      func(r *request) result { return r.onceOnly(secVersion) },
}

var connectionSingle = &Check{
	ID:    "connection-single",
	Title: "Connection stands on one line",
	Doc: Doc{
		What: "A list may be spread over several lines (RFC 9110, section 5.3), and gorilla reads them all. Many servers read the first alone and miss upgrade in the second.",
		See:  "The raw head has two Connection lines.",
		Do:   "Let one place set it. In nginx, set it once in the location that passes the socket on.",
	},
	Spec:     "RFC 9110 §5.3",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9110#section-5.3",
	Requires: []string{"head-complete"},
	run:      func(r *request) result { return r.onOneLine(connection) },
}

var upgradeSingle = &Check{
	ID:    "upgrade-single",
	Title: "Upgrade stands on one line",
	Doc: Doc{
		What: "A list may be spread over several lines (RFC 9110, section 5.3), and gorilla reads them all. Many servers read the first alone, or join them and compare the whole with websocket.",
		See:  "The raw head has two Upgrade lines.",
		Do:   "Let one place set it. In nginx, set it once in the location that passes the socket on.",
	},
	Spec:     "RFC 9110 §5.3",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9110#section-5.3",
	Requires: []string{"head-complete"},
	run:      func(r *request) result { return r.onOneLine(upgrade) },
}

// onOneLine judges a list that many servers read from one line only.
func (r *request) onOneLine(n name) result {
	switch r.count[n] {
	case 0:
		return moot("No such line arrived.")
	case 1:
		return keeps("One line arrived.")
	}
	return lacks(fmt.Sprintf("%d %s lines arrived: %s. gorilla reads all of them; servers that read the first alone may refuse.", r.count[n], n, r.quoteLines(n)), r.places(n)...)
}

// onceOnly judges a line that RFC 6455, section 11.3, allows once.
func (r *request) onceOnly(n name) result {
	switch r.count[n] {
	case 0:
		return moot("No such line arrived.")
	case 1:
		return keeps("One line arrived.")
	}
	return lacks(fmt.Sprintf("%d %s lines arrived: %s. RFC 6455 allows one.", r.count[n], n, r.quoteLines(n)), r.names(n)...)
}

// names returns the name and value of every line of that name: the evidence that there
// are several, whatever their values.
func (r *request) names(n name) []dump.Span {
	var all []dump.Span
	for f := range r.lines(n) {
		all = append(all, dump.Span{Start: f.Name.Start, End: max(f.Name.End+1, f.Value.End)})
	}
	return all
}
