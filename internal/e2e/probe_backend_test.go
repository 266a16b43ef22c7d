package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	coder "github.com/coder/websocket"
	gobwas "github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
)

// The backends of others, as bare as their own examples.
var echoServers = map[string]http.HandlerFunc{
	"gorilla": func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, body, err := c.ReadMessage()
			if err != nil || c.WriteMessage(kind, body) != nil {
				return
			}
		}
	},
	"coder": func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, body, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, body) != nil {
				return
			}
		}
	},
	"gobwas": func(w http.ResponseWriter, r *http.Request) {
		c, _, _, err := gobwas.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			body, kind, err := wsutil.ReadClientData(c)
			if err != nil || wsutil.WriteServerMessage(c, kind, body) != nil {
				return
			}
		}
	},
}

// startEcho runs a backend of others and returns its port.
func startEcho(t *testing.T, echo http.HandlerFunc) (port string) {
	t.Helper()
	server := httptest.NewServer(echo)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// A WebSocket of somebody else's is no fault: bare, through each proxy, and over TLS with a
// listener that speaks HTTP/2 besides.
func TestProbeOfOtherBackends(t *testing.T) {
	t.Parallel()
	through := func(s stage) func(*testing.T, string) []string {
		return func(t *testing.T, port string) []string {
			return []string{"ws://localhost:" + startWay(t, []stage{s}, port) + "/ws"}
		}
	}
	ways := []struct {
		name string
		args func(t *testing.T, backend string) []string
	}{
		{"bare", func(_ *testing.T, port string) []string { return []string{"ws://localhost:" + port + "/ws"} }},
		{"nginx", through(nginxWith(passesUpgrade))},
		{"nginx with TLS and HTTP/2", func(t *testing.T, backend string) []string {
			port, ca := securedNginx(t, backend)
			return []string{"wss://localhost:" + port + "/ws", "--ca", ca}
		}},
		{"HAProxy", through(haproxy("", ""))},
		{"Apache", through(apache(apacheUpgrade, apacheKeepsHost))},
		{"Caddy", through(caddy(caddyPlain))},
	}
	for name, echo := range echoServers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backend := startEcho(t, echo)
			for _, way := range ways {
				p := runProbe(t, append(way.args(t, backend), "--size", "32KiB")...) // more coder takes only where it is told to
				if p.Failed || p.Found != "not asked" || len(p.Causes) > 0 || p.Answer == nil || p.Answer.Status != 101 {
					t.Errorf("%s: found %q, %d causes, answer %+v: %s", way.name, p.Found, len(p.Causes), p.Answer, p.Because)
				}
				for _, s := range p.Steps {
					if s.Outcome != "passed" && s.ID != "arrival" {
						t.Errorf("%s: %s %s: %s", way.name, s.ID, s.Outcome, s.Says)
					}
				}
			}
			p := runProbe(t, "ws://localhost:"+startWay(t, []stage{nginxWith("proxy_http_version 1.0; proxy_set_header Host $http_host;")}, backend)+"/ws")
			if p.first() != "upgrade-not-configured" || !strings.Contains(p.Because, "A WebSocket server answered ") {
				t.Errorf("behind an nginx without WebSocket lines: %s", p.Because)
			}
		})
	}
}

// What happened at another moment is no evidence, and neither is what nobody has asked for.
func TestProbeBlamesNobodyForNothing(t *testing.T) {
	t.Parallel()
	ws := startInspector(t)
	another := startEcho(t, echoServers["gorilla"])
	proxy := startNginx(t, serverWith(fmt.Sprintf(`
		location / { proxy_pass http://localhost:%[1]s; %[3]s }
		location /tls/ { proxy_pass https://localhost:%[1]s; %[3]s }
		location /down/ { proxy_pass http://127.0.0.1:1; %[3]s }
		location /another/ { proxy_pass http://127.0.0.1:%[2]s; %[3]s }
		location /login/ { auth_basic "members"; auth_basic_user_file users; proxy_pass http://localhost:%[1]s; %[3]s }`, ws.port, another, passesUpgrade)),
		files{"users": "user:{PLAIN}password\n"})

	for _, test := range []struct{ path, cause string }{{"/tls/", "tls-to-plain-backend"}, {"/down/", "upstream-unreachable"}} {
		if p := runProbe(t, proxy.url+test.path); p.first() != test.cause {
			t.Errorf("%s: %s, want %s: %s", test.path, p.first(), test.cause, p.Because)
		}
	}
	for name, args := range map[string][]string{
		"the page is of the same nginx, and the socket is another's": {proxy.url + "/another/"},
		"no Origin was sent": {proxy.url + "/ws", "--origin", "none"},
		"a browser sends the user of the address when it is asked for": {strings.Replace(proxy.url, "://", "://user:password@", 1) + "/login/"},
	} {
		if p := runProbe(t, args...); p.Failed || len(p.Causes) > 0 {
			t.Errorf("%s: %s", name, p.Because)
		}
	}

	p := runProbe(t, proxy.url+"/ws", "--origin", "https://elsewhere.example")
	if says := p.step("answer"); !strings.HasPrefix(says, `wsinspect, through "nginx`) || !strings.HasSuffix(says, `", answered 403 Forbidden.`) {
		t.Errorf("who answered is told so: %s", says)
	}
}

// Whoever has seen enough ends the probe, which then does not say that all is well.
func TestProbeEnded(t *testing.T) {
	t.Parallel()
	asked := make(chan bool, 1)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- true
		<-r.Context().Done()
	}))
	defer silent.Close()
	cmd := exec.Command(program, "probe", silent.URL)
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out.String(), "\nThe probe was ended before it was over.") {
		t.Errorf("%s:\n%s", cmd.ProcessState, out.String())
	}
}
