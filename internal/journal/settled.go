package journal

import (
	"net/netip"
	"sync/atomic"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// settled is shared by the attempts of one request that comes again and again. Their causes
// rest on nothing but that request, so they are the same for all.
type settled struct {
	left atomic.Pointer[left] // how the last of their sessions was diagnosed whose client left at once
}

// left is what was found at the end of a session whose client left at once.
type left struct {
	at     time.Time
	causes []diagnosis.Conclusion
}

// alike is for how long sessions of one request that end alike are diagnosed alike: a client
// that cannot bear the answer comes again at once, and thousands may do so in a second.
const alike = time.Second

// Settled reports whether the causes that Begin gave a rest on nothing but its request, so
// that the same request would be given the same.
func (a *Attempt) Settled() bool { return a.settled != nil }

// Again returns the attempt of a request that is the same as that of a, which is settled and
// was not answered yet, but for its time, the peer's port and the value of a key about which
// no finding and no cause has anything to say. It blanks in r what is masked in a.
func (a *Attempt) Again(id string, peer netip.AddrPort, r *dump.Request) *Attempt {
	again := *a
	again.ID, again.Time, again.Peer, again.Request = id, r.Time, peer, *r
	again.Request.Head = a.Request.Head.Over(r.Head.Raw)
	return &again
}

// endedAlike gives a the causes of a session that ended like its own a moment ago, and
// reports whether there was one.
func (s *settled) endedAlike(a *Attempt, session *diagnosis.Session) bool {
	if s == nil || !session.LeftAtOnce() {
		return false
	}
	before := s.left.Load()
	if before == nil || session.Ended.Sub(before.at).Abs() > alike {
		return false
	}
	a.Causes = before.causes
	return true
}

// ended remembers what was found at the end of a. What nothing was found in is not worth
// remembering: the next of its kind may be what shows a habit.
func (s *settled) ended(a *Attempt, session *diagnosis.Session) {
	if s != nil && session.LeftAtOnce() && len(a.Causes) > 0 {
		s.left.Store(&left{session.Ended, a.Causes})
	}
}
