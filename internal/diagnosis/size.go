package diagnosis

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// sizeLimits are how much of a head common servers take, from their documentation: of the
// whole of it, or, for gunicorn, of one line.
var sizeLimits = []struct {
	server string
	bytes  int
	line   bool
	words  string
}{
	{"Tomcat", 8 << 10, false, "Tomcat takes 8 KiB"},
	{"gunicorn", 8190, true, "gunicorn 8190 bytes a line"},
	{"Node", 16 << 10, false, "Node 16 KiB"},
	{"Kestrel", 32 << 10, false, "Kestrel 32 KiB"},
	{"Go", 1 << 20, false, "Go 1 MiB"},
}

const smallestLimit = 8190 // of sizeLimits

var backendHeaderLimit = &Cause{
	ID:    "backend-header-limit",
	Title: "The head is larger than the application's server takes",
	Doc: handshake.Doc{
		What: "Every server bounds the head that it reads: Tomcat 8 KiB, gunicorn 8190 bytes a line, Node 16 KiB, Kestrel 32 KiB, Go 1 MiB. A proxy whose buffers were enlarged passes on more than the application takes, and the answer is 400 or 431. Cookies grow until it happens, for some users first.",
		See:  "The head is larger than 8 KiB, most of it one Cookie line. Here it may pass: what the application's own server takes is written there.",
		Do:   "Make the head smaller: fewer and shorter cookies, a narrower path or domain for them, no tokens in the address. Or raise the server's limit, MaxHeaderBytes in Go, --max-http-header-size in Node.",
	},
	Severity: Rejects,
	Party:    ByBackend,
	Reports:  5,
	Shows:    Refusal | Acceptance | ClientSide,
	Explains: []string{"head-size"},
	Spec:     "RFC 6585 §5",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6585#section-5",
	find:     largeHead,
	nginx: func(r *reading) Fix {
		return Fix{
			For: "backend",
			Steps: []Step{{Where: "backend", Lines: []string{
				"server.MaxHeaderBytes = 1 << 20",
			}}},
			Note: "The line is Go's and its default; Node has --max-http-header-size, gunicorn --limit-request-field_size, Tomcat maxHttpHeaderSize. Better is a smaller head: fewer and shorter cookies, with a narrower path. wsinspect's own limit is --max-head.",
		}
	},
}

func largeHead(r *reading) sign {
	switch {
	case r.Request == nil && r.Client != nil && r.Client.status() == 431:
		return likely("The answer is 431, which nginx never gives: the application's server, or a proxy other than nginx, takes no head as large as this.")
	case len(r.text) < smallestLimit || !r.asked() && !r.is("head-size"):
		return none()
	}
	var longest dump.Field
	for _, f := range r.head.Fields {
		if f.Line.Len() > longest.Line.Len() {
			longest = f
		}
	}
	size := len(r.text)
	what := fmt.Sprintf("The head has %d bytes", size)
	var spans []dump.Span
	if longest.Line.Len() > size/2 && !longest.Name.Empty() {
		what += fmt.Sprintf(", %d of them in the line %s", longest.Line.Len(), handshake.Quote(r.head.Name(longest)))
		spans = append(spans, longest.Name)
	}
	if r.is("head-size") {
		return likely(what+" that were read, and goes on: it is larger than this server takes.", spans...)
	}
	var refuse []string
	for _, l := range sizeLimits {
		if !l.line && size > l.bytes || l.line && longest.Line.Len() > l.bytes {
			refuse = append(refuse, l.words)
		}
	}
	if refuse == nil {
		return none()
	}
	return possible(fmt.Sprintf("%s. This server takes that; your application's may not: %s.", what, strings.Join(refuse, ", ")), spans...)
}

var headerTooLarge = &Cause{
	ID:    "header-too-large",
	Title: "The head is larger than the proxy takes",
	Doc: handshake.Doc{
		What: "nginx takes four buffers of 8 KiB, and no line may be longer than one: a larger cookie is answered with 400, a longer address with 414, and nothing arrives at the backend. Apache, lighttpd and Varnish stop at 8 KiB too.",
		See:  "The client sees 400 with the page \"Request Header Or Cookie Too Large\", 414 or 431, for some users only, and works in a private window, where there are no cookies.",
		Do: `Enlarge the buffers where the server of this address and port is the default one, or in the http block:

    large_client_header_buffers 4 32k;

Better is a smaller head: fewer and shorter cookies. The application's own limit comes next.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    ClientSide,
	Spec:     "nginx large_client_header_buffers",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers",
	find: func(r *reading) sign {
		status := r.turnedAway()
		if status != 400 && status != 414 && status != 431 && status != 494 {
			return none()
		}
		size := 0
		if r.Client.Sent != nil {
			size = len(r.Client.Sent.Raw)
		}
		title := strings.ToLower(r.Client.Title)
		because := fmt.Sprintf("The proxy answered %d%s", status, r.withheld())
		if size > 0 {
			because += fmt.Sprintf("; the client sent a head of %d bytes", size)
		}
		const least = 4 << 10 // smaller heads are too large for nobody
		switch {
		case status != 431 && (strings.Contains(title, "too large") || strings.Contains(title, "too long")):
			return certain(because + ". The page says " + handshake.Quote(r.Client.Title) + ".")
		case status != 400:
			return likely(because + ": the head is larger than it takes.")
		case size > least:
			return likely(because + ": the head may be larger than it takes.")
		}
		return none()
	},
	remedy: biggerHead,
	nginx: func(r *reading) Fix {
		return Fix{
			Steps: []Step{{Where: "http", Lines: []string{"large_client_header_buffers 4 32k;"}}},
			Note:  "In the http block, or in the default server of this address and port: before the Host line is read nginx uses that one's. Every connection may then take 128 KiB. Better is a smaller head: fewer and shorter cookies.",
		}
	},
}

var underscoreHeaderDropped = &Cause{
	ID:    "underscore-header-dropped",
	Title: "nginx drops a header whose name has an underscore",
	Doc: handshake.Doc{
		What: "nginx takes a name with an underscore, such as Auth_Token, for one that cannot be told from another with a dash in CGI programs, and drops the line without a word to the client. An application that waits for it refuses the client, or does not know the user.",
		See:  "Not in the bytes: a line that is missing leaves no trace. What the client sent shows it, and nginx says \"client sent invalid header line\" in its error log at level info.",
		Do: `Name the header with a dash, Auth-Token. Where the client cannot be changed, in the http block:

    underscores_in_headers on;`,
	},
	Severity: Risks,
	Party:    ByProxy,
	Shows:    ClientSide,
	Spec:     "nginx underscores_in_headers",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers",
	find: func(r *reading) sign {
		if r.Request == nil || r.Client == nil || r.Client.Sent == nil {
			return none()
		}
		sent := r.Client.Sent
		for _, f := range sent.Fields {
			if name := sent.Name(f); strings.Contains(name, "_") && !r.head.Has(name) {
				return likely(fmt.Sprintf("The client sent the header %s, and it did not arrive: nginx drops names with an underscore.", handshake.Quote(name)))
			}
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		return Fix{
			Steps: []Step{{Where: "http", Lines: []string{"underscores_in_headers on;"}}},
			Note:  "In the http block, or in the default server of this address and port. Better is a name with a dash: applications behind CGI and WSGI cannot tell Auth_Token from Auth-Token, and a client could send the one to pass for the other.",
		}
	},
}
