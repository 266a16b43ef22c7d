package main

import (
	"slices"
	"strconv"

	"wsinspect/internal/handshake"
)

// errorText is what a browser, a library, a server or a proxy says when a WebSocket fails.
type errorText struct {
	says   string   // the words that are enough to know it by; or a status or close code, alone
	also   []string // the same in other versions
	who    string
	means  string   // what happened, what follows, what to do
	checks []string // IDs of checks that lead further, the likeliest first; of a status those that answer with it follow
	causes []string // IDs of causes that lead further, the likeliest first
}

func (e errorText) isNumber() bool { return aloneNumber.MatchString(e.says) }

// title returns the words as a heading, with what a number is.
func (e errorText) title() string {
	switch {
	case !e.isNumber():
		return e.says
	case len(e.says) == 3:
		return "status " + e.says
	default:
		return "close code " + e.says
	}
}

// leads returns the checks that lead further: those that the entry names, and of a status
// every check that answers with it.
func (e errorText) leads() []string {
	leads := slices.Clone(e.checks)
	for _, check := range handshake.Catalogue() {
		if e.says == strconv.Itoa(check.Status) && !slices.Contains(leads, check.ID) {
			leads = append(leads, check.ID)
		}
	}
	return leads
}

// errorTexts is the catalogue, from the particular to the general.
var errorTexts = []errorText{
	// What servers answer or log. gorilla's first spelling is that of v1.5; the others are
	// those of v1.0 to v1.4.
	{
		says:   "'upgrade' token not found in 'Connection' header",
		also:   []string{"could not find connection header with token 'upgrade'"},
		who:    "gorilla/websocket, with status 400",
		means:  "No Connection header with the word upgrade arrived. Connection is hop-by-hop: a proxy takes it out unless it is told to send its own. In nginx: proxy_http_version 1.1; and proxy_set_header Connection with the value upgrade, in the location that serves this path.",
		checks: []string{"connection-upgrade", "upgrade-websocket"},
		causes: []string{"upgrade-not-configured", "connection-header-missing", "connection-cleared"},
	},
	{
		says:   "'websocket' token not found in 'Upgrade' header",
		also:   []string{"could not find upgrade header with token 'websocket'"},
		who:    "gorilla/websocket, with status 400 or 426",
		means:  "No Upgrade header with the word websocket arrived. Upgrade is hop-by-hop: a proxy takes it out unless it is told to pass it on. In nginx: proxy_set_header Upgrade $http_upgrade; in the location that serves this path.",
		checks: []string{"upgrade-websocket", "connection-upgrade"},
		causes: []string{"upgrade-not-configured", "upgrade-header-missing"},
	},
	{
		says:   "request method is not GET",
		also:   []string{"websocket: method not GET"},
		who:    "gorilla/websocket, with status 405",
		means:  "A handshake is a GET (RFC 6455, section 4.1). Something sent another method: a form, a fetch with POST, or a proxy that rewrites methods.",
		checks: []string{"method-get"},
		causes: []string{"method-changed"},
	},
	{
		says:   "unsupported version: 13 not found in 'Sec-WebSocket-Version' header",
		also:   []string{"websocket: version != 13"},
		who:    "gorilla/websocket, with status 400",
		means:  "The header that names version 13 of the protocol is missing, or names another. Browsers have sent 13 since 2012; where it is missing, the request came from no WebSocket client, or a proxy withheld its headers.",
		checks: []string{"version-13"},
		causes: []string{"sec-websocket-header-lost", "request-headers-not-passed"},
	},
	{
		says:   "request origin not allowed by Upgrader.CheckOrigin",
		also:   []string{"'Origin' header value not allowed", "websocket: origin not allowed"},
		who:    "gorilla/websocket, with status 403",
		means:  "The Origin that the browser sent and the Host that arrived differ. Behind nginx the reason is most often that Host was not forwarded, so that the address in proxy_pass arrives in its place. The cure is proxy_set_header Host $http_host; and not removing Origin: that switches off the check against cross-site WebSocket hijacking.",
		checks: []string{"origin-same-host", "host-names-upstream"},
		causes: []string{"host-not-forwarded", "host-port-dropped", "cross-origin-page"},
	},
	{
		says:   "'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length",
		also:   []string{"'Sec-WebSocket-Key' header is missing or blank", "websocket: key missing or blank"},
		who:    "gorilla/websocket, with status 400",
		means:  "Every handshake carries a fresh key: 16 bytes in base64. It did not arrive, or is not of that form. A proxy that sets it from a misspelt variable, or a client written by hand, does that.",
		checks: []string{"key-valid"},
		causes: []string{"sec-websocket-header-lost"},
	},
	{
		says:   "client sent data before handshake is complete",
		who:    "gorilla/websocket, which then closes without an answer",
		means:  "Bytes followed the request before the 101 was written. A client must wait for the answer (RFC 6455, section 4.1). A request with a body, a proxy that adds one, or a client that sends at once does that.",
		checks: []string{"early-data"},
	},
	{
		says:  "response does not implement http.Hijacker",
		who:   "gorilla/websocket, with status 500",
		means: "A middleware of the Go application wraps the ResponseWriter and hides Hijack: loggers, metrics, compression. It is no fault of the proxy. Give the wrapper a Hijack method that passes the call through, or take the middleware off this route.",
	},
	{
		says:   "missing required Host header",
		who:    "Go's net/http, with status 400, before any handler",
		means:  "HTTP/1.1 wants a Host line (RFC 9112, section 3.2), and none arrived. A proxy that sets Host from an empty variable takes it out.",
		checks: []string{"host-present"},
	},
	{
		says:   "malformed Host header",
		also:   []string{"too many Host headers"},
		who:    "Go's net/http, with status 400, before any handler",
		means:  "HTTP/1.1 wants one Host line with one name in it (RFC 9112, section 3.2). A proxy that sets Host from a wrong variable, or sets it twice, breaks that.",
		checks: []string{"host-valid", "host-single"},
		causes: []string{"duplicate-host", "host-cleared"},
	},
	{
		says:   "invalid header name",
		also:   []string{"invalid header value", "client sent invalid header line"},
		who:    "Go's net/http, with status 400, or nginx's error log",
		means:  "A header line arrived that is none: a byte stands in its name or value that RFC 9110 forbids, or its colon is missing.",
		checks: []string{"header-names", "header-lines"},
	},
	{
		says:   "unsupported protocol version",
		who:    "Go's net/http, with status 505",
		means:  "The request line names a version that is not HTTP/1.",
		checks: []string{"http-major", "request-line"},
	},
	{
		says:   "client sent an HTTP request to an HTTPS server",
		also:   []string{"the plain HTTP request was sent to HTTPS port", "this port speaks TLS, and the request came in plain HTTP"},
		who:    "Go's net/http, and nginx, and wsinspect, with status 400",
		means:  "The proxy speaks plain HTTP to a port where the application expects TLS. Write https:// in proxy_pass, or dial the plain port.",
		checks: []string{"tls-where-expected"},
		causes: []string{"plain-to-tls-backend"},
	},
	{
		says:   "Request Header Fields Too Large",
		also:   []string{"request header or cookie too large"},
		who:    "a server or a proxy, with status 431 or 400",
		means:  "The head of the request is larger than what is accepted, most often for its cookies. Delete the cookies of this name in the browser to try, then find who sets them.",
		checks: []string{"head-size"},
		causes: []string{"header-too-large", "backend-header-limit"},
	},

	// What browsers and client libraries say. It is all they know: the answer itself is hidden
	// from scripts.
	{
		says:  "Unexpected response code",
		also:  []string{"unexpected server response", "bad handshake", "bad response from the server", "server rejected WebSocket connection", "did not receive a valid HTTP response", "Handshake status"},
		who:   "Chrome and Safari, and by clients for Node, Go and Python",
		means: "Somebody answered the handshake with another status than 101 Switching Protocols: the application, or a proxy before it. The status says what to look for; put wsinspect in the application's place to see whether the request reaches it, and how.",
	},
	{
		says:  "can't establish a connection to the server at",
		also:  []string{"error in connection establishment"},
		who:   "Firefox, and by older versions of Chrome",
		means: "The connection failed before it was a WebSocket: nothing listens, the name does not resolve, the certificate is refused, or the answer was not 101. The status in the browser's network panel tells them apart.",
	},
	{
		says:   "'Upgrade' header is missing",
		also:   []string{"'Connection' header is missing", "'Connection' header value must contain 'Upgrade'", "'Upgrade' header value is not 'WebSocket'"},
		who:    "Chrome, about the answer",
		means:  "A 101 arrived, but a proxy took its hop-by-hop headers out, or something that is no WebSocket server answered.",
		checks: []string{"upgrade-websocket", "connection-upgrade"},
		causes: []string{"response-upgrade-hidden"},
	},
	{
		says:   "'Sec-WebSocket-Accept' header is missing",
		also:   []string{"incorrect 'Sec-WebSocket-Accept' header value", "Sec-WebSocket-Accept mismatch", "invalid Sec-WebSocket-Accept"},
		who:    "browsers and client libraries, about the answer",
		means:  "The server proves that it read this handshake by a hash of its key. The hash is missing or belongs to another key: a cache answered, or a proxy changed Sec-WebSocket-Key.",
		checks: []string{"key-valid"},
		causes: []string{"accept-wrong", "cached-response", "sec-websocket-header-lost"},
	},
	{
		says:   "Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received",
		also:   []string{"'Sec-WebSocket-Protocol' header value", "server sent no subprotocol", "response must not include 'Sec-WebSocket-Protocol' header"},
		who:    "Chrome and client libraries, about the answer",
		means:  "The script asked for a subprotocol and the answer names none, or one that was not offered. The application does not speak it, or a proxy took Sec-WebSocket-Protocol out of the request.",
		checks: []string{"subprotocol-agreed"},
		causes: []string{"subprotocol-stripped", "answer-not-offered"},
	},
	{
		says:  "WebSocket is closed before the connection is established",
		who:   "Chrome",
		means: "The page itself called close, or was left, while the handshake was still under way. It is no fault of the server or the proxy.",
	},
	{
		says:  "Connection closed before receiving a handshake response",
		also:  []string{"opening handshake timed out", "unexpected EOF"},
		who:   "Chrome, and gorilla's client",
		means: "The connection ended without an answer. A backend that crashed, a proxy that gave up, bytes that were sent before the answer, or TLS spoken to a plain port leave nothing to read.",
	},
	{
		says:  "Invalid frame header",
		also:  []string{"one or more reserved bits are on", "could not decode a text frame"},
		who:   "Chrome",
		means: "The handshake went well, and then bytes came that are no frames: an error page written into the session, or a compression that one side did not agree to.",
	},
	{
		says:  "insecure WebSocket connection may not be initiated from a page loaded over HTTPS",
		also:  []string{"The operation is insecure"},
		who:   "Chrome and Firefox",
		means: "A page that came over https may only open wss:// addresses. The request never left the browser. Derive the scheme from location.protocol.",
	},
	{
		says:  "ERR_CONNECTION_REFUSED",
		also:  []string{"ECONNREFUSED"},
		who:   "Chrome and Node",
		means: "Nothing listens on that address and port. No proxy and no application has seen the request.",
	},

	// What nginx says when it does not take a configuration.
	{
		says:   `unknown "connection_upgrade" variable`,
		who:    "nginx -t, and nginx at its start",
		means:  "The configuration uses $connection_upgrade, and no map makes it. nginx keeps the old configuration, or does not start. The http block lacks map $http_upgrade $connection_upgrade { default close; websocket upgrade; } or the include that has it.",
		causes: []string{"config-does-not-load"},
	},
	{
		says:   "is not terminated by",
		also:   []string{"invalid number of arguments in", "unexpected end of file, expecting", "directive is not allowed here", "configuration file /etc/nginx/nginx.conf test failed"},
		who:    "nginx -t, and nginx at its start",
		means:  "nginx cannot read its configuration: a semicolon or a brace is missing, or a directive stands in the wrong block. It keeps the old configuration, or does not start, so that no new line is in force.",
		causes: []string{"config-does-not-load"},
	},

	// What nginx writes into its error log.
	{
		says:   "upstream prematurely closed connection",
		who:    "nginx, and answered with 502",
		means:  "The application closed without an answer: it crashed, it expects TLS, or gorilla closed because bytes came before its answer.",
		checks: []string{"early-data"},
		causes: []string{"wrong-upstream-protocol", "tls-to-plain-backend"},
	},
	{
		says:   "SSL_do_handshake() failed",
		also:   []string{"wrong version number"},
		who:    "nginx, and answered with 502, and OpenSSL",
		means:  "One side spoke TLS and the other did not. In nginx: proxy_pass says https:// and the application listens without TLS; write http://.",
		causes: []string{"tls-to-plain-backend"},
	},
	{
		says:   "limiting requests, excess",
		also:   []string{"limiting connections by zone"},
		who:    "nginx, and answered with 503",
		means:  "limit_req or limit_conn refused the request. An open WebSocket is one connection for as long as it lasts, and a page that connects again and again is many requests.",
		causes: []string{"rate-limited"},
	},
	{
		says:   "access forbidden by rule",
		who:    "nginx, and answered with 403",
		means:  "allow and deny of nginx refuse the client's address. The request never reached the application.",
		causes: []string{"access-denied-by-proxy"},
	},
	{
		says:   "no user/password was provided for basic authentication",
		who:    "nginx, and answered with 401",
		means:  "auth_basic wants a password on the handshake too, and not every browser sends the page's along. The request never reached the application.",
		causes: []string{"auth-basic-on-handshake"},
	},
	{
		says:   "while reading PROXY protocol",
		who:    "nginx, which then closes",
		means:  "The listener has proxy_protocol and waits for a PROXY line, which a load balancer sends and a browser does not.",
		causes: []string{"proxy-protocol-expected"},
	},
	{
		says:   "upstream timed out",
		who:    "nginx, and answered with 504, or by a cut session",
		means:  "The application sent nothing for proxy_read_timeout, 60 seconds by default. In an open session the browser then reports 1006. Send pings more often than that, or raise proxy_read_timeout.",
		causes: []string{"read-timeout"},
	},
	{
		says:   "Connection refused) while connecting to upstream",
		also:   []string{"no live upstreams"},
		who:    "nginx, and answered with 502",
		means:  "Nothing listens on the address in proxy_pass, or nginx leaves it out for a while because it failed before (max_fails). The request never reached the application.",
		causes: []string{"upstream-unreachable"},
	},
	{
		says:   "upstream sent no valid HTTP/1.0 header",
		who:    "nginx",
		means:  "What listens on the address in proxy_pass speaks something else than HTTP/1: TLS or HTTP/2 most often.",
		causes: []string{"wrong-upstream-protocol", "tls-to-plain-backend"},
	},
	{
		says:   "while proxying upgraded connection",
		who:    "nginx",
		means:  "The handshake went well; the session was broken afterwards. The words before these say by whom: reset by peer is the other end, timed out is proxy_read_timeout.",
		causes: []string{"read-timeout", "reload-drops-sessions"},
	},

	// The statuses that answer a handshake.
	{says: "200", who: "a server in place of 101", means: "An ordinary page answered: the path reached something that knows no WebSocket, such as a single-page application's fallback, or a proxy dropped Upgrade and the route has a page too.", checks: []string{"upgrade-websocket", "connection-upgrade"}, causes: []string{"static-fallback", "upgrade-not-configured"}},
	{says: "301", who: "a proxy, most often", means: "A redirect: http to https, or a missing slash at the end of the path. Browsers do not follow redirects of a handshake. Use the final address.", causes: []string{"redirect-on-handshake"}},
	{says: "302", who: "a proxy or a login page", means: "A redirect, most often to a login. Browsers do not follow redirects of a handshake.", causes: []string{"redirect-on-handshake", "auth-request-denied"}},
	{says: "308", who: "a proxy, most often", means: "A redirect: http to https, or a missing slash at the end of the path. Browsers do not follow redirects of a handshake. Use the final address.", causes: []string{"redirect-on-handshake"}},
	{says: "400", who: "the application, or Go's net/http before it", means: "The request that arrived is no handshake, most often because a proxy did not pass Connection and Upgrade on; or its head cannot be read.", checks: []string{"connection-upgrade", "upgrade-websocket"}, causes: []string{"upgrade-not-configured", "set-header-inheritance-lost", "connection-cleared"}},
	{says: "401", who: "a proxy or the application", means: "Somebody wants a login. A browser's WebSocket can carry cookies and no Authorization header of its own; wsinspect never answers so.", causes: []string{"auth-basic-on-handshake", "auth-request-denied"}},
	{says: "403", who: "the application's origin check, most often", means: "The Origin is not one that is allowed: most often because Host was not forwarded and the two differ. If the request never reaches wsinspect, a rule of the proxy (deny, a firewall) says so.", checks: []string{"origin-same-host", "host-names-upstream"}, causes: []string{"host-not-forwarded", "host-port-dropped", "access-denied-by-proxy", "origin-checked-by-proxy"}},
	{says: "404", who: "a proxy or the application", means: "The path is not served. A proxy that adds, cuts or doubles a slash changes it: compare the path in the browser with the target that arrives here.", causes: []string{"path-prefix-stripped", "path-prefix-not-stripped", "proxy-pass-missing"}},
	{says: "405", who: "gorilla/websocket, or a proxy", means: "The method is not GET, or the route that answers allows no GET.", causes: []string{"method-changed"}},
	{says: "417", who: "Go's net/http, before any handler", means: "The request has an Expect header with something else than 100-continue."},
	{says: "426", who: "a WebSocket server to a plain request", means: "The request asks for no upgrade. From a browser's WebSocket this means that a proxy dropped the Upgrade header.", checks: []string{"upgrade-websocket", "connection-upgrade"}, causes: []string{"upgrade-not-configured"}},
	{says: "431", who: "a server or a proxy", means: "The head of the request is too large, most often for its cookies.", causes: []string{"backend-header-limit"}},
	{says: "500", who: "the application", means: "The application failed on its own. With gorilla look for http.Hijacker in its log."},
	{says: "501", who: "Go's net/http, before any handler", means: "The request names a transfer encoding that the server does not know."},
	{says: "502", who: "a proxy", means: "The proxy got no usable answer: nothing listens, or what listens crashed or speaks TLS or HTTP/2. The proxy's error log says which.", causes: []string{"upstream-unreachable", "wrong-upstream-protocol", "tls-to-plain-backend"}},
	{says: "503", who: "a proxy", means: "The proxy has no backend to ask, or limits requests (limit_req, limit_conn). The request did not reach the application.", causes: []string{"rate-limited"}},
	{says: "504", who: "a proxy", means: "The application did not answer in time; in nginx after proxy_read_timeout, 60 seconds by default.", causes: []string{"wrong-upstream-protocol"}},
	{says: "505", who: "Go's net/http, before any handler", means: "The request line names a version that is not HTTP/1."},

	// The codes that end a session (RFC 6455, section 7.4). No check explains them: the
	// handshake was accepted.
	{says: "1000", who: "either end, in a close frame", means: "Normal closure: one side was done."},
	{says: "1001", who: "either end, in a close frame", means: "Going away: the tab was closed or left, or the server is shutting down."},
	{says: "1002", who: "either end, in a close frame", means: "Protocol error: a frame broke the rules of RFC 6455."},
	{says: "1003", who: "either end, in a close frame", means: "A kind of data that the other side does not take, such as binary where text is wanted."},
	{says: "1005", who: "a browser, about a close frame", means: "No code: a close frame came, and it held none."},
	{says: "1006", who: "a browser, about the connection", means: "No close frame came. Either the handshake was not answered with 101, and the browser hides its status, or the connection just ended: a proxy's idle timeout (60 seconds in nginx), a restart, a network that went away. wsinspect shows which: an attempt that was rejected, or a session with its silence before the end.", checks: []string{"origin-same-host", "connection-upgrade", "upgrade-websocket"}, causes: []string{"read-timeout", "host-not-forwarded", "upgrade-not-configured"}},
	{says: "1007", who: "either end, in a close frame", means: "A text message held bytes that are no UTF-8."},
	{says: "1008", who: "either end, in a close frame", means: "A policy of the application was broken; its documentation says which."},
	{says: "1009", who: "either end, in a close frame", means: "A message was larger than the other side takes; here --max-message, counted after decompression."},
	{says: "1010", who: "the client, in a close frame", means: "The client wants an extension that the server did not agree to.", checks: []string{"extensions-readable"}},
	{says: "1011", who: "the server, in a close frame", means: "The application failed on its own; its log says more."},
	{says: "1012", who: "the server, in a close frame", means: "The service restarts; the client may come again."},
	{says: "1013", who: "the server, in a close frame", means: "Try again later: the service is overloaded."},
	{says: "1015", who: "a browser, about the connection", means: "The TLS handshake failed: most often a certificate that is not trusted."},
}
