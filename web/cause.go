package web

import (
	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// rivalsView is the causes that leave the same bytes as the one that the verdict tells of.
type rivalsView struct {
	Heading string
	Healed  bool // the cure above heals them all
	Causes  []causeView
	Apart   string // what would tell them apart
}

type causeView struct {
	*diagnosis.Cause
	sureness
	Because []piece
	With    *diagnosis.Cause // one before it that the same lines cure; they are not shown again
	Steps   []stepView
	Note    []block
}

func newRivalsView(a *journal.Attempt, e *evidence) rivalsView {
	v := rivalsView{Heading: "What else leaves these bytes", Apart: a.TellApart()}
	shown := shownCause(a)
	if shown != nil && shown.Cause.Severity == diagnosis.Cuts {
		v.Heading = "What else ends a session so"
	} else if shown == nil {
		v.Heading = "What may be the matter all the same"
	}
	v.Healed = len(a.Causes) > 1 && shown == &a.Causes[0] && curesAll(a)
	for i := range a.Causes {
		if &a.Causes[i] != shown {
			v.Causes = append(v.Causes, newCauseView(a, i, e))
		}
	}
	return v
}

func newCauseView(a *journal.Attempt, i int, e *evidence) causeView {
	c := &a.Causes[i]
	v := causeView{
		Cause: c.Cause, sureness: surenessOf(c),
		Because: e.quoteAll(c.Because, c.Evidence),
		With:    a.CuredWith(i),
	}
	if v.With == nil {
		v.Note, v.Steps = blocks(visibleLines(c.Fix.Note)), stepViews(a, c)
	}
	return v
}
