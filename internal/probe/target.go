package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Target is the address of a WebSocket, read and spelt as browsers do it (the WHATWG URL
// standard, and Chromium where it differs).
type Target struct {
	Secure   bool          // wss:
	Hostname string        // lower case, ASCII; an IPv6 address without brackets
	Port     uint16        // the default one where the URL has none
	Path     string        // with the query: the target of the request line
	User     *url.Userinfo // nil: none
}

// ParseTarget reads a URL as a browser does that is told to open a WebSocket there. The
// scheme may be http or https too, as in browsers. The error says what a browser would not
// open, and what to write instead.
func ParseTarget(s string) (*Target, error) {
	raw := strings.Map(dropLineEnds, strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }))
	scheme, rest, ok := strings.Cut(raw, ":")
	t := &Target{}
	switch strings.ToLower(scheme) {
	case "ws", "http":
		t.Port = 80
	case "wss", "https":
		t.Port, t.Secure = 443, true
	default:
		if !ok || !strings.HasPrefix(rest, "//") {
			return nil, fmt.Errorf("%q has no scheme: write ws://%s, or wss:// where it speaks TLS", s, raw)
		}
		return nil, fmt.Errorf("%q begins with %s: a WebSocket has ws:// or wss://", s, scheme)
	}
	if strings.Contains(rest, "#") {
		return nil, fmt.Errorf("%q has a fragment: browsers open no WebSocket with a #; write %%23 where it is part of the path or query", s)
	}
	rest = strings.TrimLeft(rest, `/\`)
	end := strings.IndexAny(rest, `/\?`)
	if end < 0 {
		end = len(rest)
	}
	if err := t.authority(rest[:end]); err != nil {
		return nil, fmt.Errorf("read the address %q: %w", s, err)
	}
	path, query, asks := strings.Cut(rest[end:], "?")
	t.Path = cleanPath(path)
	if asks {
		t.Path += "?" + escape(query, notInQuery)
	}
	return t, nil
}

// dropLineEnds takes out what browsers take out of every URL.
func dropLineEnds(r rune) rune {
	if r == '\t' || r == '\n' || r == '\r' {
		return -1
	}
	return r
}

// authority reads user, host and port.
func (t *Target) authority(s string) error {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		name, password, has := strings.Cut(s[:i], ":")
		t.User = url.User(unescape(name))
		if has {
			t.User = url.UserPassword(unescape(name), unescape(password))
		}
		s = s[i+1:]
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
	}
	if port != "" {
		if err := t.readPort(port); err != nil {
			return err
		}
	}
	var err error
	t.Hostname, err = readHost(host)
	return err
}

// readPort reads the port, which has to be one that somebody can listen on.
func (t *Target) readPort(s string) error {
	if strings.Trim(s, "0123456789") != "" {
		return fmt.Errorf("the port %q is no number", s)
	}
	n, err := strconv.ParseUint(s, 10, 16)
	switch {
	case err != nil:
		return fmt.Errorf("the port %s is above 65535", s)
	case n == 0:
		return errors.New("nobody can listen on port 0")
	}
	t.Port = uint16(n)
	return nil
}

// Host returns what a browser writes into the Host line: the default port is left out.
func (t *Target) Host() string {
	if t.Port == t.defaultPort() {
		return t.bracketed()
	}
	return t.Address()
}

// Origin returns the origin of a page that comes from the same address (RFC 6454, section 6.2).
func (t *Target) Origin() string { return t.Site().String() }

// Site returns the address as that of a website: http or https, host and port alone.
func (t *Target) Site() *url.URL {
	u := &url.URL{Scheme: "http", Host: t.Host()}
	if t.Secure {
		u.Scheme = "https"
	}
	return u
}

// Address returns what is dialled, "host:port".
func (t *Target) Address() string {
	return net.JoinHostPort(t.Hostname, strconv.Itoa(int(t.Port)))
}

// ServerName returns the name that TLS asks for and that the certificate must have: without
// the dot at the end that a resolver may need.
func (t *Target) ServerName() string { return strings.TrimSuffix(t.Hostname, ".") }

// String returns the URL as browsers write it. The user is left out: it carries a secret.
func (t *Target) String() string { return t.scheme() + "://" + t.Host() + t.Path }

// scheme returns that of a WebSocket (RFC 6455, section 3).
func (t *Target) scheme() string {
	if t.Secure {
		return "wss"
	}
	return "ws"
}

// defaultPort returns that of the scheme (RFC 6455, section 3).
func (t *Target) defaultPort() uint16 {
	if t.Secure {
		return 443
	}
	return 80
}

// bracketed returns the host as it stands in a URL (RFC 3986, section 3.2.2).
func (t *Target) bracketed() string {
	if strings.Contains(t.Hostname, ":") {
		return "[" + t.Hostname + "]"
	}
	return t.Hostname
}

// local reports whether the address is one of this machine by its very name. Browsers
// trust it like one with TLS.
func (t *Target) local() bool {
	name := t.ServerName()
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback() || name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// withTLS returns t with TLS or without, on the same port.
func (t *Target) withTLS(secure bool) *Target {
	other := *t
	other.Secure = secure
	return &other
}

// with returns t with one more part of its query.
func (t *Target) with(name, value string) *Target {
	more := *t
	glue := "?"
	if strings.Contains(t.Path, "?") {
		glue = "&"
	}
	more.Path += glue + name + "=" + url.QueryEscape(value)
	return &more
}
