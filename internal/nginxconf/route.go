package nginxconf

import "net/netip"

// Request is what a client asks for, as far as a configuration looks at it.
type Request struct {
	Address netip.AddrPort // that its connection reached; zero: not known, any listener may be meant
	Socket  string         // the path of the UNIX socket that it reached in place of an address
	TLS     bool           // the connection is encrypted
	Proxy   netip.Addr     // that a PROXY line before the request says; zero: there is no such line
	From    netip.Addr     // that it came from; zero: not known
	Method  string
	URI     string   // the target as it was sent: path and query
	Version string   // "" means HTTP/1.1
	Host    string   // the value of its Host line; "" where it has none
	Headers []Header // its other lines, in their order

	unsure []string // names of lines, in small letters, whose values the hop before has not followed
}

// Header is one header line.
type Header struct{ Name, Value string }

// Hop is what one nginx does with a request. Where its proxy_pass leads to a listener of the
// same configuration, Next goes on from there.
type Hop struct {
	Listen   *Directive // nil: no server listens there, or its server says nothing and listens on port 80
	Server   *Directive // nil: no server listens there
	Location *Directive // the innermost; nil: the server itself
	Applies  []*Directive
	Lost     []*Directive // set further out, and cancelled by one that is set further in
	Beaten   []*Directive // locations and servers whose authors may have thought that they serve this request

	// Where nginx answers by itself:
	Answer   *Directive // return, deny, auth_basic, …, or what names the files that it serves; nil: it refuses what no directive is about
	Status   int        // of that answer; 0: not known, or not that of an answer
	Redirect string     // the address that a redirect leads to

	// Where it asks a backend:
	Pass    *Directive // proxy_pass and the like
	Speaks  string     // "http", "https", "http2", "fastcgi", "uwsgi", "scgi", "grpc", "memcached"; "tcp", "tls" by the stream module
	Dials   []string   // the addresses of the backend, host:port or unix:path; nil where they are not followed
	Proxy   bool       // a PROXY line is sent first
	Method  string     // what reaches the backend
	Target  string     // "" where it is not followed
	Version string     // "HTTP/1.0", "HTTP/1.1"
	Sends   []Header   // header lines in their order, by the stream module Host first; nil where they are not followed. One whose value is not followed stands as it is written, and its directive among Skipped
	Skipped []Skipped  // what was not followed, and why
	Next    *Hop
}

// Skipped is a directive that was not followed. What follows from it is not known; the rest
// of a Hop holds if it does what it does most of the time: a limit is not reached, a
// password is right, a file is not there.
type Skipped struct {
	*Directive
	Why string
}

// fuel bounds the work for one request, all hops together: about a second of regular
// expressions.
const fuel = 30_000_000

// hops bounds a chain of proxies of one configuration, which may go in a circle.
const hops = 8

// Route returns what nginx of a version does with a request.
func (c *Config) Route(r *Request, version Version) *Hop {
	left := fuel
	return c.route(r, version, &left, hops)
}

// Within returns what nginx would do if it had chosen that location, or server, for the
// request. Outside of a server of the http module it serves nothing.
func (c *Config) Within(block *Directive, r *Request, version Version) *Hop {
	left := fuel
	v := c.visit(r, version, &left)
	server := block.Enclosing("server")
	if server == nil || server.Enclosing("stream") != nil {
		return v.hop
	}
	v.listener = c.listenerOf(server, r)
	v.hop.Server, v.hop.Listen = server, v.listener.listen
	if v.accept() {
		v.rewrites(server.Block)
		v.moved = false
		if p := placeOf(block); block.Name == "location" && p.regex() {
			if matched, _ := v.match(p.name, p.kind == "~*", v.uri); !matched {
				v.skip(block, "the path is none of its own, and its groups are taken as empty")
			}
		}
		v.walk(block, settled)
	}
	return v.done(hops)
}

// Passes returns the locations, and the servers of the stream module, that themselves hand
// requests to a backend, in their order.
func (c *Config) Passes() (all []*Directive) {
	for _, module := range named(c.Main, "http", "stream") {
		for _, server := range named(module.Block, "server") {
			for _, block := range append([]*Directive{server}, server.Locations()...) {
				if handlerOf(block, passes) != nil {
					all = append(all, block)
				}
			}
		}
	}
	return all
}

func (c *Config) route(r *Request, version Version, left *int, hops int) *Hop {
	v := c.visit(r, version, left)
	if v.listen() {
		if v.listener.stream {
			v.passThrough()
		} else if v.accept() {
			v.serve()
		}
	}
	return v.done(hops)
}
