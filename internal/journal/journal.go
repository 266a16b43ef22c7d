package journal

import (
	"net/netip"
	"sync"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// What is kept unless Options say otherwise.
const (
	DefaultKeep      = 500
	DefaultKeepBytes = 16 << 20
)

// Options say what a Journal keeps, whom it believes and whom it tells.
type Options struct {
	Keep           int      // attempts kept; 0: DefaultKeep
	KeepBytes      int64    // bytes of memory that they may take, estimated; 0: DefaultKeepBytes
	MaxSubscribers int      // subscribers at once; 0: none
	Log            *Log     // where every change of state is written; nil: nowhere
	Expect         []string // the paths that the application serves; nil: not known
	// Config returns what the configuration of the proxy does with a request as it arrived;
	// nil: it is not known. It is called for every attempt, by many at once.
	Config      func(*dump.Request) *diagnosis.Config
	Trusted     []netip.Prefix // proxies whose forwarding headers are believed; nil: loopback
	Connections func() int64   // connections open now; nil: the metric is left out
	Shed        func() int64   // connections turned away at the limit; nil: the metric is left out
	Exhausted   func() int64   // connections turned away for want of a file descriptor; nil: the metric is left out
	Unsecured   func() int64   // TLS handshakes that failed; nil: the metric is left out
	// Traffic returns what all sessions have received and sent so far; nil: nothing. It is
	// called when the metrics are read, and must never go down.
	Traffic func() (received, sent Traffic)
	Version string // of wsinspect, for the metrics
}

// Journal remembers attempts, logs them, counts them and announces them. It is safe for
// concurrent use. An attempt passes Begin, Answer and, if it became a session, Close, in
// this order; each is given a new *Attempt with the same ID and keeps it, so nobody may
// change it afterwards.
type Journal struct {
	clock   clock
	trusted []netip.Prefix
	expect  []string
	config  func(*dump.Request) *diagnosis.Config
	log     *Log
	metrics *metrics

	// One lock for what is kept and for who is told of it: subscribers hear of changes in
	// the order in which they were made. Nothing slow is done under it.
	mu   sync.Mutex
	kept store
	feed feed
	open int // sessions that are open now, kept or not
}

// New returns an empty Journal.
func New(o Options) *Journal {
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	if o.KeepBytes <= 0 {
		o.KeepBytes = DefaultKeepBytes
	}
	if o.Trusted == nil {
		o.Trusted = loopback()
	}
	j := &Journal{
		trusted: o.Trusted,
		expect:  o.Expect,
		config:  o.Config,
		log:     o.Log,
		kept:    newStore(o.Keep, o.KeepBytes),
		feed:    newFeed(o.MaxSubscribers),
	}
	j.metrics = newMetrics(o, handshake.Catalogue(), diagnosis.Catalogue(), j.attending)
	return j
}

// Begin gives a its causes, logs it and remembers it. It is called before the answer is
// written, so that whatever was answered is in the log, if that is a regular file.
func (j *Journal) Begin(a *Attempt) {
	if a.settled == nil {
		j.diagnose(a)
	}
	j.log.begun(a)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.metrics.evicted.Add(float64(j.kept.put(a)))
}

// Answer counts a, replaces what Begin remembered of it, and announces it. It is called
// after the answer was written. It logs only what Begin could not know: a Failure, and a
// Mismatch.
func (j *Journal) Answer(a *Attempt) {
	if a.Response.Failure != NoFailure || a.Mismatch != "" {
		j.log.failed(a)
	}
	if a.Outcome() != OutcomeAccepted {
		a.settled = nil // its words are in the answer; kept, they would be in nobody's count of bytes
	}
	j.metrics.answered(a)
	j.mu.Lock()
	defer j.mu.Unlock()
	if a.State == Open {
		j.open++
	}
	j.update(a)
}

// Close gives the end of a session to its attempt, if that is still kept, and the causes
// that it shows, logs and counts it, and announces it. It is called once for each attempt
// that was answered as Open.
func (j *Journal) Close(t Trace, s Session) {
	kept := j.Get(t.id)
	a := t.ended(kept, &s)
	before := a.Causes
	if s.cut() {
		a = j.diagnoseEnd(a, kept != nil)
	}
	j.log.closed(a, !sameCauses(before, a.Causes))
	j.metrics.closed(&s)
	j.metrics.caused(added(before, a.Causes))
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open--
	j.update(a)
}

// update replaces an attempt that is still kept and announces its new state in any case:
// a page that is open may still show it. The caller holds mu.
func (j *Journal) update(a *Attempt) {
	j.replace(a)
	j.feed.announce(a)
}

// replace remembers the new state of an attempt that is still kept. The caller holds mu.
func (j *Journal) replace(a *Attempt) {
	if j.kept.byID[a.ID] != nil {
		j.metrics.evicted.Add(float64(j.kept.put(a)))
	}
}

// Mismatch counts one disagreement between a verdict and gorilla. It must never be called.
func (j *Journal) Mismatch() { j.metrics.mismatches.Inc() }

// WrongToken counts a request with a wrong token for the page, which was answered as one or,
// of too many in a second, turned away.
func (j *Journal) WrongToken(turnedAway bool) {
	if turnedAway {
		j.metrics.wrongTokens.turnedAway.Inc()
	} else {
		j.metrics.wrongTokens.answered.Inc()
	}
}

// LogTrouble returns what keeps the log from being written, and whether anything does.
func (j *Journal) LogTrouble() (Trouble, bool) { return j.log.Trouble() }

// Get returns the attempt with that ID, or nil when it is not, or no longer, kept.
func (j *Journal) Get(id string) *Attempt {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.kept.byID[id]; e != nil {
		return e.attempt
	}
	return nil
}

// Latest returns the newest attempt that is kept, or nil when there is none.
func (j *Journal) Latest() *Attempt {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.kept.latest()
}

// Counts is how many attempts are kept of each outcome, and how many sessions are open.
type Counts struct {
	Refused, Plain, Rejected, Accepted int
	Open                               int // sessions open now, also those that are no longer kept
}

// Counts counts the attempts that are kept now.
func (j *Journal) Counts() Counts {
	j.mu.Lock()
	defer j.mu.Unlock()
	of := func(o Outcome) int { return int(j.kept.queues[o].count) }
	return Counts{
		Refused: of(OutcomeRefused), Plain: of(OutcomePlain),
		Rejected: of(OutcomeRejected), Accepted: of(OutcomeAccepted),
		Open: j.open,
	}
}

// snapshot returns every attempt that is kept, in no order that matters.
func (j *Journal) snapshot() []*Attempt {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.kept.all()
}
