package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// audience is who looks at the page while handshakes are made: subscribers of its feed, and
// one who asks for it under a filter, ten times a second.
type audience struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	all    sync.WaitGroup
	letGo  atomic.Int64 // subscribers whose feed the server has ended
	page   answers
}

// newAudience returns when each subscriber has had its first event. Without a filter nobody
// asks for the page.
func newAudience(ctx context.Context, v *visitor, subscribers int, filter string) (*audience, error) {
	a := &audience{page: answers{path: "/inspect?" + filter}}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	for i := range subscribers {
		if err := a.subscribe(v); err != nil {
			a.leave()
			return nil, fmt.Errorf("subscriber %d of the feed: %w", i+1, err)
		}
	}
	if filter != "" {
		a.all.Go(func() {
			if err := a.page.ask(a.ctx, v, time.Second/10); err != nil {
				a.cancel(err)
			}
		})
	}
	return a, nil
}

func (a *audience) subscribe(v *visitor) error {
	body, err := v.get(a.ctx, "/inspect/feed")
	if err != nil {
		return err
	}
	lines := bufio.NewReader(body)
	if _, err := lines.ReadString('\n'); err != nil {
		body.Close()
		return fmt.Errorf("read the first event: %w", err)
	}
	a.all.Go(func() {
		defer body.Close()
		io.Copy(io.Discard, lines)
		if a.ctx.Err() == nil {
			a.letGo.Add(1)
		}
	})
	return nil
}

// leave ends the visit, and returns what went wrong in it.
func (a *audience) leave() error {
	gone := errors.New("the visit is over")
	a.cancel(gone)
	a.all.Wait()
	if err := context.Cause(a.ctx); err != gone {
		return err
	}
	return nil
}
