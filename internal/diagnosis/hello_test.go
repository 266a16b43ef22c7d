package diagnosis

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// wire is a connection on which bytes have come, and which takes no answer.
type wire struct {
	net.Conn
	came *bytes.Reader
}

func (w wire) Read(p []byte) (int, error)  { return w.came.Read(p) }
func (w wire) Write(p []byte) (int, error) { return len(p), nil }

// sent is a connection that keeps what is written.
type sent struct {
	net.Conn
	bytes.Buffer
}

func (s *sent) Read([]byte) (int, error)    { return 0, errors.New("nobody answers") }
func (s *sent) Write(p []byte) (int, error) { return s.Buffer.Write(p) }

// helloOf returns what a client of these settings sends first.
func helloOf(config *tls.Config) []byte {
	s := &sent{}
	tls.Client(s, config).Handshake()
	return s.Bytes()
}

// FuzzHello: where crypto/tls reads a ClientHello that stands in one record, it has read the
// same names; and masking keeps them.
func FuzzHello(f *testing.F) {
	for _, config := range []*tls.Config{
		{InsecureSkipVerify: true},
		{ServerName: "app.example.com"},
		{ServerName: "app.example.com", NextProtos: []string{"h2", "http/1.1"}},
		{ServerName: "a", MaxVersion: tls.VersionTLS12, NextProtos: []string{strings.Repeat("p", 255)}},
	} {
		hello := helloOf(config)
		f.Add(hello)
		f.Add(hello[:len(hello)/2])
	}
	const name = "\x00\x00\x01a" // of a host, one byte long
	f.Add(bytes.Replace(helloOf(&tls.Config{ServerName: "a"}), []byte(name), []byte("\x01"+name[1:]), 1))
	f.Add([]byte("\x16\x03\x01\x00\x00"))
	f.Add([]byte("\x16\x03\x01\x00\x30\x02\x00\x00\x2c\x03\x03" + strings.Repeat("r", 44))) // a ServerHello
	f.Fuzz(func(t *testing.T, raw []byte) {
		server, protocols, whole := Hello(raw)
		for _, name := range append(protocols, server) {
			if !bytes.Contains(raw, []byte(name)) {
				t.Errorf("%q does not stand in %q", name, raw)
			}
		}
		if h := dump.Parse(bytes.Clone(raw)); h.Kind == dump.TLS {
			dump.NewMasker(false).Request(h)
			if s, p, w := Hello(h.Raw); s != server || !slices.Equal(p, protocols) || w != whole {
				t.Errorf("masked it names %q %q, before %q %q", s, p, server, protocols)
			}
		}
		if len(raw) < 9 || int(raw[3])<<8+int(raw[4]) != 4+int(raw[6])<<16+int(raw[7])<<8+int(raw[8]) {
			return // of several records, or none
		}
		tls.Server(wire{came: bytes.NewReader(raw)}, &tls.Config{GetConfigForClient: func(read *tls.ClientHelloInfo) (*tls.Config, error) {
			if read.ServerName != server || !slices.Equal(read.SupportedProtos, protocols) {
				t.Errorf("crypto/tls reads %q %q, shown %q %q", read.ServerName, read.SupportedProtos, server, protocols)
			}
			return nil, errors.New("that is all")
		}}).Handshake()
	})
}
