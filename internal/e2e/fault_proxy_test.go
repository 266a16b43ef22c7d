package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestProxyReloadedAndRestarted: a reload of nginx leaves the sessions that go through it
// open, in its old worker; a restart cuts them, which is told as such; and through the new
// one new sessions come, behind the same address.
func TestProxyReloadedAndRestarted(t *testing.T) {
	ws := startAlone(t)
	socket, port := inheritance(t)
	defer socket.Close()
	conf := replaceOnce(t, serverWith(`location / {
            proxy_pass http://127.0.0.1:`+ws.port+`;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "Upgrade";
            proxy_set_header Host $http_host;
            proxy_set_header X-Generation first;
        }`), "listen 8081", "listen 127.0.0.1:"+port)
	prefix := nginxPrefix(t, conf, nil)
	run := func() *process {
		p := launch(t, "nginx", heir(t, prefix, socket))
		t.Cleanup(func() { p.end(syscall.SIGTERM) })
		nonblocking(t, socket)
		return p
	}
	address := "ws://localhost:" + port + "/through"
	generation := func(id string) string { return strings.Join(ws.attempt(t, id).header("X-Generation"), ",") }

	proxy := run()
	before, old := echo(t, address, "before the reload")
	second := strings.Replace(conf, "X-Generation first", "X-Generation second", 1)
	if err := os.WriteFile(filepath.Join(prefix, "nginx.conf"), []byte(second), 0o644); err != nil {
		t.Fatal(err)
	}
	proxy.cmd.Process.Signal(syscall.SIGHUP)
	deadline := time.Now().Add(patience)
	for { // the old workers take connections until the new ones have come
		conn, id := echo(t, address, "after the reload")
		conn.Close()
		if generation(id) == "second" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the reload never comes")
		}
	}
	answers(t, before, "the reload was survived")

	if err := proxy.end(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, _, err := before.ReadMessage(); err == nil {
		t.Error("the session survives the end of nginx")
	}
	a := ws.until(t, url.Values{"path": {"/through"}}, func(a *attempt) bool { return a.ID == old && a.State == "closed" })
	if a.Session.Close.Code != 1006 || a.Session.Close.By != "nobody" {
		t.Errorf("closed with %d by %s, want 1006 by nobody", a.Session.Close.Code, a.Session.Close.By)
	}
	run()
	if _, id := echo(t, address, "after the restart"); generation(id) != "second" {
		t.Errorf("attempt %s is not of the new configuration", id)
	}
}
