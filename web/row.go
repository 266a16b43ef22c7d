package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// row is one attempt, or a fold of them, as the list and the rail show it.
type row struct {
	ID      string // of the oldest attempt in it
	Newest  string // the ID of the newest
	Root    string // the way to /inspect from where the row is shown
	Link    string
	Current bool // the rail marks the attempt that is being read
	Time    stamp
	Outcome outcome
	Status  string // of the answer; empty: there was none
	Why     string
	Cause   string // the ID of the cause that Why speaks of; empty: none is known
	Target  string // what was asked for, or how the bytes begin that are no request
	Host    string
	Session string // how the session went; how long it has been open stands in Opened
	Opened  stamp  // of a session that is open, whose time counts on; else zero
	From    string
	Failed  bool
	Times   int    // how many attempts are folded into it; at least 1
	Each    string // link to them
	drawn
}

// drawn is what of a row is the same for many, written out before the template: a list has a
// thousand of each, and a template within a template is slow. None of it is a stranger's.
type drawn struct{ Icon, Wire, Clock template.HTML }

// outcome is how an attempt stands, as an icon and a word that mean the same.
type outcome struct {
	Icon  string // in icons.svg
	Tone  string // "bad", "ok", "warn", "refuse" or "plain"
	Word  string // in a row
	Stamp string // in a verdict
}

func outcomeOf(a *journal.Attempt) outcome {
	switch a.State {
	case journal.Refused:
		return outcome{"refused", "refuse", "Refused", "Refused before any handler"}
	case journal.Answered:
		return outcome{"plain", "plain", "Not WebSocket", "Not WebSocket"}
	case journal.Rejected:
		return outcome{"rejected", "bad", "Rejected", "Rejected"}
	}
	o := outcome{"accepted", "ok", "Closed", "Accepted"}
	if a.State == journal.Open {
		o.Icon, o.Word = "open", "Open"
	}
	if a.AtRisk() {
		o = outcome{"warning", "warn", "Accepted, at risk", "Accepted, at risk"}
	}
	if cut(a.Session) {
		o.Icon, o.Word = "warning", "Cut"
	}
	return o
}

// cut reports whether a session ended without a close frame.
func cut(s *journal.Session) bool {
	return s != nil && !s.Closed.IsZero() && s.Close.By == journal.ByNobody
}

// why says in a few words why an attempt came to its outcome: what the cause did, where one
// is known.
func why(a *journal.Attempt) string {
	leading := a.Leading()
	switch {
	case a.Mismatch != "":
		return inBrief(a.Sentence())
	case leading != nil && leading.Cause.Severity == diagnosis.Cuts:
		return inBrief(leading.Because)
	case cut(a.Session) && a.Session.Idle < time.Second:
		return "Accepted, then cut in the midst of it"
	case cut(a.Session):
		return fmt.Sprintf("Accepted, then cut after %.1f s of silence", a.Session.Idle.Seconds())
	case leading != nil && a.Response.Failure == journal.NoFailure:
		return leading.Cause.Title
	case a.State == journal.Answered && a.Request.Head.Has("Upgrade"):
		return "A plain request: Upgrade, but no key"
	case a.State == journal.Answered:
		return "A plain request: no key, no Upgrade"
	case a.AtRisk():
		first, _ := cutSentence(a.With(handshake.Advised)[0].Because)
		return inBrief(first) // that it was accepted stands beside it
	case a.Outcome() == journal.OutcomeAccepted && a.Response.Failure == journal.NoFailure:
		return "Nothing to change"
	}
	return inBrief(a.Sentence())
}

// inBrief cuts a text to what fits a row.
func inBrief(text string) string {
	text, _ = headline(text)
	return strings.TrimSuffix(visible(text), ".")
}

func newRow(f fold, root string) row {
	a := f[0]
	r := row{
		ID: f.id(), Newest: a.ID, Root: root, Link: root + "/" + a.ID,
		Time: stamp{a.Time}, Outcome: outcomeOf(a),
		Why: why(a), From: from(a),
		Failed: failed(a), Times: len(f),
	}
	if c := a.Leading(); c != nil {
		r.Cause = c.Cause.ID
	}
	if r.Times > 1 {
		r.Each = root + each(a)
	}
	if a.Response.Status != 0 {
		r.Status = strconv.Itoa(a.Response.Status)
	}
	r.Target, r.Host = asked(a.Request.Head)
	if s := a.Now(); s != nil {
		r.Session = sessionLine(s)
		if s.Closed.IsZero() {
			r.Opened = stamp{s.Opened}
		}
	}
	return r
}

// weight is about how many bytes a row takes, drawn and as it is.
func (r *row) weight() int {
	return 2<<10 + 2*(len(r.Link)+len(r.Each)+len(r.Target)+len(r.Host)+len(r.Why)+len(r.From))
}

// failed reports whether no session came of a handshake, or of what was no HTTP.
func failed(a *journal.Attempt) bool {
	return a.State == journal.Refused || a.State == journal.Rejected
}

// asked says what a request asked for; of bytes that are none, how they begin.
func asked(h *dump.Head) (target, host string) {
	const most = 5 // bytes: enough to know a protocol by
	if h.Start.Line.Empty() {
		switch h.Kind {
		case dump.TLS, dump.Binary, dump.ProxyV2:
			return fmt.Sprintf("% x", h.Raw[:min(most, len(h.Raw))]), "no HTTP"
		}
		return visible(string(h.Raw[:min(12, len(h.Raw))])) + " …", "no HTTP/1"
	}
	if f, ok := h.Field("Host"); ok {
		host = visible(h.Value(f))
	}
	if target = visible(h.Target()); target == "" {
		target = visible(h.Method())
	}
	return target, host
}

// from names the client where a trusted proxy told of one, else the peer.
func from(a *journal.Attempt) string {
	if a.Client.Addr.IsValid() && (!a.Peer.IsValid() || a.Client.Addr.Unmap() != a.Peer.Addr().Unmap()) {
		return a.Client.Addr.Unmap().String()
	}
	return a.PeerText()
}

// sessionLine tells a session in a row: how long, how many messages, how it ended. How
// long an open one has lasted is not in it: that changes by itself.
func sessionLine(s *journal.Session) string {
	messages := fmt.Sprintf("%s in, %s out", count(s.Received.Text+s.Received.Binary), count(s.Sent.Text+s.Sent.Binary))
	if s.Closed.IsZero() {
		return messages
	}
	return fmt.Sprintf("%s · %s · %d", whole(s.Closed.Sub(s.Opened)), messages, s.Close.Code)
}
