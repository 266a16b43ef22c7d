package dump

import (
	"math"
	"sync"
	"time"
)

// patience gives up reads that take longer than its limit, all by one timer. A deadline for
// each would have the runtime keep a timer for each, and wake a thread for many of them;
// and hardly one is ever late.
type patience struct {
	limit time.Duration

	mu      sync.Mutex
	began   map[captured]time.Time // of the reads that are under way
	running bool                   // the timer; it stops when there is no read
	timer   *time.Timer
}

func newPatience(limit time.Duration) *patience {
	p := &patience{limit: limit, began: make(map[captured]time.Time)}
	p.timer = time.AfterFunc(math.MaxInt64, p.sweep)
	return p
}

// read is one Read. Its time over, it fails with os.ErrDeadlineExceeded; the connection is
// as good as before.
func (p *patience) read(conn captured, buf []byte) (int, error) {
	p.begin(conn)
	n, err := conn.Read(buf)
	if !p.end(conn) {
		conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (p *patience) begin(conn captured) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began[conn] = time.Now()
	if !p.running {
		p.running = true
		p.timer.Reset(p.limit)
	}
}

// end reports false if the read was given up.
func (p *patience) end(conn captured) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, waited := p.began[conn]
	delete(p.began, conn)
	return waited
}

// sweep gives up what is late, and comes again when the next may be. It does not come for
// each alone, so it may be late itself, by an eighth of the limit.
func (p *patience) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	oldest := now
	for conn, began := range p.began {
		switch {
		case now.Sub(began) >= p.limit:
			conn.SetReadDeadline(now)
			delete(p.began, conn)
		case began.Before(oldest):
			oldest = began
		}
	}
	if p.running = len(p.began) > 0; p.running {
		p.timer.Reset(max(p.limit-now.Sub(oldest), p.limit/8))
	}
}
