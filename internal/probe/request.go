package probe

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// handshakeRequest returns the bytes of the handshake that opens t.
func (o *Options) handshakeRequest(t *Target, authorized bool) []byte {
	path := t.Path
	if o.Nonce != "" {
		path = t.with("wsinspect-nonce", o.Nonce).Path
	}
	b := []byte("GET " + path + " HTTP/1.1\r\n")
	for _, h := range o.replaced(o.Browser.lines(o.slots(t, authorized))) {
		b = append(b, h.Name...)
		b = append(b, ": "...)
		b = append(b, h.Value...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// slots returns what of a handshake with t the options decide.
func (o *Options) slots(t *Target, authorized bool) *slots {
	s := &slots{
		host: t.Host(), origin: o.Target.Origin(), key: newKey(),
		subprotocols: strings.Join(o.Subprotocols, ", "), cookie: madeUpCookie(o.CookieBytes),
		trusted: t.Secure || t.local(), site: "same-origin",
	}
	if o.Host != "" {
		s.host = o.Host
	}
	switch {
	case o.Origin == NoOrigin, o.Origin == "" && o.Browser == NoBrowser:
		s.origin = ""
	case o.Origin != "":
		s.origin = o.Origin
	}
	if s.origin != t.Origin() {
		s.site = "cross-site" // perhaps same-site; only a list of all public suffixes could tell
	}
	if t.User != nil && (authorized || o.Browser == NoBrowser) {
		s.authorization = basic(t.User)
	}
	return s
}

// replaced returns the lines of a browser with those of the user: in place of the one of
// the same name, else behind all. Lines without a value are left out, unless the user wants
// one.
func (o *Options) replaced(lines []Header) []Header {
	var all []Header
	done := make(map[string]bool)
	add := func(name string) {
		done[strings.ToLower(name)] = true
		for _, h := range o.Headers {
			if strings.EqualFold(h.Name, name) {
				all = append(all, h)
			}
		}
	}
	for _, h := range lines {
		switch {
		case slices.ContainsFunc(o.Headers, func(mine Header) bool { return strings.EqualFold(mine.Name, h.Name) }):
			add(h.Name)
		case h.Value != "":
			all = append(all, h)
		}
	}
	for _, h := range o.Headers {
		if !done[strings.ToLower(h.Name)] {
			add(h.Name)
		}
	}
	return all
}

// newKey returns a fresh Sec-WebSocket-Key (RFC 6455, section 4.1).
func newKey() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// maxCookie is how many bytes one cookie has at most: browsers store no longer ones.
const maxCookie = 4096

// madeUpCookie returns the value of a Cookie line of n bytes, as a browser writes those of
// many cookies: into one line.
func madeUpCookie(n int) string {
	left := n - len("Cookie: ")
	if left <= 0 {
		return ""
	}
	var b strings.Builder
	for i := 0; left > 0; i++ {
		cookie := fmt.Sprintf("c%d=", i)
		for len(cookie) < min(left, maxCookie) {
			cookie += rand.Text()
		}
		size := min(left, maxCookie)
		if rest := left - size; rest > 0 && rest < len("; c000=x") {
			size -= len("; c000=x") // so that the last cookie is a whole one
		}
		b.WriteString(cookie[:size])
		left -= size
		if left > 0 {
			b.WriteString("; ")
			left -= len("; ")
		}
	}
	return b.String()
}

// basic returns the value of an Authorization line (RFC 7617).
func basic(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}
