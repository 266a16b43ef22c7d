package diagnosis

import (
	"cmp"
	"slices"
)

// rank sorts conclusions, the likeliest first, and leaves out those that others explain
// away: a likely cause that explains all that another explains, and more, with no less
// confidence.
func rank(r *reading, found []Conclusion) []Conclusion {
	found = slices.DeleteFunc(slices.Clone(found), func(c Conclusion) bool {
		return slices.ContainsFunc(found, func(other Conclusion) bool { return covers(&other, &c) })
	})
	slices.SortStableFunc(found, func(a, b Conclusion) int {
		return cmp.Or(
			-cmp.Compare(a.Confidence, b.Confidence),
			-cmp.Compare(r.decides(&a), r.decides(&b)),
			-cmp.Compare(a.closeness, b.closeness),
			-cmp.Compare(len(a.Explains), len(b.Explains)),
			-cmp.Compare(a.Cause.Reports, b.Cause.Reports),
		)
	})
	return found
}

// decides returns 1 for a conclusion that explains why this very request was refused, and
// 0 for one that explains what else is wrong with it.
func (r *reading) decides(c *Conclusion) int {
	if r.Verdict != nil && r.Verdict.DecidedBy != nil && slices.Contains(c.Explains, r.Verdict.DecidedBy.ID) {
		return 1
	}
	return 0
}

// covers reports whether a explains c away.
func covers(a, c *Conclusion) bool {
	if a.Confidence < Likely || a.Confidence < c.Confidence || len(c.Explains) == 0 || len(a.Explains) <= len(c.Explains) {
		return false
	}
	for _, id := range c.Explains {
		if !slices.Contains(a.Explains, id) {
			return false
		}
	}
	return true
}
