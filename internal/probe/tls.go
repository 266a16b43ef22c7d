package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// secure speaks TLS as a browser does that opens a WebSocket: version 1.2 at least, and
// HTTP/1.1 alone is offered. It returns nil where a browser would give up.
func (p *probe) secure(ctx context.Context, c net.Conn, t *Target) net.Conn {
	began := time.Now()
	s := newStep("tls")
	seen := &sighted{Conn: c}
	var untrusted error
	secured := tls.Client(seen, &tls.Config{
		ServerName:         t.ServerName(),
		NextProtos:         []string{"http/1.1"},
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection does it, and keeps what it has seen
		VerifyConnection: func(state tls.ConnectionState) error {
			untrusted = p.verify(state.PeerCertificates, t)
			if p.Insecure {
				return nil
			}
			return untrusted
		},
	})
	err := p.within(ctx, c, func() error { return secured.HandshakeContext(ctx) })
	switch {
	case err == nil:
		p.secured(&s, secured.ConnectionState(), untrusted)
	case untrusted != nil:
		s.Says = distrust(untrusted, t)
		p.fail(ctx, &s, diagnosis.NotTrusted, untrusted)
	default:
		s.Says = noTLS(err, t, seen.first, p.Timeout)
		p.fail(ctx, &s, diagnosis.NoTLS, err)
		p.report.Client.Got = seen.first
	}
	s.Took = time.Since(began)
	p.say(s)
	if err != nil {
		c.Close()
		return nil
	}
	return secured
}

// secured tells what was agreed on.
func (p *probe) secured(s *Step, state tls.ConnectionState, untrusted error) {
	says := []string{tls.VersionName(state.Version)}
	if state.NegotiatedProtocol != "" {
		says = append(says, state.NegotiatedProtocol)
	} else {
		says = append(says, "no protocol chosen, so HTTP/1.1")
	}
	s.Says = sentence(strings.Join(says, ", "))
	if len(state.PeerCertificates) > 0 {
		leaf := state.PeerCertificates[0]
		left := time.Until(leaf.NotAfter)
		s.Says += " " + certificateWords(leaf, left)
		if expiresSoon(leaf, left) {
			s.Outcome = Advised
			s.Says += " Renew it now, and look why that has not happened by itself."
		}
	}
	if p.Insecure && untrusted != nil {
		s.Outcome = Advised
		s.Says = "ANYBODY CAN READ AND CHANGE THIS CONNECTION: the certificate is taken as it is, because of --insecure. A browser refuses it: " + faultOf(untrusted) + ". " + s.Says
	}
}

// noTLS says why TLS did not come about.
func noTLS(err error, t *Target, first []byte, limit time.Duration) string {
	_, foreign := errors.AsType[tls.RecordHeaderError](err)
	alert, alerted := strings.CutPrefix(err.Error(), "remote error: tls: ")
	switch {
	case foreign && strings.HasPrefix(string(first), "HTTP/"):
		return "The port answers in plain HTTP and not in TLS. Open " + t.withTLS(false).String() + ", or let the server listen with ssl there."
	case foreign:
		return "What comes back is no TLS: it begins with " + handshake.Quote(string(first)) + "."
	case strings.Contains(err.Error(), "application protocol"), strings.Contains(err.Error(), "ALPN"):
		return "The server agrees to no HTTP/1.1, which a browser offers for a WebSocket: it speaks HTTP/2 alone, perhaps. Let it speak HTTP/1.1 on this port too."
	case strings.Contains(err.Error(), "protocol version"):
		return "The server speaks no version of TLS that a browser takes today, 1.2 or 1.3."
	case alerted:
		return sentence("The server broke TLS off: "+alert) + " Perhaps it knows no server of the name " + t.ServerName() + ", or asks for a certificate of the client."
	}
	return sentence("The other side " + why(err, limit) + ", in the middle of the TLS handshake")
}

// sighted is a connection whose first bytes are kept.
type sighted struct {
	net.Conn
	first []byte
}

// Read reads, and keeps the first bytes.
func (s *sighted) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.first = append(s.first, b[:min(n, maxGot-len(s.first))]...)
	return n, err
}
