package probe

import (
	"context"
	"net"
)

// probe is one run.
type probe struct {
	*Options
	watch  Watch
	report *Report
}

// run takes the steps in their order.
func (p *probe) run(ctx context.Context) {
	if c := p.open(ctx); c != nil {
		p.converse(ctx, c)
	}
	p.find(ctx)
	p.watchSilence(ctx)
	p.diagnose()
}

// upgraded is a connection behind the head of a 101.
type upgraded struct {
	net.Conn
	rest        []byte // what was read behind the head already
	subprotocol string
	deflate     bool // permessage-deflate was agreed on
}

// say records a step and tells it.
func (p *probe) say(s Step) {
	p.report.Steps = append(p.report.Steps, s)
	if p.watch.Step != nil {
		p.watch.Step(s)
	}
}

// open resolves, connects, sends the request and reads the answer; it returns nil where no
// WebSocket came about.
func (p *probe) open(ctx context.Context) *upgraded { return nil }

// converse sends messages of each kind and ends with the close handshake.
func (p *probe) converse(ctx context.Context, c *upgraded) {}

// watchSilence is the idle-cut finder.
func (p *probe) watchSilence(ctx context.Context) {}

// find asks wsinspect for what arrived.
func (p *probe) find(ctx context.Context) {}

// diagnose puts what is known on both sides together.
func (p *probe) diagnose() {}
