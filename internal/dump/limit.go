package dump

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Limit bounds how many connections are open at once, over all listeners that share it.
type Limit struct {
	max     int64
	open    atomic.Int64
	shed    atomic.Int64
	leaving atomic.Int64

	exhausted atomic.Int64
}

// NewLimit returns a Limit of n connections; none or less means any number.
func NewLimit(n int) *Limit { return &Limit{max: int64(n)} }

// Open returns how many connections are open now.
func (l *Limit) Open() int64 { return l.open.Load() }

// Shed returns how many connections were turned away because the limit was reached.
func (l *Limit) Shed() int64 { return l.shed.Load() }

// Exhausted returns how many connections were turned away because no file descriptor was left.
func (l *Limit) Exhausted() int64 { return l.exhausted.Load() }

func (l *Limit) enter() bool {
	if n := l.open.Add(1); l.max > 0 && n > l.max {
		l.open.Add(-1)
		l.shed.Add(1)
		return false
	}
	return true
}

func (l *Limit) leave() { l.open.Add(-1) }

// shedAnswer is for whoever comes when every place is taken.
const shedAnswer = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nRetry-After: 1\r\n\r\n" +
	"wsinspect has as many connections open as --max-connections allows. Close some, or raise the limit.\n"

const (
	linger     = 500 * time.Millisecond // how long net/http waits too, before it closes after a 431
	maxLeaving = 256                    // how many may linger at once; the others are closed at once
)

// turnAway answers 503 before a byte is read. A close with unread bytes resets the
// connection, and the reset can overtake the answer; so it reads on for a moment. Without
// plain nothing is written: a TLS handshake is dear, and there is no answer without one.
func (l *Limit) turnAway(c net.Conn, plain bool) {
	c.SetDeadline(time.Now().Add(linger))
	if plain {
		io.WriteString(c, shedAnswer)
	}
	if l.leaving.Add(1) > maxLeaving {
		l.leaving.Add(-1)
		c.Close()
		return
	}
	go func() {
		defer l.leaving.Add(-1)
		defer c.Close()
		drainAway(c)
	}()
}

// drainAway ends the writing and reads on until the peer has closed too, or the deadline
// comes.
func drainAway(c net.Conn) {
	if c, ok := c.(interface{ CloseWrite() error }); ok {
		c.CloseWrite()
	}
	io.Copy(io.Discard, io.LimitReader(c, 1<<20))
}
