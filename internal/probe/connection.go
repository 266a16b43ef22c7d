package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
)

// Bounds of what is tried of one name.
const (
	maxAddresses = 8
	leastShare   = time.Millisecond // of the time, for each address
)

// connect opens a connection to t, through a proxy where the options name one. It returns
// nil where that failed.
func (p *probe) connect(ctx context.Context, t *Target) net.Conn {
	proxy, err := p.proxyFor(t)
	if err != nil {
		p.say(newStep("proxy").as(Failed, sentence("The proxy for "+t.Address()+" cannot be used: "+err.Error())))
		p.report.Client.Trouble = diagnosis.NotConnected
		return nil
	}
	via := t
	if proxy != nil {
		via = proxy
	}
	addresses := p.resolve(ctx, via)
	if addresses == nil {
		return nil
	}
	c := p.dial(ctx, via, addresses)
	if c == nil || proxy == nil {
		return c
	}
	return p.tunnel(ctx, c, proxy, t)
}

// dial tries the addresses one after the other; each may take its share of the time.
func (p *probe) dial(ctx context.Context, t *Target, addresses []netip.Addr) net.Conn {
	began := time.Now()
	s := newStep("connect")
	deadline := began.Add(p.Timeout)
	var c net.Conn
	var err error
	var refused []string
	for i, a := range addresses {
		share := max(leastShare, time.Until(deadline)/time.Duration(len(addresses)-i))
		d := net.Dialer{Timeout: share}
		at := netip.AddrPortFrom(a, t.Port).String()
		if c, err = d.DialContext(ctx, "tcp", at); err == nil {
			s.Says = "Connected to " + at + "."
			break
		}
		refused = append(refused, at+" "+why(err, share))
	}
	if len(refused) > 0 && (c == nil || !t.local()) { // few programs listen on both addresses of this machine
		s.Outcome = Advised
		s.Says = strings.TrimSpace(sentence(strings.Join(refused, "; ")) + " " + s.Says)
	}
	if c == nil {
		trouble := diagnosis.NotConnected
		if network, ok := errors.AsType[net.Error](err); ok && network.Timeout() {
			trouble = diagnosis.NothingInTime
		}
		p.fail(ctx, &s, trouble, err)
	}
	s.Took = time.Since(began)
	p.say(s)
	if c != nil {
		p.report.Client.From = localAddr(c)
	}
	return c
}

// localAddr returns the address of this end; invalid where it has none.
func localAddr(c net.Conn) netip.Addr {
	if a, ok := c.LocalAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// within runs f, which reads and writes on c, for as long as the step may take and no
// longer than ctx lasts.
func (p *probe) within(ctx context.Context, c net.Conn, f func() error) error {
	c.SetDeadline(time.Now().Add(p.Timeout))
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	err := f()
	if !stop() {
		return context.Cause(ctx)
	}
	c.SetDeadline(time.Time{})
	return err
}
