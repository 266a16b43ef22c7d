package lint

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/nginxconf"
)

// Conf is a configuration of nginx as evidence, and the version that reads it.
type Conf struct {
	*nginxconf.Config
	version nginxconf.Version
	known   bool // the version was told; without it what nginx was before 1.29.7 is assumed
}

// What is assumed where nobody says the version: the last before the defaults changed, and
// the first with the new ones.
var (
	oldDefaults = nginxconf.Version{1, 28, 0}
	newDefaults = nginxconf.Version{1, 29, 7}
)

// New returns a configuration as nginx of that version reads it; the zero version: nobody has
// said which.
func New(config *nginxconf.Config, version nginxconf.Version) *Conf {
	if version == (nginxconf.Version{}) {
		return &Conf{Config: config, version: oldDefaults}
	}
	return &Conf{Config: config, version: version, known: true}
}

// browsersHandshake is what a browser asks for, as far as a configuration looks at it.
func browsersHandshake(host, uri string) *nginxconf.Request {
	return &nginxconf.Request{
		Method: "GET", URI: uri, Host: host,
		Headers: []nginxconf.Header{
			{Name: "Connection", Value: "keep-alive, Upgrade"}, // as Firefox writes it: a map has to know both
			{Name: "Upgrade", Value: "websocket"},
			{Name: "Origin", Value: "https://" + host},
			{Name: "User-Agent", Value: "Mozilla/5.0"},
			{Name: "Authorization", Value: "Basic Og=="}, // who may come in is not the question
			{Name: "Sec-WebSocket-Version", Value: "13"},
			{Name: "Sec-WebSocket-Key", Value: "dGhlIHNhbXBsZSBub25jZQ=="},
			{Name: "Sec-WebSocket-Extensions", Value: "permessage-deflate"},
		},
	}
}

// sentRequest returns a request that a client has sent, as far as a configuration looks at it.
func sentRequest(h *dump.Head) *nginxconf.Request {
	r := &nginxconf.Request{Method: h.Method(), URI: h.Target()}
	for _, f := range h.Fields {
		if h.Is(f, "Host") && r.Host == "" {
			r.Host = h.Value(f)
			continue
		}
		r.Headers = append(r.Headers, nginxconf.Header{Name: h.Name(f), Value: h.Value(f)})
	}
	return r
}

// unloadable returns what the configuration says of every request where nginx does not load it;
// nil where it does.
func (n *Conf) unloadable() *diagnosis.Config {
	if len(n.Faults) == 0 {
		return nil
	}
	return n.refused(n.Faults[0])
}

// refused returns what a configuration says that nginx does not load for a fault.
func (n *Conf) refused(f *nginxconf.Fault) *diagnosis.Config {
	c := &diagnosis.Config{Version: n.told(), Error: f.Error()}
	if f.File != nil {
		c.Block = diagnosis.Directive{File: f.File.Name, Line: f.Line}
	}
	return c
}

// told returns the version for a diagnosis; empty where nobody has said it.
func (n *Conf) told() string {
	if !n.known {
		return ""
	}
	return n.version.String()
}

// route returns the way of a request. Where nobody says to which address it comes, and
// whether over TLS, the way is taken that leads on: port 80 of most sites redirects to 443.
func (n *Conf) route(r *nginxconf.Request) *nginxconf.Hop {
	hop := n.Route(r, n.version)
	if r.Address.IsValid() || hop.Pass != nil || !redirects(hop) {
		return hop
	}
	secured := *r
	secured.TLS = !r.TLS
	if other := n.Route(&secured, n.version); other.Pass != nil && secures(other.Listen) {
		return other
	}
	return hop
}

func redirects(h *nginxconf.Hop) bool { return h.Status >= 300 && h.Status < 400 }

// secures reports whether a listen directive speaks TLS.
func secures(listen *nginxconf.Directive) bool {
	return listen != nil && slices.Contains(listen.Args, "ssl")
}

// OfClient returns what the configuration does with what a client has sent; nil where nothing
// was sent, or no server takes it.
func (n *Conf) OfClient(c *diagnosis.Client) *diagnosis.Config {
	if broken := n.unloadable(); broken != nil || c.Sent == nil {
		return broken
	}
	r := sentRequest(c.Sent)
	r.From, r.TLS = c.From, strings.HasPrefix(c.URL, "wss:")
	if at := *r; reachedAt(&at, c.URL) {
		if hops := way(n.Route(&at, n.version)); len(hops) > 0 {
			return n.evidence(hops, r)
		}
	}
	return n.evidence(way(n.route(r)), r)
}

// reachedAt notes the address that a URL names as a number. The port may be one that a
// container publishes under another: then no server listens there.
func reachedAt(r *nginxconf.Request, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	r.Address, err = netip.ParseAddrPort(strings.Replace(u.Host, "localhost:", "127.0.0.1:", 1))
	return err == nil
}
