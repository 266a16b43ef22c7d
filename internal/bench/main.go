// Command bench measures wsinspect against the bare gorilla echo in one run: interleaved
// rounds, each on servers of their own, medians of the ratios pair by pair. It drives the
// real program, with everything on (capture, checks, log to a file, metrics, journal).
//
// The machine's speed does not matter, its drift neither: both sides of a ratio are
// measured within seconds of each other.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run measures and prints the table. It returns the exit code.
func run(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "how often each pair is measured")
	length := flags.Duration("time", 2*time.Second, "how long one measurement lasts")
	idle := flags.Int("idle", 10000, "how many idle sessions are weighed")
	only := flags.String("only", "", "measure only the workloads whose name holds this text")
	serve := flags.Bool("serve-bare", false, "be the bare gorilla echo (the bench starts it itself)")
	binary := flags.String("wsinspect", "", "the program to measure; without it, it is built from this checkout")
	if flags.Parse(args) != nil {
		return 2
	}
	if *serve {
		return report(serveBare(ctx))
	}
	b, err := newBench(*binary, *length)
	if err != nil {
		return report(err)
	}
	defer b.close()
	return report(b.all(ctx, workloads(*idle), *rounds, *only))
}

func report(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// figures are what one measurement of one server gives.
type figures struct {
	perSecond float64 // operations a second; 0 where a weight is measured
	cpu       float64 // server CPU for one operation, in microseconds
	weight    float64 // resident KiB for one idle session; 0 where speed is measured
}

// workload is one thing to do to a server.
type workload struct {
	name string
	run  func(ctx context.Context, s *server, length time.Duration) (figures, error)
}

// all measures every workload, the two servers in turn, and prints a line for each.
func (b *bench) all(ctx context.Context, loads []workload, rounds int, only string) error {
	fmt.Printf("%-34s %12s %12s %8s %10s %10s %8s\n", "workload", "bare", "wsinspect", "ratio", "bare CPU", "our CPU", "ratio")
	for _, load := range loads {
		if only != "" && !strings.Contains(load.name, only) {
			continue
		}
		var bare, ours []figures
		for round := range rounds {
			order := []*[]figures{&bare, &ours}
			start := []func(context.Context) (*server, error){b.startBare, b.startOurs}
			for i := range order {
				i = (i + round) % 2 // who goes first changes with each round
				f, err := b.measure(ctx, start[i], load)
				if err != nil {
					return fmt.Errorf("%s: %w", load.name, err)
				}
				*order[i] = append(*order[i], f)
			}
		}
		fmt.Println(line(load.name, bare, ours))
	}
	return nil
}

func (b *bench) measure(ctx context.Context, start func(context.Context) (*server, error), load workload) (figures, error) {
	s, err := start(ctx)
	if err != nil {
		return figures{}, err
	}
	defer s.stop()
	return load.run(ctx, s, b.length)
}

// line puts the medians of one workload into a line of the table.
func line(name string, bare, ours []figures) string {
	of := func(all []figures, get func(figures) float64) float64 {
		values := make([]float64, len(all))
		for i, f := range all {
			values[i] = get(f)
		}
		return median(values)
	}
	ratio := func(get func(figures) float64) float64 {
		values := make([]float64, len(bare))
		for i := range bare {
			values[i] = get(ours[i]) / get(bare[i])
		}
		return median(values)
	}
	speed := func(f figures) float64 { return f.perSecond }
	cpu := func(f figures) float64 { return f.cpu }
	if bare[0].weight > 0 {
		weight := func(f figures) float64 { return f.weight }
		return fmt.Sprintf("%-34s %8.1f KiB %8.1f KiB %8.2f", name, of(bare, weight), of(ours, weight), ratio(weight))
	}
	return fmt.Sprintf("%-34s %10.0f/s %10.0f/s %8.2f %7.1f µs %7.1f µs %8.2f", name,
		of(bare, speed), of(ours, speed), ratio(speed), of(bare, cpu), of(ours, cpu), ratio(cpu))
}

func median(values []float64) float64 {
	slices.Sort(values)
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}
