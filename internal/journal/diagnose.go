package journal

import (
	"cmp"
	"slices"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// sightings is how many other attempts of each state a diagnosis looks at: enough of each
// to show a habit, and health checks hide no handshake. The sum is diagnosis.MostOthers.
var sightings = [...]int{Refused: 2, Answered: 6, Rejected: 8, Open: 6, Closed: 10}

// diagnose gives a, whose verdict is known, its causes. It is called before a is published.
func (j *Journal) diagnose(a *Attempt) {
	asked := false
	a.Causes = diagnosis.Diagnose(&diagnosis.Evidence{
		Request: &a.Request, Verdict: &a.Verdict, Expect: j.expect, Config: j.configOf(a),
		Others: func() []diagnosis.Sighting { asked = true; return j.others(a) },
	})
	if !asked && j.config == nil { // a configuration can be read anew
		a.settled = new(settled)
	}
}

// diagnoseEnd returns a, whose session was cut, with the causes that this shows. Of an
// attempt that is no longer kept nothing but the session is evidence.
func (j *Journal) diagnoseEnd(a *Attempt, kept bool) *Attempt {
	session := a.Session.evidence()
	if kept && a.settled.endedAlike(a, &session) {
		return a
	}
	if kept {
		// Sessions that are cut in the same instant are evidence for one another, so each is
		// remembered as it ended before it is asked what that means.
		j.mu.Lock()
		j.replace(a)
		j.mu.Unlock()
		ended := *a
		a = &ended
	}
	e := diagnosis.Evidence{Session: &session, Others: func() []diagnosis.Sighting { return j.others(a) }}
	if kept {
		e.Request, e.Verdict, e.Expect = &a.Request, &a.Verdict, j.expect
		e.Config = j.configOf(a)
	}
	a.Causes = diagnosis.Diagnose(&e)
	if kept {
		a.settled.ended(a, &session)
	}
	return a
}

// configOf returns what the configuration of the proxy does with the request of a; nil where
// nobody has told it.
func (j *Journal) configOf(a *Attempt) *diagnosis.Config {
	if j.config == nil {
		return nil
	}
	return j.config(&a.Request)
}

// others returns what a diagnosis of a may know of other attempts, the newest first.
func (j *Journal) others(a *Attempt) []diagnosis.Sighting {
	j.mu.Lock()
	related := j.kept.related(a)
	j.mu.Unlock()
	slices.SortFunc(related, func(a, b *Attempt) int { return cmp.Compare(b.ID, a.ID) })
	found := make([]diagnosis.Sighting, len(related))
	for i, o := range related {
		found[i] = diagnosis.Sighting{
			Request:    &o.Request,
			Accepted:   o.Verdict.Accepted,
			Handshake:  o.State == Rejected || o.Outcome() == OutcomeAccepted || handshake.IsHandshake(o.Request.Head),
			Age:        a.Time.Sub(o.Time),
			Peer:       o.Peer.Addr(),
			SameClient: a.sameClient(o),
		}
		if o.State == Closed {
			session := o.Session.evidence()
			found[i].Session = &session
		}
	}
	return found
}

// related returns attempts of the peer or the client of a, of each state the newest. It
// runs under the lock, so it looks at no more than a few of each.
func (s *store) related(a *Attempt) []*Attempt {
	const most = 2 * diagnosis.MostOthers
	found := make([]*Attempt, 0, diagnosis.MostOthers)
	for state, want := range sightings {
		e := s.queues[State(state).outcome()].back
		for looked := 0; e != nil && looked < most && want > 0; looked++ {
			if o := e.attempt; o.State == State(state) && o.ID != a.ID && (o.Peer.Addr() == a.Peer.Addr() || o.sameClient(a)) {
				found = append(found, o)
				want--
			}
			e = e.prev
		}
	}
	return found
}

// sameClient reports whether one client asked for both, as far as that is known.
func (a *Attempt) sameClient(o *Attempt) bool {
	return a.Client.Addr.IsValid() && a.Client.Addr == o.Client.Addr
}

// cut reports whether the connection ended without a close frame, and not for a write of
// ours that stalled.
func (s *Session) cut() bool { return s.Close.By == ByNobody && s.Close.Detail != Stalled }

// evidence returns what a diagnosis looks at.
func (s *Session) evidence() diagnosis.Session {
	return diagnosis.Session{
		Opened: s.Opened, Ended: s.Closed, Idle: s.Idle,
		Received: s.Received.frames(), Sent: s.Sent.frames(), Cut: s.cut(),
	}
}

// added returns the conclusions whose causes were not known before.
func added(before, after []diagnosis.Conclusion) (fresh []diagnosis.Conclusion) {
	for _, c := range after {
		if !slices.ContainsFunc(before, func(b diagnosis.Conclusion) bool { return b.Cause == c.Cause }) {
			fresh = append(fresh, c)
		}
	}
	return fresh
}

// sameCauses reports whether a and b name the same causes, as sure and in the same order.
func sameCauses(a, b []diagnosis.Conclusion) bool {
	return slices.EqualFunc(a, b, func(a, b diagnosis.Conclusion) bool {
		return a.Cause == b.Cause && a.Confidence == b.Confidence
	})
}
