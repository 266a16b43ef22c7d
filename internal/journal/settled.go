package journal

import (
	"net/netip"
	"sync/atomic"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// settled is shared by the attempts of one request that comes again and again. Their causes
// rest on nothing but that request, so they are the same for all.
type settled struct {
	said atomic.Pointer[said] // the words of those that got no session; nil until somebody asks
	left atomic.Pointer[left] // how the last of their sessions was diagnosed whose client left at once
}

// said is what the text of an attempt says of its request, and of nothing else.
type said struct {
	evidence              []dump.Evidence
	causes, way, findings []byte
}

// said returns the words for a, which settled attempts of one request have in common.
func (a *Attempt) said() *said {
	// What became of a handshake that seemed good, and of its session, is said in each.
	alone := a.settled == nil || a.Verdict.Accepted || a.Mismatch != ""
	if !alone {
		if s := a.settled.said.Load(); s != nil {
			return s
		}
	}
	s := &said{}
	for _, e := range a.Evidence() {
		s.evidence = append(s.evidence, e.Evidence)
	}
	s.causes = append(dump.AppendWords(nil, a.Sentence()), '\n', '\n')
	s.causes = AppendCauses(s.causes, a.Causes, s.evidence, a.TellApart())
	s.way = a.appendWay(nil)
	s.findings = a.appendFindings(nil, "Failed", handshake.Failed, s.evidence)
	s.findings = a.appendFindings(s.findings, "Advised: this server lets it pass, stricter ones do not", handshake.Advised, s.evidence)
	if !alone {
		a.settled.said.Store(s)
	}
	return s
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
