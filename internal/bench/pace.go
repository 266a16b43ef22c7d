package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// pace is an open loop: what is due for the i-th time is due then, however long the server
// takes. A time that is measured from due counts the waiting behind a slow answer as well,
// which a loop that waits for each answer leaves out (coordinated omission).
type pace struct {
	start time.Time
	every time.Duration
}

// due returns the time of the i-th.
func (p pace) due(i int) time.Time { return p.start.Add(time.Duration(i) * p.every) }

// keep calls do n times, each as soon as it is due.
func (p pace) keep(ctx context.Context, n int, do func(i int) error) error {
	runtime.LockOSThread() // a thread that only sleeps and writes is on time
	defer runtime.UnlockOSThread()
	const blink = 10 * time.Millisecond // how soon an end of ctx is seen
	for i := 0; i < n; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if left := time.Until(p.due(i)); left > 0 {
			nap(min(left, blink))
			continue
		}
		if err := do(i); err != nil {
			return err
		}
		i++
	}
	return nil
}

// samples are times that were measured.
type samples []time.Duration

// quantile returns the time that a part q of the samples does not exceed; 0 without samples.
func (s samples) quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	s = slices.Sorted(slices.Values(s))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

// roundTrips sends messages on many sessions in turn, so many a second over all, and
// measures each from when it was due until its echo is read.
func roundTrips(sessions, rate, size int) workload {
	name := fmt.Sprintf("round trip, %d/s", rate)
	return workload{name, func(ctx context.Context, s *server, length time.Duration) ([]figure, error) {
		clients, hangUp, err := gather(ctx, s.addr, sessions, size)
		if err != nil {
			return nil, err
		}
		defer hangUp()
		each := max(1, int(length.Seconds()*float64(rate))/sessions)
		var times samples
		figures, err := measured(s, name, func() (int, error) {
			times, err = pace{time.Now(), time.Second / time.Duration(rate)}.exchange(ctx, clients, each)
			return len(times), err
		})
		if err != nil {
			return nil, err
		}
		return append(figures[1:], // the rate is ours
			figure{name + ", p50", roundTrip, micros(times.quantile(0.50))},
			figure{name + ", p99", roundTrip, micros(times.quantile(0.99))}), nil
	}}
}

// exchange sends each client's messages in turn and reads the echoes. The j-th echo of the
// c-th client is that of the message with the number j*len(clients)+c.
func (p pace) exchange(ctx context.Context, clients []*client, each int) (samples, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { // lets the readers go
		for _, c := range clients {
			c.conn.Close()
		}
	})()
	times := make(samples, each*len(clients))
	const patience = time.Minute // an echo that has not come then never comes
	for _, c := range clients {
		c.conn.SetReadDeadline(p.due(len(times)).Add(patience))
	}
	var readers sync.WaitGroup
	for c := range clients {
		readers.Go(func() {
			for i := c; i < len(times); i += len(clients) {
				if err := clients[c].receive(); err != nil {
					cancel(err)
					return
				}
				times[i] = time.Since(p.due(i))
			}
		})
	}
	if err := p.keep(ctx, len(times), func(i int) error { return clients[i%len(clients)].send() }); err != nil {
		cancel(err)
	}
	readers.Wait()
	return times, context.Cause(ctx)
}

// calls makes n handshakes, each by whichever caller is free once it is due.
func (p pace) calls(ctx context.Context, callers []caller, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	due := make(chan struct{}, n)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for range due {
				if err := callers[i].call(); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	err := p.keep(ctx, n, func(int) error { due <- struct{}{}; return nil })
	close(due)
	all.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
