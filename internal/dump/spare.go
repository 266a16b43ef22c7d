package dump

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// spare is one file descriptor that is kept for the time when there is no other: without
// it nobody could be told so, and every client would wait for an answer that never comes.
type spare struct {
	mu   sync.Mutex
	file *os.File
}

// exhausted reports whether an Accept failed for want of a file descriptor.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// keep takes the descriptor, unless it is there already, and reports false where there is
// none to be had.
func (s *spare) keep() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		s.file, _ = os.Open(os.DevNull)
	}
	return s.file != nil
}

// give lets the descriptor go, so that one more Accept succeeds. It reports false where it
// is gone already.
func (s *spare) give() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return false
	}
	s.file.Close()
	s.file = nil
	return true
}

// exhaustedAnswer is for whoever comes when no file descriptor is left.
const exhaustedAnswer = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nRetry-After: 1\r\n\r\n" +
	"wsinspect has as many files and connections open as the system allows it. Close some, or raise the limit (ulimit -n, LimitNOFILE).\n"

// lastAnswer is how long the answer on the spare descriptor may take: the next one waits
// for it, which is all the pace that there is.
const lastAnswer = 50 * time.Millisecond

// turnAwayLast answers on the last descriptor, and has it back when it returns.
func (l *Limit) turnAwayLast(c net.Conn, plain bool) {
	l.exhausted.Add(1)
	c.SetDeadline(time.Now().Add(lastAnswer))
	if plain {
		io.WriteString(c, exhaustedAnswer)
	}
	drainAway(c)
	c.Close()
}
