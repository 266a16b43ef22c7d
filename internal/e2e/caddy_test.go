package e2e

import (
	"fmt"
	"testing"
)

var theCaddy = &proxyKind{
	name: "Caddy", program: "caddy", args: []string{"run", "--config", "<dir>/Caddyfile", "--adapter", "caddyfile"},
	pairs: []string{"header_up"},
}

// caddy returns Caddy with one site that has these lines.
func caddy(lines string) stage {
	return stage{theCaddy, files{"Caddyfile": fmt.Sprintf(`
{
	admin off
	auto_https off
}
http://:<port> {
	bind 127.0.0.1
	# server
%s
}
`, lines)}}
}

const caddyPlain = `	reverse_proxy <backend>`

// caddyWith returns reverse_proxy with a line in its braces.
func caddyWith(line string) string {
	return "	reverse_proxy <backend> {\n		# location\n		" + line + "\n	}"
}

func TestCaddy(t *testing.T) {
	t.Parallel()
	next := []string{"Caddy"}
	for _, c := range []proxyCase{
		{name: "plain", way: []stage{caddy(caddyPlain)}, sees: "101", hops: next},
		{name: "Upgrade is taken out", way: []stage{caddy(caddyWith("header_up -Upgrade"))}, sees: "426", cause: "upgrade-header-missing", also: []string{"chain-outer-not-forwarding"}, hops: next},
		{name: "Connection is a constant", way: []stage{caddy(caddyWith("header_up Connection close"))}, sees: "400", cause: "connection-hardcoded", hops: next},
		{name: "Host is the backend's", way: []stage{caddy(caddyWith("header_up Host {upstream_hostport}"))}, sees: "403", cause: "host-set-to-upstream", also: []string{"x-forwarded-host-only", "host-not-forwarded"}, hops: next},
		{name: "Host loses its port", way: []stage{caddy(caddyWith("header_up Host {host}"))}, sees: "403", cause: "host-port-dropped", hops: next},
		{name: "Origin is taken out", way: []stage{caddy(caddyWith("header_up -Origin"))}, sees: "101", cause: "origin-stripped", hops: next},
		{name: "the prefix is cut off", flags: []string{"--expect-path", "/ws/echo"},
			way: []stage{caddy("	handle_path /ws/* {\n		reverse_proxy <backend>\n	}")}, sees: "101", cause: "path-prefix-stripped", hops: next},
		{name: "TLS", way: []stage{caddy("	reverse_proxy https://<backend>")}, sees: "502", cause: "tls-to-plain-backend", elsewhere: "the bytes do not name the proxy"},
		{name: "HTTP/2", way: []stage{caddy("	reverse_proxy h2c://<backend>")}, sees: "502", cause: "wrong-upstream-protocol", elsewhere: "the bytes do not name the proxy"},
	} {
		t.Run(c.name, c.run)
	}
}
