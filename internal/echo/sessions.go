package echo

import (
	"context"
	"sync"
)

// sessions is the set of the open ones: net/http does not wait for hijacked connections,
// so this does, from the moment before the hijack.
type sessions struct {
	mu     sync.Mutex
	open   map[*session]struct{}
	coming int           // handshakes under way that may become sessions
	ending chan struct{} // closed when the last one has ended; nil until the shutdown begins
	cut    bool          // the shutdown's time is over: who comes now is cut too
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
	if s.open == nil {
		s.open = make(map[*session]struct{})
	}
	s.coming--
	s.open[one] = struct{}{}
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
