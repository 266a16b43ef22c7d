package diagnosis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/handshake"
)

var configDoesNotLoad = &Cause{
	ID:    "config-does-not-load",
	Title: "The proxy does not load its configuration",
	Doc: handshake.Doc{
		What: "nginx refuses a configuration with a fault: a variable that nothing defines, most often $connection_upgrade, whose map is missing, or a line without its semicolon. A reload then keeps the old configuration and says so in the error log alone; a start fails.",
		See:  "Nothing changes whatever is changed, or nothing listens. nginx -t says which line it is. The backend sees what the old configuration sends, so the bytes show nothing; the configuration and the client's end do.",
		Do: `Ask nginx what is wrong, then load it:

    nginx -t && nginx -s reload

$connection_upgrade is not built in. It needs this map in the http block:

    map $http_upgrade $connection_upgrade { default close; websocket upgrade; }`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  6,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx, controlling nginx",
	SpecURL:  "https://nginx.org/en/docs/control.html#reconfiguration",
	find: func(r *reading) sign {
		c := r.Config
		switch {
		case c != nil && c.Error != "":
			return certain(fmt.Sprintf("nginx does not load this configuration, and goes on with the old one if it runs: %s.%s", handshake.Quote(c.Error), c.meaning()))
		case c.sends("Upgrade") != "" && r.asked() && !r.has(upgrade):
			return possible("The configuration passes Upgrade on, and none arrived: perhaps nginx still runs an older one.")
		case r.shutOut(NotConnected):
			return possible("Nobody listens where the client connects to: perhaps nginx did not start, because it does not load its configuration.")
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		if r.Config != nil && strings.Contains(r.Config.Error, `unknown "connection_upgrade" variable`) {
			return Fix{Steps: []Step{{Where: "http", Lines: []string{mapLine}}},
				Note: "The map gives the variable its value; it stands in the http block, outside every server. Then load it: nginx -t && nginx -s reload"}
		}
		return Fix{Steps: []Step{{Where: "shell", Lines: []string{"nginx -t && nginx -s reload"}}},
			Note: "nginx -t names the file and the line. The reload counts only where it says that the test is successful."}
	},
}

// meaning says in plain words what the error of nginx means, with a space before it; empty
// where that is not known.
func (c *Config) meaning() string {
	for _, e := range []struct{ says, means string }{
		{`unknown "connection_upgrade" variable`, "The variable is not built in: its map is missing in the http block."},
		{`variable`, "Nothing defines this variable: its map or set is missing, or its name is misspelt."},
		{`is not terminated by ";"`, "A semicolon is missing at the end of the line before the brace."},
		{`invalid number of arguments in`, "Most often a semicolon is missing at the end of that line, so that nginx reads the next one as a part of it."},
		{`directive is not allowed here`, "The directive stands in the wrong block: map belongs into http, location into server, and proxy_set_header into http, server or location."},
		{`unknown directive`, "The name is misspelt, a semicolon is missing in the line before, or the module that knows the directive is not loaded."},
		{`unexpected end of file`, "A closing brace is missing."},
		{`unexpected "}"`, "A closing brace is too many, or a semicolon is missing before it."},
		{`host not found in upstream`, "The name behind proxy_pass has no address at this moment; nginx asks when it starts, and does not start without."},
		{`is duplicate`, "The directive may stand there once only."},
		{`duplicate location`, "Two locations of one server have the same path."},
		{`Address already in use`, "Another program, or another nginx, listens there."},
		{`cannot load certificate`, "The file of the certificate is not there or cannot be read."},
	} {
		if strings.Contains(c.Error, e.says) {
			return " " + e.means
		}
	}
	return ""
}

// sends returns what the configuration sends as that header for a browser's handshake.
func (c *Config) sends(name string) string {
	if c != nil {
		for _, h := range c.Sends {
			if strings.EqualFold(h.Name, name) {
				return h.Value
			}
		}
	}
	return ""
}

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
func (c *Config) sets(header string) (all []Directive) {
	for _, d := range c.applying() {
		if d.setsHeader(header) {
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

// setsHeader reports whether d is a proxy_set_header for that header.
func (d Directive) setsHeader(header string) bool {
	return d.Name == "proxy_set_header" && len(d.Args) > 0 && strings.EqualFold(d.Args[0], header)
}

// value returns what a proxy_set_header sets, without quotation marks.
func (d Directive) value() string {
	if len(d.Args) < 2 {
		return ""
	}
	return strings.Trim(strings.Join(d.Args[1:], " "), `"'`)
}

// String returns the directive as it is written.
func (d Directive) String() string {
	return strings.Join(append([]string{d.Name}, d.Args...), " ") + ";"
}

// where returns the place of the directive: "nginx.conf:12".
func (d Directive) where() string { return fmt.Sprintf("%s:%d", d.File, d.Line) }

// says quotes the directive with its place, for a sentence.
func (d Directive) says() string { return d.where() + " says " + handshake.Quote(d.String()) }

// off reports whether the directive switches itself off.
func (d Directive) off() bool { return len(d.Args) == 1 && d.Args[0] == "off" }

// passes reports whether the block passes the request on in HTTP.
func (c *Config) passes() bool {
	_, ok := c.directive("proxy_pass")
	return ok
}

// returns finds a return with one of those statuses.
func (c *Config) returns(statuses ...int) (Directive, bool) {
	for _, d := range c.applying() {
		if d.Name == "return" && len(d.Args) > 0 {
			if status, err := strconv.Atoi(d.Args[0]); err == nil && slices.Contains(statuses, status) {
				return d, true
			}
		}
	}
	return Directive{}, false
}

// hides finds the directive that takes one of those lines out of the answer.
func (c *Config) hides(names ...string) *Directive {
	return c.about("proxy_hide_header", func(d *Directive) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, d.Args[0]) })
	})
}

// empties finds the directive that takes a line out of the request.
func (c *Config) empties(name string) *Directive {
	return c.about("proxy_set_header", func(d *Directive) bool {
		return strings.EqualFold(d.Args[0], name) && len(d.Args) > 1 && strings.Trim(d.Args[1], `"'`) == ""
	})
}

// otherProtocol finds the directive that speaks another language than HTTP/1 to the backend.
func (c *Config) otherProtocol() (Directive, bool) {
	for _, d := range c.applying() {
		switch d.Name {
		case "uwsgi_pass", "fastcgi_pass", "scgi_pass", "grpc_pass", "memcached_pass":
			return d, true
		case "proxy_http_version":
			if slices.Equal(d.Args, []string{"2"}) {
				return d, true
			}
		}
	}
	return Directive{}, false
}

// times finds the directive of that name, which sets a time.
func (c *Config) times(name string) *Directive {
	return c.about(name, func(*Directive) bool { return true })
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
