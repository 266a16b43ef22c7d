package e2e

import (
	"fmt"
	"testing"
)

var theVarnish = &proxyKind{
	name: "Varnish", program: "varnishd",
	args: []string{"-F", "-a", "<listen>", "-f", "<dir>/default.vcl", "-n", "<dir>/varnish", "-s", "malloc,10m", "-T", "none", "-j", "none"},
}

// varnish returns Varnish with words in the definition of its backend, and subs.
func varnish(words, subs string) stage {
	return stage{theVarnish, files{"default.vcl": fmt.Sprintf(`
vcl 4.1;
backend default {
    .host = "<backend host>";
    .port = "<backend port>";
    # location
    %s
}
# main
%s
`, words, subs)}}
}

const varnishPipe = `
sub vcl_recv {
    if (req.http.upgrade ~ "(?i)websocket") { return (pipe); }
}
sub vcl_pipe {
    if (req.http.upgrade) {
        set bereq.http.upgrade = req.http.upgrade;
        set bereq.http.connection = req.http.connection;
    }
}`

func TestVarnish(t *testing.T) {
	t.Parallel()
	next := []string{"Varnish"}
	for _, c := range []proxyCase{
		{name: "as documented for WebSocket", way: []stage{varnish("", varnishPipe)}, sees: "101", hops: next},
		{name: "plain", way: []stage{varnish("", "")}, sees: "426", cause: "upgrade-not-configured", hops: next},
		{name: "Host is a constant", way: []stage{varnish("", "sub vcl_recv {\n    set req.http.Host = \"www.app.example\";\n}"+varnishPipe)}, sees: "403", cause: "host-hardcoded", also: []string{"cross-origin-page"}, hops: next},
		{name: "Origin is taken out", way: []stage{varnish("", "sub vcl_recv {\n    unset req.http.Origin;\n}"+varnishPipe)}, sees: "101", cause: "origin-stripped", hops: next},
		{name: "a PROXY line", way: []stage{varnish(".proxy_header = 1;", varnishPipe)}, sees: "400", cause: "proxy-protocol-to-backend", hops: next},
	} {
		t.Run(c.name, c.run)
	}
}
