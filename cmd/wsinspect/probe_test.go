package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// startService runs the service in this process, and returns its address.
func startService(t *testing.T, token string) string {
	t.Helper()
	policy, err := handshake.NewPolicy(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := newService(settings{
		listen: []address{{network: "tcp", addr: "127.0.0.1:0"}}, open: token == "", token: token, policy: policy,
		maxHead: 64 << 10, headTimeout: 10 * time.Second, maxConnections: 100, maxMessage: 64 << 20,
		writeTimeout: 30 * time.Second, maxSubscribers: 1, keep: 100, keepBytes: 1 << 20, shutdownTimeout: time.Second,
		log: journal.NewLog(io.Discard, journal.LogOptions{}),
	}, "test", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + v.listeners[0].Addr().String()
}

// behind runs a reverse proxy in front of to, which changes what it passes on.
func behind(t *testing.T, to string, change func(*http.Request)) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = r.In.Host
		change(r.Out)
	}})
	t.Cleanup(server.Close)
	return server.URL
}

// answered is what the tests read of the JSON of a probe.
type answered struct {
	Failed  bool
	Because string
	Found   string
	Steps   []struct{ ID, Outcome, Says string }
	Sent    *struct{ Host string }
	Arrived *struct{ ID, Host string }
	Answer  *struct{ Status int }
	Changes []struct{ What, Name, Kind string }
	Causes  []struct {
		ID  string
		Fix struct{ Steps []struct{ Lines []string } }
	}
	Idle []any
}

func probeJSON(t *testing.T, code int, env map[string]string, args ...string) answered {
	t.Helper()
	got := call(t, env, append([]string{"probe", "--json"}, args...)...)
	var a answered
	if err := json.Unmarshal([]byte(got.stdout), &a); err != nil || got.code != code {
		t.Fatalf("exit code %d, want %d; %v\n%s%s", got.code, code, err, got.stdout, got.stderr)
	}
	return a
}

// A handshake that goes straight to wsinspect arrives as it was sent, and all is well.
func TestProbeClean(t *testing.T) {
	t.Parallel()
	a := probeJSON(t, exitOK, nil, startService(t, "")+"/ws")
	if a.Failed || a.Found != "attempt" || a.Answer.Status != 101 || len(a.Causes) != 0 || a.Arrived.Host != a.Sent.Host {
		t.Errorf("got %+v", a)
	}
	for _, c := range a.Changes {
		if c.Kind != "kept" {
			t.Errorf("%s %s is said to be %s", c.What, c.Name, c.Kind)
		}
	}
	for _, s := range a.Steps {
		if s.Outcome != "passed" {
			t.Errorf("%s is %s: %s", s.ID, s.Outcome, s.Says)
		}
	}
}

// A proxy that changes Host is found out, with the line that cures it, in each of the three
// answers.
func TestProbeFault(t *testing.T) {
	t.Parallel()
	service := startService(t, "")
	proxy := behind(t, service, func(r *http.Request) { r.Host = "10.1.2.3:9" })
	a := probeJSON(t, exitFailed, nil, proxy, "--inspect", service)
	if !a.Failed || a.Answer.Status != 403 || a.Arrived == nil || a.Arrived.Host != "10.1.2.3:9" || len(a.Causes) == 0 {
		t.Fatalf("got %+v", a)
	}
	for _, c := range a.Changes {
		if c.Name == "Host" && c.Kind != "rewritten" {
			t.Errorf("Host is said to be %s", c.Kind)
		}
	}
	text := call(t, nil, "probe", "--inspect", service+"/inspect", proxy)
	if text.code != exitFailed || text.stderr != "" || !strings.Contains(text.stdout, "+ Host: 10.1.2.3:9") || !strings.Contains(text.stdout, a.Causes[0].ID) {
		t.Errorf("got %+v", text)
	}
	markdown := call(t, nil, "probe", "--markdown", "--inspect", service, proxy)
	if markdown.code != exitFailed || !strings.HasPrefix(markdown.stdout, "# ") || !strings.Contains(markdown.stdout, "+ Host: 10.1.2.3:9") {
		t.Errorf("got %+v", markdown)
	}
}

// The token is taken from the environment, from the flag or from the address; without it
// nothing is compared, and the probe says what to pass.
func TestProbeToken(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdefghij"
	service := startService(t, token)
	target := service + "/ws"
	for name, found := range map[string]answered{
		"variable": probeJSON(t, exitOK, map[string]string{"WSINSPECT_TOKEN": token}, target),
		"flag":     probeJSON(t, exitOK, nil, target, "--token", token),
		"address":  probeJSON(t, exitOK, nil, target, "--inspect", service+"/inspect#token="+token),
	} {
		if found.Found != "attempt" {
			t.Errorf("%s: found by %q", name, found.Found)
		}
	}
	without := probeJSON(t, exitOK, nil, target)
	if last := without.Steps[len(without.Steps)-1]; without.Found != "not asked" || last.Outcome != "advised" || !strings.Contains(last.Says, "WSINSPECT_TOKEN") {
		t.Errorf("without a token: %+v", without)
	}
}

// Redirects are followed only where it is asked for, and credentials stay with the first
// site. The fault stays one: a browser would have failed.
func TestProbeFollow(t *testing.T) {
	t.Parallel()
	service := startService(t, "")
	seen := make(chan http.Header, 1)
	proxy := behind(t, service, func(r *http.Request) { seen <- r.Header.Clone() })
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, proxy+"/ws", http.StatusMovedPermanently)
	}))
	defer first.Close()
	if a := probeJSON(t, exitFailed, nil, first.URL, "--inspect", service); a.Found != "not arrived" || a.Answer.Status != 301 {
		t.Errorf("got %+v", a)
	}
	a := probeJSON(t, exitFailed, nil, first.URL, "--inspect", service, "--follow", "--header", "Authorization: Basic eDp5", "--origin", proxy)
	if a.Answer.Status != 101 || (<-seen).Get("Authorization") != "" {
		t.Errorf("got %+v", a)
	}
}

// Whatever another server writes, no byte of it reaches the terminal raw.
func TestProbeHostileAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 403 \x1b[2J\u009b2J\r\nServer: \x1b]0;x\x07\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<title>\x1b[31m\u202e</title>")
	}))
	defer server.Close()
	for _, answer := range []string{"--json", "--markdown", "--timeout=9s"} {
		got := call(t, nil, "probe", answer, server.URL)
		if got.code != exitFailed {
			t.Errorf("%s: exit code %d", answer, got.code)
		}
		for _, r := range got.stdout + got.stderr {
			if r != '\n' && (r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u202e') {
				t.Fatalf("%s: %q is shown raw in %q", answer, r, got.stdout)
			}
		}
	}
}

// Where nothing was sent the step says it all, and nothing stands between it and the causes.
func TestProbeUnsent(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	got := call(t, nil, "probe", strings.Replace(plain.URL, "http:", "wss:", 1))
	if says := "\n\nThe port answers in plain HTTP and not in TLS. Open ws://"; got.code != exitFailed || !strings.Contains(got.stdout, says) || strings.Contains(got.stdout, "\n\n\n") {
		t.Errorf("got %d\n%s", got.code, got.stdout)
	}
}

func TestProbeWrongCalls(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{"probe", "probe takes one address"},
		{"probe ws://a ws://b", "probe takes one address"},
		{"probe example.com", "has no scheme"},
		{"probe ws://a --from-browser lynx", "--from-browser: "},
		{"probe ws://a --size 1GiB", "256 MiB at most"},
		{"probe ws://a --header nonsense", "'Name: value'"},
		{"probe ws://a --resolve a:80", "write host:port:address"},
		{"probe ws://a --inspect localhost", "write the address of wsinspect"},
		{"probe ws://a --json --markdown", "ask for one"},
		{"probe ws://a --timeout 0s", "--timeout takes a time of 1ms or more"},
		{"probe ws://a --ca probe.go", "no certificate"},
	} {
		got := call(t, nil, strings.Fields(test.args)...)
		if got.code != exitWrong || got.stdout != "" || !strings.Contains(got.stderr, test.says) {
			t.Errorf("wsinspect %s: got %+v, want %q", test.args, got, test.says)
		}
	}
}

// Silence is a bar on a terminal, drawn over itself and taken away, and lines elsewhere.
func TestProgress(t *testing.T) {
	var bar, lines strings.Builder
	terminal, pipe := progress{out: &bar, terminal: true}, progress{out: &lines}
	for s := range 31 {
		for _, p := range []*progress{&terminal, &pipe} {
			open := []string{"silent", "client"}
			if s > 20 {
				open = open[1:]
			}
			p.show(time.Duration(s)*time.Second, 30*time.Second, open)
		}
	}
	terminal.clear()
	if got := bar.String(); strings.Contains(got, "\n") || !strings.HasSuffix(got, "[##############################]  30 s of 30 s; open: client\r\x1b[K") {
		t.Errorf("the bar is %q", got)
	}
	want := "  silent for 15 s of 30 s; open: silent, client\n  silent for 21 s of 30 s; open: client\n"
	if lines.String() != want {
		t.Errorf("got %q, want %q", lines.String(), want)
	}
}
