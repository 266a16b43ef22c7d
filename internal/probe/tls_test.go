package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/diagnosis"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test \x1b[31m Authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
	}}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// sign returns a certificate for a name that ends after left.
func (a *authority) sign(t *testing.T, name string, left time.Duration) tls.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: time.Now().Add(-1000 * time.Hour), NotAfter: time.Now().Add(left),
	}, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

func TestTLS(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	const year = 8760 * time.Hour
	good := ours.sign(t, "app.example", year)
	for _, tt := range []struct {
		name    string
		server  *tls.Config
		change  func(*Options)
		outcome Outcome
		trouble diagnosis.Trouble
		says    string
	}{
		{"good", &tls.Config{Certificates: []tls.Certificate{good}}, nil, Passed, diagnosis.NoTrouble, "TLS 1.3, http/1.1. The certificate is for app.example, is issued by"},
		{"only 1.2", &tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12}, nil, Passed, diagnosis.NoTrouble, "TLS 1.2, http/1.1"},
		{"ends soon", &tls.Config{Certificates: []tls.Certificate{ours.sign(t, "app.example", 50*time.Hour)}}, nil, Advised, diagnosis.NoTrouble, "in 2 days. Renew it now"},
		{"over", &tls.Config{Certificates: []tls.Certificate{ours.sign(t, "app.example", -time.Hour)}}, nil, Failed, diagnosis.NotTrusted, "A browser gives up here: the certificate ended on"},
		{"ends within the day", &tls.Config{Certificates: []tls.Certificate{ours.sign(t, "app.example", 5*time.Hour)}}, nil, Advised, diagnosis.NoTrouble, "in less than a day. Renew it now"},
		{"other name", &tls.Config{Certificates: []tls.Certificate{ours.sign(t, "other.example", year)}}, nil, Failed, diagnosis.NotTrusted, "the certificate is not for app.example. The certificate is for other.example"},
		{"unknown authority", &tls.Config{Certificates: []tls.Certificate{others.sign(t, "app.example", year)}}, nil, Failed, diagnosis.NotTrusted, "nobody who is trusted here. Mostly the server sends its own certificate without"},
		{"signed by itself", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{others.cert.Raw}, PrivateKey: others.key}}}, nil, Failed, diagnosis.NotTrusted, "nobody"},
		{"insecure", &tls.Config{Certificates: []tls.Certificate{others.sign(t, "other.example", -time.Hour)}}, func(o *Options) { o.Insecure = true }, Advised, diagnosis.NoTrouble, "ANYBODY CAN READ AND CHANGE THIS CONNECTION"},
		{"insecure without need", &tls.Config{Certificates: []tls.Certificate{good}}, func(o *Options) { o.Insecure = true }, Passed, diagnosis.NoTrouble, "TLS 1.3"},
		{"too old", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, nil, Failed, diagnosis.NoTLS, "no version of TLS that a browser takes"},
		{"no HTTP/1.1", &tls.Config{Certificates: []tls.Certificate{good}, NextProtos: []string{"imap"}}, nil, Failed, diagnosis.NoTLS, "agrees to no HTTP/1.1"},
		{"no server of that name", &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, io.EOF }}, nil, Failed, diagnosis.NoTLS, "broke TLS off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(gorillaEcho))
			server.TLS, server.Config.ErrorLog = tt.server, log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			p, up := tryOpenTLS(t, server.Listener.Addr(), func(o *Options) {
				o.Roots = ours.pool()
				if tt.change != nil {
					tt.change(o)
				}
			})
			s, c := p.step(t, "tls"), p.report.Client
			if s.Outcome != tt.outcome || c.Trouble != tt.trouble || !strings.Contains(s.Says, tt.says) || strings.Contains(s.Says, "\x1b") {
				t.Errorf("%s, trouble %d, %q: %s", s.Outcome, c.Trouble, c.Why, s.Says)
			}
			if opens := tt.outcome != Failed; (up != nil) != opens || (c.Sent != nil) != opens || (c.Why == "") != opens {
				t.Errorf("opened: %v; %+v", up != nil, c)
			}
		})
	}
}

// tryOpenTLS opens wss://app.example/ at an address.
func tryOpenTLS(t *testing.T, at net.Addr, change func(*Options)) (*probe, *upgraded) {
	t.Helper()
	_, port, err := net.SplitHostPort(at.String())
	if err != nil {
		t.Fatal(err)
	}
	return tryOpen(t, "wss://app.example:"+port, func(o *Options) {
		o.Resolve = map[string]netip.Addr{"app.example:" + port: netip.MustParseAddr("127.0.0.1")}
		change(o)
	})
}

// What speaks no TLS is told by its words.
func TestNoTLS(t *testing.T) {
	for _, tt := range []struct {
		name string
		say  string
		says string
	}{
		{"plain HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "plain HTTP and not in TLS. Open ws://app.example:"},
		{"SSH", "SSH-2.0-OpenSSH\r\n", `is no TLS: it begins with "SSH-2`},
		{"escapes", "\x1b[31m\x00\x00\x00\x00", `\x1b[31m`},
		{"nothing", "", "closed the connection, in the middle of the TLS handshake"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			c.Read(make([]byte, 1<<16))
			io.WriteString(c, tt.say)
		}()
		p, up := tryOpenTLS(t, l.Addr(), func(*Options) {})
		s, c := p.step(t, "tls"), p.report.Client
		if up != nil || s.Outcome != Failed || c.Trouble != diagnosis.NoTLS || !strings.Contains(s.Says, tt.says) || !strings.HasPrefix(tt.say, string(c.Got)) || (tt.say == "") != (len(c.Got) == 0) {
			t.Errorf("%s: %s, trouble %d, got %q: %s", tt.name, s.Outcome, c.Trouble, c.Got, s.Says)
		}
		l.Close()
	}
}

// A server may ask for a certificate of the client only when the handshake is over.
func TestClientCertificate(t *testing.T) {
	ours := newAuthority(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(gorillaEcho))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ours.sign(t, "app.example", 8760*time.Hour)}, ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	p, up := tryOpenTLS(t, server.Listener.Addr(), func(o *Options) { o.Roots = ours.pool() })
	if s := p.step(t, "answer"); up != nil || s.Outcome != Failed || p.report.Client.Trouble != diagnosis.NoTLS || !strings.Contains(s.Says, "certificate of the client") {
		t.Errorf("%+v, trouble %d", s, p.report.Client.Trouble)
	}
}
