package journal

import (
	"net/netip"
	"slices"
	"strings"

	"wsinspect/internal/dump"
)

// parseForwarded reads one Forwarded line (RFC 7239, section 4) and returns its elements,
// the rightmost first. It is strict: one byte out of place, and the whole line is no good.
func parseForwarded(line string) (claims []claim, ok bool) {
	p := forwardedParser{rest: line}
	for {
		c, ok := p.element()
		if !ok || len(claims) > maxClaims {
			return nil, false
		}
		if c.text != "" {
			claims = append(claims, c)
		}
		if p.rest == "" {
			slices.Reverse(claims)
			return claims, true
		}
		p.rest = p.rest[1:] // the comma
	}
}

type forwardedParser struct{ rest string }

// element reads up to a comma or the end: pairs that are separated by semicolons. An
// element that names no node, or more than one, is a claim without an address.
func (p *forwardedParser) element() (c claim, ok bool) {
	p.space()
	whole := p.rest
	nodes := 0
	for {
		name, value, ok := p.pair()
		if !ok {
			return claim{}, false
		}
		if strings.EqualFold(name, "for") {
			nodes++
			c.addr = forwardedAddr(value)
		}
		p.space()
		if p.rest == "" || p.rest[0] == ',' {
			break
		}
		if p.rest[0] != ';' {
			return claim{}, false
		}
		p.rest = p.rest[1:]
	}
	if nodes > 1 {
		c.addr = netip.Addr{}
	}
	c.text = strings.TrimRight(whole[:len(whole)-len(p.rest)], " \t")
	return c, true
}

// pair reads token "=" ( token / quoted-string ); it may be missing altogether.
func (p *forwardedParser) pair() (name, value string, ok bool) {
	p.space()
	name = p.token()
	if name == "" {
		return "", "", true
	}
	if p.rest == "" || p.rest[0] != '=' {
		return "", "", false
	}
	p.rest = p.rest[1:]
	if p.rest != "" && p.rest[0] == '"' {
		value, ok = p.quoted()
		return name, value, ok
	}
	value = p.value()
	return name, value, value != ""
}

func (p *forwardedParser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

func (p *forwardedParser) token() string { return p.take(dump.IsTokenByte) }

// value reads an unquoted value. An address with a port needs quotes, and many leave them
// out: colon and brackets are taken too, as no grammar confuses them with its own bytes.
func (p *forwardedParser) value() string {
	return p.take(func(c byte) bool { return dump.IsTokenByte(c) || c == ':' || c == '[' || c == ']' })
}

func (p *forwardedParser) take(in func(byte) bool) string {
	n := 0
	for n < len(p.rest) && in(p.rest[n]) {
		n++
	}
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

// quoted reads a quoted-string (RFC 9110, section 5.6.4).
func (p *forwardedParser) quoted() (value string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.rest = p.rest[i+1:]
			return b.String(), true
		case '\\':
			if i++; i == len(p.rest) {
				return "", false
			}
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// forwardedAddr reads a node as nodeAddr does, but IPv6 must stand in brackets (RFC 7239,
// section 6).
func forwardedAddr(node string) netip.Addr {
	addr := nodeAddr(node)
	if addr.Is6() && !strings.HasPrefix(node, "[") {
		return netip.Addr{}
	}
	return addr
}
