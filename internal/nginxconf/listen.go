package nginxconf

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// listener is one address on which a server listens.
type listener struct {
	server *Directive
	listen *Directive // nil: the server has none, and listens on port 80
	stream bool

	addr   netip.Addr // zero: any address
	name   string     // in place of the address, where it is a name
	port   uint16
	socket string

	tls, http2, proxy, chosen bool // chosen: the default server of its address
}

// listeners returns all of a configuration, in their order. What stands outside of any http
// block is read as if it stood in one, since a file is often a part of a configuration.
func (c *Config) listeners() (all []listener) {
	for _, s := range named(c.Main, "server") {
		all = append(all, listenersOf(s, false)...)
	}
	for _, module := range named(c.Main, "http", "stream") {
		for _, s := range named(module.Block, "server") {
			all = append(all, listenersOf(s, module.Name == "stream")...)
		}
	}
	return all
}

func listenersOf(server *Directive, stream bool) (all []listener) {
	for _, d := range named(server.Block, "listen") {
		l := readListen(d)
		l.server, l.stream = server, stream
		if ssl := named(server.Block, "ssl"); len(ssl) > 0 && ssl[0].arg(0) == "on" {
			l.tls = true // the old way to say so
		}
		all = append(all, l)
	}
	if all == nil && !stream {
		all = append(all, listener{server: server, addr: netip.IPv4Unspecified(), port: 80})
	}
	return all
}

// readListen reads a listen directive: address:port, a port, an address, unix:path.
func readListen(d *Directive) listener {
	l := listener{listen: d, port: 80}
	text := d.arg(0)
	for _, parameter := range d.Args[min(1, len(d.Args)):] {
		switch parameter {
		case "ssl":
			l.tls = true
		case "http2":
			l.http2 = true
		case "proxy_protocol":
			l.proxy = true
		case "default_server", "default":
			l.chosen = true
		}
	}
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		l.socket, l.port = path, 0
		return l
	}
	host := text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host = text[:i]
		l.port = readPort(text[i+1:])
	} else if port := readPort(text); port > 0 {
		host, l.port = "*", port
	}
	host = strings.Trim(host, "[]")
	switch addr, err := netip.ParseAddr(host); {
	case err == nil:
		l.addr = addr
	case host == "*" || host == "":
		l.addr = netip.IPv4Unspecified()
	default:
		l.name = strings.ToLower(host)
	}
	if slices.Contains(d.Args, "ipv6only=off") && l.addr == netip.IPv6Unspecified() {
		l.addr = netip.Addr{}
	}
	return l
}

func readPort(text string) uint16 {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// wildcard reports whether l takes every address of its kind.
func (l *listener) wildcard() bool {
	return l.name == "" && l.socket == "" && (!l.addr.IsValid() || l.addr.IsUnspecified())
}

// same reports whether both listen on the same address.
func (l *listener) same(m *listener) bool {
	return l.addr == m.addr && l.name == m.name && l.port == m.port && l.socket == m.socket && l.stream == m.stream
}

// SharePort reports whether two servers listen on the same port or socket, so that one may
// serve what was meant for the other.
func SharePort(a, b *Directive) bool {
	return slices.ContainsFunc(listenersOf(a, false), func(l listener) bool {
		return slices.ContainsFunc(listenersOf(b, false), func(m listener) bool { return l.port == m.port && l.socket == m.socket })
	})
}

// takes reports whether a connection to that address may be for l.
func (l *listener) takes(to netip.AddrPort) bool {
	addr := to.Addr().Unmap()
	switch {
	case l.socket != "" || l.port != to.Port():
		return false
	case l.wildcard():
		return !l.addr.IsValid() || l.addr.Is4() == addr.Is4()
	case l.name == "localhost":
		return addr.IsLoopback()
	}
	return l.addr == addr
}

// reached returns the listeners of the one address that a request reaches.
func (c *Config) reached(r *Request) []listener {
	all := c.listeners()
	if r.Socket == "" && !r.Address.IsValid() {
		return c.likely(all, r)
	}
	var exact, wild []listener
	for _, l := range all {
		switch {
		case r.Socket != "" && l.socket == r.Socket, r.Socket == "" && l.takes(r.Address) && !l.wildcard():
			exact = append(exact, l)
		case r.Socket == "" && l.takes(r.Address):
			wild = append(wild, l)
		}
	}
	if exact == nil {
		exact = wild
	}
	return exact
}

// listen finds the listeners that the request reaches, and looks at what comes before it.
func (v *visit) listen() bool {
	group := v.conf.reached(v.in)
	if len(group) == 0 {
		return false
	}
	v.listener = choose(group)
	for _, l := range group { // what one server says of an address holds for all
		v.tls = v.tls || l.tls
		v.http2 = v.http2 || l.http2
		v.proxy = v.proxy || l.proxy
	}
	if !v.stream {
		v.chooseServer(group)
	}
	v.hop.Server, v.hop.Listen = v.server, v.listener.listen
	v.level = v.server
	return v.begins()
}

// begins reports whether the listener understands what the connection begins with.
func (v *visit) begins() bool {
	http2Only := v.http2 && !v.tls && v.version.Before(http2BesideHTTP1)
	switch {
	case v.proxy && !v.in.Proxy.IsValid(), http2Only:
		v.answer(v.listener.listen, 0)
	case v.in.Proxy.IsValid() && !v.proxy && !v.stream, v.in.TLS && !v.tls && !v.stream, v.tls && !v.in.TLS && !v.stream:
		v.answer(v.listener.listen, 400)
	case v.tls && !v.in.TLS:
		v.answer(v.listener.listen, 0)
	}
	return !v.ended
}

// choose returns the listener of the default server.
func choose(group []listener) listener {
	for _, l := range group {
		if l.chosen {
			return l
		}
	}
	return group[0]
}

// listenerOf returns the listener of a server that a request may have reached.
func (c *Config) listenerOf(server *Directive, r *Request) listener {
	var own []listener
	for _, l := range c.listeners() {
		if l.server == server {
			own = append(own, l)
		}
	}
	if len(own) == 0 {
		return listener{server: server}
	}
	for _, l := range own {
		if r.Address.IsValid() && l.takes(r.Address) {
			return l
		}
	}
	for _, l := range own {
		if l.tls == r.TLS {
			return l
		}
	}
	return own[0]
}
