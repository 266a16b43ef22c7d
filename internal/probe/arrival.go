package probe

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// Arrival is one attempt as the API of wsinspect tells it. All of it is a stranger's word.
type Arrival struct {
	ID      string
	Request *dump.Request // masked; of its masks the places are known, and not what stood there
	Verdict *handshake.Verdict
	Peer    netip.Addr         // who opened the connection; invalid for a unix socket
	Client  netip.Addr         // who asked, as far as wsinspect knows it
	Session *diagnosis.Session // nil unless it is over
}

// toldAttempt is what is read of an attempt's JSON.
type toldAttempt struct {
	ID, Local, Peer, Client string
	Time                    time.Time
	Request                 toldRequest
	Verdict                 toldVerdict
	Session                 *toldSession
}

type toldRequest struct {
	Raw       latin1
	Truncated bool
	AfterHead int `json:"after_head"`
	Headers   []struct{ Masked bool }
}

type toldVerdict struct {
	Accepted  bool
	Status    int
	Reason    string
	DecidedBy string `json:"decided_by"`
	Findings  []struct {
		Check, Outcome, Because string
		Evidence                []dump.Span
	}
}

type toldSession struct {
	Opened, Closed time.Time
	Received, Sent struct{ Text, Binary, Ping, Pong int64 }
	Idle           float64 `json:"idle_seconds"`
	Close          *struct{ By string }
}

// readArrival reads an attempt.
func readArrival(text []byte) (*Arrival, error) {
	var told toldAttempt
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, fmt.Errorf("read an attempt: %w", err)
	}
	return told.arrival()
}

// readArrivals reads a list of attempts.
func readArrivals(text []byte) ([]*Arrival, error) {
	var list struct{ Attempts *[]toldAttempt }
	err := json.Unmarshal(text, &list)
	if err == nil && list.Attempts == nil {
		err = errors.New("it has no attempts")
	}
	if err != nil {
		return nil, fmt.Errorf("read a list of attempts: %w", err)
	}
	var all []*Arrival
	for _, told := range *list.Attempts {
		a, err := told.arrival()
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// arrival returns the attempt, as far as it can be believed.
func (t *toldAttempt) arrival() (*Arrival, error) {
	if !isID(t.ID) {
		return nil, errors.New("read an attempt: it has no ID")
	}
	a := &Arrival{ID: t.ID, Peer: addressOf(t.Peer), Client: addressOf(t.Client)}
	a.Request = &dump.Request{
		Head: dump.Parse([]byte(t.Request.Raw)), Time: t.Time,
		Local: listenerOf(t.Local), Remote: listenerOf(t.Peer),
		Truncated: t.Request.Truncated, After: max(t.Request.AfterHead, 0),
	}
	t.Request.mask(a.Request.Head)
	a.Verdict = t.Verdict.over(a.Request.Head)
	if s := t.Session; s != nil && s.Close != nil {
		a.Session = &diagnosis.Session{
			Opened: s.Opened, Ended: s.Closed, Idle: time.Duration(s.Idle * float64(time.Second)),
			Received: s.Received.Text + s.Received.Binary + s.Received.Ping + s.Received.Pong,
			Sent:     s.Sent.Text + s.Sent.Binary + s.Sent.Ping + s.Sent.Pong,
			Cut:      s.Close.By == "nobody",
		}
	}
	return a, nil
}

// isID reports whether s may stand in an address as the ID of an attempt.
func isID(s string) bool {
	const longest = 64
	for _, c := range []byte(s) {
		if (c < 'a' || 'z' < c) && (c < '0' || '9' < c) {
			return false
		}
	}
	return 0 < len(s) && len(s) <= longest
}

// addressOf reads "address:port" or an address; it is invalid for anything else.
func addressOf(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap()
	}
	addr, _ := netip.ParseAddr(s)
	return addr.Unmap()
}

// listenerOf reads where a connection was made to or from; what is no address and port is a
// unix socket.
func listenerOf(s string) net.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return net.TCPAddrFromAddrPort(ap)
	}
	return &net.UnixAddr{Name: s, Net: "unix"}
}

// mask blanks in h the secrets that a wsinspect shows which was told to reveal them, and
// marks the lines that it has blanked itself.
func (t *toldRequest) mask(h *dump.Head) {
	dump.NewMasker(false).Request(h)
	for i, f := range h.Fields {
		if i < len(t.Headers) && t.Headers[i].Masked && !h.Masked(f.Line) {
			h.Masks = append(h.Masks, dump.Mask{Span: f.Value})
		}
	}
	slices.SortFunc(h.Masks, func(a, b dump.Mask) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
}

// over returns the verdict over h. Checks that this program does not know are left out, and
// so is evidence that lies outside h.
func (t *toldVerdict) over(h *dump.Head) *handshake.Verdict {
	v := &handshake.Verdict{
		Accepted: t.Accepted, Status: t.Status, Reason: t.Reason, DecidedBy: handshake.Find(t.DecidedBy),
	}
	all := dump.Span{End: len(h.Raw)}
	for _, f := range t.Findings {
		check := handshake.Find(f.Check)
		outcome, known := outcomeOf(f.Outcome)
		if check == nil || !known {
			continue
		}
		f.Evidence = slices.DeleteFunc(f.Evidence, func(s dump.Span) bool { return s.Len() < 0 || !all.Contains(s) })
		v.Findings = append(v.Findings, handshake.Finding{Check: check, Outcome: outcome, Because: f.Because, Evidence: f.Evidence})
	}
	return v
}

// outcomeOf reads an outcome of a check; it reports false of one that is not known here.
func outcomeOf(word string) (handshake.Outcome, bool) {
	for _, o := range []handshake.Outcome{handshake.Passed, handshake.Failed, handshake.Advised, handshake.Skipped} {
		if o.String() == word {
			return o, true
		}
	}
	return 0, false
}

// sighting returns a as another attempt than the one that began at t.
func (a *Arrival) sighting(t time.Time) diagnosis.Sighting {
	return diagnosis.Sighting{
		Request: a.Request, Accepted: a.Verdict.Accepted,
		Handshake: a.Verdict.Accepted || handshake.IsHandshake(a.Request.Head),
		Age:       t.Sub(a.Request.Time), Peer: a.Peer, Session: a.Session,
	}
}

// answers reports whether a can be what arrived of sent: it has its key or its nonce, or
// neither, and no line by which another client shows.
func (a *Arrival) answers(sent *dump.Head) bool {
	key, nonce := valueOf(a.Request.Head, "Sec-WebSocket-Key"), nonceOf(a.Request.Head)
	return key == "" && nonce == "" && !a.another(sent) ||
		key != "" && key == valueOf(sent, "Sec-WebSocket-Key") ||
		nonce != "" && nonce == nonceOf(sent)
}

// another reports whether a has a line that only a client writes, and not as sent has it.
func (a *Arrival) another(sent *dump.Head) bool {
	for _, name := range []string{"User-Agent", "Accept", "Referer"} {
		if value := valueOf(a.Request.Head, name); value != "" && value != valueOf(sent, name) {
			return true
		}
	}
	return false
}
