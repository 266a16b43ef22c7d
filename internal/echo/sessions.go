package echo

import (
	"context"
	"math"
	"sync"
	"time"

	"wsinspect/internal/journal"
)

// sessions is the set of the open ones: net/http does not wait for hijacked connections,
// so this does, from the moment before the hijack.
type sessions struct {
	mu     sync.Mutex
	open   map[*session]struct{}
	gone   struct{ received, sent journal.Traffic } // of those that have ended
	coming int                                      // handshakes under way that may become sessions
	ending chan struct{}                            // closed when the last one has ended; nil until the shutdown begins
	cut    bool                                     // the shutdown's time is over: who comes now is cut too

	patience time.Duration // for a write that stalls
	sweeper  *time.Timer   // runs while sessions are open
}

// newSessions returns an empty set that gives up sessions in which one write takes longer
// than patience, by a quarter of it at most.
func newSessions(patience time.Duration) *sessions {
	s := &sessions{open: make(map[*session]struct{}), patience: patience}
	s.sweeper = time.AfterFunc(math.MaxInt64, s.sweep)
	return s
}

// sweep gives up whoever has been in the same write for too long. A deadline for each write
// would say it to the millisecond, and cost a tenth of a small echo.
func (s *sessions) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for one := range s.open {
		switch writes := one.writes.Load(); {
		case writes%2 == 0, writes != one.seen:
			one.seen, one.since = writes, now
		case now.Sub(one.since) >= s.patience:
			one.conn.NetConn().SetWriteDeadline(now)
		}
	}
	if len(s.open) > 0 {
		s.sweeper.Reset(s.patience / 4)
	}
}

// expect announces a handshake; add or forgo must follow.
func (s *sessions) expect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coming++
}

// forgo says that no session came of an expected handshake.
func (s *sessions) forgo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coming--
	s.settle()
}

// add puts in the session of an expected handshake, and sends it away again if the server
// is ending.
func (s *sessions) add(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coming--
	s.open[one] = struct{}{}
	if len(s.open) == 1 {
		s.sweeper.Reset(s.patience / 4)
	}
	switch {
	case s.cut:
		one.conn.Close()
	case s.ending != nil:
		go one.goAway()
	}
}

func (s *sessions) remove(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, one)
	s.gone.received = s.gone.received.Plus(one.received.now())
	s.gone.sent = s.gone.sent.Plus(one.sent.now())
	s.settle()
}

// settle lets a shutdown return when nothing is left. The caller holds mu.
func (s *sessions) settle() {
	if s.ending != nil && len(s.open)+s.coming == 0 {
		select {
		case <-s.ending:
		default:
			close(s.ending)
		}
	}
}

// traffic adds up what all sessions have received and sent, those that have ended too.
func (s *sessions) traffic() (received, sent journal.Traffic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	received, sent = s.gone.received, s.gone.sent
	for one := range s.open {
		received = received.Plus(one.received.now())
		sent = sent.Plus(one.sent.now())
	}
	return received, sent
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// shutdown sends everybody away and waits until all have gone; what is left when ctx ends
// is cut.
func (s *sessions) shutdown(ctx context.Context) error {
	ended := s.end()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.cut = true
	for one := range s.open {
		one.conn.Close()
	}
	s.mu.Unlock()
	<-ended
	return ctx.Err()
}

// end begins the shutdown, once, and returns what closes when nothing is left.
func (s *sessions) end() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending == nil {
		s.ending = make(chan struct{})
		for one := range s.open {
			go one.goAway() // each on its own: a stalled peer must not hold up the others
		}
	}
	s.settle()
	return s.ending
}
