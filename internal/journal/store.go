package journal

import (
	"unsafe"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// shares is what part of the room each outcome can count on, in hundredths, of the number
// of attempts and of their bytes alike. Real failures are what people come back for, so
// they have half of it.
//
// While there is room, any outcome may use it. When there is none left, the outcome that
// is furthest over its share gives up its oldest attempt. So whoever stays within its share
// never loses anything to the others: a scanner's garbage (refused) or health checks
// (plain) can fill what is free, and have to give it back first.
var shares = [outcomes]int64{
	OutcomeRefused:  10,
	OutcomePlain:    10,
	OutcomeRejected: 50,
	OutcomeAccepted: 30,
}

const outcomes = int(OutcomeAccepted) + 1

// store holds the attempts that are kept. It is not safe for concurrent use.
type store struct {
	maxCount, maxBytes int64
	count, bytes       int64
	byID               map[string]*entry
	queues             [outcomes]queue
}

// entry is an attempt in the queue of its outcome.
type entry struct {
	attempt    *Attempt
	outcome    Outcome
	size       int64
	prev, next *entry
}

// queue holds the attempts of one outcome, the oldest in front.
type queue struct {
	front, back  *entry
	count, bytes int64
}

func newStore(maxCount int, maxBytes int64) store {
	return store{maxCount: int64(maxCount), maxBytes: maxBytes, byID: make(map[string]*entry)}
}

// put remembers a, or replaces the attempt with its ID, and returns how many attempts had
// to go for it.
func (s *store) put(a *Attempt) (evicted int) {
	if e := s.byID[a.ID]; e != nil {
		s.replace(e, a)
	} else {
		s.add(&entry{attempt: a, outcome: a.Outcome(), size: a.size()})
	}
	for ; s.count > s.maxCount; evicted++ {
		s.remove(s.fullest((*queue).counted, s.maxCount).front)
	}
	for ; s.bytes > s.maxBytes; evicted++ {
		s.remove(s.fullest((*queue).sized, s.maxBytes).front)
	}
	return evicted
}

// replace puts a in the place of an older state of it; a change of its outcome moves it
// to the back of the other queue.
func (s *store) replace(e *entry, a *Attempt) {
	if e.outcome != a.Outcome() {
		s.remove(e)
		s.add(&entry{attempt: a, outcome: a.Outcome(), size: a.size()})
		return
	}
	grown := a.later() - e.attempt.later() // what was known at the beginning has not changed
	e.attempt = a
	e.size += grown
	s.bytes += grown
	s.queues[e.outcome].bytes += grown
}

func (q *queue) counted() int64 { return q.count }
func (q *queue) sized() int64   { return q.bytes }

// fullest returns the queue that is furthest over its share of room, by the given measure.
// It is never empty when all of them together are over it.
func (s *store) fullest(measure func(*queue) int64, room int64) *queue {
	best := &s.queues[0]
	excess := func(o int) int64 { return measure(&s.queues[o])*100 - room*shares[o] }
	for o, most := 1, excess(0); o < outcomes; o++ {
		if e := excess(o); e > most {
			best, most = &s.queues[o], e
		}
	}
	return best
}

func (s *store) add(e *entry) {
	q := &s.queues[e.outcome]
	e.prev = q.back
	if q.back == nil {
		q.front = e
	} else {
		q.back.next = e
	}
	q.back = e
	q.count++
	q.bytes += e.size
	s.count++
	s.bytes += e.size
	s.byID[e.attempt.ID] = e
}

func (s *store) remove(e *entry) {
	q := &s.queues[e.outcome]
	if e.prev == nil {
		q.front = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		q.back = e.prev
	} else {
		e.next.prev = e.prev
	}
	q.count--
	q.bytes -= e.size
	s.count--
	s.bytes -= e.size
	delete(s.byID, e.attempt.ID)
}

// latest returns the newest attempt, or nil.
func (s *store) latest() *Attempt {
	var newest *Attempt
	for i := range s.queues {
		if e := s.queues[i].back; e != nil && (newest == nil || e.attempt.ID > newest.ID) {
			newest = e.attempt
		}
	}
	return newest
}

// all returns every attempt, in no order that matters.
func (s *store) all() []*Attempt {
	list := make([]*Attempt, 0, s.count)
	for i := range s.queues {
		for e := s.queues[i].front; e != nil; e = e.next {
			list = append(list, e.attempt)
		}
	}
	return list
}

// size estimates the bytes of memory that keeping a costs. What attempts share, such as
// the documentation of checks, is not counted.
func (a *Attempt) size() int64 {
	n := int(entrySize) + len(a.Nonce) + len(a.Verdict.Reason)
	for _, d := range a.Client.Disbelief {
		n += int(unsafe.Sizeof(d)) + len(d)
	}
	if h := a.Request.Head; h != nil {
		n += h.Size()
	}
	n += len(a.Verdict.Findings) * int(unsafe.Sizeof(handshake.Finding{}))
	for i := range a.Verdict.Findings {
		f := &a.Verdict.Findings[i]
		n += len(f.Because) + len(f.Evidence)*int(unsafe.Sizeof(dump.Span{}))
	}
	return int64(n) + a.later()
}

// later is the part of size that may change after the beginning.
func (a *Attempt) later() int64 {
	n := sizeOf(a.Causes) + len(a.Mismatch) + cap(a.Response.Raw) + len(a.Response.Masks)*int(unsafe.Sizeof(dump.Mask{}))
	if s := a.Session; s != nil {
		n += int(unsafe.Sizeof(*s)) + len(s.Subprotocol) + len(s.Close.Reason) + len(s.Close.Detail)
	}
	return int64(n)
}

// sizeOf estimates what conclusions weigh. Most lines of a fix are shared by all attempts;
// only the list of them is counted.
func sizeOf(causes []diagnosis.Conclusion) (n int) {
	for i := range causes {
		c := &causes[i]
		n += int(unsafe.Sizeof(*c)) + len(c.Because) + len(c.Evidence)*int(unsafe.Sizeof(dump.Span{})) + len(c.Explains)*int(unsafe.Sizeof(""))
		for _, step := range c.Fix.Steps {
			n += int(unsafe.Sizeof(step)) + (len(step.Lines)+len(step.Remove))*int(unsafe.Sizeof(""))
		}
	}
	return n
}

// entrySize is what every attempt costs: itself, its entry, and its ID with a slot of the
// map.
const entrySize = unsafe.Sizeof(Attempt{}) + unsafe.Sizeof(entry{}) + 2*(idLength+unsafe.Sizeof(""))
