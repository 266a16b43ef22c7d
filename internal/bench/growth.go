package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// series is one thing that grows in steps. Each step is compared with the first.
type series struct {
	Name  string  `json:"name"`
	Steps []*step `json:"steps"`
}

// step is a state of wsinspect in which handshakes are measured.
type step struct {
	Name string `json:"name"`

	flags       []string // further flags of wsinspect
	full        bool     // measured once it had to forget an attempt, since it keeps all it can
	more        string   // further header lines of each request
	rate        int      // handshakes a second; 0: as many as the server answers
	subscribers int      // of the feed
	filter      string   // a query of the page that is asked for all the while; empty: none

	Costs []cost `json:"rounds"`
}

// cost is what one measurement gives.
type cost struct {
	PerSecond float64 `json:"per_second"`
	CPU       float64 `json:"cpu_us"`            // of the server for one handshake, all that it does meanwhile included
	Resident  float64 `json:"resident_mib"`      // behind the measurement
	Page      float64 `json:"page_ms,omitempty"` // the median answer to the filter
	LetGo     float64 `json:"let_go,omitempty"`  // subscribers that were too slow
}

// quiet is a rate that leaves the server time for everything else, and is more than a
// subscriber has to keep up with.
const quiet = 200

// growths are what is measured with -growth.
func growths() []*series {
	kept := &series{Name: "attempts kept"}
	for _, n := range []int{100, 1000, 10000, 100000} {
		kept.Steps = append(kept.Steps, &step{Name: fmt.Sprint(n), flags: []string{"--keep", fmt.Sprint(n), "--keep-bytes", "8GiB"}, full: true})
	}
	bytes := &series{Name: "memory for attempts"}
	for _, size := range []int{1 << 20, 16 << 20, 256 << 20} {
		bytes.Steps = append(bytes.Steps, &step{Name: bytesText(size), flags: []string{"--keep", "10000000", "--keep-bytes", fmt.Sprint(size)}, full: true})
	}
	lines := &series{Name: "header lines beside 11"}
	for _, n := range []int{0, 10, 30, 100, 300} {
		lines.Steps = append(lines.Steps, &step{Name: fmt.Sprint(n), more: headerLines(n)})
	}
	length := &series{Name: "one more header, of"}
	for _, size := range []int{1, 1 << 10, 4 << 10, 16 << 10, 48 << 10} {
		length.Steps = append(length.Steps, &step{Name: bytesText(size), more: "X-Long: " + strings.Repeat("x", size) + "\r\n"})
	}
	feed := &series{Name: fmt.Sprintf("subscribers of the feed, at %d/s", quiet)}
	for _, n := range []int{0, 1, 10, 100} {
		feed.Steps = append(feed.Steps, &step{Name: fmt.Sprint(n), rate: quiet, subscribers: n, flags: []string{"--max-subscribers", "100"}})
	}
	filters := &series{Name: fmt.Sprintf("a filter of 10000, 10 times a second, at %d/s", quiet)}
	for _, query := range []string{"", "outcome=rejected", "host=127.0.0.1", "path=/ws", "q=nowhere", "cause=host-not-forwarded&q=nowhere"} {
		filters.Steps = append(filters.Steps, &step{Name: query, rate: quiet, filter: query, full: true, flags: []string{"--keep", "10000", "--keep-bytes", "8GiB"}})
	}
	filters.Steps[0].Name = "none"
	return []*series{kept, bytes, lines, length, feed, filters}
}

// headerLines returns n lines of 30 bytes.
func headerLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "X-Header-%03d: 0123456789abc\r\n", i)
	}
	return b.String()
}

// grow measures every series, its steps in turn, and prints the table; what there is of it,
// where a measurement fails.
func (b *bench) grow(ctx context.Context, o *options) error {
	var done []*series
	var failed error
	for _, g := range growths() {
		if !strings.Contains(g.Name, o.only) {
			continue
		}
		fmt.Fprintln(os.Stderr, g.Name)
		if failed = b.growSteps(ctx, g, o); failed != nil {
			break
		}
		done = append(done, g)
	}
	if o.json {
		return errors.Join(failed, writeJSON(os.Stdout, done))
	}
	for i, g := range done {
		if i > 0 {
			fmt.Println()
		}
		g.print(os.Stdout)
	}
	return failed
}

func (b *bench) growSteps(ctx context.Context, g *series, o *options) error {
	for range o.rounds {
		for _, s := range g.Steps {
			c, err := b.growStep(ctx, s, o.length)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", g.Name, s.Name, err)
			}
			s.Costs = append(s.Costs, c)
		}
	}
	return nil
}

// growStep measures one step on a server of its own.
func (b *bench) growStep(ctx context.Context, step *step, length time.Duration) (c cost, err error) {
	s, err := b.startOurs(ctx, step.flags...)
	if err != nil {
		return c, err
	}
	defer s.stop()
	v := newVisitor(s)
	if step.full {
		if err := fill(ctx, s, v); err != nil {
			return c, fmt.Errorf("fill what is kept: %w", err)
		}
	}
	looking, err := newAudience(ctx, v, step.subscribers, step.filter)
	if err != nil {
		return c, err
	}
	figures, err := step.load(ctx, s, length)
	if err := errors.Join(err, looking.leave()); err != nil {
		return c, err
	}
	for _, f := range figures {
		switch f.unit {
		case perSecond:
			c.PerSecond = f.value
		case cpuMicros:
			c.CPU = f.value
		}
	}
	c.Page = micros(looking.page.all().quantile(0.5)) / 1e3
	c.LetGo = float64(looking.letGo.Load())
	c.Resident, err = s.resident()
	c.Resident /= 1024
	return c, err
}

// load makes the step's handshakes on 16 workers, and measures the server.
func (step *step) load(ctx context.Context, s *server, length time.Duration) ([]figure, error) {
	const workers = 16
	callers := make([]caller, workers)
	for i := range callers {
		callers[i] = caller{addr: s.addr, head: sameOrigin(s.addr, step.more), want: accepted}
	}
	return measured(s, step.Name, func() (int, error) {
		if step.rate == 0 {
			return repeat(ctx, workers, length, func(w int) error { return callers[w].call() })
		}
		n := max(1, int(length.Seconds()*float64(step.rate)))
		return n, pace{time.Now(), time.Second / time.Duration(step.rate)}.calls(ctx, callers, n)
	})
}

// fill makes handshakes until as much is kept as has room.
func fill(ctx context.Context, s *server, v *visitor) error {
	for {
		evicted, err := v.metric(ctx, "wsinspect_attempts_evicted_total")
		if err != nil || evicted > 0 {
			return err
		}
		if _, err := (&step{}).load(ctx, s, time.Second/4); err != nil {
			return err
		}
	}
}

// print writes the series for people. The cost is the CPU's, relative to the first step.
func (g *series) print(w io.Writer) {
	fmt.Fprintf(w, "%-48s%9s%9s%7s%9s%9s%8s\n", g.Name, "a second", "CPU, µs", "cost", "RSS, MiB", "page, ms", "let go")
	for _, s := range g.Steps {
		var relative []float64
		for i := range s.Costs {
			relative = append(relative, s.Costs[i].CPU/g.Steps[0].Costs[i].CPU)
		}
		of := func(get func(cost) float64) float64 {
			var values []float64
			for _, c := range s.Costs {
				values = append(values, get(c))
			}
			return median(values)
		}
		page := of(func(c cost) float64 { return c.Page })
		letGo := of(func(c cost) float64 { return c.LetGo })
		fmt.Fprintf(w, "  %-46s%9s%9s%7.2f%9s%9s%8s\n", s.Name,
			number(of(func(c cost) float64 { return c.PerSecond }), true), number(of(func(c cost) float64 { return c.CPU }), true),
			median(relative), number(of(func(c cost) float64 { return c.Resident }), true),
			number(page, s.filter != ""), number(letGo, s.subscribers > 0))
	}
}
