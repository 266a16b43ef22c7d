package e2e

import (
	"fmt"
	"testing"
)

var theLighttpd = &proxyKind{
	name: "lighttpd", program: "lighttpd", args: []string{"-D", "-f", "<dir>/lighttpd.conf"},
}

// lighttpd returns lighttpd with mod_proxy and these lines.
func lighttpd(lines string) stage {
	return stage{theLighttpd, files{"lighttpd.conf": fmt.Sprintf(`
server.document-root = "<dir>"
server.bind = "127.0.0.1"
server.port = <port>
server.modules = ( "mod_setenv", "mod_proxy" )
proxy.server = ( "" => ( ( "host" => "<backend host>", "port" => <backend port> ) ) )
# main
# server
%s
`, lines)}}
}

func TestLighttpd(t *testing.T) {
	t.Parallel()
	next := []string{"lighttpd"}
	for _, c := range []proxyCase{
		{name: "as documented for WebSocket", way: []stage{lighttpd(`proxy.header = ( "upgrade" => "enable" )`)}, sees: "101", hops: next},
		{name: "plain", way: []stage{lighttpd("")}, sees: "426", cause: "upgrade-not-configured", hops: next},
		{name: "Host is a constant", way: []stage{lighttpd(`proxy.header = ( "upgrade" => "enable", "map-host-request" => ( "-" => "www.app.example" ) )`)}, sees: "403", cause: "host-hardcoded", also: []string{"cross-origin-page", "x-forwarded-host-only"}, hops: next},
		{name: "Origin is taken out", way: []stage{lighttpd("proxy.header = ( \"upgrade\" => \"enable\" )\nsetenv.set-request-header = ( \"Origin\" => \"\" )")}, sees: "101", cause: "origin-stripped", hops: next},
		{name: "the prefix is cut off", flags: []string{"--expect-path", "/ws/echo"},
			way: []stage{lighttpd(`proxy.header = ( "upgrade" => "enable", "map-urlpath" => ( "/ws" => "" ) )`)}, sees: "101", cause: "path-prefix-stripped", hops: next},
	} {
		t.Run(c.name, c.run)
	}
}
