package diagnosis

import (
	"fmt"
	"net/url"
	"strings"

	"wsinspect/internal/handshake"
)

var serverUnreachable = &Cause{
	ID:    "server-unreachable",
	Title: "Nobody answers at the address that the client opens",
	Doc: handshake.Doc{
		What: "The name has no address, nobody listens on the port, or a firewall lets nothing through. The handshake never leaves the client, so nothing on the way of proxy and backend shows it.",
		See:  "The client sees no status at all: could not resolve host, connection refused, or a timeout. A browser says: WebSocket connection failed, and 1006.",
		Do: `Look whether the name leads to the machine that you mean, and whether somebody listens there:

    getent hosts app.example.com
    ss -ltn

A port that is published by a container or opened in a firewall needs its own line there.`,
	},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    ClientSide,
	Spec:     "WHATWG WebSockets, establish a connection",
	SpecURL:  "https://websockets.spec.whatwg.org/#websocket-opening-handshake",
	find: func(r *reading) sign {
		switch {
		case r.shutOut(NotResolved):
			return certain("The name in the address has no address of its own" + r.Client.why() + ".")
		case r.shutOut(NotConnected):
			return likely("Nobody listens where the client connects to" + r.Client.why() + ".")
		case r.shutOut(NothingInTime):
			return possible("Nothing came back in time" + r.Client.why() + ": a firewall may be silent, or whoever listens there waits for something else.")
		}
		return none()
	},
	nginx: func(*reading) Fix {
		return Fix{For: "client", Note: "Let the client open a name and a port on which the proxy listens. On the proxy's machine ss -ltn shows the ports, and nginx -T its listen lines."}
	},
}

var certificateNotTrusted = &Cause{
	ID:    "certificate-not-trusted",
	Title: "The client does not trust the certificate",
	Doc: handshake.Doc{
		What: "The certificate is over, is for another name, lacks the one between it and its root, or is signed by nobody whom the client knows. A page asks its user whether to go on; a WebSocket does not ask, it fails.",
		See:  "The client sees no status. The browser says: net::ERR_CERT_AUTHORITY_INVALID, ERR_CERT_DATE_INVALID or ERR_CERT_COMMON_NAME_INVALID, and 1006. Nothing arrives at the backend.",
		Do: `Renew the certificate, for the name that the client opens, and give nginx the whole chain:

    ssl_certificate /etc/letsencrypt/live/app.example.com/fullchain.pem;

For a certificate of your own, let the clients trust its authority: the system's store for browsers, NODE_EXTRA_CA_CERTS for Node, --ca for wsinspect probe.`,
	},
	Tempting: "A client that takes any certificate takes that of whoever stands between as well.",
	Lures:    []string{"InsecureSkipVerify: true", "rejectUnauthorized: false"},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    ClientSide,
	Spec:     "RFC 6455 §4.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	find: func(r *reading) sign {
		if r.shutOut(NotTrusted) {
			return certain("TLS ended before the handshake was sent: the client does not trust the certificate" + r.Client.why() + ".")
		}
		return none()
	},
	nginx: func(*reading) Fix {
		return Fix{Note: "ssl_certificate names a file with the certificate and those between it and its root, fullchain.pem of Let's Encrypt; ssl_certificate_key its key. nginx reads them anew with: nginx -t && nginx -s reload"}
	},
}

var wsToTLSPort = &Cause{
	ID:    "ws-to-tls-port",
	Title: "The client opens ws:// at a port that speaks TLS",
	Doc: handshake.Doc{
		What: "The address says ws:, and the port speaks TLS. nginx takes the plain request, answers 400 and closes; other servers answer with a TLS alert or with nothing.",
		See:  "The client sees 400, and the page says: The plain HTTP request was sent to HTTPS port. Nothing arrives at the backend.",
		Do: `Open wss: where the page comes over https:. In a page the address follows it:

    new WebSocket(location.origin.replace(/^http/, "ws") + "/ws")`,
	},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    ClientSide,
	Spec:     "RFC 6455 §3",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-3",
	find: func(r *reading) sign {
		title := strings.ToLower(r.Client.titleText())
		switch {
		case r.Client == nil || strings.HasPrefix(r.Client.URL, "wss:") || r.Request != nil:
			return none()
		case r.Client.status() == 400 && strings.Contains(title, "https"), r.Client.status() == 400 && strings.Contains(title, "ssl"):
			return certain(fmt.Sprintf("%s answered 400 to a request without TLS, and says %s.", r.Client.answerer(), handshake.Quote(r.Client.Title)))
		case len(r.Client.Got) > 1 && r.Client.Got[0] == 0x15 && r.Client.Got[1] == 3:
			return certain("A TLS alert came back for a request without TLS: the port speaks TLS.")
		}
		return none()
	},
	nginx: func(r *reading) Fix { return r.otherScheme("wss") },
}

var wssToPlainPort = &Cause{
	ID:    "wss-to-plain-port",
	Title: "The client opens wss:// at a port that speaks no TLS",
	Doc: handshake.Doc{
		What: "The address says wss:, and the port speaks plain HTTP: nginx listens there without ssl, or the application's own port is opened past the proxy.",
		See:  "The client sees no status. The browser says: net::ERR_SSL_PROTOCOL_ERROR; curl says: wrong version number. wsinspect itself shows a TLS ClientHello where it is the port that was opened.",
		Do: `Open ws: where the page comes over http:, or let nginx speak TLS on that port:

    listen 443 ssl;`,
	},
	Severity: Rejects,
	Party:    ByClient,
	Shows:    ClientSide,
	Spec:     "nginx listen, ssl",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
	find: func(r *reading) sign {
		switch {
		case !r.shutOut(NoTLS):
			return none()
		case strings.HasPrefix(string(r.Client.Got), "HTTP/"):
			return certain("Plain HTTP came back where the client began TLS: the port speaks none.")
		case strings.Contains(r.Client.Why, "does not look like a TLS handshake"):
			return certain("What came back where the client began TLS is no TLS: the port speaks none.")
		}
		return possible("TLS failed before any certificate was seen" + r.Client.why() + ": perhaps the port speaks none.")
	},
	nginx: func(r *reading) Fix { return r.otherScheme("ws") },
}

// why returns the trouble in the client's words for a sentence; empty where it has none.
func (c *Client) why() string {
	if c.Why == "" {
		return ""
	}
	return " (the client says " + handshake.Quote(c.Why) + ")"
}

func (c *Client) titleText() string {
	if c == nil {
		return ""
	}
	return c.Title
}

// otherScheme lets the client open the same address by another scheme.
func (r *reading) otherScheme(scheme string) Fix {
	f := Fix{For: "client", Note: "In a page, make the address from location.protocol and location.host, so that it follows the page: https: and wss: belong together."}
	if r.Client == nil {
		return f
	}
	if u, err := url.Parse(r.Client.URL); err == nil && u.Host != "" {
		u.Scheme = scheme
		f.Steps = []Step{{Where: "client", Lines: []string{"new WebSocket(" + handshake.Quote(u.String()) + ")"}}}
	}
	return f
}
