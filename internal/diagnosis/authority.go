package diagnosis

import (
	"net/netip"
	"strconv"
	"strings"
)

// authority is a host with an optional port, as Host and Origin carry it.
type authority struct {
	text   string     // as it was spelt
	scheme string     // of an Origin, in lower case; empty otherwise
	name   string     // in lower case, without brackets and without the dot at the end
	port   string     // as it was spelt; empty where none was
	ip     netip.Addr // that the name is; invalid where it is a name
}

// readAuthority reads the value of Host.
func readAuthority(text string) authority {
	a := authority{text: text, name: text}
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.Contains(text[i:], "]") {
		a.name, a.port = text[:i], text[i+1:]
	}
	a.name = strings.TrimSuffix(strings.ToLower(strings.Trim(a.name, "[]")), ".")
	digit := a.name != "" && '0' <= a.name[0] && a.name[0] <= '9'
	if digit || strings.Contains(a.name, ":") { // to try it with a name would cost an error
		a.ip, _ = netip.ParseAddr(a.name)
		a.ip = a.ip.Unmap()
	}
	return a
}

// readOrigin reads the value of Origin. One without scheme and host, such as null, has
// only a text.
func readOrigin(text string) authority {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return authority{text: text}
	}
	a := readAuthority(rest)
	a.text, a.scheme = text, strings.ToLower(scheme)
	return a
}

// hostText returns a as Host has it, also where it was read from an Origin.
func (a authority) hostText() string {
	if _, host, ok := strings.Cut(a.text, "://"); ok {
		return host
	}
	return a.text
}

// same reports whether a and b are letter by letter the same host and port, as gorilla
// compares Origin with Host.
func (a authority) same(b authority) bool { return a.name == b.name && a.port == b.port }

// web reports whether an origin is one that a page of the web can have.
func (a authority) web() bool { return a.name != "" && (a.scheme == "http" || a.scheme == "https") }

// loopback reports whether a is this machine's own name or address.
func (a authority) loopback() bool {
	return a.name == "localhost" || strings.HasSuffix(a.name, ".localhost") || a.ip.IsLoopback()
}

// internal reports whether a cannot be the name of a public site: an address of a private
// network, a name without a dot as upstream blocks and containers have, or one under a
// domain that no public site has (RFC 2606, RFC 6762, RFC 8375, ICANN's .internal).
func (a authority) internal() bool {
	if addr := a.ip; addr.IsValid() {
		return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified()
	}
	if !strings.Contains(a.name, ".") || strings.Contains(a.name, "_") {
		return true
	}
	for _, domain := range []string{".localhost", ".local", ".lan", ".internal", ".home.arpa", ".corp", ".home", ".svc", ".consul", ".docker"} {
		if strings.HasSuffix(a.name, domain) {
			return true
		}
	}
	return false
}

// twoPorts reports whether a has one port behind another, as $http_host:$server_port and
// $proxy_host:$proxy_port make it.
func (a authority) twoPorts() bool {
	return a.port != "" && strings.Contains(a.name, ":") && a.withoutPort().port != ""
}

// withoutPort returns a without its last port.
func (a authority) withoutPort() authority {
	if a.ip.IsValid() {
		return authority{text: a.name, name: a.name, ip: a.ip}
	}
	return readAuthority(a.name)
}

// isPool reports whether a can only be the name of an upstream block: a word with an
// underscore, which no host has.
func isPool(a authority) bool {
	return !strings.Contains(a.name, ".") && strings.Contains(a.name, "_")
}

// ours reports whether a is the address that the proxy dialled to reach this very server:
// what nginx sends as Host unless a line sets it, localhost for a unix socket.
func (r *reading) ours(a authority) bool {
	local := r.local
	if !local.IsValid() {
		return a.name == "localhost" && a.port == ""
	}
	if !r.onOurPort(a) {
		return false
	}
	return a.ip == local.Addr() || local.Addr().IsLoopback() && a.loopback()
}

// onOurPort reports whether a has the port that the connection was made to; none means 80,
// as it does where a proxy dials with http.
func (r *reading) onOurPort(a authority) bool {
	port := r.local.Port()
	if a.port == "" {
		return port == 80
	}
	named, err := strconv.ParseUint(a.port, 10, 16)
	return err == nil && uint16(named) == port
}

// portless reports whether a is this server's own address, or a name of the loopback
// interface, without the port that it takes to dial it: somebody set it so, or $host of an
// inner proxy left the port out.
func (r *reading) portless(a authority) bool {
	local := r.local
	if !local.IsValid() || local.Port() == 80 || a.port != "" {
		return false
	}
	return a.ip == local.Addr() || local.Addr().IsLoopback() && a.loopback()
}

// dialled reports whether a may be what the proxy dials: our own address, the name of an
// upstream block or of a container, or, where we are not on the loopback interface, an
// internal address whose port was mapped to ours on the way.
func (r *reading) dialled(a authority) bool {
	word := !a.ip.IsValid() && !strings.Contains(a.name, ".")
	switch {
	case r.portless(a), a.twoPorts():
		return false
	case r.ours(a), word && a.port == "", strings.Contains(a.name, "_"):
		return true
	case a.port != "" && r.onOurPort(a) && !a.ip.IsValid():
		return true
	}
	return a.internal() && r.local.IsValid() && !r.local.Addr().IsLoopback()
}
