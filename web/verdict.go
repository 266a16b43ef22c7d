package web

import (
	"strconv"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// verdictView is the band with the answer.
type verdictView struct {
	Tone     string
	Stamps   []mark
	Sentence []piece
	Lead     []piece
	Do       []block // what to do, by the documentation of the check that the verdict rests on; empty where a cause says it
	Decider  *handshake.Check
	Reason   string // net/http's or gorilla's own words
	Who      string // whose words they are
	Mismatch string
}

// mark is one stamp of a verdict.
type mark struct{ Icon, Tone, Word, Code string }

func newVerdictView(a *journal.Attempt, e *evidence) verdictView {
	o := outcomeOf(a)
	v := verdictView{Tone: o.Tone, Mismatch: visible(a.Mismatch)}
	icon := o.Icon
	if a.Outcome() == journal.OutcomeAccepted {
		icon = map[string]string{"ok": "accepted", "warn": "warning"}[o.Tone]
	}
	v.Stamps = []mark{{icon, o.Tone, o.Stamp, statusText(a.Response.Status)}}
	if s := a.Now(); s != nil {
		v.Stamps = append(v.Stamps, sessionStamp(s))
	}
	leading := a.Leading()
	if a.State == journal.Answered && leading == nil {
		v.Sentence = []piece{{Text: a.Sentence()}} // of a request that wanted no handshake, nothing is proven
		return v
	}
	if d := a.Verdict.DecidedBy; d != nil && a.State != journal.Answered {
		v.Decider, v.Reason = d, visible(a.Verdict.Reason)
		v.Who = map[handshake.Decider]string{handshake.ByNetHTTP: "Go’s net/http", handshake.ByGorilla: "gorilla/websocket"}[d.By]
	}
	var spans []dump.Span
	if leading != nil {
		spans = leading.Evidence
	} else if f := basis(a); f != nil {
		spans = f.Evidence
		if len(a.Causes) == 0 {
			v.Do = blocks(f.Check.Doc.Do)
		}
	}
	first, rest := headline(a.Sentence())
	v.Sentence, spans = e.quote(first, spans)
	if rest != "" {
		v.Lead, spans = e.quote(rest, spans)
	}
	v.Sentence = append(v.Sentence, e.lettersOf(spans)...)
	return v
}

// sessionStamp says how a session stands.
func sessionStamp(s *journal.Session) mark {
	switch {
	case s.Closed.IsZero():
		return mark{"open", "plain", "Open", ""}
	case cut(s):
		return mark{"warning", "warn", "Cut", strconv.Itoa(s.Close.Code)}
	}
	return mark{"accepted", "plain", "Closed", strconv.Itoa(s.Close.Code)}
}

// basis returns the finding that the verdict rests on where no cause is sure: the one that
// decided, else the first piece of advice.
func basis(a *journal.Attempt) *handshake.Finding {
	if f := a.Deciding(); f != nil {
		return f
	}
	if advised := a.With(handshake.Advised); len(advised) > 0 {
		return advised[0]
	}
	return nil
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}
