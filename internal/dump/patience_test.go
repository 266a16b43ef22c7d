package dump

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestPatience: each read has the limit to itself, whenever it began, and one that was
// given up does the connection no harm.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 8 * time.Second
		l := NewListener(nil, Options{})
		p := newPatience(limit)
		read := func(c captured) (n int, took time.Duration, err error) {
			began := time.Now()
			n, err = p.read(c, make([]byte, 8))
			return n, time.Since(began), err
		}
		for i := range 5 {
			go func() {
				time.Sleep(time.Duration(i) * time.Second)
				client, server := net.Pipe()
				conn := l.capture(server)
				if n, took, err := read(conn); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || took < limit || took > limit+limit/8 {
					t.Errorf("read %d returned %d, %v after %v", i, n, err, took)
				}
				go func() {
					time.Sleep(limit - time.Second)
					io.WriteString(client, "late")
				}()
				if n, took, err := read(conn); n != len("late") || err != nil || took != limit-time.Second {
					t.Errorf("the read behind %d returned %d, %v after %v", i, n, err, took)
				}
				client.Close()
				conn.Close()
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if p.running || len(p.began) > 0 {
			t.Errorf("%d reads are under way at the end, the timer runs: %v", len(p.began), p.running)
		}
	})
}
