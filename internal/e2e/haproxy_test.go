package e2e

import (
	"fmt"
	"testing"
)

var theHAProxy = &proxyKind{
	name: "HAProxy", program: "haproxy", args: []string{"-db", "-f", "<dir>/haproxy.cfg"},
	pairs: []string{"timeout"},
}

// haproxy returns HAProxy as Debian sets it up, with one frontend and one backend. The
// rules stand in the frontend, the words at the end of the server line.
func haproxy(rules, words string) stage {
	return stage{theHAProxy, files{"haproxy.cfg": fmt.Sprintf(`
global
    # main
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend web
    bind <listen>
    %s
    # server
    default_backend app
backend app
    # location
    server app1 <backend> %s
`, rules, words)}}
}

func TestHAProxy(t *testing.T) {
	t.Parallel()
	next := []string{"HAProxy"}
	for _, c := range []proxyCase{
		{name: "plain", way: []stage{haproxy("", "")}, sees: "101", hops: next},
		{name: "as documented for WebSocket", way: []stage{haproxy("option forwardfor\n timeout client 30s\n http-request set-header X-Forwarded-Proto http", "")}, sees: "101", hops: next},
		{name: "Upgrade is taken out", way: []stage{haproxy("http-request del-header Upgrade", "")}, sees: "426", cause: "upgrade-header-missing", also: []string{"chain-outer-not-forwarding"}, hops: next},
		{name: "Connection is a constant", way: []stage{haproxy("http-request set-header Connection close", "")}, sees: "400", cause: "connection-hardcoded", hops: next},
		{name: "Host is a constant", way: []stage{haproxy("http-request set-header Host www.app.example", "")}, sees: "403", cause: "host-hardcoded", also: []string{"cross-origin-page"}, hops: next},
		{name: "Origin is taken out", way: []stage{haproxy("http-request del-header Origin", "")}, sees: "101", cause: "origin-stripped", hops: next},
		{name: "the version is taken out", way: []stage{haproxy("http-request del-header Sec-WebSocket-Version", "")}, sees: "400", cause: "sec-websocket-header-lost", hops: next},
		{name: "the prefix is cut off", flags: []string{"--expect-path", "/ws/echo"},
			way: []stage{haproxy("http-request replace-path /ws(/.*) \\1", "")}, sees: "101", cause: "path-prefix-stripped", hops: next},
		{name: "a PROXY line", way: []stage{haproxy("", "send-proxy")}, sees: "400", cause: "proxy-protocol-to-backend", hops: next},
		{name: "a PROXY line of version 2", way: []stage{haproxy("", "send-proxy-v2")}, sees: "400", cause: "proxy-protocol-to-backend", hops: next},
		{name: "TLS", way: []stage{haproxy("", "ssl verify none")}, sees: "503", cause: "tls-to-plain-backend", elsewhere: "the bytes do not name the proxy"},
		{name: "HTTP/2", way: []stage{haproxy("", "proto h2")}, sees: "503", cause: "wrong-upstream-protocol", elsewhere: "the bytes do not name the proxy"},
	} {
		t.Run(c.name, c.run)
	}
}
