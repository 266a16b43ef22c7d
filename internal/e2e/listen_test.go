package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// TestListen goes through nginx to wherever wsinspect can listen.
func TestListen(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "wsinspect.sock")
	ws := startInspector(t, "--listen", "unix:"+socket)
	ws.await(t, "listening on unix:"+socket+"\n")

	locations := map[string]string{
		"/by-name/":     "http://localhost:" + ws.port,
		"/unix/":        "http://unix:" + socket,
		"/unix-and-uri": "http://unix:" + socket + ":/moved",
	}
	for _, ip := range loopbacks(t) {
		locations["/"+ip+"/"] = "http://" + net.JoinHostPort(ip, ws.port)
	}
	var lines strings.Builder
	for path, upstream := range locations {
		fmt.Fprintf(&lines, `
        location %s {
            proxy_pass %s;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "Upgrade";
            proxy_set_header Host $http_host;
        }`, path, upstream)
	}
	proxy := startNginx(t, serverWith(lines.String()), nil)

	for path, upstream := range locations {
		t.Run(strings.Trim(path, "/"), func(t *testing.T) {
			_, id := echo(t, "ws://localhost:"+proxy.port+path, "hello by "+upstream)
			a := ws.attempt(t, id)

			if strings.Contains(upstream, "unix:") {
				if a.Peer != "unix" {
					t.Errorf("peer is %q, want unix: who dials a socket has no address", a.Peer)
				}
				return
			}
			peer, err := netip.ParseAddrPort(a.Peer)
			if err != nil || !peer.Addr().IsLoopback() {
				t.Fatalf("peer is %q, want a loopback address", a.Peer)
			}
			if ip, err := netip.ParseAddr(strings.Trim(path, "/")); err == nil && peer.Addr() != ip {
				t.Errorf("peer is %s, want %s: nginx dialled %s", peer, ip, upstream)
			}
		})
	}
}

// TestNotHTTP lets nginx speak TLS to the plain port, by one letter too many. The browser
// learns of a 502 only; what arrived is found at /inspect all the same.
func TestNotHTTP(t *testing.T) {
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(`location / { proxy_pass https://localhost:`+ws.port+`; }`), nil)

	if got := request(t, proxy.port, handshake("/ws/echo", "localhost")); got.status != http.StatusBadGateway {
		t.Errorf("nginx answered %d, want 502", got.status)
	}
	a := ws.until(t, url.Values{"outcome": {"refused"}}, func(*attempt) bool { return true })
	if a.Verdict.DecidedBy != "plain-http1" {
		t.Errorf("decided by %q, want plain-http1", a.Verdict.DecidedBy)
	}
	if because := a.finding(t, "plain-http1").Because; !strings.Contains(because, "TLS") {
		t.Errorf("the finding does not speak of TLS: %s", because)
	}
}
