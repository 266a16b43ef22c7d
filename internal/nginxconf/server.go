package nginxconf

import (
	"slices"
	"strings"
)

// hostName returns the name in a Host line as nginx compares it: small letters, no port, no
// dot at the end. It reports whether nginx takes it at all.
func hostName(host string) (string, bool) {
	end, closed := len(host), false
	dot := -2
	for i := 0; i < len(host); i++ {
		switch c := host[i]; {
		case c <= ' ' || c == 0x7f || c == '/':
			return "", false
		case c == '.':
			if dot == i-1 {
				return "", false
			}
			dot = i
		case c == ':' && !closed && !strings.HasPrefix(host, "["):
			end, closed = i, true
		case c == ']' && !closed && strings.HasPrefix(host, "["):
			end, closed = i+1, true
		}
	}
	if dot == end-1 {
		end--
	}
	return strings.ToLower(host[:max(end, 0)]), end > 0
}

// The ranks of a server_name that matches, the worst first.
const (
	nameRegex    = 1
	nameTail     = 1 << 16 // www.example.*, the longer the better
	nameHead     = 2 << 16 // *.example.com
	nameExact    = 3 << 16
	nameNotKnown = -1 // it cannot be said whether it matches
)

// serverName returns how well the names of a server match the one that a request asks for;
// 0 where none does. A server without a name has the one of requests that ask for none.
// Regular expressions are not tried: their rank is nameNotKnown.
func serverName(server *Directive, name string, missing bool) (rank int) {
	all := named(server.Block, "server_name")
	if len(all) == 0 && missing {
		return nameExact
	}
	for _, d := range all {
		for _, pattern := range d.Args {
			r := rankOf(strings.ToLower(pattern), name)
			if missing && pattern != "" {
				r = 0
			}
			if r > rank || r == nameNotKnown && rank == 0 {
				rank = r
			}
		}
	}
	return rank
}

// HasName reports whether a server has the name of a host, which may have a port, or a
// pattern that may mean it.
func HasName(server *Directive, host string) bool {
	name, _ := hostName(host)
	return serverName(server, name, false) != 0
}

func rankOf(pattern, name string) int {
	switch {
	case strings.HasPrefix(pattern, "~"):
		return nameNotKnown
	case pattern == name:
		return nameExact
	case strings.HasPrefix(pattern, "."):
		if name == pattern[1:] {
			return nameExact
		}
		if strings.HasSuffix(name, pattern) {
			return nameHead + len(pattern)
		}
	case strings.HasPrefix(pattern, "*."):
		if rest, ok := strings.CutSuffix(name, pattern[1:]); ok && rest != "" {
			return nameHead + len(pattern)
		}
	case strings.HasSuffix(pattern, ".*"):
		if rest, ok := strings.CutPrefix(name, pattern[:len(pattern)-1]); ok && rest != "" {
			return nameTail + len(pattern)
		}
	}
	return 0
}

// chooseServer takes the server of an address that has the name that the request asks for.
func (v *visit) chooseServer(group []listener) {
	name, ok := hostName(v.asked)
	if !ok && v.asked != "" {
		return // refused by the default server
	}
	found, best := -1, 0
	for i, l := range group {
		if rank := serverName(l.server, name, v.asked == ""); rank > best {
			found, best = i, rank
		}
	}
	if found < 0 && v.asked != "" {
		found = v.regexServer(group, name)
	}
	if found >= 0 {
		l := group[found]
		l.tls, l.http2, l.proxy = v.tls, v.http2, v.proxy
		v.listener = l
	}
	v.beatServers(name)
	if found < 0 {
		v.beatNeighbours(group)
	}
}

// regexServer returns the first server whose regular expression matches, or -1.
func (v *visit) regexServer(group []listener, name string) int {
	for i, l := range group {
		for _, d := range named(l.server.Block, "server_name") {
			for _, pattern := range d.Args {
				if !strings.HasPrefix(pattern, "~") {
					continue
				}
				matched, why := v.match(pattern[1:], strings.ToLower(pattern) != pattern, name)
				if why != "" {
					v.skip(d, why)
				}
				if matched {
					return i
				}
			}
		}
	}
	return -1
}

// beatServers notes the other servers that have the name.
func (v *visit) beatServers(name string) {
	seen := map[*Directive]bool{v.server: true}
	for _, l := range v.conf.listeners() {
		if rank := serverName(l.server, name, v.asked == ""); rank > 0 && !l.stream && !seen[l.server] {
			v.hop.Beaten = append(v.hop.Beaten, l.server)
		}
		seen[l.server] = true
	}
}

// beatNeighbours notes the other servers of an address whose default one was taken because
// nobody has the name.
func (v *visit) beatNeighbours(group []listener) {
	for _, l := range group {
		if len(v.hop.Beaten) < maxBeaten && l.server != v.server && !slices.Contains(v.hop.Beaten, l.server) {
			v.hop.Beaten = append(v.hop.Beaten, l.server)
		}
	}
}

// firstName returns what $server_name holds.
func firstName(server *Directive) string {
	for _, d := range named(server.Block, "server_name") {
		if len(d.Args) > 0 {
			if strings.HasPrefix(d.Args[0], "~") {
				return d.Args[0]
			}
			return strings.ToLower(strings.TrimPrefix(d.Args[0], "."))
		}
	}
	return ""
}
