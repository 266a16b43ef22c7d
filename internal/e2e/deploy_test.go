package e2e

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// deployConfig is deploy/nginx.conf in front of ws: the very file but for the port.
func deployConfig(t *testing.T, ws *inspector) string {
	t.Helper()
	return replaceOnce(t, readDeploy(t, "nginx.conf"), "server localhost:8080", "server localhost:"+ws.port)
}

// TestDeployConfig holds deploy/nginx.conf to what its comments say.
func TestDeployConfig(t *testing.T) {
	ws := startInspector(t)
	conf := deployConfig(t, ws)
	proxy := startNginx(t, conf, nil)

	t.Run("nginx -t is content with the file as it stands", func(t *testing.T) {
		prefix := nginxPrefix(t, readDeploy(t, "nginx.conf"), files{"wsinspect.d/faults.conf": readDeploy(t, "faults.conf")})
		out, err := nginxCommand(t, prefix, "", "-t").CombinedOutput()
		if err != nil {
			t.Errorf("nginx -t: %v\n%s", err, out)
		}
	})

	t.Run("a handshake passes with all that identifies it", func(t *testing.T) {
		host := "localhost:" + proxy.port
		got := request(t, proxy.port, handshake("/ws/echo", host, "Origin: http://"+host,
			"X-Forwarded-For: 203.0.113.7", "X-Forwarded-Prefix: //evil.example", "Forwarded: for=203.0.113.8"))
		if got.status != http.StatusSwitchingProtocols {
			t.Fatalf("answered %d, want 101\n%s", got.status, got.body)
		}
		a := ws.attempt(t, got.attempt)
		for name, want := range map[string]string{
			"Host":               host,
			"Connection":         "upgrade",
			"Upgrade":            "websocket",
			"X-Forwarded-For":    "203.0.113.7, 127.0.0.1",
			"X-Forwarded-Proto":  "http",
			"X-Forwarded-Host":   host,
			"X-Forwarded-Prefix": "", // the client's own is taken away
			"Forwarded":          "",
		} {
			if got := strings.Join(a.header(name), " and "); got != want {
				t.Errorf("%s arrived as %q, want %q", name, got, want)
			}
		}
	})

	t.Run("messages echo", func(t *testing.T) {
		echo(t, "ws://localhost:"+proxy.port+"/", strings.Repeat("through nginx ", 10_000))
	})

	t.Run("an upgrade to anything else is dropped", func(t *testing.T) {
		got := request(t, proxy.port, `
GET /smuggled HTTP/1.1
Host: localhost
Connection: Upgrade, HTTP2-Settings
Upgrade: h2c
HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA`)
		if got.status != http.StatusUpgradeRequired {
			t.Fatalf("answered %d, want 426", got.status)
		}
		a := ws.attempts(t, url.Values{"path": {"/smuggled"}})[0]
		if strings.Contains(string(a.Request.Raw), "h2c") || a.header("Upgrade") != nil {
			t.Errorf("h2c was passed on:\n%s", a.Request.Raw)
		}
		if got := a.header("Connection"); len(got) != 1 || got[0] != "close" {
			t.Errorf("Connection arrived as %q, want close", got)
		}
	})

	private := []string{"/inspect", "/inspect/feed", "/inspect/latest", "/metrics", "/%69nspect", "//inspect", "/x/../metrics", "/inspect%2Flatest"}
	t.Run("page and metrics are there for the local network", func(t *testing.T) {
		for _, path := range private {
			if status := statusOf(t, proxy.url+path); status == http.StatusForbidden {
				t.Errorf("%s: 403", path)
			}
		}
		for _, path := range []string{"/inspect", "/metrics"} {
			if status := statusOf(t, proxy.url+path); status != http.StatusOK {
				t.Errorf("%s: %d, want 200", path, status)
			}
		}
	})

	t.Run("and for nobody else, in any spelling", func(t *testing.T) {
		// This machine becomes a stranger when its line is taken out of the list.
		stranger := startNginx(t, replaceOnce(t, conf, "allow 127.0.0.0/8;", ""), nil)
		for _, path := range private {
			if status := statusOf(t, stranger.url+path); status != http.StatusForbidden {
				t.Errorf("%s: %d, want 403", path, status)
			}
		}
		echo(t, "ws://localhost:"+stranger.port+"/ws/echo", "a stranger may open a WebSocket")
	})
}

// statusOf returns the status of a GET of exactly this address.
func statusOf(t *testing.T, address string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		io.Copy(io.Discard, resp.Body)
	}
	return resp.StatusCode
}
