package e2e

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// pair is a certificate for localhost and its key, in files.
type pair struct{ cert, key string }

func startCertificate(t *testing.T) *pair {
	t.Helper()
	folder := t.TempDir()
	p := &pair{filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")}
	p.renew(t)
	return p
}

// renew writes another certificate with another key, and returns the certificate.
func (p *pair) renew(t *testing.T) (cert string) {
	t.Helper()
	cert, key := certificate(t)
	for file, text := range map[string]string{p.cert: cert, p.key: key} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert
}

func (p *pair) flags() []string { return []string{"--tls-cert", p.cert, "--tls-key", p.key} }

// trusting returns how a client trusts this certificate alone.
func trusting(t *testing.T, cert string) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(cert)) {
		t.Fatal("the certificate is no PEM")
	}
	return &tls.Config{RootCAs: pool, ServerName: "localhost"}
}

// TestTLSBackend takes the place of an application that speaks TLS: nginx looks at the
// certificate as strictly as it can, and what is captured is inside.
func TestTLSBackend(t *testing.T) {
	p := startCertificate(t)
	cert := p.renew(t)
	ws := startInspector(t, p.flags()...)
	socket := filepath.Join(socketFolder(t), "s")
	over := startInspector(t, append(p.flags(), "--listen", "unix:"+socket)...)

	for name, upstream := range map[string]string{"tcp": "https://localhost:" + ws.port, "unix": "https://unix:" + socket + ":"} {
		t.Run(name, func(t *testing.T) {
			on := ws
			if name == "unix" {
				on = over
			}
			proxy := startNginx(t, serverWith(`location / {
                proxy_pass `+upstream+`;
                proxy_http_version 1.1;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection "Upgrade";
                proxy_set_header Host $http_host;
                proxy_ssl_verify on;
                proxy_ssl_trusted_certificate cert.pem;
                proxy_ssl_name localhost;
                proxy_ssl_server_name on;
            }`), files{"cert.pem": cert})
			for range 2 { // the second resumes the session of TLS
				conn, id := echo(t, "ws://localhost:"+proxy.port+"/ws", "hello inside TLS")
				a := on.attempt(t, id)
				if a.Outcome != "accepted" || len(a.Causes) > 0 || a.header("Host")[0] != "localhost:"+proxy.port {
					t.Errorf("outcome %s, causes %v\n%s", a.Outcome, a.Causes, a.Request.Raw)
				}
				if f := a.finding(t, "tls-where-expected"); !strings.Contains(f.Because, "inside TLS") {
					t.Errorf("nothing says that it came inside TLS: %s", f.Because)
				}
				large := strings.Repeat("x", 1<<20)
				if err := conn.WriteMessage(websocket.TextMessage, []byte(large)); err != nil {
					t.Fatal(err)
				}
				if _, got, err := conn.ReadMessage(); err != nil || string(got) != large {
					t.Errorf("of %d bytes %d came back, %v", len(large), len(got), err)
				}
			}
		})
	}
}

// TestPageOverTLS signs in and reads page, API and feed over TLS, and is sent away in order.
func TestPageOverTLS(t *testing.T) {
	const token = "a-token-of-the-test"
	p := startCertificate(t)
	trusted := trusting(t, p.renew(t))
	ws := startGuarded(t, token, p.flags()...)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: trusted, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Jar: jar}

	resp, err := client.PostForm(ws.url+"/inspect/signin", url.Values{"token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	first := resp.Request.Response // of the redirect
	if c := first.Cookies(); len(c) != 1 || !c[0].Secure || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode {
		t.Errorf("signing in over TLS sets %v", first.Header["Set-Cookie"])
	}
	if resp.StatusCode != http.StatusOK || resp.TLS == nil || resp.TLS.NegotiatedProtocol == "h2" {
		t.Errorf("the list answers %s over %q", resp.Status, resp.Proto)
	}

	dialer := websocket.Dialer{TLSClientConfig: trusted, HandshakeTimeout: patience}
	conn, resp, err := dialer.Dial("wss://localhost:"+ws.port+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	feed, err := client.Get(ws.url + "/inspect/feed")
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Body.Close()
	if line, err := bufio.NewReader(feed.Body).ReadString('\n'); err != nil || feed.StatusCode != http.StatusOK {
		t.Errorf("the feed answers %s, %q, %v", feed.Status, line, err)
	}
	one, err := client.Get(ws.url + "/inspect/" + resp.Header.Get("Wsinspect-Attempt"))
	if err != nil {
		t.Fatal(err)
	}
	defer one.Body.Close()
	if text, _ := io.ReadAll(one.Body); one.StatusCode != http.StatusOK || !strings.Contains(string(text), "GET /ws HTTP/1.1") {
		t.Errorf("the attempt answers %s\n%s", one.Status, text)
	}

	ws.cmd.Process.Signal(syscall.SIGTERM)
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("at the end of the server came %v, want 1001", err)
	}
	select {
	case <-ws.ended:
	case <-time.After(patience):
		t.Error("it has not ended, although all sessions have")
	}
}

// TestPlainToTLSBackend sends a request without TLS to the port that speaks it: the answer
// says what to write, and the attempt is there with its cause.
func TestPlainToTLSBackend(t *testing.T) {
	ws := startInspector(t, startCertificate(t).flags()...)
	got := request(t, ws.port, handshake("/ws", "localhost:"+ws.port, "Origin: http://localhost:"+ws.port))
	if want := "proxy_pass https://127.0.0.1:" + ws.port + ";"; got.status != http.StatusBadRequest || !strings.Contains(got.body, want) {
		t.Errorf("answered %d\n%s\nwant 400 with %q", got.status, got.body, want)
	}
	a := ws.until(t, url.Values{"outcome": {"refused"}}, func(*attempt) bool { return true })
	if a.Verdict.DecidedBy != "tls-where-expected" || len(a.Causes) == 0 || a.Causes[0].ID != "plain-to-tls-backend" || a.Response.Status != http.StatusBadRequest {
		t.Errorf("decided by %s, causes %v, answered %d", a.Verdict.DecidedBy, a.Causes, a.Response.Status)
	}
}

// TestCertificateReload: SIGHUP takes a new certificate without a break, and a pair that
// cannot be read leaves the old one.
func TestCertificateReload(t *testing.T) {
	p := startCertificate(t)
	old := p.renew(t)
	ws := startInspector(t, p.flags()...)
	shows := func(cert string) {
		t.Helper()
		conn, err := tls.Dial("tcp", "127.0.0.1:"+ws.port, trusting(t, cert))
		if err != nil {
			t.Fatalf("the port shows another certificate: %v", err)
		}
		conn.Close()
	}
	shows(old)
	dialer := websocket.Dialer{TLSClientConfig: trusting(t, old)}
	session, _, err := dialer.Dial("wss://localhost:"+ws.port+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()

	renewed := p.renew(t)
	ws.cmd.Process.Signal(syscall.SIGHUP)
	ws.await(t, "the certificate was read again")
	shows(renewed)

	if err := os.WriteFile(p.key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	ws.cmd.Process.Signal(syscall.SIGHUP)
	ws.await(t, "the old certificate stays.*"+p.key)
	shows(renewed)

	session.SetReadDeadline(time.Now().Add(patience))
	if err := session.WriteMessage(websocket.TextMessage, []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := session.ReadMessage(); err != nil || string(got) != "still here" {
		t.Errorf("the session from before got %q, %v", got, err)
	}
}

// TestTLSFails: a handshake that fails is no attempt; standard error says why, and it is
// counted.
func TestTLSFails(t *testing.T) {
	ws := startInspector(t, startCertificate(t).flags()...)
	if conn, err := tls.Dial("tcp", "127.0.0.1:"+ws.port, &tls.Config{ServerName: "localhost"}); err == nil {
		conn.Close()
		t.Fatal("a certificate that nobody has signed is trusted")
	}
	ws.await(t, "a TLS handshake failed.*bad certificate")
	if metrics := string(ws.get(t, "/metrics")); !strings.Contains(metrics, "\nwsinspect_tls_handshake_failures_total 1\n") {
		t.Error("it is not counted")
	}
	if n := len(ws.attempts(t, nil)); n != 0 {
		t.Errorf("%d attempts, want none", n)
	}
}
