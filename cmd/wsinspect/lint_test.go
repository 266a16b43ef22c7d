package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// conf writes a configuration and what it includes into a folder, and returns its path. The
// lines are those of a server.
func conf(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	upgradeMap = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
	goodLines  = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_set_header Host $http_host; "
)

func server(lines string) string {
	return "events {}\nhttp {\n" + upgradeMap + "server {\nlisten 80;\nserver_name app.example.com;\n" + lines + "}\n}\n"
}

// answer is what lint --json says.
type answer struct {
	Findings []struct {
		Cause, Severity, Confidence, File, Because, Only, Diff string
		Line                                                   int
	}
	Serves []struct {
		Server, Location string
		Sends            []struct{ Name, Value string }
		Carries          bool
		NotFollowed      []string `json:"not_followed"`
	}
}

func linted(t *testing.T, wantCode int, args ...string) answer {
	t.Helper()
	got := call(t, nil, append([]string{"lint", "--json"}, args...)...)
	if got.code != wantCode || got.stderr != "" {
		t.Fatalf("exit code %d, want %d; %s\n%s", got.code, wantCode, got.stderr, got.stdout)
	}
	var a answer
	if err := json.Unmarshal([]byte(got.stdout), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// Lint names the cause with its line and the diff, says which locations carry a WebSocket,
// and ends with 1 where something is wrong and with 0 where nothing is.
func TestLint(t *testing.T) {
	for _, test := range []struct {
		law, conf string
		args      []string
		cause     string // empty: nothing is wrong
		line      int
		only      string
		carries   []bool
	}{
		{"a location that is right", server("location /ws { " + goodLines + "proxy_pass http://127.0.0.1:8080; }\n"), nil, "", 0, "", []bool{true}},
		{"one without lines", server("location /ws { proxy_pass http://127.0.0.1:8080; }\n"), nil, "upgrade-not-configured", 7, "", []bool{false}},
		{"beside one that is right, another is for pages", server("location /ws { " + goodLines + "proxy_pass http://127.0.0.1:8080; }\nlocation / { proxy_pass http://127.0.0.1:8080; }\n"), nil, "", 0, "", []bool{true, false}},
		{"asked for by its path, it falls to that one", server("location /ws/ { " + goodLines + "proxy_pass http://127.0.0.1:8080; }\nlocation / { proxy_pass http://127.0.0.1:8080; }\n"), []string{"--uri", "/socket"}, "ws-path-in-wrong-location", 8, "", []bool{false}},
		{"one line cancels those further out", server("proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;\nlocation /ws {\nproxy_pass http://127.0.0.1:8080;\nproxy_set_header Host $http_host; }\n"), nil, "set-header-inheritance-lost", 11, "", []bool{false}},
		{"a port that is lost", server("location /ws { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;\nproxy_set_header Host $host; proxy_pass http://127.0.0.1:8080; }\n"), []string{"--host", "app.example.com:8443"}, "host-port-dropped", 8, "", []bool{true}},
		{"a port that nobody knows of depends", server("location /ws { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;\nproxy_set_header Host $host; proxy_pass http://127.0.0.1:8080; }\n"), nil, "", 0, "", []bool{true}},
		{"the outer of two proxies", server("location / { proxy_pass http://127.0.0.1:8082; proxy_http_version 1.1; }\n}\nserver { listen 127.0.0.1:8082; location / { " + goodLines + "proxy_pass http://127.0.0.1:8080; }\n"), nil, "chain-outer-not-forwarding", 7, "", []bool{false}},
		{"a variable without its map", "events {}\nhttp { server { listen 80; location / {\nproxy_set_header Connection $connection_upgrade;\nproxy_pass http://127.0.0.1:8080; } } }\n", nil, "config-does-not-load", 3, "", nil},
		{"the version is old", server("location /ws { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_set_header Host $http_host; proxy_pass http://127.0.0.1:8080; }\n"), []string{"--nginx-version", "1.22.1"}, "http-version-missing", 7, "", []bool{true}},
		{"the version is new", server("location /ws { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_set_header Host $http_host; proxy_pass http://127.0.0.1:8080; }\n"), []string{"--nginx-version", "1.29.7"}, "", 0, "", []bool{true}},
		{"nobody says the version", server("location /ws { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_set_header Host $http_host; proxy_pass http://127.0.0.1:8080; }\n"), nil, "http-version-missing", 7, "before nginx 1.29.7", []bool{true}},
	} {
		t.Run(test.law, func(t *testing.T) {
			file := conf(t, "nginx.conf", test.conf)
			code := 0
			if test.cause != "" {
				code = 1
			}
			a := linted(t, code, append(test.args, file)...)
			var sure []int
			for i, f := range a.Findings {
				if f.Confidence != "possible" {
					sure = append(sure, i)
				}
			}
			switch {
			case test.cause == "" && len(sure) > 0, test.cause != "" && len(sure) != 1:
				t.Fatalf("found %+v", a.Findings)
			case test.cause != "":
				f := a.Findings[0]
				if f.Cause != test.cause || f.File != file || f.Line != test.line || f.Only != test.only || !strings.HasPrefix(f.Diff, "--- "+file) || !strings.Contains(f.Because, ":") {
					t.Errorf("found %+v, want %s in line %d", f, test.cause, test.line)
				}
			}
			for i, want := range test.carries {
				if i >= len(a.Serves) || a.Serves[i].Carries != want || len(a.Serves[i].Sends) == 0 {
					t.Errorf("serves %+v, want %v", a.Serves, test.carries)
					break
				}
			}
		})
	}
}

// For people the same is said in words, with the diff as it is applied, and nothing that a
// terminal obeys.
func TestLintText(t *testing.T) {
	file := conf(t, "nginx.conf", server("location /\x1b[31mws { proxy_pass http://127.0.0.1:8080; }\nlocation /x { "+goodLines+"auth_basic \"members\"; proxy_pass http://127.0.0.1:8080; }\n"))
	got := call(t, nil, "lint", file)
	if got.code != exitOK || !strings.HasPrefix(got.stdout, "No fault found\n") || !strings.Contains(got.stdout, "Depends on what the configuration does not say") || !strings.Contains(got.stdout, "auth-basic-on-handshake  possible; "+file+":8") {
		t.Errorf("exit code %d\n%s", got.code, got.stdout)
	}
	if strings.Contains(got.stdout, "\x1b") || !strings.Contains(got.stdout, `location /\x1b[31mws`) {
		t.Errorf("a terminal obeys it: %q", got.stdout)
	}
	got = call(t, nil, "lint", "--uri", "/ws", conf(t, "nginx.conf", server("location /ws {\n\tproxy_pass http://127.0.0.1:8080;\n}\n")))
	if got.code != exitFailed || got.stderr != "" || !strings.Contains(got.stdout, "\n      +\tproxy_set_header Host $http_host;\n") {
		t.Errorf("exit code %d, %s\n%s", got.code, got.stderr, got.stdout)
	}
}

// The output of nginx -T comes from standard input, or lies in a file.
func TestLintDump(t *testing.T) {
	dump := "nginx: configuration file /etc/nginx/nginx.conf test is successful\n# configuration file /etc/nginx/nginx.conf:\n" +
		"events {}\nhttp { include app.conf; }\n# configuration file /etc/nginx/app.conf:\nserver { listen 80;\nlocation /ws { proxy_pass http://127.0.0.1:8080; } }\n"
	piped := pipe(t, dump, nil, "lint", "-")
	if piped.code != exitFailed || piped.stderr != "" || !strings.Contains(piped.stdout, "upgrade-not-configured") || !strings.Contains(piped.stdout, "/etc/nginx/app.conf:2") {
		t.Errorf("exit code %d, %s\n%s", piped.code, piped.stderr, piped.stdout)
	}
	if kept := call(t, nil, "lint", conf(t, "dump", dump)); kept != piped {
		t.Errorf("of the same in a file it says %+v", kept)
	}
	if got := call(t, nil, "lint", "-"); got.code != exitOK {
		t.Errorf("of nothing it says %+v", got)
	}
}

// What is called wrongly, or cannot be read, says so.
func TestLintCalledWrongly(t *testing.T) {
	file := conf(t, "nginx.conf", server(""))
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"lint", exitWrong, "lint takes one file"},
		{"lint " + file + " " + file, exitWrong, "lint takes one file"},
		{"lint --uri ws " + file, exitWrong, "--uri"},
		{"lint --nginx-version new " + file, exitWrong, "nginx -v"},
		{"lint --attempt a --inspect nowhere " + file, exitWrong, "--inspect"},
		{"lint " + filepath.Join(filepath.Dir(file), "none.conf"), exitFailed, "no such file"},
		{"serve --listen 127.0.0.1:0 --nginx-conf " + filepath.Join(filepath.Dir(file), "none.conf"), exitFailed, "no such file"},
	} {
		if got := call(t, nil, strings.Fields(test.args)...); got.code != test.code || !strings.Contains(got.stderr, test.says) {
			t.Errorf("%s: exit code %d, %q", test.args, got.code, got.stderr)
		}
	}
}
