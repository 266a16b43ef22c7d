package nginxconf

import (
	"net/netip"
	"slices"
	"strings"
)

// visit is a request on its way through one nginx.
type visit struct {
	conf    *Config
	version Version
	in      *Request
	hop     *Hop
	listener
	left *int

	asked, target string     // the host that the client means, and what it asks it for
	uri, args     string     // the path that is looked at, and the query
	level         *Directive // the innermost block that says what is done: a location, an if in it
	fallback      *Directive // the try_files that led here
	ended         bool       // nothing more happens in this hop
	escaped       bool       // the path holds escapes, as it was sent
	plus          bool       // it holds a plus sign
	internal      bool       // redirected by the configuration itself
	whole         bool       // the target is still the one that was sent
	placed        bool       // the path still begins with the name of the location
	moved         bool       // the path was changed, and a location is to be sought again
	changes       int        // of the path
	subrequest    bool
	upstream      destination
	set           map[string]string // variables that directives, maps and regular expressions have set
	captures      []string
	depth         int          // of maps that look into maps
	executed      []*Directive // what has taken effect, in its order
}

func (c *Config) visit(r *Request, version Version, left *int) *visit {
	v := &visit{
		conf: c, version: version, in: r, hop: &Hop{}, left: left,
		whole: true, placed: true, set: map[string]string{},
	}
	v.asked, v.target = splitTarget(r.Host, r.URI)
	return v
}

// done completes the hop, and goes on to the next.
func (v *visit) done(hops int) *Hop {
	h := v.hop
	if h.Server == nil {
		return h
	}
	v.collect()
	if h.Pass == nil || len(h.Dials) == 0 || h.Sends == nil {
		return h
	}
	if h.Speaks == "http" || h.Speaks == "https" || h.Speaks == "tcp" || h.Speaks == "tls" {
		next, ok := v.next()
		if ok && hops > 1 {
			h.Next = v.conf.route(next, v.version, v.left, hops-1)
		} else if ok {
			v.skip(h.Pass, "the request goes in a circle")
		}
	}
	return h
}

// next returns the request as the first address of the backend gets it, if a server of the
// same configuration listens there.
func (v *visit) next() (*Request, bool) {
	r := &Request{
		unsure: v.unsure(),
		TLS:    v.hop.Speaks == "https" || v.in.TLS && !v.tls && v.hop.Speaks == "tcp" || v.hop.Speaks == "tls",
		Method: v.hop.Method, URI: v.hop.Target, Version: v.hop.Version,
	}
	if path, ok := strings.CutPrefix(v.hop.Dials[0], "unix:"); ok {
		r.Socket = path
	} else {
		text := strings.Replace(v.hop.Dials[0], "localhost:", "127.0.0.1:", 1)
		addr, err := netip.ParseAddrPort(text)
		if err != nil {
			return nil, false
		}
		r.Address = addr
		if addr.Addr().IsLoopback() {
			r.From = addr.Addr()
		}
	}
	switch from := v.in.From; {
	case v.hop.Proxy && v.in.Proxy.IsValid() && !v.proxy:
		r.Proxy = v.in.Proxy
	case v.hop.Proxy && from.IsValid():
		r.Proxy = from
	case v.hop.Proxy:
		r.Proxy = netip.IPv4Unspecified()
	}
	named := false
	for _, h := range v.hop.Sends {
		if strings.EqualFold(h.Name, "host") && !named {
			r.Host, named = h.Value, true
			continue
		}
		r.Headers = append(r.Headers, h)
	}
	if len(v.conf.reached(r)) == 0 {
		return nil, false
	}
	if slices.Contains(r.unsure, "host") {
		v.skip(v.hop.Pass, "which server it leads to is not followed: the name that it sends is not known")
		return nil, false
	}
	return r, true
}

// unsure returns the names of the lines that are sent with values that are not followed.
func (v *visit) unsure() (names []string) {
	for _, s := range v.hop.Skipped {
		if s.Name == "proxy_set_header" {
			names = append(names, strings.ToLower(s.arg(0)))
		}
	}
	for _, line := range v.hop.Sends {
		if name := strings.ToLower(line.Name); slices.Contains(v.in.unsure, name) {
			names = append(names, name)
		}
	}
	return names
}

// answer says that nginx answers by itself.
func (v *visit) answer(d *Directive, status int) {
	v.hop.Answer, v.hop.Status, v.ended = d, status, true
}

// skip notes a directive that is not followed.
func (v *visit) skip(d *Directive, why string) {
	for _, s := range v.hop.Skipped {
		if s.Directive == d && s.Why == why {
			return
		}
	}
	v.hop.Skipped = append(v.hop.Skipped, Skipped{d, why})
}

// lose ends the hop: what the request comes to depends on a directive that is not followed.
func (v *visit) lose(d *Directive, why string) {
	v.skip(d, why)
	v.ended = true
}

// spend takes n from the fuel, and reports whether there is some left.
func (v *visit) spend(n int) bool {
	*v.left -= n
	return *v.left > 0
}
