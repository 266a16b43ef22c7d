package nginxconf

import (
	"net/netip"
	"slices"
	"strings"
)

// likely returns the listeners of the address that a client means of which nothing is known
// but the name it asks for: one where a server has that name, with the port of the name and
// with encryption as the client wants it, if there is such a one; of those alike one that
// hands requests on rather than one that only redirects, or that a proxy in front dials.
func (c *Config) likely(all []listener, r *Request) (group []listener) {
	name, _ := hostName(r.Host)
	dialled := c.dialled()
	best := -1
	for _, l := range all {
		score := 0
		if rank := serverName(l.server, name, r.Host == ""); rank > 0 && !l.stream {
			score += 16
		}
		if l.tls == r.TLS {
			score += 8
		}
		if l.port == portOf(r.Host, r.TLS) {
			score += 4
		}
		if handsOn(l.server.Block) {
			score += 2
		}
		if !slices.ContainsFunc(dialled, func(to netip.AddrPort) bool { return l.takes(to) && (!l.wildcard() || to.Addr().IsLoopback()) }) {
			score++
		}
		if score > best {
			best, group = score, nil
			for _, m := range all {
				if m.same(&l) {
					group = append(group, m)
				}
			}
		}
	}
	return group
}

// handsOn reports whether anything in a block hands requests to a backend.
func handsOn(block []*Directive) (found bool) {
	walk(block, func(d *Directive) bool {
		found = found || slices.Contains(passes, d.Name)
		return !found
	})
	return found
}

// dialled returns the addresses, written as numbers, that the proxies of a configuration
// hand requests to.
func (c *Config) dialled() (all []netip.AddrPort) {
	walk(c.Main, func(d *Directive) bool {
		text := d.arg(0)
		switch {
		case d.Name == "proxy_pass":
			if to, ok := readDestination(text); ok {
				text = to.host + ":" + to.port
			}
		case d.Name != "server" || d.Parent == nil || d.Parent.Name != "upstream":
			return true
		}
		if to, err := netip.ParseAddrPort(strings.Replace(text, "localhost:", "127.0.0.1:", 1)); err == nil {
			all = append(all, to)
		}
		return true
	})
	return all
}

// portOf returns the port of a Host line.
func portOf(host string, tls bool) uint16 {
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		if port := readPort(host[i+1:]); port > 0 {
			return port
		}
	}
	if tls {
		return 443
	}
	return 80
}
