package web

import (
	"slices"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// turn is a check that comes to another outcome in the second of two attempts.
type turn struct {
	Check         *handshake.Check
	Before, After handshake.Outcome
}

// turns returns the checks whose rule was broken in one of two attempts and came to
// another outcome in the other, in catalogue order.
func turns(a, b *journal.Attempt) (found []turn) {
	before := map[*handshake.Check]handshake.Outcome{}
	for _, f := range a.Verdict.Findings {
		before[f.Check] = f.Outcome
	}
	for _, f := range b.Verdict.Findings {
		if was, ok := before[f.Check]; ok && was != f.Outcome && (broken(was) || broken(f.Outcome)) {
			found = append(found, turn{f.Check, was, f.Outcome})
		}
	}
	return found
}

func broken(o handshake.Outcome) bool { return o == handshake.Failed || o == handshake.Advised }

// Words says what became of the check.
func (t turn) Words() string {
	now := [...]string{"passes", "fails", "advises", "is skipped"}[t.After]
	return t.Before.String() + " before, " + now + " now"
}

// causesTurned is what became of the causes between two attempts.
type causesTurned struct{ Gone, Stayed, New []*diagnosis.Cause }

func newCausesTurned(a, b *journal.Attempt) (t causesTurned) {
	has := func(a *journal.Attempt, c *diagnosis.Cause) bool {
		return slices.ContainsFunc(a.Causes, func(f diagnosis.Conclusion) bool { return f.Cause == c })
	}
	for _, f := range a.Causes {
		if has(b, f.Cause) {
			t.Stayed = append(t.Stayed, f.Cause)
		} else {
			t.Gone = append(t.Gone, f.Cause)
		}
	}
	for _, f := range b.Causes {
		if !has(a, f.Cause) {
			t.New = append(t.New, f.Cause)
		}
	}
	return t
}
