package journal

import (
	"net/netip"
	"slices"
	"strings"

	"wsinspect/internal/dump"
)

// Client is who asked.
type Client struct {
	Addr      netip.Addr // the address that is believed; the zero value where none is known
	From      string     // where it was read: "peer", "x-forwarded-for", "forwarded"
	Disbelief []string   // what forwarding headers claim beyond the trusted proxies, shown and not believed
}

// Bounds of what strangers claim.
const (
	maxClaims = 64  // elements of a forwarding header that are looked at, from the right
	maxShown  = 16  // of Disbelief
	maxClaim  = 128 // bytes of one element that are shown
)

// loopback returns the networks of this machine alone.
func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// Client tells who asked. The peer is a fact. A forwarding header is a claim, and each
// trusted proxy vouches for one element of it, the one it added on the right: so the
// elements of all lines, joined in their order, are read from the right, up to and with
// the first address that is no trusted proxy. Reading stops before an element that is no
// address, such as "unknown" or an obfuscated "_name" (RFC 7239, section 6). The rest is
// Disbelief.
//
// This is safe where every trusted proxy appends to the header or replaces it. Many append
// to X-Forwarded-For only and pass on a Forwarded that the client has made up. So where
// both are there and lead to different addresses, neither is believed and the client is
// the peer.
//
// A peer without an address has come through a unix socket, which only a process of this
// machine can open: it is trusted.
func (j *Journal) Client(peer netip.AddrPort, h *dump.Head) Client {
	addr := peer.Addr().Unmap().WithZone("")
	c := Client{Addr: addr, From: "peer"}
	xff, forwarded := xForwardedFor(h), forwardedFor(h)
	if addr.IsValid() && !j.trusts(addr) {
		c.disbelieve("x-forwarded-for", xff)
		c.disbelieve("forwarded", forwarded)
		return c
	}
	xffAddr, xffRest := j.believe(xff)
	forwardedAddr, forwardedRest := j.believe(forwarded)
	switch {
	case len(xff) > 0 && len(forwarded) > 0 && xffAddr != forwardedAddr:
		xffRest, forwardedRest = xff, forwarded
	case xffAddr.IsValid():
		c.Addr, c.From = xffAddr, "x-forwarded-for"
	case forwardedAddr.IsValid():
		c.Addr, c.From = forwardedAddr, "forwarded"
	}
	c.disbelieve("x-forwarded-for", xffRest)
	c.disbelieve("forwarded", forwardedRest)
	return c
}

func (j *Journal) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(j.trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// claim is one element of a forwarding header.
type claim struct {
	text string     // as it was written
	addr netip.Addr // the address in it; the zero value if there is none
}

// believe walks over claims, the rightmost first, and returns the last address that is
// vouched for and the claims beyond it.
func (j *Journal) believe(claims []claim) (addr netip.Addr, rest []claim) {
	for i, c := range claims {
		if !c.addr.IsValid() {
			return addr, claims[i:]
		}
		addr = c.addr
		if !j.trusts(addr) {
			return addr, claims[i+1:]
		}
	}
	return addr, nil
}

// disbelieve adds claims, in the order in which they were written.
func (c *Client) disbelieve(header string, claims []claim) {
	for _, claim := range slices.Backward(claims) {
		if len(c.Disbelief) == maxShown {
			return
		}
		text := claim.text
		if len(text) > maxClaim {
			text = text[:maxClaim] + "..."
		}
		c.Disbelief = append(c.Disbelief, header+": "+text)
	}
}

// xForwardedFor returns the elements of all X-Forwarded-For lines, the rightmost first.
func xForwardedFor(h *dump.Head) (claims []claim) {
	for _, line := range slices.Backward(lines(h, "X-Forwarded-For")) {
		for more := true; more && len(claims) < maxClaims; {
			element := line
			i := strings.LastIndexByte(line, ',')
			if more = i >= 0; more {
				line, element = line[:i], line[i+1:]
			}
			if element = strings.Trim(element, " \t"); element != "" { // RFC 9110, section 5.6.1: empty elements do not count
				claims = append(claims, claim{element, nodeAddr(element)})
			}
		}
	}
	return claims
}

// forwardedFor returns the elements of all Forwarded lines, the rightmost first. A line
// that breaks the grammar is one element without an address: a quote that is left open
// could hide what a proxy appended.
func forwardedFor(h *dump.Head) (claims []claim) {
	for _, line := range slices.Backward(lines(h, "Forwarded")) {
		elements, ok := parseForwarded(line)
		if !ok {
			elements = []claim{{text: line}}
		}
		claims = append(claims, elements...)
		if len(claims) >= maxClaims {
			return claims[:maxClaims]
		}
	}
	return claims
}

func lines(h *dump.Head, name string) (values []string) {
	for f := range h.All(name) {
		values = append(values, h.Value(f))
	}
	return values
}

// nodeAddr reads an address with or without a port; IPv6 may stand in brackets, and must
// if a port follows. It returns the zero value for anything else.
func nodeAddr(s string) netip.Addr {
	host := s
	if rest, ok := strings.CutPrefix(s, "["); ok {
		inner, port, closed := strings.Cut(rest, "]")
		if !closed || !strings.Contains(inner, ":") || port != "" && !isPort(port) {
			return netip.Addr{}
		}
		host = inner
	} else if i := strings.IndexByte(s, ':'); i >= 0 && i == strings.LastIndexByte(s, ':') {
		if !isPort(s[i:]) {
			return netip.Addr{}
		}
		host = s[:i]
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// isPort reports whether s is a colon and a port, or an obfuscated one (RFC 7239, section
// 6.2).
func isPort(s string) bool {
	s, colon := strings.CutPrefix(s, ":")
	if !colon {
		return false
	}
	if hidden, ok := strings.CutPrefix(s, "_"); ok {
		return hidden != ""
	}
	return len(s) >= 1 && len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}
