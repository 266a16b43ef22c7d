// Package diagnosis goes from evidence to causes: which hop broke a WebSocket, by which
// missing or wrong line, and what to paste. A check of package handshake says that a rule
// is broken; a cause says who broke it. One cause explains many broken checks, and the
// same bytes may have several causes: what Diagnose returns is a ranked set.
package diagnosis

import (
	"slices"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// Cause is one way in which WebSockets break between a client and a backend, with
// everything there is to say about it.
type Cause struct {
	ID       string // stable, kebab-case: a label of the metrics and part of an address
	Title    string // what somebody did, in a short sentence without a full stop
	Doc      handshake.Doc
	Tempting string   // the cure that people find first, and what it costs; empty where there is none
	Lures    []string // the lines of that cure, as they are pasted: to be shown struck through, never to be copied
	Severity Severity
	Party    Party    // who has to change something
	Reports  int      // public threads that report exactly this: ranks causes that leave the same bytes
	Shows    Source   // the evidence in which it can show
	Explains []string // IDs of the checks that it can break
	Spec     string   // the directive, setting or paragraph behind it: "nginx proxy_set_header"
	SpecURL  string   // where that is documented

	// find looks for the cause in the evidence. It is asked only where some of Shows is there.
	find func(*reading) sign
	// told reads it in a configuration, and has the last word where that is known; nil where
	// no configuration of nginx can tell.
	told statement
	// remedy is what cures it, for the proxies that know how.
	remedy remedy
	// nginx returns the lines for nginx; nil where no line of nginx cures it.
	nginx func(*reading) Fix
}

// Severity says what a cause does to the people behind the socket.
type Severity uint8

const (
	Rejects Severity = iota // no session comes about
	Risks                   // the session works, and something is wrong all the same
	Cuts                    // the session ends later
)

// String returns the severity as it stands in the JSON of an attempt.
func (s Severity) String() string { return [...]string{"reject", "risk", "session"}[s] }

// Party is who has to change something.
type Party uint8

const (
	ByProxy   Party = iota // the configuration of a proxy
	ByClient               // the page or program that opens the socket
	ByBackend              // the application, or its policy
)

// String returns the party as it stands in the JSON of an attempt.
func (p Party) String() string { return [...]string{"proxy", "client", "backend policy"}[p] }

// Confidence says how sure a conclusion is.
type Confidence uint8

const (
	Unlikely Confidence = iota // nothing shows it: no conclusion
	Possible                   // these bytes have commoner causes
	Likely                     // the commonest cause of these bytes, but not their only one
	Certain                    // nothing else makes these bytes
)

// String returns the confidence as it stands in JSON and in the metrics.
func (c Confidence) String() string {
	return [...]string{"unlikely", "possible", "likely", "certain"}[c]
}

// Source is a set of kinds of evidence.
type Source uint8

const (
	Refusal       Source = 1 << iota // the head of a handshake that was refused, or of bytes that are no HTTP/1
	Plain                            // the head of a request that asked for no WebSocket
	Acceptance                       // the head of a handshake that was accepted
	Expectation                      // the paths that the application serves (--expect-path)
	ClientSide                       // what the client sent and saw
	SessionEnd                       // how the session went and ended
	Configuration                    // what the configuration of the proxy says
)

// Conclusion is a cause that the evidence shows.
type Conclusion struct {
	Cause      *Cause
	Confidence Confidence
	Because    string      // one sentence, two at most, with the values that were seen
	Explains   []string    // IDs of the checks that are broken here and that it explains, in catalogue order
	Evidence   []dump.Span // the bytes that show it; empty where something is missing
	At         *Directive  // the line of a configuration that says so, or the block that lacks one; nil: none is known
	Fix        Fix

	decides   bool // it explains why this very request was refused, and not what else is wrong with it
	closeness int
	hop       int // of the proxy whose configuration says so; 0: none does
}

// most is how many causes a diagnosis has: of a head in which everything is wrong, the
// likeliest are enough to begin with.
const most = 10

// Diagnose returns the causes that e shows, the likeliest first; none for a handshake that
// is right. It depends on nothing but e, and changes nothing.
func Diagnose(e *Evidence) []Conclusion {
	r := &reading{Evidence: e}
	r.read()
	var found []Conclusion
	for _, c := range catalogue {
		if r.Config != nil {
			found = r.settled(found, c)
		} else if c.Shows&r.sources != 0 {
			if s := c.find(r); s.confidence != Unlikely {
				s = r.doubted(c, s)
				found = r.conclude(found, c, &s)
			}
		}
	}
	if found == nil {
		return nil
	}
	return r.cured(uncovered(found))
}

// conclude puts what s says of c in its place among found, the likeliest first. It is no
// part of Diagnose, nor is cured: for the many handshakes in which nothing is found that one
// runs on the stack of the session, which must not grow for it.
//
//go:noinline
func (r *reading) conclude(found []Conclusion, c *Cause, s *sign) []Conclusion {
	if found == nil {
		found = make([]Conclusion, 0, 4) // mostly enough
	}
	explains := r.explained(s, c)
	at, conclusion := len(found), Conclusion{
		Cause: c, Confidence: s.confidence, Because: s.because, Evidence: s.evidence,
		Explains: explains, At: s.at, decides: r.decides(explains), closeness: s.closeness, hop: s.hop,
	}
	for at > 0 && conclusion.outranks(&found[at-1]) {
		at--
	}
	return slices.Insert(found, at, conclusion)
}

// cured gives the likeliest of found their fixes.
//
//go:noinline
func (r *reading) cured(found []Conclusion) []Conclusion {
	found = found[:min(len(found), most)]
	for i := range found {
		found[i].Fix = r.fixAt(&found[i])
	}
	return found
}

// Leading returns the conclusion that says in one sentence what happened: the first of
// found, where it is likely or certain. It is nil where none is.
func Leading(found []Conclusion) *Conclusion {
	if len(found) == 0 || found[0].Confidence < Likely {
		return nil
	}
	return &found[0]
}

// sign is what the find function of a cause returns, made by none, possible, likely or
// certain.
type sign struct {
	confidence Confidence
	because    string
	evidence   []dump.Span
	closeness  int
	breaks     []string   // IDs of the checks that the cause can break in this form; nil: those of Explains
	at         *Directive // the line of a configuration that says so; nil: none is known
	hop        int        // of the proxy whose configuration that is, counted from the backend; 0: not said
}

func none() sign { return sign{} }

// degree is how sure a sign is: possible, likely or certain.
type degree func(because string, evidence ...dump.Span) sign

func possible(because string, evidence ...dump.Span) sign {
	return sign{confidence: Possible, because: because, evidence: evidence}
}

func likely(because string, evidence ...dump.Span) sign {
	return sign{confidence: Likely, because: because, evidence: evidence}
}

func certain(because string, evidence ...dump.Span) sign {
	return sign{confidence: Certain, because: because, evidence: evidence}
}

// closer puts a sign before others of the same confidence, however common they are: more
// of the bytes speak for it. Zero is usual; what speaks against a cause is negative.
func (s sign) closer(by int) sign {
	s.closeness += by
	return s
}

// by says which line of a configuration shows a cause.
func (s sign) by(d Directive) sign {
	if d.File != "" {
		s.at = &d
	}
	return s
}

// breaking says which checks a cause can break in the form in which it shows, where these
// are others than most often.
func (s sign) breaking(checks []string) sign {
	s.breaks = checks
	return s
}
