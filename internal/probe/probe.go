// Package probe is the other end: a client that knows the very bytes of the handshake that it
// sends, sees what comes back, finds what arrived at a wsinspect behind the proxy, and says
// what the way did to each line.
package probe

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// Options say what to send, and where to.
type Options struct {
	Target       *Target
	Browser      Browser  // whose handshake is sent
	Origin       string   // of the page; empty: that of Target; NoOrigin sends none
	Host         string   // of the Host line; empty: as a browser writes that of Target
	Headers      []Header // in place of the browser's of that name, else added
	Subprotocols []string
	CookieBytes  int // length of a Cookie line that is made up; 0: none

	Resolve  map[string]netip.Addr // in place of what the resolver says, by "host:port"
	Roots    *x509.CertPool        // in place of the system's
	Insecure bool                  // any certificate is taken
	Proxy    func(*http.Request) (*url.URL, error)
	Timeout  time.Duration // of each step up to the answer, and of each message
	Idle     time.Duration // how long silence is watched; 0: not at all
	Size     int           // of the longest message, in bytes

	Inspect *url.URL // where the API of wsinspect is; nil: at the address of Target
	Token   string   // of that API
}

// NoOrigin as an Origin sends none, as programs other than browsers do.
const NoOrigin = "none"

// Header is one header line.
type Header struct{ Name, Value string }

// Step is one thing that was tried.
type Step struct {
	ID      string // stable, kebab-case: "resolve", "connect", "tls", "request", "answer", "accept", "echo-text", …
	Title   string // what was tried
	Outcome Outcome
	Took    time.Duration
	Says    string // what came of it, a sentence
}

// Outcome is what came of a step.
type Outcome uint8

const (
	Passed  Outcome = iota
	Advised         // it went well, and something about it is worth knowing
	Failed
	Skipped // makes no sense because another failed
)

// String returns the outcome as it stands in JSON.
func (o Outcome) String() string { return [...]string{"passed", "advised", "failed", "skipped"}[o] }

// Report is what a probe has found.
type Report struct {
	Options *Options
	Time    time.Time
	Steps   []Step
	Client  diagnosis.Client // what was sent and seen; masked as attempts are
	Found   Finding          // whether the request was found at wsinspect
	Arrived *Arrival         // what arrived there; nil where it was not found
	Changes *dump.Comparison // from what was sent to what arrived; nil where that is not known
	Session *diagnosis.Session
	Causes  []diagnosis.Conclusion
	Hops    []diagnosis.Hop
	Idle    []IdleResult
}

// Run probes. Each step is told as soon as it is over, and tick, if there is one, is called
// now and then while silence is watched. Only ctx ends it early; what could not be tried is
// then skipped.
func Run(ctx context.Context, o *Options, watch Watch) *Report {
	p := &probe{Options: o, watch: watch, report: &Report{Options: o, Time: time.Now()}}
	p.run(ctx)
	return p.report
}

// Watch sees a probe go on. Every field may be nil.
type Watch struct {
	Step func(Step)                                       // one is over
	Idle func(silent, limit time.Duration, open []string) // some sockets are still open after that silence
}
