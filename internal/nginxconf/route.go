package nginxconf

import "net/netip"

// Request is what a client asks for, as far as a configuration looks at it.
type Request struct {
	Address netip.AddrPort // that its connection reached; zero: not known, any listener may be meant
	TLS     bool           // the connection is encrypted
	From    netip.Addr     // that it came from; zero: not known
	Method  string
	URI     string   // the target as it was sent: path and query
	Host    string   // the value of its Host line
	Headers []Header // its other lines, in their order
}

// Header is one header line.
type Header struct{ Name, Value string }

// Hop is what one nginx does with a request. Where its proxy_pass leads to a listener of the
// same configuration, Next goes on from there.
type Hop struct {
	Server   *Directive // nil: no server listens there
	Location *Directive // the innermost; nil: the server itself
	Applies  []*Directive
	Lost     []*Directive // set further out, and cancelled by one that is set further in
	Beaten   []*Directive // locations and servers whose authors may have thought that they serve this request
	Answer   *Directive   // return, deny, auth_basic, …: it answers without asking a backend, as far as that is plain
	Method   string       // what reaches the backend
	Target   string       // "" where it is not followed
	Version  string       // "HTTP/1.0", "HTTP/1.1"
	Sends    []Header     // header lines in their order; nil where they are not followed
	Skipped  []Skipped    // what was not followed, and why
	Next     *Hop
}

// Skipped is a directive that was not followed.
type Skipped struct {
	*Directive
	Why string
}
