package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/corpus"
)

// probing is what the tests read of the JSON of a probe.
type probing struct {
	Failed  bool
	Because string
	Found   string
	Steps   []struct{ ID, Outcome, Says string }
	Answer  *struct {
		Status int
		Title  string
	}
	Arrived *struct{ ID string }
	Changes []struct {
		What, Name, Kind string
		Before, After    *string
	}
	Causes []corpus.Conclusion
}

// runProbe runs the probe of the compiled program.
func runProbe(t *testing.T, args ...string) *probing {
	t.Helper()
	cmd := exec.Command(program, append([]string{"probe", "--json"}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "WSINSPECT_") })
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	p := new(probing)
	if e := json.Unmarshal(out, p); e != nil {
		t.Fatalf("%v: %v\n%s", args, e, out)
	}
	if p.Failed != (err != nil) {
		t.Errorf("%v: failed is %v, and the exit code says %v", args, p.Failed, err)
	}
	return p
}

// step returns what a step says; empty where it was not taken.
func (p *probing) step(id string) string {
	for _, s := range p.Steps {
		if s.ID == id {
			return s.Says
		}
	}
	return ""
}

// first returns the ID of the likeliest cause; empty where there is none.
func (p *probing) first() string {
	if len(p.Causes) == 0 {
		return ""
	}
	return p.Causes[0].ID
}

// became returns what the way did to a header, or to a part of the request line.
func (p *probing) became(name string) string {
	for _, c := range p.Changes {
		if strings.EqualFold(c.Name, name) || c.What == name {
			return c.Kind
		}
	}
	return ""
}

// passesUpgrade are the lines by which nginx passes on a handshake as it came.
const passesUpgrade = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $http_host;`

// securedNginx runs an nginx with TLS, which speaks HTTP/2 besides, in front of a port, and
// returns the file of its certificate too.
func securedNginx(t *testing.T, backend string) (port, ca string) {
	t.Helper()
	cert, key := certificate(t)
	conf := serverWith("ssl_certificate cert.pem; ssl_certificate_key key.pem; location / { proxy_pass http://localhost:" + backend + "; " + passesUpgrade + " }")
	proxy := startNginx(t, replaceOnce(t, conf, "listen 8081;", "listen 8081 ssl http2;"), files{"cert.pem": cert, "key.pem": key})
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(cert), 0o600); err != nil {
		t.Fatal(err)
	}
	return proxy.port, ca
}

// Through nginx the probe names who broke the handshake and what became of the lines, and
// who answered where it did not arrive.
func TestProbeThroughNginx(t *testing.T) {
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(strings.NewReplacer("<ws>", "http://localhost:"+ws.port, "<another>", "http://127.0.0.1:"+startEcho(t, echoServers["gorilla"]), "<lines>", passesUpgrade).Replace(`
		location /story/ { proxy_pass <ws>; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "Upgrade"; }
		location /bare/ { proxy_pass <ws>; }
		location /clean/ { proxy_pass <ws>; <lines> }
		location /redirect/ { return 301 https://$host$request_uri; }
		location /login/ { auth_basic "members"; auth_basic_user_file users; proxy_pass <ws>; <lines> }
		location /down/ { proxy_pass http://127.0.0.1:1; <lines> }
		location /another/ { proxy_pass <another>; <lines> }
		location /app/ { return 200 "<!doctype html><title>My app</title>"; }`)), files{"users": ""})

	for _, test := range []struct {
		path, found string
		status      int
		cause       string
		changes     map[string]string
	}{
		{path: "/story/", found: "attempt", status: 403, cause: "host-not-forwarded", changes: map[string]string{"Host": "rewritten", "version": "kept", "Origin": "kept"}},
		{path: "/bare/", found: "attempt", status: 426, cause: "upgrade-not-configured", changes: map[string]string{"Upgrade": "dropped", "Connection": "rewritten"}},
		{path: "/clean/", found: "attempt", status: 101, changes: map[string]string{"Host": "kept", "Origin": "kept", "Sec-WebSocket-Key": "kept"}},
		{path: "/redirect/", found: "not arrived", status: 301, cause: "redirect-on-handshake"},
		{path: "/login/", found: "not arrived", status: 401, cause: "auth-basic-on-handshake"},
		{path: "/nowhere/", found: "not arrived", status: 404, cause: "proxy-pass-missing"},
		{path: "/down/", found: "not arrived", status: 502, cause: "upstream-unreachable"},
		{path: "/app/", found: "not arrived", status: 200, cause: "static-fallback"},
		{path: "/another/", found: "other backend", status: 101},
	} {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			p := runProbe(t, proxy.url+test.path, "--inspect", ws.url)
			if p.Found != test.found || p.Answer == nil || p.Answer.Status != test.status || (p.Arrived != nil) != (test.found == "attempt") {
				t.Errorf("found %q, answer %+v: %s", p.Found, p.Answer, p.Because)
			}
			if p.first() != test.cause {
				t.Errorf("concluded is %s, want %q first; %s", corpus.Brief(p.Causes), test.cause, p.Because)
			}
			if want := test.path != "/clean/"; p.Failed != want {
				t.Errorf("failed is %v: %s", p.Failed, p.Because)
			}
			for name, kind := range test.changes {
				if got := p.became(name); got != kind {
					t.Errorf("%s is said to be %q, want %q", name, got, kind)
				}
			}
		})
	}
}

// The other proxies of Debian let a handshake through with the lines that they need, and
// the probe finds nothing wrong; without them it finds what arrives.
func TestProbeThroughOthers(t *testing.T) {
	for _, test := range []struct {
		name  string
		way   stage
		cause string
	}{
		{"HAProxy", haproxy("", ""), ""},
		{"Apache", apache(apacheUpgrade, apacheKeepsHost), ""},
		{"Apache without upgrade", apache(apachePlain), "upgrade-not-configured"},
		{"Caddy", caddy(caddyPlain), ""},
		{"Caddy without a port in Host", caddy(caddyWith("header_up Host {host}")), "host-port-dropped"},
		{"lighttpd", lighttpd(`proxy.header = ( "upgrade" => "enable" )`), ""},
		{"lighttpd without upgrade", lighttpd(""), "upgrade-not-configured"},
		{"h2o", h2o("        proxy.websocket: ON\n        proxy.preserve-host: ON"), ""},
		{"h2o with a Host of its own", h2o("        proxy.websocket: ON\n        proxy.preserve-host: OFF"), "host-not-forwarded"},
		{"nghttpx", nghttpx("", ""), ""},
		{"nghttpx with HTTP/2 behind it", nghttpx(";proto=h2", ""), "wrong-upstream-protocol"},
		{"Squid", squid("", squidUpgrade), ""},
		{"Squid without upgrade", squid("", ""), "upgrade-not-configured"},
		{"Varnish", varnish("", varnishPipe), ""},
		{"Varnish without pipe", varnish("", ""), "upgrade-not-configured"},
		{"Traffic Server", trafficServer("map / ws://<backend>/", trafficServerKeepsHost), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ws := startInspector(t)
			p := runProbe(t, "ws://localhost:"+startWay(t, []stage{test.way}, ws.port)+"/ws/echo", "--inspect", ws.url)
			if found := p.Found == "attempt"; p.first() != test.cause || p.Failed != (test.cause != "") || found == (test.cause == "wrong-upstream-protocol") {
				t.Errorf("found %q, concluded is %s, want %q: %s", p.Found, corpus.Brief(p.Causes), test.cause, p.Because)
			}
		})
	}
}

// Over TLS a browser opens a WebSocket in HTTP/1.1, also where the listener speaks HTTP/2.
func TestProbeOverTLS(t *testing.T) {
	t.Parallel()
	ws := startInspector(t)
	port, ca := securedNginx(t, ws.port)
	target := "wss://localhost:" + port + "/ws"
	p := runProbe(t, target, "--ca", ca, "--inspect", ws.url)
	if p.Failed || p.Found != "attempt" || p.Answer.Status != 101 {
		t.Errorf("found %q: %s", p.Found, p.Because)
	}
	if p := runProbe(t, target, "--inspect", ws.url); !p.Failed || p.Answer != nil || p.Found != "not asked" {
		t.Errorf("a certificate that nobody has signed is taken: %+v", p)
	}
	if p := runProbe(t, target, "--insecure", "--inspect", ws.url); p.Answer == nil || p.Answer.Status != 101 {
		t.Errorf("with --insecure: %s", p.Because)
	}
}
