package lint

import (
	"slices"
	"strings"

	"wsinspect/internal/nginxconf"
)

// entry is a way that is looked at, and the request for which it is.
type entry struct {
	block *nginxconf.Directive // the one that was meant; nil: what the request leads to
	asked *nginxconf.Request
	named bool // the host was asked for
	other bool // it may well be for other requests: the socket has a location of its own
}

// hop follows the way in one version.
func (e *entry) hop(n *Conf) *nginxconf.Hop {
	if e.block != nil {
		return n.Within(e.block, e.asked, n.version)
	}
	return n.route(e.asked)
}

// entries returns the ways to look at: for the path that is asked for, in the server of the
// host or in every one; else every block that passes requests on.
func (l *look) entries() (all []entry) {
	if l.URI != "" && l.Host != "" {
		return []entry{{asked: browsersHandshake(l.Host, l.URI), named: true}}
	}
	done := l.innerServers()
	for _, block := range l.conf.passes() {
		server := block.Enclosing("server")
		host := l.Host
		if host == "" {
			host = nameOf(server)
		}
		switch {
		case done[server]:
		case l.URI != "":
			e := entry{asked: browsersHandshake(host, l.URI)}
			if done[server] = true; e.hop(l.conf).Server == server {
				all = append(all, e)
			}
		case l.Host == "" || nginxconf.HasName(server, l.Host):
			all = append(all, l.inward(entry{block: block, asked: browsersHandshake(host, uriFor(block)), named: l.Host != ""})...)
		}
	}
	if len(all) == 0 && l.URI != "" {
		all = []entry{{asked: browsersHandshake("localhost", l.URI)}}
	}
	return all
}

// innerServers returns the servers that others of the configuration dial.
func (l *look) innerServers() map[*nginxconf.Directive]bool {
	inner := map[*nginxconf.Directive]bool{}
	for _, block := range l.conf.passes() {
		hop := l.conf.Within(block, browsersHandshake(nameOf(block.Enclosing("server")), uriFor(block)), l.conf.version)
		for hop = hop.Next; hop != nil && hop.Server != nil; hop = hop.Next {
			inner[hop.Server] = true
		}
	}
	return inner
}

// meant returns the ways whose blocks have a line for a WebSocket, or lose one. A site has
// other locations too; only where no block has such a line may each be the socket's.
func (l *look) meant(all []entry) []entry {
	meant := slices.DeleteFunc(slices.Clone(all), func(e entry) bool {
		return !slices.ContainsFunc(way(e.hop(l.conf)), forSocket)
	})
	if len(meant) == 0 {
		return all
	}
	for i, e := range meant {
		meant[i].other = !slices.ContainsFunc(way(e.hop(l.conf)), setsSocket) && slices.ContainsFunc(meant, func(o entry) bool {
			return o.block != e.block && o.block.Enclosing("server") == e.block.Enclosing("server") && slices.ContainsFunc(way(o.hop(l.conf)), setsSocket)
		})
	}
	return meant
}

// inward returns the ways from a block to the places of an inner proxy that are made for
// WebSockets: which path a client opens nobody has said, and a guess may miss them. Where the
// inner proxy has none, or none is in front, that is the one way.
func (l *look) inward(e entry) (all []entry) {
	hops := way(e.hop(l.conf))
	if len(hops) < 2 {
		return []entry{e}
	}
	for _, inner := range hops[0].Server.Locations() {
		to := entry{block: e.block, asked: browsersHandshake(e.asked.Host, uriFor(inner)), named: e.named}
		if hops := way(to.hop(l.conf)); len(hops) > 1 && hops[0].Location == inner && setsSocket(hops[0]) {
			all = append(all, to)
		}
	}
	if len(all) == 0 {
		return []entry{e}
	}
	return all
}

// setsSocket reports whether a line for a WebSocket applies to a hop.
func setsSocket(h *nginxconf.Hop) bool { return namesSocket(h.Applies) }

// forSocket reports whether a line for a WebSocket applies to a hop, or is lost there.
func forSocket(h *nginxconf.Hop) bool { return namesSocket(h.Applies) || namesSocket(h.Lost) }

func namesSocket(lines []*nginxconf.Directive) bool {
	return slices.ContainsFunc(lines, func(d *nginxconf.Directive) bool {
		return d.Name == "proxy_set_header" && len(d.Args) > 1 && (strings.EqualFold(d.Args[0], "Upgrade") ||
			strings.EqualFold(d.Args[0], "Connection") && (strings.Contains(strings.ToLower(d.Args[1]), "upgrade")))
	})
}

// nameOf returns a name under which a server is asked.
func nameOf(server *nginxconf.Directive) string {
	for _, d := range server.Block {
		if d.Name != "server_name" {
			continue
		}
		for _, name := range d.Args {
			if name != "" && name != "_" && !strings.ContainsAny(name, "*~$") {
				return strings.TrimPrefix(name, ".")
			}
		}
	}
	return "localhost"
}

// uriFor returns a path that a location may serve.
func uriFor(block *nginxconf.Directive) string {
	if block.Name != "location" || len(block.Args) == 0 {
		return "/"
	}
	path := block.Args[len(block.Args)-1]
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(block.Args[0], "~") {
		return "/"
	}
	return path
}
