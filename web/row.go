package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// row is one attempt as the list and the rail show it.
type row struct {
	ID      string
	Root    string // the way to /inspect from where the row is shown
	Link    string
	Current bool // the rail marks the attempt that is being read
	Time    stamp
	Outcome outcome
	Status  string // of the answer; empty: there was none
	Why     string
	Target  string // what was asked for, or how the bytes begin that are no request
	Host    string
	Session string
	Opened  stamp // of a session that is open: its time counts on
	From    string
	Open    bool
	Failed  bool
}

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
	case journal.Open:
		return outcome{"open", "ok", "Open", "Accepted"}
	}
	if cut(a.Session) {
		return outcome{"warning", "warn", "Cut", "Accepted"}
	}
	return outcome{"accepted", "ok", "Closed", "Accepted"}
}

// cut reports whether a session ended without a close frame.
func cut(s *journal.Session) bool {
	return s != nil && !s.Closed.IsZero() && s.Close.By == journal.ByNobody
}

func newRow(a *journal.Attempt, root string) row {
	why, _ := headline(a.Sentence())
	r := row{
		ID: a.ID, Root: root, Link: root + "/" + a.ID,
		Time: stamp{a.Time}, Outcome: outcomeOf(a),
		Why:    strings.TrimSuffix(visible(why), "."),
		From:   from(a),
		Open:   a.State == journal.Open,
		Failed: a.State == journal.Refused || a.State == journal.Rejected,
	}
	if a.Response.Status != 0 {
		r.Status = strconv.Itoa(a.Response.Status)
	}
	r.Target, r.Host = asked(a.Request.Head)
	if s := a.Now(); s != nil {
		r.Session, r.Opened = sessionLine(s), stamp{s.Opened}
	}
	return r
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

// sessionLine tells a session in a row: how long, how many messages, how it ended.
func sessionLine(s *journal.Session) string {
	messages := fmt.Sprintf("%s in, %s out", count(s.Received.Text+s.Received.Binary), count(s.Sent.Text+s.Sent.Binary))
	if s.Closed.IsZero() {
		return "open " + whole(time.Since(s.Opened)) + " · " + messages
	}
	return fmt.Sprintf("%s · %s · %d", whole(s.Closed.Sub(s.Opened)), messages, s.Close.Code)
}
