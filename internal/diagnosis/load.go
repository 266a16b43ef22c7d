package diagnosis

import (
	"fmt"
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
	told: func(r *reading, c *Config) sign {
		switch {
		case c.Error != "" && r.Verdict != nil && r.Verdict.Accepted:
			return none() // what runs is good enough
		case c.Error != "":
			return certain(fmt.Sprintf("nginx does not load this configuration, and goes on with the old one if it runs: %s.%s", handshake.Quote(c.Error), c.meaning())).by(c.Block)
		case c.outdated(r):
			return possible("The configuration passes Upgrade on, and none arrived: perhaps nginx still runs an older one.")
		}
		return none()
	},
	find: func(r *reading) sign {
		if r.shutOut(NotConnected) {
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

// outdated reports whether a handshake arrived otherwise than c sends it, and no proxy in
// front of it is known to be the reason.
func (c *Config) outdated(r *reading) bool {
	sent, _ := c.sends("Upgrade")
	return c == r.Config && sent != "" && r.eaten()
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
