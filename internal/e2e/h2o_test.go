package e2e

import (
	"fmt"
	"testing"
)

var theH2O = &proxyKind{
	name: "h2o", program: "h2o", args: []string{"-c", "<dir>/h2o.conf"},
}

// h2o returns h2o with one path that has these lines.
func h2o(lines string) stage {
	return stage{theH2O, files{"h2o.conf": fmt.Sprintf(`
num-threads: 1
hosts:
  default:
    listen:
      host: 127.0.0.1
      port: <port>
    paths:
      "/":
        proxy.reverse.url: "http://<backend>/"
        # location
%s
`, lines)}}
}

func TestH2O(t *testing.T) {
	t.Parallel()
	next := []string{"h2o"}
	for _, c := range []proxyCase{
		{name: "as documented for WebSocket", way: []stage{h2o("        proxy.websocket: ON\n        proxy.preserve-host: ON")}, sees: "101", hops: next},
		{name: "plain", way: []stage{h2o("")}, sees: "426", cause: "upgrade-not-configured", hops: next},
		{name: "Host is not passed on", way: []stage{h2o("        proxy.websocket: ON\n        proxy.preserve-host: OFF")}, sees: "403", cause: "host-not-forwarded", hops: next},
	} {
		t.Run(c.name, c.run)
	}
}
