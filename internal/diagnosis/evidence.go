package diagnosis

import (
	"net/netip"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// Evidence is whatever is known about one attempt. Where a request arrived, Request and
// Verdict are there; the rest as far as somebody saw it.
type Evidence struct {
	Request *dump.Request      // as it arrived, masked; nil where nothing arrived
	Verdict *handshake.Verdict // over Request
	Expect  []string           // the paths that the application serves; nil: not known
	Client  *Client            // the other end of the same attempt
	Session *Session           // of a handshake that was accepted, once it is over
	Config  *Config            // of the proxy next to the backend
	// Others returns other attempts of the same proxy or client, the newest first, at most
	// MostOthers; nil: none are known. It is asked once, and only where it can matter.
	Others func() []Sighting
}

// MostOthers is how many other attempts a diagnosis looks at.
const MostOthers = 32

// Client is what the client's end of an attempt knows.
type Client struct {
	URL     string     // that it opened, ws: or wss:
	Sent    *dump.Head // as it was written; nil where no connection came about
	Trouble Trouble    // what kept it from an answer
	Why     string     // the trouble in the words of the program that had it; empty: none are known
	Answer  *dump.Head // the head of the answer; nil where none came
	Title   string     // of the page in the answer's body, or the text that stands in its place; empty: none
	Got     []byte     // the first bytes of what came back instead, where Trouble is NotHTTP or NoTLS
	From    netip.Addr // the address that it came from, as far as it is known
	Reach   Reach      // whether the backend got this very request
	Accept  bool       // Sec-WebSocket-Accept of the answer was there and right
}

// Trouble says what kept a client from an answer.
type Trouble uint8

const (
	NoTrouble     Trouble = iota
	NotResolved           // the name has no address
	NotConnected          // nobody listens, or a firewall is silent
	NoTLS                 // TLS failed: its version, or the other side does not speak it
	NotTrusted            // TLS failed: the certificate is over, for another name, or from nobody who is trusted
	ClosedUnasked         // the connection ended without an answer
	NotHTTP               // what came back is no HTTP/1
	NothingInTime         // nothing came back
)

// Reach says whether the backend got a client's request.
type Reach uint8

const (
	ReachUnknown Reach = iota // nobody could look: the backend is no wsinspect, or it was not asked
	Reached
	NotReached
)

// Session is how an upgraded connection went and ended.
type Session struct {
	Opened, Ended time.Time
	Idle          time.Duration // silence in both directions before the end
	Received      int64         // messages and control frames that came, the close frame not counted
	Sent          int64         // the same of ours
	Cut           bool          // it ended without a close frame of either side
}

// Config is what the configuration of one proxy does with a request: the block that serves
// it, and what applies there. It asks nothing of what really arrived.
type Config struct {
	Version string      // of the program, "1.22.1"; empty: not known
	Error   string      // why the program does not load it, in its own words; nothing but Block is then there besides
	Block   Directive   // the location or server that serves the request; of an Error, the line of the fault
	Stream  bool        // Block passes bytes on, and knows nothing of HTTP
	Beaten  []Directive // blocks whose authors may have thought that they serve this request

	Applies  []Directive // in the order in which they apply, inheritance resolved
	Lost     []Directive // set further out, and cancelled by one that is set further in
	Answer   *Directive  // it answers this request without asking a backend; nil: none, as far as that was followed
	Status   int         // of that answer; 0: not known
	Redirect string      // the address to which that answer leads
	Skipped  []Directive // what was not followed, so that the rest may be otherwise

	Host, URI string   // for what the client asks: its Host line and its target; empty: for nothing in particular
	Target    string   // the target that reaches the backend; empty: not followed
	Sends     []Header // the lines of a browser's handshake as they reach it, in their order; nil: not followed
	Plain     []Header // the same for a request that asks for no WebSocket

	Maps       []Directive // every map, without what stands in it
	UpgradeMap string      // the variable of one that says upgrade for a handshake, and not for other requests; empty: there is none
	Outer      *Config     // the proxy in front of this one, where the same configuration holds it
}

// Directive is a line of a configuration.
type Directive struct {
	Name string
	Args []string // as they are written, with their quotation marks
	File string
	Line int
}

// Header is a header line that a configuration makes.
type Header struct{ Name, Value string }

// Sighting is another attempt, as far as a diagnosis looks at it.
type Sighting struct {
	Request    *dump.Request
	Accepted   bool
	Handshake  bool          // it asked for a WebSocket
	Age        time.Duration // how much earlier it came; negative: later
	Peer       netip.Addr    // who opened its connection
	SameClient bool          // the same client asked, as far as that is known
	Session    *Session      // once it is over
}
