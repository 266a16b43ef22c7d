package diagnosis

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// turnedAway returns the status with which somebody answered the client although nothing
// arrived at the backend; 0 where nobody did.
func (r *reading) turnedAway() int {
	if r.Client == nil || r.Client.Reach == Reached || r.Request != nil {
		return 0
	}
	return r.Client.status()
}

// shutOut reports whether the client had that trouble, and nothing arrived at the backend.
func (r *reading) shutOut(by Trouble) bool {
	return r.Client != nil && r.Client.Trouble == by && r.Client.Reach != Reached && r.Request == nil
}

// stated weighs what the client saw by the configuration: certain where one of those
// directives applies, possible where it has none of them, and likely without it.
func (r *reading) stated(because string, directives ...string) sign {
	if r.Config == nil {
		return likely(because)
	}
	for hop, c := 1, r.Config; c != nil; hop, c = hop+1, c.Outer {
		if a := c.Answer; a != nil && c.Status == r.Client.status() && slices.Contains(directives, a.Name) {
			s := certain(because + " " + a.says() + ".").by(*a)
			s.hop = hop
			return s
		}
		for _, name := range directives {
			if d := c.on(name); d != nil {
				s := certain(because + " " + d.says() + ".").by(*d)
				s.hop = hop
				return s
			}
		}
	}
	return possible(because + " The configuration of nginx says nothing of the kind, so perhaps another proxy answered.")
}

// doubted returns s, of what somebody answered the client, less sure where the backend may
// have answered itself: nobody could look whether it got the request.
func (r *reading) doubted(c *Cause, s sign) sign {
	if c.Shows&ClientSide == 0 || s.confidence < Likely || s.at != nil || r.Request != nil || r.Client == nil || r.Client.Reach != ReachUnknown {
		return s
	}
	if status := r.Client.status(); status == 0 || status == 101 || r.Client.ownPage(status) || r.Client.byBackend() {
		return s
	}
	s.confidence--
	return s
}

// withheld says that the answerer did not ask the backend, where that is known.
func (r *reading) withheld() string {
	if r.Client != nil && r.Client.Reach == ReachUnknown {
		return ""
	}
	return " and passed nothing on"
}

// missed says that nothing arrived at the backend, where that is known.
func (r *reading) missed() string {
	if r.Client.Reach == ReachUnknown {
		return ""
	}
	return ", and nothing arrived here"
}

// status returns the status of the answer; 0 where none came.
func (c *Client) status() int {
	if c == nil || c.Answer == nil {
		return 0
	}
	status, _ := strconv.Atoi(c.Answer.Text(c.Answer.Start.Second))
	return status
}

// said returns the value of the first line of that name in the answer.
func (c *Client) said(name string) string {
	if c == nil {
		return ""
	}
	value, _ := valueIn(c.Answer, name)
	return value
}

// sent returns the value of the first line of that name in the request.
func (c *Client) sent(name string) (value string, ok bool) {
	if c == nil {
		return "", false
	}
	return valueIn(c.Sent, name)
}

func valueIn(h *dump.Head, name string) (value string, ok bool) {
	if h == nil {
		return "", false
	}
	f, ok := h.Field(name)
	return h.Value(f), ok
}

// nginx reports whether the answer says that nginx wrote it, or one of its kind.
func (c *Client) nginx() bool {
	server := strings.ToLower(c.said("Server"))
	return strings.HasPrefix(server, "nginx") || strings.HasPrefix(server, "openresty") || strings.HasPrefix(server, "tengine") || strings.HasPrefix(server, "angie")
}

// answerer names who answered, at the start of a sentence.
func (c *Client) answerer() string {
	switch server := c.said("Server"); {
	case c.nginx():
		return "nginx"
	case server != "":
		return "The server " + handshake.Quote(server)
	}
	return "A proxy in front of the backend"
}

// ownPage reports whether nginx made the page itself: it begins with the status, "404 Not
// Found".
func (c *Client) ownPage(status int) bool {
	return c.nginx() && strings.HasPrefix(c.Title, strconv.Itoa(status))
}

// byBackend reports whether the answer is in the words of a WebSocket backend: gorilla says
// the version that it speaks when it refuses; coder/websocket and gobwas/ws give a reason.
func (c *Client) byBackend() bool {
	coder := strings.HasPrefix(c.Title, "WebSocket protocol violation") || strings.HasPrefix(c.Title, "request Origin ")
	return c.said("Sec-WebSocket-Version") != "" || coder || strings.HasPrefix(c.Title, "handshake error: ")
}

// refusedAs returns the status with which a WebSocket server that nobody could look into has
// refused the client in its own words; 0 where none has.
func (r *reading) refusedAs() int {
	if r.Client == nil || r.Client.Sent == nil || !r.Client.byBackend() || r.Client.said("Wsinspect-Attempt") != "" {
		return 0
	}
	return r.turnedAway()
}

// refusal weighs what such a server refused: only possible where the one that could be looked
// into got nothing, since a cache may have answered as well as another server.
func (r *reading) refusal(because string) sign {
	if r.Client.Reach == NotReached {
		return possible(because + " The handshake did not arrive here: another server answered, or a cache.").closer(1)
	}
	return likely(because)
}

// ownOrigin reports whether the client's Origin is the host that it asked, as that of a page
// on the same site is.
func (r *reading) ownOrigin() bool {
	page, _ := r.sent(origin)
	asked, _ := r.sent(host)
	return page != "" && readOrigin(page).same(readAuthority(asked))
}

func (c *Client) html() bool {
	return strings.HasPrefix(strings.ToLower(c.said("Content-Type")), "text/html")
}

// titled returns the title of the page for a sentence, with a space before it.
func (c *Client) titled() string {
	if c.Title == "" {
		return ""
	}
	return " titled " + handshake.Quote(c.Title)
}

// missing101 says which lines a client misses in a 101; empty where none.
func (c *Client) missing101() string {
	var missing []string
	for _, line := range []struct{ name, token string }{{"Upgrade", "websocket"}, {"Connection", "upgrade"}, {"Sec-WebSocket-Accept", ""}} {
		if !strings.Contains(strings.ToLower(c.said(line.name)), line.token) || c.said(line.name) == "" {
			missing = append(missing, line.name)
		}
	}
	return strings.Join(missing, " and ")
}

// target returns the address that Location leads to as a WebSocket's; empty where it is
// none.
func (c *Client) target() string {
	if c == nil {
		return ""
	}
	base, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	to, err := base.Parse(c.said("Location"))
	if err != nil || to.Host == "" {
		return ""
	}
	switch to.Scheme {
	case "https":
		to.Scheme = "wss"
	case "http":
		to.Scheme = "ws"
	}
	return to.String()
}

// clientPath returns the path that the client asked for, if it can stand in a configuration as
// it is; empty otherwise.
func (r *reading) clientPath() string {
	target := ""
	switch {
	case r.Client != nil && r.Client.Sent != nil:
		target = r.Client.Sent.Target()
	case r.Client != nil:
		if u, err := url.Parse(r.Client.URL); err == nil {
			target = u.EscapedPath()
		}
	case r.Config != nil:
		target = r.Config.outermost().URI
	}
	path, _, _ := strings.Cut(target, "?")
	if plainPath(path) != path {
		return ""
	}
	return path
}

// known reports whether it is known where the backend listens.
func (r *reading) known() bool { return r.Config.passes() || r.address() != "" }

// ownLocation returns a location for the socket alone, whole, with more lines: what the
// site does to its other paths does not reach it. Where the socket has one already, the
// lines go there.
func (r *reading) ownLocation(more ...string) Fix {
	f := r.recipe()
	own := f.own()
	lines := append([]string{r.passLine()}, own.Lines...)
	if d, ok := r.Config.directive("proxy_pass"); ok {
		lines[0] = d.String()
	}
	if d, ok := r.Config.directive("proxy_http_version"); ok && !slices.Contains(lines, versionLine) {
		lines = append(lines, d.String()) // it may stand in the other location alone
	}
	lines = append(more, lines...)
	path := r.clientPath()
	if path == "" || r.Config.location() == "location = "+path {
		own.Lines = lines
		return f
	}
	*own = Step{Where: "server", Lines: []string{fmt.Sprintf("location = %s { %s }", path, strings.Join(lines, " "))}}
	return f
}
