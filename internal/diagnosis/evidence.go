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
	Answer  *dump.Head // the head of the answer; nil where none came
	Title   string     // of the page in the answer's body; empty: none
	Got     []byte     // the first bytes of what came back instead, where Trouble is NotHTTP
	From    netip.Addr // the address that it came from, as far as it is known
	Arrived bool       // the backend was seen to get this very request
	Accept  bool       // Sec-WebSocket-Accept of the answer was there and right
}

// Trouble says what kept a client from an answer.
type Trouble uint8

const (
	NoTrouble     Trouble = iota
	NotResolved           // the name has no address
	NotConnected          // nobody listens, or a firewall is silent
	NoTLS                 // TLS failed: certificate, version, or the other side does not speak it
	ClosedUnasked         // the connection ended without an answer
	NotHTTP               // what came back is no HTTP/1
	NothingInTime         // nothing came back
)

// Session is how an upgraded connection went and ended.
type Session struct {
	Opened, Ended time.Time
	Idle          time.Duration // silence in both directions before the end
	Received      int64         // messages and control frames that came, the close frame not counted
	Sent          int64         // the same of ours
	Cut           bool          // it ended without a close frame of either side
}

// Config is what the configuration of the proxy next to the backend does with a request.
// It describes the block that serves it.
type Config struct {
	Version  string      // of the program, "1.22.1"; empty: not known
	Error    string      // why the program does not load it, in its own words; the rest is then empty
	Location string      // as it is written, "location /ws"; empty: the server itself
	Applies  []Directive // in the order in which they apply, inheritance resolved
	Lost     []Directive // set further out, and cancelled by one that is set further in
	Beaten   []Directive // locations whose authors may have thought that they serve this request
	Sends    []Header    // what reaches the backend for a browser's handshake; nil: not followed so far
}

// Directive is a line of a configuration.
type Directive struct {
	Name string
	Args []string
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
