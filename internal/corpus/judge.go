package corpus

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
)

// Conclusion is one of the causes that were concluded, as the JSON of an attempt has it.
type Conclusion struct {
	ID         string
	Confidence string
	Because    string
	Fix        Fix
}

// Fix is the cure of a Conclusion, as the JSON of an attempt has it.
type Fix struct {
	For   string
	Hop   int
	Steps []Step
	Note  string
}

// Step is lines for one block of a configuration.
type Step struct {
	Where  string
	Lines  []string
	Remove []string
}

func conclusion(c diagnosis.Conclusion) Conclusion {
	fix := Fix{For: c.Fix.For, Hop: c.Fix.Hop, Note: c.Fix.Note}
	for _, s := range c.Fix.Steps {
		fix.Steps = append(fix.Steps, Step{s.Where, s.Lines, s.Remove})
	}
	return Conclusion{ID: c.Cause.ID, Confidence: c.Confidence.String(), Because: c.Because, Fix: fix}
}

// Result says what conclusions are worth for a case.
type Result string

const (
	Exact      Result = "exact"              // the cause is the first
	InSet      Result = "in the set"         // the cause is there
	Missed     Result = "missed"             // nothing was concluded
	Wrong      Result = "wrong"              // others were concluded, or one that is untrue is called certain
	FalseAlarm Result = "false alarm"        // a control, and something was concluded
	Clean      Result = "clean"              // a control, and nothing was concluded
	Elsewhere  Result = "not at the backend" // nothing to see there, and nothing was concluded
	Misled     Result = "misled"             // nothing to see there, and others were concluded
)

// Results are all of them, the best first.
var Results = []Result{Exact, InSet, Clean, Elsewhere, Misled, Missed, Wrong, FalseAlarm}

// Bad reports whether r is one that must not be.
func (r Result) Bad() bool { return r == Missed || r == Wrong || r == FalseAlarm }

// Judge says what found is worth, the likeliest first. A cause that is called certain must
// be true, wherever it stands; one whose bytes another cause leaves too is never certain.
func (c *Case) Judge(found []Conclusion) Result {
	if c.Control() && len(found) > 0 {
		return FalseAlarm
	}
	for _, f := range found {
		if f.Confidence == "certain" && (!c.Accepts(f.ID) || slices.Contains(c.Also, f.ID)) {
			return Wrong
		}
	}
	place := slices.IndexFunc(found, func(f Conclusion) bool { return f.ID == c.Cause })
	switch {
	case c.Control():
		return Clean
	case place == 0:
		return Exact
	case place > 0:
		return InSet
	case c.Shows == "none" && len(found) == 0:
		return Elsewhere
	case c.Shows == "none" && !slices.ContainsFunc(found, func(f Conclusion) bool { return !c.Accepts(f.ID) }):
		return Elsewhere
	case c.Shows == "none":
		return Misled
	case len(found) == 0:
		return Missed
	}
	return Wrong
}

// Find returns the conclusion of c's own cause.
func (c *Case) Find(found []Conclusion) (Conclusion, bool) {
	i := slices.IndexFunc(found, func(f Conclusion) bool { return f.ID == c.Cause })
	if i < 0 {
		return Conclusion{}, false
	}
	return found[i], true
}

// Brief returns the set in one line.
func Brief(found []Conclusion) string {
	var all []string
	for _, f := range found {
		all = append(all, fmt.Sprintf("%s (%s)", f.ID, f.Confidence))
	}
	if all == nil {
		return "nothing"
	}
	return strings.Join(all, ", ")
}
