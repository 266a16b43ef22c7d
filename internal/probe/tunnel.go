package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// proxyFor returns the proxy that the options name for t; nil for none.
func (p *probe) proxyFor(t *Target) (*Target, error) {
	if p.Proxy == nil {
		return nil, nil
	}
	proxy, err := p.Proxy(&http.Request{URL: t.Site()})
	switch {
	case err != nil || proxy == nil:
		return nil, err
	case proxy.Scheme != "http" && proxy.Scheme != "https":
		return nil, fmt.Errorf("it speaks %s; only http and https are known here", proxy.Scheme)
	}
	return ParseTarget(proxy.String())
}

// tunnel asks a proxy for a connection to t (RFC 9110, section 9.3.6), as browsers do for
// every WebSocket.
func (p *probe) tunnel(ctx context.Context, c net.Conn, proxy, t *Target) net.Conn {
	began := time.Now()
	s := newStep("proxy")
	p.report.Client.From = netip.Addr{} // the proxy's, which nobody tells
	inner := c
	var status int
	err := p.within(ctx, c, func() error {
		if proxy.Secure {
			secured := tls.Client(c, &tls.Config{ServerName: proxy.ServerName(), RootCAs: p.Roots, NextProtos: []string{"http/1.1"}})
			if err := secured.HandshakeContext(ctx); err != nil {
				return err
			}
			inner = secured
		}
		if _, err := io.WriteString(inner, connectRequest(proxy, t)); err != nil {
			return err
		}
		head, _, err := readHead(oneByOne{inner}, nil)
		status = statusOf(dump.ParseAnswer(head))
		return err
	})
	switch {
	case err != nil:
		s.Says = sentence("The proxy " + proxy.Host() + " " + why(err, p.Timeout))
		p.fail(ctx, &s, diagnosis.NotConnected, err)
	case status == http.StatusProxyAuthRequired:
		s.Outcome, s.Says = Failed, "The proxy asks for a name and a password: put them before its host, http://name:password@"+proxy.Host()+"."
		p.report.Client.Trouble = diagnosis.NotConnected
	case status < 200 || status > 299:
		s.Outcome, s.Says = Failed, fmt.Sprintf("The proxy answered %d and opened no connection.", status)
		p.report.Client.Trouble = diagnosis.NotConnected
	default:
		s.Says = "The proxy has opened the connection. What follows goes through it."
	}
	s.Took = time.Since(began)
	p.say(s)
	if s.Outcome != Passed {
		c.Close()
		return nil
	}
	return inner
}

// connectRequest returns the head that asks proxy for a connection to t.
func connectRequest(proxy, t *Target) string {
	head := "CONNECT " + t.Address() + " HTTP/1.1\r\nHost: " + t.Address() + "\r\nProxy-Connection: keep-alive\r\n"
	if proxy.User != nil {
		head += "Proxy-Authorization: " + basic(proxy.User) + "\r\n"
	}
	return head + "\r\n"
}

// oneByOne reads single bytes, so that nothing behind a head is lost.
type oneByOne struct{ io.Reader }

// Read reads one byte.
func (r oneByOne) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(1, len(b))]) }
