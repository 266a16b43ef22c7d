package e2e

import (
	"fmt"
	"testing"
)

var theSquid = &proxyKind{
	name: "Squid", program: "squid", args: []string{"-N", "-f", "<dir>/squid.conf"},
	slow: true,
}

// squid returns Squid in front of a server, with words on its cache_peer line, and further
// lines.
func squid(words, lines string) stage {
	return stage{theSquid, files{"squid.conf": fmt.Sprintf(`
http_port <listen> accel vhost
cache_peer <backend host> parent <backend port> 0 no-query no-digest originserver %s
http_access allow all
cache deny all
access_log none
cache_log <dir>/error.log
coredump_dir <dir>
pid_filename none
pinger_enable off
netdb_filename none
visible_hostname front.example
# main
%s
`, words, lines)}}
}

const squidUpgrade = "http_upgrade_request_protocols websocket allow all"

func TestSquid(t *testing.T) {
	t.Parallel()
	next := []string{"Squid"}
	for _, c := range []proxyCase{
		{name: "as documented for WebSocket", way: []stage{squid("", squidUpgrade)}, sees: "101", hops: next},
		{name: "plain", way: []stage{squid("", "")}, sees: "426", cause: "upgrade-not-configured", hops: next},
		{name: "Host is a constant", way: []stage{squid("forceddomain=www.app.example", squidUpgrade)}, sees: "403", cause: "host-hardcoded", also: []string{"cross-origin-page"}, hops: next},
		{name: "Origin is taken out", way: []stage{squid("", squidUpgrade+"\nrequest_header_access Origin deny all")}, sees: "101", cause: "origin-stripped", hops: next},
	} {
		t.Run(c.name, c.run)
	}
}
