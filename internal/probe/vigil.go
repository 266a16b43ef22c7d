package probe

import (
	"context"
	"time"
)

// vigil is a watch over sockets.
type vigil struct {
	sockets []*idleSocket
	limit   time.Duration
	tell    func(silent, limit time.Duration, open []string) // may be nil
}

// vigil opens the sockets that are watched, the silent one first.
func (p *probe) vigil(ctx context.Context) *vigil {
	every := max(leastEvery, min(mostEvery, p.Idle/3)).Truncate(time.Second)
	sockets := []*idleSocket{{kind: Silent}, {kind: ClientPinged, every: every}}
	if p.isWsinspect() {
		sockets = append(sockets, &idleSocket{kind: ServerPinged, every: every})
	}
	opened := make(chan struct{})
	for _, s := range sockets {
		go func() {
			s.open(ctx, p)
			opened <- struct{}{}
		}()
	}
	for range sockets {
		<-opened
	}
	return &vigil{sockets: sockets, limit: p.Idle, tell: p.watch.Idle}
}

// keep watches until all sockets are cut or the limit is reached. When the silent one has
// been cut, half its time more shows whether pings keep the others.
func (v *vigil) keep(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	began := time.Now()
	over := make(chan *idleSocket)
	for _, s := range v.sockets {
		go func() {
			s.watch(ctx)
			over <- s
		}()
	}
	stop := time.AfterFunc(v.limit, end)
	defer stop.Stop()
	seconds := time.NewTicker(time.Second)
	defer seconds.Stop()
	for left := len(v.sockets); left > 0; {
		select {
		case s := <-over:
			left--
			s.over = true
			if s.kind == Silent && ctx.Err() == nil {
				passed := time.Since(began)
				v.limit = min(v.limit, passed*3/2)
				stop.Reset(v.limit - passed)
			}
		case <-seconds.C:
		}
		if v.tell != nil && ctx.Err() == nil {
			v.tell(time.Since(began), v.limit, v.stillOpen())
		}
	}
}

// stillOpen returns the kinds of the sockets that are.
func (v *vigil) stillOpen() (kinds []string) {
	for _, s := range v.sockets {
		if !s.over {
			kinds = append(kinds, s.kind)
		}
	}
	return kinds
}
