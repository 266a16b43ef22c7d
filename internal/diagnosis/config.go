package diagnosis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/handshake"
)

// sends returns what c sends as that header for a browser's handshake, the first line of
// it; none where it sends none, or is not followed so far.
func (c *Config) sends(header string) (value string, sent bool) {
	if c == nil {
		return "", false
	}
	return c.line(c.Sends, header)
}

func (*Config) line(lines []Header, header string) (value string, there bool) {
	for _, h := range lines {
		if strings.EqualFold(h.Name, header) {
			return h.Value, true
		}
	}
	return "", false
}

// followed reports whether it is known what c sends.
func (c *Config) followed() bool { return c != nil && c.Sends != nil }

// directive returns the directive of that name that applies to the request.
func (c *Config) directive(name string) (Directive, bool) {
	for _, d := range c.applying() {
		if d.Name == name {
			return d, true
		}
	}
	return Directive{}, false
}

// sets returns the proxy_set_header directives for a header that apply to the request.
func (c *Config) sets(header string) []Directive { return settingHeader(c.applying(), header) }

// loses returns the proxy_set_header directives for a header that are set further out, and
// cancelled.
func (c *Config) loses(header string) []Directive { return settingHeader(c.Lost, header) }

func settingHeader(from []Directive, header string) (all []Directive) {
	for _, d := range from {
		if d.Name == "proxy_set_header" && len(d.Args) > 0 && strings.EqualFold(unquoted(d.Args[0]), header) {
			all = append(all, d)
		}
	}
	return all
}

func (c *Config) applying() []Directive {
	if c == nil {
		return nil
	}
	return c.Applies
}

// passes reports whether the block passes the request on in HTTP.
func (c *Config) passes() bool {
	_, ok := c.directive("proxy_pass")
	return ok && !c.Stream && c.Answer == nil
}

// returns finds a return with one of those statuses.
func (c *Config) returns(statuses ...int) *Directive {
	return c.about("return", func(d *Directive) bool { return slices.Contains(statuses, d.status()) })
}

// status returns the status with which a return answers; 0 where it names none.
func (d *Directive) status() int {
	if len(d.Args) == 0 {
		return 0
	}
	status, _ := strconv.Atoi(d.Args[0])
	return status
}

// hides finds the directive that takes one of those lines out of the answer. A
// proxy_pass_header for the same line outdoes it, wherever the two stand.
func (c *Config) hides(names ...string) *Directive {
	return c.about("proxy_hide_header", func(d *Directive) bool {
		hidden := unquoted(d.Args[0])
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, hidden) }) &&
			c.about("proxy_pass_header", func(p *Directive) bool { return strings.EqualFold(unquoted(p.Args[0]), hidden) }) == nil
	})
}

// empties finds the directive that takes a line out of the request: its value is empty, or a
// variable that the lines of a handshake leave empty, unless it is that of the line itself.
func (c *Config) empties(header string) *Directive {
	own := "$http_" + strings.ReplaceAll(strings.ToLower(header), "-", "_")
	return c.about("proxy_set_header", func(d *Directive) bool {
		if !strings.EqualFold(unquoted(d.Args[0]), header) || len(d.Args) < 2 {
			return false
		}
		_, sent := c.sends(header)
		return d.value() == "" || strings.HasPrefix(d.value(), "$http_") && d.value() != own && c.followed() && !sent
	})
}

// otherProtocol finds the directive that speaks another language than HTTP/1 to the backend.
func (c *Config) otherProtocol() *Directive {
	all := c.applying()
	for i := range all {
		switch d := &all[i]; d.Name {
		case "uwsgi_pass", "fastcgi_pass", "scgi_pass", "grpc_pass", "memcached_pass":
			return d
		case "proxy_http_version":
			if d.value() == "2" {
				return d
			}
		}
	}
	return nil
}

// on finds the directive of that name, unless it switches itself off.
func (c *Config) on(name string) *Directive {
	return c.about(name, func(d *Directive) bool { return d.value() != "off" })
}

// about finds the first directive of that name that is meant, of those with arguments.
func (c *Config) about(name string, meant func(*Directive) bool) *Directive {
	all := c.applying()
	for i := range all {
		if d := &all[i]; d.Name == name && len(d.Args) > 0 && meant(d) {
			return d
		}
	}
	return nil
}

// answers returns the directive that answers this request, where it is one of that name.
func (c *Config) answers(name string) *Directive {
	if c == nil || c.Answer == nil || c.Answer.Name != name {
		return nil
	}
	return c.Answer
}

// skips reports whether a directive of that name was not followed.
func (c *Config) skips(name string) bool {
	return c != nil && slices.ContainsFunc(c.Skipped, func(d Directive) bool { return d.Name == name })
}

// since reports whether the program is known to be of that version or newer.
func (c *Config) since(major, minor, patch int) bool {
	if c == nil {
		return false
	}
	var v [3]int
	if n, _ := fmt.Sscanf(c.Version, "%d.%d.%d", &v[0], &v[1], &v[2]); n < 2 {
		return false
	}
	return slices.Compare(v[:], []int{major, minor, patch}) >= 0
}

// location returns the block as it is written, "location /ws"; empty for a server.
func (c *Config) location() string {
	if c == nil || c.Block.Name != "location" {
		return ""
	}
	return strings.TrimSuffix(c.Block.String(), ";")
}

// block names the block that serves the request, at the beginning of a sentence.
func (c *Config) block() string {
	what := "The server"
	if l := c.location(); l != "" {
		what = "The block " + plainWords(l)
	}
	if c.Block.Line == 0 {
		return what
	}
	return what + " in " + c.Block.Where()
}

// value returns the last argument without its quotation marks: what a proxy_set_header
// sets, or the one thing that a directive says.
func (d Directive) value() string {
	if len(d.Args) == 0 {
		return ""
	}
	return unquoted(d.Args[len(d.Args)-1])
}

// unquoted returns an argument without its quotation marks.
func unquoted(arg string) string {
	if n := len(arg); n >= 2 && (arg[0] == '"' || arg[0] == '\'') && arg[n-1] == arg[0] {
		return arg[1 : n-1]
	}
	return arg
}

// String returns the directive as it is written.
func (d Directive) String() string {
	return strings.Join(append([]string{d.Name}, d.Args...), " ") + ";"
}

// Where returns the place of the directive: "nginx.conf:12".
func (d Directive) Where() string { return plainWords(d.File) + ":" + strconv.Itoa(d.Line) }

// says quotes the directive with its place, for a sentence.
func (d Directive) says() string { return d.Where() + " says " + handshake.Quote(d.String()) }

// plainWords returns a text of a configuration as it is, or quoted where a terminal would
// not show it so.
func plainWords(text string) string {
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return strconv.QuoteToASCII(text)
	}
	return text
}
