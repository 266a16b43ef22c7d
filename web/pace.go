package web

import (
	"sync"
	"time"
)

// Wrong tokens are answered in words up to this pace, over all who send them: enough for
// people who mistype and for browsers with an old cookie, and nothing for who guesses.
const (
	wrongPerSecond = 10
	wrongAtOnce    = 20
)

// pace bounds how often something happens, with room for a few at once.
type pace struct {
	mu    sync.Mutex
	spent float64 // how many have happened of late
	at    time.Time
}

// allows counts one more, and reports whether it is within the pace.
func (p *pace) allows(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent = max(p.spent-wrongPerSecond*now.Sub(p.at).Seconds(), 0)
	p.at = now
	if p.spent >= wrongAtOnce {
		return false
	}
	p.spent++
	return true
}
