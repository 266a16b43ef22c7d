package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// A service that answers 200 is ready; everything else is not, and the line says what
// answered.
func TestHealthcheck(t *testing.T) {
	answer := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/readyz" {
				status = http.StatusNotFound
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
	for _, test := range []struct {
		name    string
		handler http.Handler
		code    int
		says    string
	}{
		{"ready", answer(200, "ok\n"), exitOK, ` answered "200 OK" in `},
		{"not ready", answer(503, "shutting down\n"), exitFailed, ` is not ready: it answered "503 Service Unavailable": "shutting down"`},
		{"a redirect is somebody else", http.RedirectHandler("/", http.StatusFound), exitFailed, `it answered "302 Found"`},
		{"a stranger's bytes are shown and not sent to the terminal", answer(500, "\x1b[2J"), exitFailed, `"\x1b[2J"`},
		{"of a long page only the beginning is shown", answer(500, strings.Repeat("x", 4096)), exitFailed, strings.Repeat("x", 200) + `"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.handler)
			defer server.Close()
			expectHealth(t, call(t, nil, "healthcheck", server.URL+"/readyz"), test.code, test.says)
		})
	}

	t.Run("ready, with a certificate that nobody has signed", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewTLSServer(answer(200, "ok"))
		defer server.Close()
		expectHealth(t, call(t, nil, "healthcheck", server.URL+"/readyz"), exitOK, ` answered "200 OK" in `)
	})

	t.Run("ready on a unix socket", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: answer(200, "ok")}
		go server.Serve(l)
		defer server.Close()
		expectHealth(t, call(t, nil, "healthcheck", "unix:"+path), exitOK, "unix:"+path+` answered "200 OK" in `)
	})

	listen := func(t *testing.T) net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	t.Run("nothing listens", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		l.Close()
		expectHealth(t, call(t, nil, "healthcheck", "http://"+l.Addr().String()), exitFailed, "did not answer: dial tcp")
	})
	t.Run("somebody listens and is silent", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		defer l.Close()
		expectHealth(t, call(t, nil, "healthcheck", "--timeout", "50ms", "http://"+l.Addr().String()), exitFailed, "did not answer: context deadline exceeded")
	})
}

// expectHealth wants one line: of a ready service on standard output, else on standard error.
func expectHealth(t *testing.T, got outcome, code int, says string) {
	t.Helper()
	line, other := got.stdout, got.stderr
	if code != exitOK {
		line, other = got.stderr, got.stdout
	}
	if got.code != code || !strings.Contains(line, says) || strings.Count(line, "\n") != 1 || other != "" {
		t.Errorf("got %+v, want exit code %d and one line with %q", got, code, says)
	}
}

// Only of this machine itself a certificate is taken unseen.
func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"localhost.example.com": false, "10.0.0.1": false, "0.0.0.0": false, "": false, "inspect.example": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%q: %t, want %t", host, got, want)
		}
	}
}
