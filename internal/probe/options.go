package probe

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// Options say what to send, and where to. Target and Timeout have to be there; what else is
// left out is as a browser does it.
type Options struct {
	Target       *Target
	Browser      Browser  // whose handshake is sent
	Origin       string   // of the page; empty: that of Target, and none for NoBrowser; NoOrigin sends none
	Host         string   // of the Host line; empty: as a browser writes that of Target
	Headers      []Header // in place of the browser's of that name, else added
	Subprotocols []string // most wanted first
	CookieBytes  int      // length of a Cookie line that is made up; 0: none
	Nonce        string   // sent in the query as wsinspect-nonce; empty: nothing of ours is sent
	Follow       bool     // redirects, which browsers do not

	Resolve  map[string]netip.Addr // in place of what the resolver says, by "host:port"
	Roots    *x509.CertPool        // in place of the system's
	Insecure bool                  // any certificate is taken
	// Proxy says through which proxy a request goes, as that of http.Transport; nil: through none.
	Proxy   func(*http.Request) (*url.URL, error)
	Timeout time.Duration // of each step up to the answer, and of each message
	Idle    time.Duration // how long silence is watched; 0: not at all
	Size    int           // of the longest message, in bytes; small ones are sent whatever it is

	Inspect *url.URL // where the API of wsinspect is; nil: at the address of Target
	Token   string   // of that API
	Expect  []string // the paths that the application serves; nil: not known
	// Config says what the configuration of the proxy does with what was sent; nil: it is not
	// known.
	Config func(*diagnosis.Client) *diagnosis.Config
}

// NoOrigin as an Origin sends none, as programs other than browsers do.
const NoOrigin = "none"

// Header is one header line.
type Header struct{ Name, Value string }

// ParseHeader reads "Name: value". The error says what of it no header line can have.
func ParseHeader(s string) (Header, error) {
	name, value, ok := strings.Cut(s, ":")
	if !ok {
		return Header{}, fmt.Errorf("%q is no header line: write 'Name: value'", s)
	}
	h := Header{name, strings.Trim(value, " \t")}
	return h, h.check()
}

// Bounds of what is sent, in bytes.
const (
	maxSize        = 256 << 20 // of a message that is sent
	maxCookieBytes = 1 << 20   // of a Cookie line that is made up
	shortestCookie = len("Cookie: c0=x")
)

// check says what of the options cannot be sent.
func (o *Options) check() error {
	for _, h := range o.Headers {
		if err := h.check(); err != nil {
			return err
		}
	}
	for i, name := range o.Subprotocols {
		switch {
		case !dump.IsToken(name):
			return fmt.Errorf("the subprotocol %q is no token: browsers refuse spaces, commas and other separators in it", name)
		case slices.Contains(o.Subprotocols[:i], name):
			return fmt.Errorf("the subprotocol %q is offered twice: browsers refuse that", name)
		}
	}
	switch {
	case o.Target == nil:
		return errors.New("there is no URL to open")
	case o.Timeout <= 0:
		return fmt.Errorf("the timeout is %s: it has to be above 0", o.Timeout)
	case !isValue(o.Host):
		return fmt.Errorf("the Host %q has a line end or another control character", o.Host)
	case !isValue(o.Origin):
		return fmt.Errorf("the Origin %q has a line end or another control character", o.Origin)
	case o.CookieBytes != 0 && o.CookieBytes < shortestCookie:
		return fmt.Errorf("a Cookie line of %d bytes is too short to be one: %d at least", o.CookieBytes, shortestCookie)
	case o.Size > maxSize:
		return fmt.Errorf("a message of %s is too long: %s at most, since it is sent in one frame", size(int64(o.Size)), size(maxSize))
	case o.CookieBytes > maxCookieBytes:
		return fmt.Errorf("a Cookie line of %d bytes is too long: %d at most", o.CookieBytes, maxCookieBytes)
	}
	return nil
}

// check says why the line cannot be sent.
func (h Header) check() error {
	switch {
	case !dump.IsToken(h.Name):
		return fmt.Errorf("the header name %q is no token (RFC 9110, section 5.1)", h.Name)
	case !isValue(h.Value):
		return fmt.Errorf("the value of the header %s has a line end or another control character: %q", h.Name, h.Value)
	}
	return nil
}

// isValue reports whether s can stand in a header line (RFC 9110, section 5.5).
func isValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
