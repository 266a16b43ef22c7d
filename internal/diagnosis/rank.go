package diagnosis

import "slices"

// outranks reports whether c stands before other, whichever was concluded first.
func (c *Conclusion) outranks(other *Conclusion) bool {
	switch {
	case c.Confidence != other.Confidence:
		return c.Confidence > other.Confidence
	case c.decides != other.decides:
		return c.decides
	case c.closeness != other.closeness:
		return c.closeness > other.closeness
	case len(c.Explains) != len(other.Explains):
		return len(c.Explains) > len(other.Explains)
	}
	return c.Cause.Reports > other.Cause.Reports
}

// decides reports whether the checks that a cause explains hold the one for which this very
// request was refused.
func (r *reading) decides(explains []string) bool {
	return r.Verdict != nil && r.Verdict.DecidedBy != nil && slices.Contains(explains, r.Verdict.DecidedBy.ID)
}

// uncovered leaves those out of found that others explain away: a likely cause that explains
// all that another explains, and more, with no less confidence. What covers a cause that is
// left out covers all that this one covers, so that nothing misses it.
func uncovered(found []Conclusion) []Conclusion {
	kept := found[:0]
	for i := range found {
		if !covered(&found[i], found) {
			kept = append(kept, found[i])
		}
	}
	clear(found[len(kept):])
	return kept
}

// covered reports whether any of found explains c away.
func covered(c *Conclusion, found []Conclusion) bool {
	for i := range found {
		if found[i].covers(c) {
			return true
		}
	}
	return false
}

// covers reports whether c explains other away.
func (c *Conclusion) covers(other *Conclusion) bool {
	if c.Confidence < Likely || c.Confidence < other.Confidence || len(other.Explains) == 0 || len(c.Explains) <= len(other.Explains) {
		return false
	}
	for _, id := range other.Explains {
		if !slices.Contains(c.Explains, id) {
			return false
		}
	}
	return true
}
