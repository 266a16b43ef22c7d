package main

import (
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// unsecured counts TLS handshakes that failed and says why, once in a while: strangers must
// not write the log full.
type unsecured struct {
	logger *slog.Logger
	count  atomic.Int64

	mu     sync.Mutex
	spoken time.Time
	unsaid int
}

// quiet is the least time between two lines about it.
const quiet = time.Second

// failed is for dump.Options.Unsecured.
func (u *unsecured) failed(remote net.Addr, err error) {
	u.count.Add(1)
	if unsaid, ok := u.speaks(); ok {
		u.logger.Warn("a TLS handshake failed", "peer", remote, "error", err, "others unsaid", unsaid)
	}
}

// speaks reports whether it is time for a line, and how many have been passed over. The
// line is written without the lock: standard error may be stuck.
func (u *unsecured) speaks() (unsaid int, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.spoken) < quiet {
		u.unsaid++
		return 0, false
	}
	unsaid, u.unsaid, u.spoken = u.unsaid, 0, time.Now()
	return unsaid, true
}
