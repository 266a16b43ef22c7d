package echo

import (
	"encoding/base64"
	"hash/maphash"
	"net/netip"
	"sync"

	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// familiar remembers the last handshakes and what was found in them. Whoever comes again
// sends the same head with another key: a page that reconnects, a health check, a crowd of
// clients after a restart. Judge and Diagnose depend on the request alone, so they need not
// be asked twice; without this they are most of what a handshake costs beside its answer.
//
// No secret is kept for it: heads are told apart by a hash, and an attempt is masked.
type familiar struct {
	seed maphash.Seed

	mu       sync.Mutex
	attempts map[print]*journal.Attempt
	order    []print // of attempts, a ring
	oldest   int
}

// Bounds of what is remembered beside the journal.
const (
	maxFamiliar     = 128
	maxFamiliarHead = 4 << 10 // bytes
)

// print tells requests apart by all that Judge and Diagnose look at. Two heads share a
// hash once in 2^64, and nobody can look for such a pair without the seed.
type print struct {
	head  uint64 // a hash of its bytes, without those of the key
	size  int    // how many bytes those are
	peer  netip.Addr
	local netip.AddrPort
	layer dump.Layer
}

func newFamiliar() *familiar {
	return &familiar{
		seed:     maphash.MakeSeed(),
		attempts: make(map[print]*journal.Attempt, maxFamiliar),
	}
}

// print returns the print of a request that is not masked yet. It reports false for one
// that is not remembered: it came over a unix socket, did not end as a head should, or its
// key is one that there is something to say about.
func (m *familiar) print(r *dump.Request, peer netip.AddrPort) (p print, ok bool) {
	h := r.Head
	if h.Kind != dump.HTTP1 || !h.Complete() || r.After > 0 || r.Ending != dump.EndRead || len(h.Raw) > maxFamiliarHead || !peer.IsValid() {
		return print{}, false
	}
	key, ok := soleKey(h)
	if !ok {
		return print{}, false
	}
	var hash maphash.Hash
	hash.SetSeed(m.seed)
	hash.Write(h.Raw[:key.Start])
	hash.Write(h.Raw[key.End:])
	return print{hash.Sum64(), len(h.Raw), peer.Addr(), addrPort(r.Local), r.Layer}, true
}

// soleKey returns the place of the one Sec-WebSocket-Key, if it is as a client library
// makes it, so that no finding speaks of it: 16 bytes in base64, with nothing in the bits
// that are left over (RFC 4648, section 3.5).
func soleKey(h *dump.Head) (key dump.Span, ok bool) {
	for f := range h.All("Sec-WebSocket-Key") {
		if ok {
			return dump.Span{}, false
		}
		key, ok = f.Value, true
	}
	var decoded [18]byte
	if key.Len() != base64.StdEncoding.EncodedLen(16) {
		return dump.Span{}, false
	}
	n, err := base64.StdEncoding.Strict().Decode(decoded[:], h.Raw[key.Start:key.End])
	return key, err == nil && n == 16
}

// like returns an attempt that had that print; nil where none is remembered.
func (m *familiar) like(p print) *journal.Attempt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.attempts[p]
}

// remember keeps a, for the price of the one that came first.
func (m *familiar) remember(p print, a *journal.Attempt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.attempts[p] != nil:
	case len(m.order) < maxFamiliar:
		m.order = append(m.order, p)
	default:
		delete(m.attempts, m.order[m.oldest])
		m.order[m.oldest] = p
		m.oldest = (m.oldest + 1) % maxFamiliar
	}
	m.attempts[p] = a
}
