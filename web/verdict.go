package web

import (
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/diagnosis"
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
	Anchor   string // the ID of the cause that the lead tells of; empty: of none
	Blame    *blameView
	Cured    *cured
	Mismatch string
	Cure     cureView
}

// mark is one stamp of a verdict.
type mark struct{ Icon, Tone, Word, Code string }

// cured is the attempt that failed before this one did not.
type cured struct {
	ID   string
	Time stamp
}

func newVerdictView(a *journal.Attempt, e *evidence) verdictView {
	o := outcomeOf(a)
	v := verdictView{Tone: o.Tone, Mismatch: visible(a.Mismatch), Cure: newCureView(a), Blame: newBlameView(a)}
	v.Stamps = stamps(a, o)
	var spans []dump.Span
	if c := spoken(a); c != nil {
		spans, v.Anchor = c.Evidence, c.Cause.ID
	} else if f := basis(a); f != nil && a.State != journal.Answered {
		spans = f.Evidence
	}
	said, lead := heading(a)
	if lead == "" {
		v.Sentence = e.quoteAll(said, spans)
		return v
	}
	v.Sentence, v.Lead = []piece{{Text: visible(said)}}, e.quoteAll(lead, spans)
	return v
}

// spoken returns the cause that the verdict tells of: the one that leads or, where nothing
// else explains a failure, the first that is possible.
func spoken(a *journal.Attempt) *diagnosis.Conclusion {
	switch {
	case a.Mismatch != "" || a.Response.Failure != journal.NoFailure:
		return nil
	case a.Leading() == nil && len(a.Causes) > 0 && (a.State == journal.Rejected || a.State == journal.Refused):
		return &a.Causes[0]
	}
	return a.Leading()
}

func stamps(a *journal.Attempt, o outcome) []mark {
	icon := o.Icon
	if a.Outcome() == journal.OutcomeAccepted {
		icon = map[string]string{"ok": "accepted", "warn": "warning"}[o.Tone]
	}
	all := []mark{{icon, o.Tone, o.Stamp, statusText(a.Response.Status)}}
	if s := a.Now(); s != nil {
		all = append(all, sessionStamp(s))
	}
	return all
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

// blameView says who has to change something, who has not, and how sure that is.
type blameView struct {
	Label, Who string
	Innocent   string // who did it not; empty where that is not known
	sureness
	Others int // how many other causes leave the same bytes
}

// sureness is a confidence as the page shows it.
type sureness struct{ Dots, Word string }

func newSureness(c diagnosis.Confidence) sureness {
	n := int(c)
	word := c.String()
	return sureness{strings.Repeat("●", n) + strings.Repeat("○", int(diagnosis.Certain)-n), strings.ToUpper(word[:1]) + word[1:]}
}

// surenessOf is that of a cause, with the line of a configuration that says so.
func surenessOf(c *diagnosis.Conclusion) sureness {
	s := newSureness(c.Confidence)
	if c.At != nil {
		s.Word += ", according to " + visible(c.At.Where())
	}
	return s
}

func newBlameView(a *journal.Attempt) *blameView {
	c := shownCause(a)
	if c == nil {
		return nil
	}
	b := &blameView{Label: "Who broke it", sureness: surenessOf(c), Others: len(a.Causes) - 1}
	switch {
	case c.Cause.Party == diagnosis.ByBackend:
		b.Label = "Who refused it"
	case c.Cause.Severity == diagnosis.Cuts:
		b.Label = "Who cut it"
	case c.Cause.Severity == diagnosis.Risks && !failed(a):
		b.Label = "Who changed it"
	case a.State == journal.Refused && a.Request.Head.Kind != dump.HTTP1:
		b.Label = "Who did it"
	}
	client := agent(a.Request.Head).kind
	switch c.Cause.Party {
	case diagnosis.ByProxy:
		b.Who = "A proxy"
		if hop := blamed(a, c); hop != nil {
			b.Who = visible(hop.Name)
			if c.Fix.Hop == 1 {
				b.Who += ", the last hop"
			}
		} else if c.Fix.Hop > 1 {
			b.Who = "A proxy further out"
		} else if name := doer(a, c); name != "The proxy" {
			b.Who = "A proxy, possibly " + visible(name)
		}
		if a.Request.Head.Kind == dump.HTTP1 {
			b.Innocent = "The " + client + ". Your application."
		}
	case diagnosis.ByClient:
		b.Who, b.Innocent = "The "+client, "The proxy. Your application."
	default:
		b.Who, b.Innocent = "The application’s policy", "The "+client+". The proxy."
	}
	if c.Confidence < diagnosis.Likely {
		b.Innocent, b.Who = "", "Possibly "+within(b.Who)
	}
	return b
}

// shownCause returns the cause whose cure is shown first: the one that the verdict tells of
// or, of a session that was cut, the first that cuts. It is nil where there is none.
func shownCause(a *journal.Attempt) *diagnosis.Conclusion {
	if c := spoken(a); c != nil {
		return c
	}
	if cut(a.Session) {
		for i := range a.Causes {
			if a.Causes[i].Cause.Severity == diagnosis.Cuts {
				return &a.Causes[i]
			}
		}
	}
	return nil
}

// blamed returns the hop that a cause blames, if it was recognised.
func blamed(a *journal.Attempt, c *diagnosis.Conclusion) *diagnosis.Hop {
	if c.Cause.Party != diagnosis.ByProxy {
		return nil
	}
	hops := diagnosis.Hops(a.Request.Head)
	i := slices.IndexFunc(hops, func(h diagnosis.Hop) bool { return h.Name == c.Fix.For && h.Confidence >= diagnosis.Likely })
	if i < 0 {
		return nil
	}
	return &hops[i]
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}
