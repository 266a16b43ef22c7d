package web

import (
	"fmt"
	"time"

	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// fact is one thing that is known: a label, the thing, and what it means.
type fact struct {
	Label, Value, Note string
	Wire               bool // Value is what the wire said
}

// sessionView tells an upgraded connection from its 101 until now or its end.
type sessionView struct {
	Lasted string
	Strip  *strip // of one that is over
	Facts  []fact
}

// strip draws a session from its opening to its end: what was busy, and the silence before
// the end. Its places are percentages, so that it stretches and its text does not.
type strip struct {
	Busy, Silent, Middle string
	Silence              string // empty where it is too short to be written on
	Cut                  bool
	Opened, Last, Closed stamp
	Says                 string // all of it in words
}

func newStrip(s *journal.Session) *strip {
	total := max(s.Closed.Sub(s.Opened), time.Millisecond)
	silent := 100 * float64(min(s.Idle, total)) / float64(total)
	percent := func(p float64) string { return fmt.Sprintf("%.2f%%", p) }
	v := &strip{
		Busy: percent(100 - silent), Silent: percent(silent), Middle: percent(100 - silent/2), Cut: cut(s),
		Opened: stamp{s.Opened}, Last: stamp{s.Closed.Add(-min(s.Idle, total))}, Closed: stamp{s.Closed},
	}
	const enough = 25 // percent: it takes a line of text at the width of a telephone
	if silent >= enough {
		v.Silence = fmt.Sprintf("%.1f s of silence", s.Idle.Seconds())
	}
	end := "closed"
	if v.Cut {
		end = "cut"
	}
	v.Says = fmt.Sprintf("Open for %s, silent for the last %.1f s, then %s.", span(s.Closed.Sub(s.Opened)), s.Idle.Seconds(), end)
	return v
}

func newSessionView(s *journal.Session) *sessionView {
	if s == nil {
		return nil
	}
	v := &sessionView{}
	silence := fact{"Silent before the end", fmt.Sprintf("%.1f s", s.Idle.Seconds()), "Neither side sent a byte.", false}
	if s.Closed.IsZero() {
		v.Lasted = "open for " + whole(time.Since(s.Opened))
		silence.Label = "Silent now"
		v.Facts = append(v.Facts, fact{"Close", "Still open", "Nobody has closed it yet.", false})
	} else {
		v.Lasted, v.Strip = span(s.Closed.Sub(s.Opened)), newStrip(s)
		v.Facts = append(v.Facts, closing(s.Close), endedBy(s.Close))
	}
	in, out := s.Received, s.Sent
	v.Facts = append(v.Facts,
		silence,
		fact{"Messages", inOut(in.Text+in.Binary, out.Text+out.Binary), count(in.Text+out.Text) + " text, " + count(in.Binary+out.Binary) + " binary", false},
		fact{"Bytes", inOut(in.Bytes, out.Bytes), "payload, without compression", false},
		fact{"Ping", inOut(in.Ping, out.Ping), "pong: " + inOut(in.Pong, out.Pong), false},
		agreed(s),
	)
	return v
}

func inOut(in, out int64) string { return count(in) + " in, " + count(out) + " out" }

// closing says the close code in words.
func closing(c journal.Close) fact {
	f := fact{Label: "Close", Value: fmt.Sprint(c.Code)}
	switch c.Code {
	case 1005:
		f.Note = "A close frame came, without a code."
	case 1006:
		f.Note = "No close frame came. The connection just ended."
	default:
		f.Note = sentence(handshake.CloseName(c.Code) + ": " + handshake.CloseMeaning(c.Code))
	}
	if c.Reason != "" {
		f.Note += " Reason: “" + visible(c.Reason) + "”."
	}
	return f
}

func endedBy(c journal.Close) fact {
	f := fact{Label: "Ended by"}
	switch c.By {
	case journal.ByClient:
		f.Value, f.Note = "The client", "Its close frame came first."
	case journal.ByServer:
		f.Value, f.Note = "wsinspect", "Its close frame went first."
	default:
		f.Value, f.Note = "The client or a hop", "It let go of the connection; we were still reading."
	}
	if c.Detail != "" {
		f.Note = sentence(visible(c.Detail))
	}
	return f
}

// agreed says what both sides settled on in the handshake.
func agreed(s *journal.Session) fact {
	f := fact{Label: "Agreed", Value: "no compression", Note: "no subprotocol"}
	if s.Compression {
		f.Value = "permessage-deflate"
	}
	if s.Subprotocol != "" {
		f.Note = "subprotocol " + visible(s.Subprotocol)
	}
	return f
}
