package dump

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// secured returns how a port speaks TLS with a certificate that nobody has signed.
func secured(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"http/1.1"}}
}

// failure is a TLS handshake that did not come about.
type failure struct {
	remote net.Addr
	err    error
}

// startSecured starts a server that speaks TLS on inner, before and without Options.Take.
func startSecured(t *testing.T, inner net.Listener, take bool, limit time.Duration) (*testServer, <-chan failure) {
	t.Helper()
	failures := make(chan failure, 16)
	o := Options{TLS: secured(t), Unsecured: func(remote net.Addr, err error) { failures <- failure{remote, err} }}
	if take {
		o.Take = declines
	}
	return serveOn(t, inner, o, limit), failures
}

func listenOn(t *testing.T, network, address string) net.Listener {
	t.Helper()
	inner, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

// TestSecured: what is captured is inside TLS, in both directions, and the request says
// that it came so.
func TestSecured(t *testing.T) {
	for _, take := range []bool{false, true} {
		for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
			server, failures := startSecured(t, listenOn(t, network, address), take, 20*time.Second)
			client := tls.Client(server.dial(t), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
			const head = requestLine + host + "\r\n"
			io.WriteString(client, head[:7])
			io.WriteString(client, head[7:]) // a second record
			received, err := io.ReadAll(client)
			if err != nil {
				t.Fatal(err)
			}
			got := server.wait(t)
			if string(got.request.Head.Raw) != head || !got.claimed || got.request.Layer != Secured {
				t.Errorf("captured %q, claimed %v, in %v; want %q, claimed, inside TLS", got.request.Head.Raw, got.claimed, got.request.Layer, head)
			}
			if string(got.capture.Answer()) != string(received) {
				t.Errorf("captured the answer %q, the client saw %q", got.capture.Answer(), received)
			}
			if protocol := client.ConnectionState().NegotiatedProtocol; protocol != "http/1.1" {
				t.Errorf("agreed on %q, want http/1.1", protocol)
			}
			if len(failures) > 0 {
				t.Errorf("a failure is told of: %v", (<-failures).err)
			}
		}
	}
}

// TestClearOnSecuredPort: a request without TLS is answered in words that its sender can
// read, and kept whole.
func TestClearOnSecuredPort(t *testing.T) {
	const head = requestLine + host + "\r\n"
	for _, c := range []struct {
		name  string
		parts []string
		want  string
	}{
		{"at once", []string{head}, head},
		{"in parts, within the empty line", []string{"G", head[1 : len(head)-1], "\n"}, head},
		{"with bare line ends", []string{"GET / HTTP/1.1\nHost: x\n\n"}, "GET / HTTP/1.1\nHost: x\n\n"},
		{"no HTTP", []string{"\x00\x01"}, "\x00\x01"},
		{"a PROXY line", []string{"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"}, "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"},
		{"longer than is kept", []string{requestLine + "X: " + strings.Repeat("x", maxHead)}, requestLine + "X: " + strings.Repeat("x", maxHead-len(requestLine)-3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, failures := startSecured(t, listenOn(t, "tcp", "127.0.0.1:0"), true, 20*time.Second)
			conn := server.dial(t)
			for _, part := range c.parts {
				io.WriteString(conn, part)
			}
			received, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			if want := "proxy_pass https://" + server.addr.String() + ";\n"; !strings.HasPrefix(string(received), "HTTP/1.1 400 ") || !strings.HasSuffix(string(received), want) {
				t.Errorf("answered %q, want a 400 that ends with %q", received, want)
			}
			conn.Close()
			got := <-server.arrivals
			if string(got.request.Head.Raw) != c.want || got.claimed || got.request.Layer != Clear {
				t.Errorf("captured %.80q, claimed %v, in %v; want %.80q, refused, in the clear", got.request.Head.Raw, got.claimed, got.request.Layer, c.want)
			}
			if string(got.capture.Answer()) != string(received) {
				t.Errorf("captured the answer %q, the client saw %q", got.capture.Answer(), received)
			}
			if len(failures) > 0 {
				t.Errorf("it counts as a TLS handshake that failed: %v", (<-failures).err)
			}
		})
	}
}

// TestTLSFails: a handshake that does not come about is told of, and is no attempt: nothing
// was asked.
func TestTLSFails(t *testing.T) {
	for name, c := range map[string]struct {
		config *tls.Config
		says   string
	}{
		"a client that does not trust the certificate": {&tls.Config{ServerName: "localhost"}, "bad certificate"},
		"HTTP/2 alone":                 {&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}, "unsupported application protocols"},
		"a version that nobody speaks": {&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, "unsupported versions"},
	} {
		t.Run(name, func(t *testing.T) {
			server, failures := startSecured(t, listenOn(t, "tcp", "127.0.0.1:0"), true, 20*time.Second)
			client := tls.Client(server.dial(t), c.config)
			if err := client.Handshake(); err == nil { // TLS 1.3 learns of it later
				client.Read(make([]byte, 1))
			}
			client.Close()
			if f := <-failures; !strings.Contains(f.err.Error(), c.says) || f.remote == nil {
				t.Errorf("told of %v by %v, want %q", f.err, f.remote, c.says)
			}
			if len(server.arrivals) > 0 {
				t.Error("it counts as an attempt")
			}
		})
	}
}

// TestSlowTLS: the head timeout bounds the handshake too. Who sent nothing has attempted
// nothing, and failed at nothing.
func TestSlowTLS(t *testing.T) {
	for name, sends := range map[string]string{"nothing": "", "half a hello": "\x16\x03\x01\x02\x00\x01"} {
		synctest.Test(t, func(t *testing.T) {
			pipes := &pipeListener{conns: make(chan net.Conn)}
			server, failures := startSecured(t, pipes, true, 10*time.Second)
			client, conn := net.Pipe()
			begin := time.Now()
			pipes.conns <- conn
			io.WriteString(client, sends)
			io.ReadAll(client)
			if took := time.Since(begin); took != 10*time.Second {
				t.Errorf("%s: closed after %v, want 10s", name, took)
			}
			synctest.Wait()
			if told := len(failures) > 0; told != (sends != "") {
				t.Errorf("%s: a failure is told of: %v", name, told)
			}
			if len(server.arrivals) > 0 {
				t.Errorf("%s counts as an attempt", name)
			}
		})
	}
}

// TestLimitOverTLS: whoever comes when every place is taken is closed without a word: TLS
// would have to be agreed on first.
func TestLimitOverTLS(t *testing.T) {
	limit := NewLimit(1)
	limit.enter()
	inner := listenOn(t, "tcp", "127.0.0.1:0")
	listener := NewListener(inner, Options{MaxHead: maxHead, Limit: limit, TLS: secured(t)})
	go listener.Accept()
	defer listener.Close()
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := io.ReadAll(conn); len(got) > 0 || err != nil {
		t.Errorf("read %q, %v; want a close without an answer", got, err)
	}
	if limit.Shed() != 1 {
		t.Errorf("%d turned away, want 1", limit.Shed())
	}
}
