// Command bench measures wsinspect, with everything on (capture, checks, diagnosis, log to a
// file, metrics, journal), beside other WebSocket servers in one run: bare is the echo that
// gorilla's example writes, tuned is gorilla with the best that its settings give, coder is
// coder/websocket and gws is lxzan/gws. Rounds are interleaved, each on servers of their own,
// and a ratio is the median of the ratios pair by pair: both sides of one are measured within
// seconds of each other, so that neither the machine's speed nor its drift matters.
//
// With -growth it measures how a handshake's cost grows, with -endurance whether sessions
// last. It reads Linux's /proc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// options are what the flags say.
type options struct {
	program   string
	rounds    int
	length    time.Duration
	only      string
	servers   string
	idle      int
	rate      int
	json      bool
	serve     string
	growth    bool
	endurance bool
	sessions  int
	hold      time.Duration
	every     time.Duration
}

func readOptions(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.program, "wsinspect", "", "the `PROGRAM` to measure; without it, it is built from this checkout, stripped")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each measurement is made; figures are medians")
	flags.DurationVar(&o.length, "time", 2*time.Second, "how long one measurement lasts")
	flags.StringVar(&o.only, "only", "", "make only the measurements whose name holds this `TEXT`")
	flags.StringVar(&o.servers, "servers", columns(), "the servers, as a list; the ratio is the last one's to the first")
	flags.IntVar(&o.idle, "idle", 10000, "how many idle sessions are weighed")
	flags.IntVar(&o.rate, "rate", 5000, "how many round trips a second over 64 sessions")
	flags.BoolVar(&o.json, "json", false, "print JSON, with the figures of each round")
	flags.BoolVar(&o.growth, "growth", false, "measure instead how the cost of a handshake grows")
	flags.BoolVar(&o.endurance, "endurance", false, "measure instead whether many sessions last")
	flags.IntVar(&o.sessions, "sessions", 19000, "-endurance: how many sessions are held")
	flags.DurationVar(&o.hold, "hold", 10*time.Minute, "-endurance: for how long")
	flags.DurationVar(&o.every, "every", time.Minute, "-endurance: how often each of them sends a message")
	flags.StringVar(&o.serve, "serve", "", "be the server of this `NAME` (the bench starts it itself)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.rounds < 1 || o.length <= 0 || o.idle < 1 || o.rate < 1 || o.sessions < 1 || o.hold <= 0 || o.every <= 0 {
		flags.Usage()
		return o, errors.New("numbers and times are above zero, and nothing stands behind the flags")
	}
	return o, nil
}

// run measures and prints. It returns the exit code.
func run(ctx context.Context, args []string) int {
	o, err := readOptions(args)
	if err != nil {
		return 2 // the flags have said why
	}
	if o.serve != "" {
		err = serve(ctx, o.serve)
	} else {
		err = o.measure(ctx)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted") // what fails then fails because of it
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func (o *options) measure(ctx context.Context) error {
	b, err := newBench(ctx, o.program)
	if err != nil {
		return err
	}
	defer b.close()
	switch {
	case o.growth:
		return b.grow(ctx, o)
	case o.endurance:
		return b.endure(ctx, o)
	}
	return b.compare(ctx, o)
}

const oursName = "wsinspect"

// columns are the names of all servers.
func columns() string {
	var names []string
	for _, r := range rivals() {
		names = append(names, r.name)
	}
	return strings.Join(append(names, oursName), ",")
}

// compare measures every workload on all servers in turn, and prints the table; what there
// is of it, where a measurement fails.
func (b *bench) compare(ctx context.Context, o *options) error {
	t := &table{columns: strings.Split(o.servers, ",")}
	loads := slices.DeleteFunc(workloads(o.idle, o.rate), func(l workload) bool { return !strings.Contains(l.name, o.only) })
	var failed error
	for i, load := range loads {
		fmt.Fprintf(os.Stderr, "%d of %d: %s\n", i+1, len(loads), load.name)
		if failed = b.rounds(ctx, t, load, o); failed != nil {
			break
		}
	}
	if o.json {
		return errors.Join(failed, t.json(os.Stdout))
	}
	t.print(os.Stdout)
	return failed
}

// rounds measures one workload. Who goes first changes with each round.
func (b *bench) rounds(ctx context.Context, t *table, load workload, o *options) error {
	for round := range o.rounds {
		for i := range t.columns {
			column := t.columns[(i+round)%len(t.columns)]
			figures, err := b.round(ctx, column, load, o.length)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", load.name, column, err)
			}
			t.add(column, figures)
		}
	}
	return nil
}

func (b *bench) round(ctx context.Context, column string, load workload, length time.Duration) ([]figure, error) {
	s, err := b.start(ctx, column)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	return load.run(ctx, s, length)
}
