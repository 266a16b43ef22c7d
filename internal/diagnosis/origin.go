package diagnosis

import (
	"fmt"
	"strconv"

	"wsinspect/internal/handshake"
)

var crossOriginPage = &Cause{
	ID:    "cross-origin-page",
	Title: "The page really is from another origin than the socket",
	Doc: handshake.Doc{
		What: "The page and the socket have different hosts, or the same host with different ports: www and api, a development server on port 3000, an app that shows its pages from http://localhost. No proxy changed anything. A same-origin check refuses such a page, as it should until the application says that it knows it.",
		See:  "Origin and Host are both names that people can open, and they differ. Sec-Fetch-Site, where the browser sends it, says same-site or cross-site.",
		Do: `Open the socket under the page's own host, and let the proxy in front of the page pass it on. Or allow exactly this origin in the application:

    upgrader.CheckOrigin = func(r *http.Request) bool {
        allowed := []string{"https://www.example.com", "https://api.example.com"}
        origin := r.Header.Get("Origin")
        return origin == "" || slices.Contains(allowed, origin)
    }

To see how the rest of the handshake fares, start wsinspect with --allow-origin and the page's origin.`,
	},
	Tempting: "A CheckOrigin that always returns true allows this page, and every other page of the web too: any site that your users visit could open the socket with their cookies. An Origin that the proxy empties or rewrites does the same.",
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByBackend,
	Reports:  4,
	Shows:    Refusal | ClientSide,
	Explains: []string{"origin-same-host"},
	Spec:     "RFC 6455 §10.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-10.2",
	find:     foreignPage,
	nginx:    allowOrigin,
}

func foreignPage(r *reading) sign {
	h, o := r.host, r.origin
	site := r.value(secFetchSite)
	if page, _ := r.sent(origin); r.refusedAs() == 403 && readOrigin(page).web() && !r.ownOrigin() {
		return r.refusal(fmt.Sprintf("A WebSocket server answered 403 to Origin %s, which is not the host that was asked.", handshake.Quote(page)))
	}
	if !r.differ || r.originSet() || site == "same-origin" || isNoHost(h) {
		return none()
	}
	asked, known := r.sent(host)
	apart := func(sure degree) sign {
		return sure("The page is from "+handshake.Quote(o.text)+" and opens a socket at "+handshake.Quote(h.text)+": two origins, if the proxy passed Host on as it came.", r.spans(host, origin)...)
	}
	switch {
	case r.untouched(host) && r.untouched(origin):
		return certain(fmt.Sprintf("The client itself asked for Host %s with Origin %s: the page is of another origin than the socket, and no proxy changed either.", handshake.Quote(h.text), handshake.Quote(o.text)), r.spans(host, origin)...)
	case known && readAuthority(asked).same(o):
		return none()
	case r.direct():
		return likely(fmt.Sprintf("A browser asks this server itself, and its page is from %s while the socket is at %s: two origins, and no proxy is to blame.", handshake.Quote(o.text), handshake.Quote(h.text)), r.spans(host, origin)...).closer(3)
	case r.ours(h):
		return none()
	case h.name == o.name && (h.port == "80" || h.port == "443"):
		return none() // no browser writes these
	case h.name == o.name && (h.loopback() || r.faithful()):
		return apart(likely)
	case h.name == o.name:
		return apart(possible)
	case h.internal() && (r.dialled(h) || !o.internal() && h.loopback()):
		return none()
	case h.internal():
		return apart(possible)
	case r.makesHost():
		return none()
	}
	s := apart(likely).closer(1)
	if site != "" {
		s.because += " The browser calls it " + handshake.Quote(site) + "."
		s.evidence = r.spans(host, origin, secFetchSite)
		return s.closer(1)
	}
	return s
}

var originOpaque = &Cause{
	ID:    "origin-opaque",
	Title: "The page has no origin of the web",
	Doc: handshake.Doc{
		What: "Browsers send Origin: null where a page has no origin of its own: a local file, a sandboxed frame, some redirects. Extensions and apps send one of another scheme, such as chrome-extension://, capacitor:// or file://. None of them can be the same as Host.",
		See:  "Origin is null, or its scheme is neither http nor https.",
		Do: `Serve the page from a web server, and give a sandboxed frame allow-same-origin if it is your own. For an app or an extension of yours, allow exactly its origin in the application:

    upgrader.CheckOrigin = func(r *http.Request) bool {
        allowed := []string{"capacitor://localhost", "https://app.example.com"}
        origin := r.Header.Get("Origin")
        return origin == "" || slices.Contains(allowed, origin)
    }

Do not allow null: any site can put a sandboxed frame into its page and send it.`,
	},
	Tempting: "Allowing the origin null, or every origin, lets any site in: a sandboxed frame in any page sends null.",
	Lures:    []string{"Access-Control-Allow-Origin: null"},
	Severity: Rejects,
	Party:    ByClient,
	Reports:  8,
	Shows:    Refusal | ClientSide,
	Explains: []string{"origin-same-host", "origin-readable"},
	Spec:     "RFC 6454 §7.3",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6454#section-7.3",
	find: func(r *reading) sign {
		if page, _ := r.sent(origin); r.refusedAs() == 403 && page != "" && opaque(readOrigin(page)) {
			return r.refusal(fmt.Sprintf("A WebSocket server answered 403 to Origin %s, which no host can be the same as.", handshake.Quote(page)))
		}
		if !r.is("origin-same-host") || !opaque(r.origin) || r.count[origin] != 1 {
			return none()
		}
		if r.originSet() {
			return possible(fmt.Sprintf("Origin is %s and stands among the lines that the proxy wrote: it may have set the line to what a page without an origin sent.", handshake.Quote(r.origin.text)), r.spans(origin)...)
		}
		return certain(fmt.Sprintf("Origin is %s: the page is a local file, a sandboxed frame, an extension or an app, and has no origin that could be the same as Host.", handshake.Quote(r.origin.text)), r.spans(origin)...)
	},
	nginx: func(r *reading) Fix {
		if r.origin.scheme == "" || r.origin.scheme == "file" {
			return Fix{For: "client", Note: "Serve the page from a web server, over http or https, and open it there; a file:// page and a sandboxed frame have no origin to allow. A frame of your own may get sandbox=\"allow-scripts allow-same-origin\". Do not allow null in the application: any site can send it."}
		}
		return allowOrigin(r)
	},
}

// opaque reports whether an origin is one that browsers and apps send for a page that is
// not from the web.
func opaque(o authority) bool {
	switch o.scheme {
	case "":
		return o.text == "null"
	case "http", "https", "ws", "wss":
		return false
	}
	return true
}

var originMalformed = &Cause{
	ID:    "origin-malformed",
	Title: "Origin is no origin: a scheme is missing, or there is too much",
	Doc: handshake.Doc{
		What: "Origin is scheme://host[:port], without a path. A client that sets it by hand forgets the scheme, or sends the whole address; a proxy that sets it from $host leaves the scheme out. No browser writes such a value.",
		See:  "Origin has no scheme, a path, a slash at its end, or several values.",
		Do: `Let a client of your own send scheme://host[:port]:

    Origin: https://app.example.com

If a proxy sets Origin, take the line out; the browser's own passes by itself.`,
	},
	Tempting: "A CheckOrigin that always returns true accepts the value, and every page of the web too.",
	Lures:    []string{anyOriginLine},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    Refusal | Acceptance,
	Explains: []string{"origin-same-host", "origin-readable"},
	Spec:     "RFC 6454 §7.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6454#section-7.1",
	told:     decided("origin-malformed", (*reading).originFault),
	find: func(r *reading) sign {
		if !r.is("origin-readable") || opaque(r.origin) {
			return none()
		}
		who := "a client that sets Origin by hand wrote it."
		if r.browser() {
			who = "no browser writes it so; a proxy that sets Origin, or a program that calls itself a browser, did."
		}
		if r.count[origin] > 1 {
			return likely(fmt.Sprintf("%d Origin lines arrived, the first with %s: %s", r.count[origin], handshake.Quote(r.origin.text), who), r.spans(origin)...)
		}
		return certain(fmt.Sprintf("Origin is %s, which is not scheme://host[:port] and so the origin of no page: %s", handshake.Quote(r.origin.text), who), r.spans(origin)...)
	},
	nginx: func(r *reading) Fix {
		if !r.browser() && !r.originSet() {
			step := Step{Where: "client", Lines: []string{"Origin: https://" + r.publicName()}}
			return Fix{For: "client", Steps: []Step{step}, Note: "The scheme, host and port of the page or program, with no slash behind it. A program that is no browser may leave Origin out."}
		}
		return r.withoutOrigin().noted("If the proxy sets Origin, its line has to go: the browser's own passes by itself. If a client of your own set it, let it send scheme://host[:port].")
	},
}

// publicName returns the host that an origin of this site would have, for lines that name
// it.
func (r *reading) publicName() string {
	if name := plainPath("/" + r.host.text); name != "/" && !r.host.internal() {
		return name[1:]
	}
	return "app.example.com"
}

// allowOrigin returns the lines that allow exactly this origin, beside the server's own, in
// an application with gorilla.
func allowOrigin(r *reading) Fix {
	const longest = 200
	if len(r.origin.text) > longest {
		return Fix{For: "backend", Note: "Allow exactly this origin in the application, if the page is yours."}
	}
	own := "https://" + r.publicName()
	if r.origin.scheme == "http" {
		own = "http://" + r.publicName()
	}
	return Fix{
		For: "backend",
		Steps: []Step{{Where: "backend", Lines: []string{
			"upgrader.CheckOrigin = func(r *http.Request) bool {",
			"    allowed := []string{" + strconv.QuoteToASCII(r.origin.text) + ", " + strconv.QuoteToASCII(own) + "}",
			"    origin := r.Header.Get(\"Origin\")",
			"    return origin == \"\" || slices.Contains(allowed, origin)",
			"}",
		}}},
		Note: "Only if this page is yours: whoever is on the list opens the socket with your users' cookies. These lines are for gorilla/websocket; other libraries have such a list too. Or open the socket under the page's own host, and let the proxy in front of the page pass it on. wsinspect itself allows an origin with --allow-origin.",
	}
}
