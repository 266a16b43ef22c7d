package web

import (
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// causesView is what an attempt is found to come from, the likeliest first, and the way
// that its request took.
type causesView struct {
	Causes []causeView
	Apart  string // what would tell them apart
	Way    []hopView
}

type causeView struct {
	*diagnosis.Cause
	Confidence string
	Changer    string
	Because    []piece
	With       *diagnosis.Cause // one before it that the same lines cure; they are not shown again
	Steps      []stepView
	Note       []block
	Tempting   []block
}

// stepView is lines for one block of a configuration.
type stepView struct{ Heading, Lines, Remove string }

// hopView is a proxy on the way, from the client's side on.
type hopView struct{ Name, Confidence, Because string }

func newCausesView(a *journal.Attempt, e *evidence) causesView {
	v := causesView{Apart: a.TellApart()}
	for i := range a.Causes {
		v.Causes = append(v.Causes, newCauseView(a, i, e))
	}
	for _, hop := range slices.Backward(diagnosis.Hops(a.Request.Head)) {
		v.Way = append(v.Way, hopView{visible(hop.Name), hop.Confidence.String(), visible(hop.Because)})
	}
	return v
}

func newCauseView(a *journal.Attempt, i int, e *evidence) causeView {
	c := &a.Causes[i]
	v := causeView{
		Cause: c.Cause, Confidence: c.Confidence.String(), Changer: changer(c.Cause),
		Because: e.quoteAll(c.Because, c.Evidence),
		With:    a.CuredWith(i),
	}
	if v.With != nil {
		return v
	}
	v.Note, v.Tempting = blocks(visibleLines(c.Fix.Note)), blocks(c.Cause.Tempting)
	for _, step := range c.Fix.Steps {
		lines := make([]string, len(step.Lines))
		for i, line := range step.Lines {
			lines[i] = visibleLines(line)
		}
		v.Steps = append(v.Steps, stepView{
			Heading: c.Fix.Heading(step),
			Lines:   strings.Join(lines, "\n"),
			Remove:  visible(strings.Join(step.Remove, ", ")),
		})
	}
	return v
}

// visibleLines is visible for text of several lines.
func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}
