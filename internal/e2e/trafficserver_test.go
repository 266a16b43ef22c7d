package e2e

import (
	"fmt"
	"testing"
)

var theTrafficServer = &proxyKind{
	name: "Traffic Server", program: "traffic_server", args: []string{"--run-root=<dir>/runroot.yaml"},
	pairs: []string{"CONFIG"}, slow: true,
}

// trafficServer returns Traffic Server without a cache, with one rule and further lines of
// records.config.
func trafficServer(rule, records string) stage {
	return stage{theTrafficServer, files{
		"etc/remap.config": "# location\n" + rule + "\n",
		"etc/records.config": fmt.Sprintf(`
CONFIG proxy.config.http.server_ports STRING <port>:ip-in=127.0.0.1
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.log.logging_enabled INT 0
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 1
# main
%s
`, records),
		"etc/ip_allow.yaml": `ip_allow: [ { apply: in, ip_addrs: 127.0.0.1, action: allow, methods: ALL } ]`,
		// It wants a place for a cache that it does not use.
		"etc/storage.config": "cache 16M\n",
		"cache/empty":        "", "log/empty": "", "run/empty": "",
		"runroot.yaml": `
prefix: <dir>
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/bin
libdir: /usr/lib/trafficserver
libexecdir: /usr/lib/trafficserver/modules
sysconfdir: <dir>/etc
datadir: <dir>
includedir: <dir>
localstatedir: <dir>
runtimedir: <dir>/run
logdir: <dir>/log
cachedir: <dir>/cache
`,
	}}
}

const trafficServerKeepsHost = "CONFIG proxy.config.url_remap.pristine_host_hdr INT 1"

func TestTrafficServer(t *testing.T) {
	t.Parallel()
	next := []string{"Traffic Server"}
	for _, c := range []proxyCase{
		{name: "as documented for WebSocket", way: []stage{trafficServer("map ws://app.example:8443/ ws://<backend>/", trafficServerKeepsHost)}, sees: "101", hops: next},
		{name: "Host is not passed on", way: []stage{trafficServer("map ws://app.example:8443/ ws://<backend>/", "")}, sees: "403", cause: "host-not-forwarded", hops: next},
		{name: "the prefix is cut off", flags: []string{"--expect-path", "/ws/echo"},
			way: []stage{trafficServer("map /ws/ http://<backend>/", trafficServerKeepsHost)}, sees: "101", cause: "path-prefix-stripped", hops: next},
	} {
		t.Run(c.name, c.run)
	}
}
