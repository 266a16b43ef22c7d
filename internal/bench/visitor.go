package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// visitor asks a server's own pages while it is under load, on a connection for each
// request, as the server ends each.
type visitor struct {
	addr string
	http http.Client
}

func newVisitor(s *server) *visitor {
	return &visitor{s.addr, http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// get begins to read one of the pages. The caller closes the answer.
func (v *visitor) get(ctx context.Context, path string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.addr+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/html, text/event-stream, */*;q=0.1")
	answer, err := v.http.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("get %s: the answer is %s", path, answer.Status)
	}
	return answer.Body, nil
}

// read gets a page up to its last byte.
func (v *visitor) read(ctx context.Context, path string) error {
	body, err := v.get(ctx, path)
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); err != nil {
		return fmt.Errorf("get %s: %w", path, err)
	}
	return nil
}

// metric returns the value of a metric without labels.
func (v *visitor) metric(ctx context.Context, name string) (float64, error) {
	body, err := v.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	defer body.Close()
	for lines := bufio.NewScanner(body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("/metrics has no %s", name)
}

// answers are the times of one page that is asked for again and again.
type answers struct {
	path string

	mu    sync.Mutex
	times samples
}

// ask gets the page at a steady pace until ctx ends. What waits behind a slow answer is late
// by that much, and counts as late.
func (a *answers) ask(ctx context.Context, v *visitor, every time.Duration) error {
	p := pace{time.Now(), every}
	for i := 0; ; i++ {
		select {
		case <-time.After(time.Until(p.due(i))):
		case <-ctx.Done():
			return nil
		}
		if err := v.read(ctx, a.path); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		a.mu.Lock()
		a.times = append(a.times, time.Since(p.due(i)))
		a.mu.Unlock()
	}
}

// all returns the times so far.
func (a *answers) all() samples {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.times
}
