package handshake

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
)

var originSameHost = &Check{
	ID:    "origin-same-host",
	Title: "The page's origin may open this socket",
	Doc: Doc{
		What: "A browser lets any page open a socket to any server, and sends the user's cookies with it. It adds Origin, the scheme, host and port of the page, so that the server can refuse pages of strangers (cross-site WebSocket hijacking). gorilla compares the host and port in Origin with Host, letter by letter but for case. --allow-origin adds more origins.",
		See:  "Origin and Host are both marked in the raw head. If Host is an address of your own network, a proxy on the way replaced it. If only the port differs, a proxy dropped it.",
		Do: `Let the proxy pass on the host that the browser asked for. nginx sends the address behind proxy_pass unless it is told otherwise; $http_host keeps the port, $host loses it:

    proxy_set_header Host $http_host;

Do not empty Origin. That silences the check: every site that your users visit could then open this socket with their cookies. If the page really is from another site, allow that origin in the application.`,
	},
	Spec:    "RFC 6455 §10.2",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6455#section-10.2",
	Decides: true, By: ByGorilla, Status: 403,
	Reason:   "websocket: request origin not allowed by Upgrader.CheckOrigin",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		o := r.origin
		switch {
		case !o.present:
			return keeps("No Origin line arrived, and without one gorilla allows the request.")
		case o.sameHost(r.host):
			return keeps("Origin and Host name the same host and port.")
		case r.policy.allows(o, r.host):
			return keeps("The list of allowed origins has this one.")
		}
		return lacks(r.foreign(), append([]dump.Span{o.at}, r.hostPlaces()...)...)
	},
}

// foreign says why the origin is not allowed.
func (r *request) foreign() string {
	o, source := r.origin, "Host"
	if r.hostAt != nil {
		source = "the host in the request target"
	}
	because := "Origin is " + Quote(o.text)
	switch {
	case r.host == "":
		because += ", but no host arrived to compare it with. A same-origin check needs both to name the same host and port."
	case o.url == nil || o.url.Host == "":
		because += ", which " + r.problem + ". A same-origin check needs it to name the same host and port as " + source + ", which is " + Quote(r.host) + "."
	default:
		because += ", but " + source + " is " + Quote(r.host) + ". A same-origin check needs both to name the same host and port."
		if own := ownPort[o.url.Scheme]; own != "" && strings.TrimSuffix(o.url.Host, own) == strings.TrimSuffix(r.host, own) {
			because += fmt.Sprintf(" They mean the same, since %s has port %s where none is written, but gorilla compares letter by letter.", o.url.Scheme, own[1:])
		}
	}
	if len(r.policy.Origins) > 0 {
		because += fmt.Sprintf(" The list of allowed origins does not have it either: %s.", QuoteAll(r.policy.Origins))
	}
	if r.count[originName] > 1 {
		because += " gorilla reads the first Origin line only."
	}
	return because
}

var originPresent = &Check{
	ID:    "origin-present",
	Title: "A browser's Origin arrives",
	Doc: Doc{
		What: "A browser sends Origin with every WebSocket handshake; other clients need not. A server that sees none takes the client for no browser and allows it. So a proxy that removes Origin switches off the check against cross-site WebSocket hijacking, for everybody.",
		See:  "User-Agent or Sec-Fetch-Site shows that a browser asks, but there is no Origin line.",
		Do: `Take out what removes it: in nginx, the line that sets Origin to an empty value with proxy_set_header. It is often put there to get past a 403. The cure for that is to pass the right host on:

    proxy_set_header Host $http_host;`,
	},
	Spec:     "RFC 6455 §10.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-10.2",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		if r.origin.present {
			return keeps("An Origin line arrived.")
		}
		if !r.asksForWebSocket() {
			return moot("The request asks for no WebSocket, and browsers send Origin with few others.")
		}
		sign, ok := r.line(userAgent)
		if !ok || !strings.HasPrefix(r.value(sign), "Mozilla/") {
			sign, ok = r.line(secFetchSite)
		}
		if ok {
			return lacks(fmt.Sprintf("No Origin line arrived, though %s shows that a browser asks. Browsers send Origin with every WebSocket handshake, so something on the way removed it. The check against cross-site WebSocket hijacking is therefore off.", r.span(sign.Name)), r.place(sign))
		}
		return keeps("Nothing shows that a browser asks, and other clients need not send Origin.")
	},
}

var originReadable = &Check{
	ID:    "origin-readable",
	Title: "Origin is one scheme, host and port",
	Doc: Doc{
		What: "Origin is scheme://host[:port] of one page. Browsers send null where a page has no such address: local files, sandboxed frames, some redirects. Anything else did not come from a browser, and servers that compare it with a list refuse it.",
		See:  "Origin is null, has no scheme, has a path, or holds several values.",
		Do:   "Serve the page from a web server in place of a file. If a client of your own sends Origin, let it send scheme://host[:port] without a slash at the end. If a proxy sets Origin, let it pass on the browser's.",
	},
	Spec:     "RFC 6454 §7.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6454#section-7.1",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		if !r.origin.present {
			return moot("No Origin line arrived.")
		}
		if r.count[originName] > 1 {
			return lacks(fmt.Sprintf("%d Origin lines arrived: %s. gorilla reads the first only.", r.count[originName], r.quoteLines(originName)), r.places(originName)...)
		}
		if r.problem != "" {
			return lacks(fmt.Sprintf("Origin is %s: it %s.", Quote(r.origin.text), r.problem), r.origin.at)
		}
		return keeps("Origin is one scheme, host and port.")
	},
}
