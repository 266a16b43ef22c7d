package probe

import (
	"fmt"
	"net/http"
	"strings"

	"wsinspect/internal/handshake"
)

// turnedAway says what an answer other than 101 means to who opens a WebSocket.
func (c *call) turnedAway(title string) string {
	a := c.answer
	status := statusOf(a.head)
	if status == 0 {
		return "The status line cannot be read: " + handshake.Quote(strings.TrimRight(a.head.Text(a.head.Start.Line), "\r\n")) + "."
	}
	says := fmt.Sprintf("%s %d", answerer(a)+" answered", status)
	reason := http.StatusText(status)
	if reason != "" {
		says += " " + reason
	}
	if a.head.Has("Wsinspect-Attempt") { // its words are those of the causes
		return says + "."
	}
	if title != "" && title != reason && title != fmt.Sprint(status, " ", reason) { // no need to say it twice
		says += ", with the words " + handshake.Quote(title)
	}
	return says + ". " + c.meaning(status, title)
}

// answerer names who answered, as far as the answer tells.
func answerer(a *answer) string {
	server := valueOf(a.head, "Server")
	switch {
	case a.head.Has("Wsinspect-Attempt") && server != "":
		return "wsinspect, through " + handshake.Quote(server) + ","
	case a.head.Has("Wsinspect-Attempt"):
		return "wsinspect"
	case server != "":
		return handshake.Quote(server)
	}
	return "Somebody"
}

// meaning says what is behind a status, and what to look at.
func (c *call) meaning(status int, title string) string {
	switch {
	case strings.Contains(title, "plain HTTP request was sent to HTTPS port"),
		strings.Contains(title, "sent an HTTP request to an HTTPS server"):
		return "The port speaks TLS: open " + quoted(c.target.withTLS(true).String()) + "."
	case isRedirect(status):
		return c.redirectWords()
	case status == http.StatusOK && strings.HasPrefix(strings.ToLower(valueOf(c.answer.head, "Content-Type")), "text/html"):
		return "A page came, and no WebSocket: the path leads to files or to the application's own page, and not to the socket."
	case status >= 200 && status < 300:
		return "No WebSocket was opened: whoever answered took it for a plain request."
	}
	switch status {
	case http.StatusBadRequest:
		return "Whoever answered found the handshake wrong, perhaps since lines of it were lost on the way."
	case http.StatusUnauthorized:
		return c.authenticateWords()
	case http.StatusForbidden:
		return "The backend refuses the Origin, or a rule of the proxy forbids the access."
	case http.StatusNotFound:
		return "Nobody serves this path: look for a slip, or for a prefix that the proxy takes away or leaves."
	case http.StatusMethodNotAllowed:
		return "Something that serves no WebSocket answers on this path."
	case http.StatusRequestTimeout:
		return "Whoever answered did not see the end of the request."
	case http.StatusUpgradeRequired:
		return "Whoever answered did not see a WebSocket handshake: Upgrade or Connection was lost on the way, mostly."
	case http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestURITooLong, http.StatusRequestEntityTooLarge, 494:
		return "The head of the request is too large for whoever answered."
	case http.StatusTooManyRequests:
		return "There are too many requests or connections for a limit."
	case http.StatusBadGateway:
		return "The proxy got no answer from the backend that it understands: nobody listens there, or another protocol is spoken."
	case http.StatusServiceUnavailable:
		return "The proxy has no backend that it takes for alive, or a limit is reached."
	case http.StatusGatewayTimeout:
		return "The backend did not answer the proxy in time."
	}
	return "No WebSocket was opened."
}

// redirectWords says where a redirect leads and what a browser makes of it.
func (c *call) redirectWords() string {
	location := valueOf(c.answer.head, "Location")
	if location == "" {
		return "It is a redirect without a Location. A browser fails."
	}
	says := "It leads to " + handshake.Quote(location) + ". A browser does not follow a redirect when it opens a WebSocket: it fails."
	if next, err := c.location(); err == nil {
		says += " Let the page open " + quoted(next.String()) + "."
	}
	return says
}

// authenticateWords says what a 401 asks for.
func (c *call) authenticateWords() string {
	asked := valueOf(c.answer.head, "WWW-Authenticate")
	switch {
	case asked == "":
		return "A login is asked for, and not said which (WWW-Authenticate is missing)."
	case c.authorizes():
		return "It asks for " + handshake.Quote(asked) + ". A browser sends the user of the URL now, on a second request."
	case c.authorized:
		return "The user of the URL was sent and not taken."
	}
	return "It asks for " + handshake.Quote(asked) + ". A page cannot set Authorization on a WebSocket: let a cookie or a token in the query do it."
}
