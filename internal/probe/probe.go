// Package probe is the other end: a client that knows the very bytes of the handshake that it
// sends, sees what comes back, finds what arrived at a wsinspect behind the proxy, and says
// what the way did to each line.
package probe

import (
	"context"
	"time"

	"wsinspect/internal/dump"
)

// Watch sees a probe go on. Every field may be nil.
type Watch struct {
	// Step is told each step as soon as it is over.
	Step func(Step)
	// Idle is told now and then, while silence is watched, how long it has lasted, how long
	// it is to last at most, and which kinds of sockets are still open.
	Idle func(silent, limit time.Duration, open []string)
}

// Run probes as o says. Only ctx ends it early; what could not be tried is then skipped. The
// error says what of o cannot be sent; what goes wrong later stands in the report.
func Run(ctx context.Context, o *Options, watch Watch) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p := newProbe(o, watch)
	p.run(ctx)
	return p.report, nil
}

// probe is one run.
type probe struct {
	*Options // which nobody changes while it runs
	watch    Watch
	masker   *dump.Masker
	api      *api
	report   *Report // as far as it has come
}

// newProbe returns a run of which nothing is done yet; o has to be right.
func newProbe(o *Options, watch Watch) *probe {
	return &probe{
		Options: o, watch: watch, masker: dump.NewMasker(false), api: newAPI(o),
		report: &Report{Options: o, Time: time.Now()},
	}
}

// run takes the steps in their order.
func (p *probe) run(ctx context.Context) {
	if c := p.open(ctx); c != nil {
		p.converse(ctx, c)
	}
	p.find(ctx)
	p.watchSilence(ctx)
	p.report.Ended = ctx.Err() != nil
	p.diagnose(ctx)
}

// say records a step and tells it.
func (p *probe) say(s Step) {
	p.report.Steps = append(p.report.Steps, s)
	if p.watch.Step != nil {
		p.watch.Step(s)
	}
}
