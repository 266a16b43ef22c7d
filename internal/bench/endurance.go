package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// endurance is many sessions that are held for long, with a message from each now and then,
// while somebody looks at the page and Prometheus at the metrics.
type endurance struct {
	server  *server
	clients []*client
	each    int // messages of each session
	pace    pace
	pages   []*answers

	over    chan struct{} // closes when the time is
	held    atomic.Int64  // sessions that live
	echoed  atomic.Int64
	dropped chan error // one for each session that does not live until it is closed

	mu    sync.Mutex
	trips samples // round trips, from the time due
}

// report is what there is to say of it.
type report struct {
	Sessions int      `json:"sessions"`
	Dropped  int      `json:"dropped"`
	Moments  []moment `json:"moments"` // at the start, each half minute, and at the end
	All      moment   `json:"all"`     // times: over all of it
}

// moment is a line of the report: what happened since the one before.
type moment struct {
	Seconds  float64        `json:"seconds"`
	Held     int64          `json:"held"`
	Echoed   int64          `json:"echoed"` // since the start
	Resident float64        `json:"resident_mib"`
	Times    []distribution `json:"times"` // the page, the metrics, the round trips
}

// distribution is what people ask about times, in milliseconds.
type distribution struct {
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

func (s samples) distribution() distribution {
	return distribution{micros(s.quantile(0.99)) / 1e3, micros(s.quantile(1)) / 1e3}
}

// endure holds the sessions, prints a line each half minute, and fails if one was dropped.
func (b *bench) endure(ctx context.Context, o *options) error {
	n, err := affordable(o.sessions)
	if err != nil {
		return err
	}
	s, err := b.startOurs(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	clients, hangUp, err := gather(ctx, s.addr, n, 125)
	if err != nil {
		return err
	}
	defer hangUp()
	e := &endurance{
		server: s, clients: clients,
		each:  max(1, int(o.hold/o.every)),
		pace:  pace{time.Now(), max(1, o.every/time.Duration(n))},
		pages: []*answers{{path: "/inspect"}, {path: "/metrics"}},
		over:  make(chan struct{}), dropped: make(chan error, n),
	}
	r := report{Sessions: n}
	err = e.run(ctx, o.hold, &r, !o.json)
	if r.Dropped = len(e.dropped); r.Dropped > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %s dropped; the first: %w", r.Dropped, count(n, "session"), <-e.dropped))
	}
	if o.json {
		return errors.Join(err, writeJSON(os.Stdout, r))
	}
	if err == nil {
		fmt.Printf("none of %s was dropped: each had its %s back and was closed properly\n", count(n, "session"), count(e.each, "message"))
	}
	return err
}

// affordable returns n, or as many sessions as the limit of open files leaves room for.
func affordable(n int) (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("ask for the limit of open files: %w", err)
	}
	const others = 200 // files and connections that are no sessions
	room := int(min(limit.Cur, 1<<30)) - others
	switch {
	case room < 1:
		return 0, fmt.Errorf("a process may have %d open files here: too few to hold any session (ulimit -n)", limit.Cur)
	case room < n:
		fmt.Fprintf(os.Stderr, "a process may have %d open files here (ulimit -n): %d sessions are held instead of %d\n", limit.Cur, room, n)
		return room, nil
	}
	return n, nil
}

// run holds the sessions until the time is over and closes them. Its error is of something
// else than a session that was dropped.
func (e *endurance) run(ctx context.Context, hold time.Duration, r *report, print bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var sessions, others sync.WaitGroup
	e.held.Add(int64(len(e.clients)))
	for i := range e.clients {
		sessions.Go(func() { e.live(i) })
	}
	visitor := newVisitor(e.server)
	for _, page := range e.pages {
		others.Go(func() {
			if err := page.ask(ctx, visitor, time.Second); err != nil {
				cancel(err)
			}
		})
	}
	others.Go(func() {
		e.pace.keep(ctx, e.each*len(e.clients), func(i int) error {
			e.clients[i%len(e.clients)].send() // where it fails, the reader says so
			return nil
		})
	})
	err := e.watch(ctx, hold, r, print)
	cancel(nil)
	others.Wait()
	if err != nil {
		return err // endure hangs up
	}
	close(e.over)
	sessions.Wait()
	return nil
}

// live reads the echoes of one session, and closes it when the time is over.
func (e *endurance) live(i int) {
	defer e.held.Add(-1)
	c := e.clients[i]
	for n := i; n < e.each*len(e.clients); n += len(e.clients) {
		if err := c.receive(); err != nil {
			e.dropped <- err
			return
		}
		took := time.Since(e.pace.due(n))
		e.echoed.Add(1)
		e.mu.Lock()
		e.trips = append(e.trips, took)
		e.mu.Unlock()
	}
	<-e.over
	if err := c.end(); err != nil {
		e.dropped <- err
	}
}

// watch notes a moment at the start, each half minute, and at the end.
func (e *endurance) watch(ctx context.Context, hold time.Duration, r *report, print bool) (err error) {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	end := time.NewTimer(hold)
	defer end.Stop()
	if print {
		fmt.Printf("%8s%9s%10s%10s%20s%20s%20s\n", "", "", "", "resident", "/inspect, ms", "/metrics, ms", "round trip, ms")
		fmt.Printf("%8s%9s%10s%10s%20s%20s%20s\n", "time", "sessions", "echoes", "MiB", "p99 / max", "p99 / max", "p99 / max")
	}
	seen := make([]int, len(e.pages)+1)
	for done := false; ; {
		m, err := e.moment(seen)
		if err != nil {
			return err
		}
		if r.Moments = append(r.Moments, m); print {
			m.print(os.Stdout, time.Duration(m.Seconds*float64(time.Second)).Round(time.Second).String())
		}
		if done {
			break
		}
		select {
		case <-tick.C:
		case <-end.C:
			done = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if r.All, err = e.moment(make([]int, len(seen))); err == nil && print {
		r.All.print(os.Stdout, "all")
	}
	return err
}

// moment looks at what has happened since seen, which says how many of each times were
// there before, and is brought up to date.
func (e *endurance) moment(seen []int) (moment, error) {
	resident, err := e.server.resident()
	m := moment{Seconds: time.Since(e.pace.start).Seconds(), Held: e.held.Load(), Echoed: e.echoed.Load(), Resident: resident / 1024}
	for i, times := range e.times() {
		m.Times = append(m.Times, times[seen[i]:].distribution())
		seen[i] = len(times)
	}
	return m, err
}

// times returns all that were measured: of each page, and of the round trips.
func (e *endurance) times() []samples {
	var all []samples
	for _, page := range e.pages {
		all = append(all, page.all())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return append(all, e.trips)
}

func (m *moment) print(w io.Writer, name string) {
	fmt.Fprintf(w, "%8s%9d%10d%10.1f", name, m.Held, m.Echoed, m.Resident)
	for _, d := range m.Times {
		fmt.Fprintf(w, "%20s", number(d.P99, true)+" / "+number(d.Max, true))
	}
	fmt.Fprintln(w)
}
