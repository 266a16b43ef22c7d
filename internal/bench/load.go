package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// workload is one thing to do to a server, for about as long as it is told.
type workload struct {
	name string
	run  func(ctx context.Context, s *server, length time.Duration) ([]figure, error)
}

// workloads are what is measured, in this order: with so many idle sessions, and so many
// round trips a second.
func workloads(idle, rate int) []workload {
	var loads []workload
	for _, workers := range []int{1, 16, 64} {
		loads = append(loads, handshakes("handshakes, dropped", workers, func(addr string, _ int) caller {
			return caller{addr: addr, head: sameOrigin(addr, ""), want: accepted}
		}))
	}
	for _, workers := range []int{1, 16, 64} {
		loads = append(loads, handshakes("handshakes, closed", workers, func(addr string, _ int) caller {
			return caller{addr: addr, head: sameOrigin(addr, ""), want: accepted, closes: true}
		}))
	}
	loads = append(loads, handshakes("handshakes, unlike", 16, numbered))
	loads = append(loads, handshakes("rejections (403)", 16, func(addr string, _ int) caller {
		return caller{addr: addr, head: request(addr, "http://elsewhere.example", ""), want: rejected}
	}))
	for _, size := range []int{32, 125, 16 << 10, 1 << 20} {
		loads = append(loads, echoes(size, 16))
	}
	return append(loads, roundTrips(64, rate, 125), weighIdle(idle), begin())
}

// measured does something to a server, and tells how often it was done and what it cost.
func measured(s *server, name string, do func() (times int, err error)) ([]figure, error) {
	before, err := s.cpu()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	n, err := do()
	took := time.Since(began)
	if err != nil {
		return nil, err
	}
	after, err := s.cpu()
	if err != nil {
		return nil, err
	}
	return []figure{
		{name, perSecond, float64(n) / took.Seconds()},
		{name, cpuMicros, micros(after-before) / float64(n)},
	}, nil
}

// repeat runs one on each of so many workers until the time is over.
func repeat(ctx context.Context, workers int, length time.Duration, one func(worker int) error) (times int, err error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var done atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, workers)
	for w := range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := one(w); err != nil {
					failed <- err
					cancel()
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	if len(failed) > 0 {
		return 0, <-failed
	}
	return int(done.Load()), nil
}

// handshakes opens and ends connections as fast as the server answers.
func handshakes(name string, workers int, newCaller func(addr string, worker int) caller) workload {
	name = fmt.Sprintf("%s, %s", name, count(workers, "worker"))
	return workload{name, func(ctx context.Context, s *server, length time.Duration) ([]figure, error) {
		callers := make([]caller, workers)
		for i := range callers {
			callers[i] = newCaller(s.addr, i)
		}
		return measured(s, name, func() (int, error) {
			return repeat(ctx, workers, length, func(w int) error { return callers[w].call() })
		})
	}}
}

// echoes sends one message after the other on one connection for each worker.
func echoes(size, workers int) workload {
	name := fmt.Sprintf("echo, %s, %s", bytesText(size), count(workers, "worker"))
	return workload{name, func(ctx context.Context, s *server, length time.Duration) ([]figure, error) {
		clients, hangUp, err := gather(ctx, s.addr, workers, size)
		if err != nil {
			return nil, err
		}
		defer hangUp()
		return measured(s, name, func() (int, error) {
			return repeat(ctx, workers, length, func(w int) error { return clients[w].echo() })
		})
	}}
}

// weighIdle opens n sessions that say nothing and divides what the process has grown by.
func weighIdle(n int) workload {
	name := fmt.Sprintf("an idle session, of %d", n)
	return workload{name, func(ctx context.Context, s *server, _ time.Duration) ([]figure, error) {
		before, err := s.resident()
		if err != nil {
			return nil, err
		}
		_, hangUp, err := gather(ctx, s.addr, n, 0)
		if err != nil {
			return nil, err
		}
		defer hangUp()
		after, err := s.resident()
		return []figure{{name, kibibytes, (after - before) / float64(n)}}, err
	}}
}

// begin makes the first handshake of a server that has just been started. What it measures
// happens once, so it has only as many samples as there are rounds.
func begin() workload {
	return workload{"start", func(_ context.Context, s *server, _ time.Duration) ([]figure, error) {
		c, err := connect(s.addr, 0)
		if err != nil {
			return nil, err
		}
		defer c.conn.Close()
		took := time.Since(s.began)
		resident, err := s.resident()
		if err != nil {
			return nil, err
		}
		figures := []figure{
			{"from exec to the first 101", millis, micros(took) / 1e3},
			{"resident at start", mebibytes, resident / 1024},
		}
		if s.program == "" {
			return figures, nil
		}
		file, err := os.Stat(s.program)
		if err != nil {
			return nil, fmt.Errorf("weigh the program: %w", err)
		}
		return append(figures, figure{"stripped program", megabytes, float64(file.Size()) / 1e6}), nil
	}}
}

// gather opens n sessions for messages of size bytes, and returns how to drop them all.
func gather(ctx context.Context, addr string, n, size int) (clients []*client, hangUp func(), err error) {
	hangUp = func() {
		for _, c := range clients {
			c.conn.Close()
		}
	}
	for range n {
		err := ctx.Err()
		if err == nil {
			var c *client
			if c, err = connect(addr, size); err == nil {
				clients = append(clients, c)
				continue
			}
		}
		hangUp()
		return nil, nil, fmt.Errorf("open session %d of %d: %w", len(clients)+1, n, err)
	}
	return clients, hangUp, nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// count returns "1 worker", "16 workers".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// bytesText returns "125 B", "16 KiB", "1 MiB".
func bytesText(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
