package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/corpus"
	"wsinspect/internal/dump"
)

// probe asks the same nginx again, by the compiled program's probe, which sends what the
// client of the case sends: with what both sides know, and with the configuration besides.
// A client that asks for no WebSocket has no other end to look from; of what it asked the
// attempt is put beside the configuration.
func (r *caseRun) probe(t *testing.T, w *wiring, id string) (client, config []corpus.Conclusion) {
	t.Helper()
	conf := []string{"--nginx-version", versionText(nginxVersion(t)), confFile(t, w.real(r.Conf), r.Files)}
	args, ok := r.probeArgs(w)
	switch {
	case ok:
		withConf := append([]string{"--nginx-conf", conf[2]}, conf[:2]...)
		return runProbe(t, args...).Causes, runProbe(t, append(withConf, args...)...).Causes
	case id == "":
		return nil, nil
	}
	for _, path := range r.Expects {
		conf = append([]string{"--expect-path", path}, conf...)
	}
	found := runLint(t, append([]string{"--attempt", id, "--inspect", r.ws.url}, conf...)...)
	return nil, found.conclusions()
}

// probeArgs returns the arguments by which a probe sends what the client of the case sends;
// none where that is no handshake of a browser's kind.
func (r *caseRun) probeArgs(w *wiring) (args []string, ok bool) {
	h := r.Head()
	if !r.Asks() || len(h.Raw) != len(r.Request) || r.Session.Reload { // no probe writes a PROXY line, or reloads nginx
		return nil, false
	}
	args = []string{"--inspect", r.ws.url, "--from-browser", browserOf(h), "--size", "1KiB", "--nonce"}
	origin := "none"
	for _, f := range h.Fields {
		switch name, value := h.Name(f), h.Value(f); strings.ToLower(name) {
		case "host":
			args = append(args, "--host", value)
		case "origin":
			origin = value
		case "sec-websocket-protocol":
			for offered := range strings.SplitSeq(value, ",") {
				args = append(args, "--subprotocol", strings.TrimSpace(offered))
			}
		case "connection", "upgrade", "sec-websocket-key", "sec-websocket-version":
		default:
			args = append(args, "--header", name+": "+value)
		}
	}
	if args = append(args, "--origin", origin); r.Session.Cut > 0 && r.holds() {
		args = append(args, "--idle", (r.Session.Cut + 2*time.Second).String())
	}
	for _, path := range r.Expects {
		args = append(args, "--expect-path", path)
	}
	if r.TLS {
		args = append(args, "--insecure") // the certificate of its API is a test's
	}
	return append(args, "ws://127.0.0.1:"+w.ports["8081"]+h.Target()), true
}

// browserOf returns the name by which the probe knows the browser of a request.
func browserOf(h *dump.Head) string {
	f, _ := h.Field("User-Agent")
	switch agent := h.Value(f); {
	case strings.Contains(agent, "Firefox/"):
		return "firefox"
	case strings.Contains(agent, "Chrome/"):
		return "chrome"
	case strings.Contains(agent, "Safari/"):
		return "safari"
	}
	return "none"
}

// confFile writes a configuration, and what it includes, into a folder, and returns its path.
func confFile(t *testing.T, conf string, more files) string {
	t.Helper()
	folder := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range more {
		write(name, text)
	}
	write("nginx.conf", conf)
	return filepath.Join(folder, "nginx.conf")
}

// linting is what the tests read of the JSON of a lint.
type linting struct {
	Findings []struct {
		Cause, Confidence, Because, Diff, File string
		Line                                   int
	}
	Serves []struct {
		Server, Location string
		Sends            []struct{ Name, Value string }
		Carries          bool
	}
	code int
}

// conclusions returns the findings as conclusions.
func (l *linting) conclusions() []corpus.Conclusion {
	all := []corpus.Conclusion{}
	for _, f := range l.Findings {
		all = append(all, corpus.Conclusion{ID: f.Cause, Confidence: f.Confidence, Because: f.Because})
	}
	return all
}

// sure returns those that do not depend on what a configuration does not say.
func (l *linting) sure() (all []corpus.Conclusion) {
	for _, c := range l.conclusions() {
		if c.Confidence != "possible" {
			all = append(all, c)
		}
	}
	return all
}

// diff returns the diff that cures a cause.
func (l *linting) diff(cause string) string {
	for _, f := range l.Findings {
		if f.Cause == cause {
			return f.Diff
		}
	}
	return ""
}

// runLint runs the lint of the compiled program.
func runLint(t *testing.T, args ...string) *linting {
	t.Helper()
	out, code := runProgram(t, append([]string{"lint", "--json"}, args...)...)
	l := &linting{code: code}
	if err := json.Unmarshal(out, l); err != nil || code > 1 {
		t.Fatalf("%v: exit code %d, %v\n%s", args, code, err, out)
	}
	if (len(l.sure()) > 0) != (code == 1) {
		t.Errorf("%v: exit code %d, and the findings are %s", args, code, corpus.Brief(l.conclusions()))
	}
	return l
}
