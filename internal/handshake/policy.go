package handshake

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/dump"
)

// Policy is what this server allows. The zero Policy allows the same origin and speaks
// whatever is offered first.
type Policy struct {
	Origins []string // allowed beside the same origin, as NewPolicy writes them; "*" alone: any
	Spoken  []string // subprotocols, most wanted first; empty: the first one that is offered
}

// NewPolicy returns a Policy that allows the same origin and those of the list, and that
// speaks the subprotocols of the other list. An origin is "scheme://host[:port]", exactly
// as a browser sends it; a port that is the scheme's own may be left out. "*" alone allows
// every origin. An error says which value cannot be used and what to write instead.
func NewPolicy(origins, subprotocols []string) (*Policy, error) {
	p := &Policy{}
	for _, o := range origins {
		allowed, err := readAllowed(o)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(p.Origins, allowed) {
			p.Origins = append(p.Origins, allowed)
		}
	}
	if p.any() && len(p.Origins) > 1 {
		return nil, errors.New(`the origin * allows every origin, so the others beside it say nothing: write * alone, or leave it out`)
	}
	for _, s := range subprotocols {
		if !dump.IsToken(s) {
			return nil, fmt.Errorf("the subprotocol %s is no token: write letters, digits and any of !#$%%&'*+-.^_`|~ without spaces or commas, one name for each flag", Quote(s))
		}
		if slices.Contains(p.Spoken, s) {
			return nil, fmt.Errorf("the subprotocol %s is there twice: write it once, at its place in the order of preference", Quote(s))
		}
		p.Spoken = append(p.Spoken, s)
	}
	return p, nil
}

// readAllowed reads one origin of the list and returns it as a browser would send it.
func readAllowed(s string) (string, error) {
	if s == "*" {
		return s, nil
	}
	o := readOrigin(s)
	problem := o.problem()
	switch {
	case s == "":
		return "", errors.New("an allowed origin is empty: write scheme://host[:port], such as https://example.com")
	case s == "null":
		return "", errors.New("the origin null is sent by local files and sandboxed frames of every site: write * if every origin is meant, or serve the page from an address of its own")
	case strings.Contains(s, "*"):
		return "", fmt.Errorf("the origin %s has a wildcard: write each origin in full, or * alone for every origin", Quote(s))
	case !strings.Contains(s, "://") && problem != "":
		return "", fmt.Errorf("the origin %s has no scheme: write %s", Quote(s), Quote("https://"+s))
	case o.url != nil && (o.url.Scheme == "ws" || o.url.Scheme == "wss"):
		return "", fmt.Errorf("the origin %s is the address of a socket: write the page's, %s", Quote(s), Quote("http"+strings.TrimPrefix(s, "ws")))
	case o.url != nil && o.url.Host != "" && problem != "":
		return "", fmt.Errorf("the origin %s %s: write scheme://host[:port] alone, %s", Quote(s), problem, Quote(o.url.Scheme+"://"+o.url.Host))
	case problem != "":
		return "", fmt.Errorf("the origin %s %s: write scheme://host[:port], such as https://example.com", Quote(s), problem)
	}
	return o.normal(), nil
}

// AllowsOrigin reports whether a request with this Origin line may open a socket at host,
// which is net/http's Request.Host. A request without an Origin line is not its matter:
// gorilla allows it, because no browser sent it.
//
// The same origin is always allowed, as gorilla's own checkSameOrigin has it: the host and
// port of the origin equal host, letter by letter but for ASCII case. The list adds to
// that and does not replace it: whoever allows one more site does not mean to shut out the
// page that the server itself stands behind.
func (p *Policy) AllowsOrigin(origin, host string) bool {
	return p.allows(readOrigin(origin), host)
}

func (p *Policy) allows(o origin, host string) bool {
	return o.sameHost(host) || p.any() || len(p.Origins) > 0 && o.problem() == "" && slices.Contains(p.Origins, o.normal())
}

func (p *Policy) any() bool { return slices.Contains(p.Origins, "*") }

// Subprotocols returns what to hand to gorilla's Upgrader.Subprotocols for a client that
// offers these: the list of the Policy, or without one the first that is a token.
func (p *Policy) Subprotocols(offered []string) []string {
	if len(p.Spoken) > 0 {
		return p.Spoken
	}
	if i := slices.IndexFunc(offered, dump.IsToken[string]); i >= 0 {
		return offered[i : i+1]
	}
	return nil
}

// origin is the value of an Origin line.
type origin struct {
	text    string
	url     *url.URL // nil where it cannot be read
	present bool     // a line arrived
	at      dump.Span
}

func readOrigin(s string) origin {
	if u := plainOrigin(s); u != nil {
		return origin{text: s, url: u}
	}
	u, err := url.Parse(s)
	if err != nil {
		u = nil
	}
	return origin{text: s, url: u}
}

// plainOrigin reads what nearly every browser sends, http or https and a host of plain
// letters, digits, dots and dashes with perhaps a port, as url.Parse would; anything else
// is nil. url.Parse goes so deep that a fresh goroutine's stack must grow for it.
func plainOrigin(s string) *url.URL {
	scheme, host, _ := strings.Cut(s, "://")
	if scheme != "http" && scheme != "https" {
		return nil
	}
	name, port, hasPort := strings.Cut(host, ":")
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-':
		default:
			return nil
		}
	}
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return nil
		}
	}
	if name == "" || hasPort && port == "" {
		return nil
	}
	return &url.URL{Scheme: scheme, Host: host}
}

// sameHost reports whether gorilla's checkSameOrigin accepts the origin at host.
func (o origin) sameHost(host string) bool {
	return o.url != nil && (o.url.Host == host || lowerASCII(o.url.Host) == lowerASCII(host))
}

// problem says what is wrong with a value as the origin of one page (RFC 6454, section
// 7.1), in words that follow "Origin is ... and": empty if nothing is.
func (o origin) problem() string {
	switch {
	case o.text == "":
		return "is empty"
	case o.text == "null":
		return "names no page: browsers send it for local files and sandboxed frames"
	case strings.ContainsAny(o.text, " \t,"):
		return "holds more than one value"
	case o.url == nil:
		return "cannot be read as an address"
	case !strings.Contains(o.text, "://"):
		return "has no scheme such as https:// in front"
	case o.url.Host == "" || o.url.Hostname() == "":
		return "names no host"
	case o.url.User != nil:
		return "carries a user name"
	case o.url.Path != "" || o.url.RawQuery != "" || o.url.ForceQuery || o.url.Fragment != "" || strings.HasSuffix(o.text, "#"):
		return "goes on behind host and port"
	case !validPort(o.url):
		return "ends in a port that does not exist"
	case strings.ContainsFunc(o.url.Host, func(c rune) bool { return c > '~' || c == '%' }):
		return "holds bytes that a browser writes as punycode (xn--)"
	}
	return ""
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.Atoi(u.Port())
	return err == nil && n > 0 && n <= 65535
}

// normal returns the origin as a browser writes it: lower case, and without a port that is
// the scheme's own. The origin must have no problem.
func (o origin) normal() string {
	host := strings.ToLower(o.url.Host)
	if port, ok := ownPort[o.url.Scheme]; ok {
		host = strings.TrimSuffix(host, port)
	}
	return o.url.Scheme + "://" + host
}

// ownPort is the port that a scheme has where none is written.
var ownPort = map[string]string{"http": ":80", "https": ":443"}

// lowerASCII lowers the letters A to Z alone, as gorilla's equalASCIIFold compares.
func lowerASCII(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}
