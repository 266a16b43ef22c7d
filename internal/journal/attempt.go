// Package journal holds what happened: attempts remembered, logged, counted and announced.
package journal

import (
	"net/netip"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// State is how far an attempt has come.
type State uint8

const (
	Refused  State = iota // net/http refused it before any handler ran
	Answered              // a plain request, answered with 426
	Rejected              // a handshake that was refused
	Open                  // upgraded, and the session goes on
	Closed                // upgraded, and the session is over
)

// String returns the state as it stands in JSON.
func (s State) String() string {
	return [...]string{"refused", "answered", "rejected", "open", "closed"}[s]
}

// Outcome is what became of the request, for filters, quotas and counters.
type Outcome uint8

const (
	OutcomeRefused Outcome = iota
	OutcomePlain
	OutcomeRejected
	OutcomeAccepted
)

// String returns the outcome as it stands in JSON and in the metrics.
func (o Outcome) String() string {
	return [...]string{"refused", "plain", "rejected", "accepted"}[o]
}

// Attempt is the one noun that the log line, the metrics, the page and the JSON describe:
// one connection that asked for something. It is immutable; a change of state publishes a
// new one with the same ID. Its secrets were masked before it was made.
type Attempt struct {
	ID       string
	Time     time.Time // when the first byte arrived
	State    State
	Peer     netip.AddrPort // who opened the connection; the zero value for a unix socket
	Client   Client         // who asked, as far as the trusted proxies can be believed
	Nonce    string         // of the query wsinspect-nonce; empty if there was none
	Request  dump.Request   // as it arrived, masked
	Verdict  handshake.Verdict
	Causes   []diagnosis.Conclusion // who broke it and what cures it, the likeliest first; given by Begin and Close
	Mismatch string                 // what gorilla said when it disagreed with the verdict; empty: it agreed
	Response Response               // what was written
	Session  *Session               // of an upgraded connection; nil otherwise
	Took     time.Duration          // from the first byte to the answer; zero until it is written
	live     func() Session
	settled  *settled // of one whose causes rest on nothing but the request; nil otherwise
}

// Response is what was really written to the connection.
type Response struct {
	Status  int         // 0: closed without an answer
	Raw     []byte      // as it was written, masked: the head, and the text of a refusal; empty until then
	Masks   []dump.Mask // what is masked in it
	Failure Failure     // why an accepted handshake did not become a session
}

// Head cuts the answer's head into its lines, each time anew: few answers are looked at.
// It is nil where nothing was written.
func (r *Response) Head() *dump.Head {
	if len(r.Raw) == 0 {
		return nil
	}
	h := dump.ParseAnswer(r.Raw)
	h.Masks = r.Masks
	return h
}

// Body returns the text behind the head of a refusal.
func (r *Response) Body() string {
	if len(r.Raw) == 0 {
		return ""
	}
	return string(r.Raw[len(r.Head().Raw):])
}

// Failure is a fact of the connection that kept an accepted handshake from its session.
type Failure string

const (
	NoFailure   Failure = ""
	EarlyData   Failure = "early-data"    // bytes came after the head and before the 101: gorilla closes without an answer
	HijackError Failure = "hijack-failed" // the connection could not be taken over from net/http
	WriteError  Failure = "write-failed"  // the 101 could not be written
)

// Session is an upgraded connection from its 101 to its end.
type Session struct {
	Subprotocol string // the one chosen, masked if it looks like a token
	Compression bool   // permessage-deflate was agreed
	Opened      time.Time
	Closed      time.Time // zero while it is open
	Received    Traffic
	Sent        Traffic
	Idle        time.Duration // silence in both directions before the end, or until now
	Close       Close         // how it ended; the zero value while it is open
}

// Close says how a session ended.
type Close struct {
	Code   int    // RFC 6455, section 7.4; 1005: a close frame without a code; 1006: no close frame came
	Reason string // the text of the close frame
	By     Closer
	Detail string // what happened, in words, where no close frame tells: "connection reset", "protocol error: …"
}

// Stalled is the Detail of a session that was given up for a write of ours that did not
// get through.
const Stalled = "a write stalled until its time was over"

// Closer says who ended a session first.
type Closer string

const (
	ByClient Closer = "client" // its close frame came first
	ByServer Closer = "server" // ours went first
	ByNobody Closer = "nobody" // no close frame: the connection just ended
)

// Local returns the address that was dialled; empty where it is not known.
func (a *Attempt) Local() string {
	if a.Request.Local == nil {
		return ""
	}
	return a.Request.Local.String()
}

// Outcome returns what became of the request.
func (a *Attempt) Outcome() Outcome { return a.State.outcome() }

func (s State) outcome() Outcome {
	switch s {
	case Refused:
		return OutcomeRefused
	case Answered:
		return OutcomePlain
	case Rejected:
		return OutcomeRejected
	}
	return OutcomeAccepted
}

// AtRisk reports whether a was accepted although there is something to say about it: a
// cause other than what cut its session, or what a stricter server would refuse.
func (a *Attempt) AtRisk() bool {
	if a.Outcome() != OutcomeAccepted {
		return false
	}
	c := a.Leading()
	return c != nil && c.Cause.Severity != diagnosis.Cuts || len(a.With(handshake.Advised)) > 0
}

// Trace is what a session keeps of its attempt until its end: enough to log and count it
// when the journal has long let the attempt go. The bytes and findings are the journal's
// alone, for they are most of what an idle session would weigh.
type Trace struct {
	id     string
	time   time.Time
	peer   netip.AddrPort
	client netip.Addr
	line   string // the request line, cut to a bounded length
}

// Trace returns what a session keeps of a.
func (a *Attempt) Trace() Trace {
	const longest = 256
	h := a.Request.Head
	line := h.Text(dump.Span{Start: h.Start.First.Start, End: h.Start.Third.End})
	return Trace{a.ID, a.Time, a.Peer, a.Client.Addr, line[:min(len(line), longest)]}
}

// ended returns the attempt of a session that is over: whole where it is still kept,
// otherwise as far as the trace knows it.
func (t Trace) ended(kept *Attempt, s *Session) *Attempt {
	if kept != nil {
		a := *kept
		a.State, a.Session, a.live = Closed, s, nil
		return &a
	}
	return &Attempt{
		ID: t.id, Time: t.time, State: Closed, Peer: t.peer, Client: Client{Addr: t.client},
		Request:  dump.Request{Head: dump.Parse([]byte(t.line + "\r\n\r\n")), Time: t.time},
		Verdict:  handshake.Verdict{Accepted: true, Status: 101},
		Response: Response{Status: 101},
		Session:  s,
	}
}

// Live lets the Session of a be read afresh each time it is asked for. It is called before
// a is published.
func (a *Attempt) Live(session func() Session) {
	first := session()
	a.Session, a.live = &first, session
}

// Now returns the session as it is at this moment; nil if there is none.
func (a *Attempt) Now() *Session {
	if a.live == nil {
		return a.Session
	}
	s := a.live()
	return &s
}

// Deciding returns the finding that refused the request; nil where none did.
func (a *Attempt) Deciding() *handshake.Finding {
	if a.Verdict.DecidedBy == nil {
		return nil
	}
	for i := range a.Verdict.Findings {
		if f := &a.Verdict.Findings[i]; f.Check == a.Verdict.DecidedBy {
			return f
		}
	}
	return nil
}

// With returns the findings of that outcome, in catalogue order.
func (a *Attempt) With(o handshake.Outcome) (found []*handshake.Finding) {
	for i := range a.Verdict.Findings {
		if f := &a.Verdict.Findings[i]; f.Outcome == o {
			found = append(found, f)
		}
	}
	return found
}

// reason says in one word of a closed set why the attempt came to its outcome.
func (a *Attempt) reason() string {
	switch {
	case a.Response.Failure != NoFailure:
		return string(a.Response.Failure)
	case a.Verdict.DecidedBy != nil:
		return a.Verdict.DecidedBy.ID
	}
	return "none"
}

// PeerText returns the peer as "address:port", or "unix" for one that came by a unix
// socket.
func (a *Attempt) PeerText() string {
	if !a.Peer.IsValid() {
		return "unix"
	}
	return a.Peer.String()
}

// clientText returns the address of the client; empty where none is known.
func (a *Attempt) clientText() string {
	if !a.Client.Addr.IsValid() {
		return ""
	}
	return a.Client.Addr.String()
}
