package handshake

import (
	"slices"

	"wsinspect/internal/dump"
)

// Judge gives the verdict over r under p. Every check runs, whatever the others found; it
// depends on nothing but its arguments, and changes neither.
func Judge(r *dump.Request, p *Policy) Verdict {
	q := newRequest(r, p)
	v := Verdict{Accepted: true, Status: 101, Findings: make([]Finding, len(catalogue))}
	var broken []cause
	for i, c := range catalogue {
		f := &v.Findings[i]
		f.Check = c
		if root := hindrance(c, broken); root != nil {
			f.Outcome = Skipped
			f.Because = "Makes no sense here: " + root.ID + " failed."
			broken = append(broken, cause{c, root})
			continue
		}
		found := c.run(q)
		f.Outcome, f.Because, f.Evidence = found.outcome(c), found.because, found.evidence
		switch f.Outcome {
		case Failed:
			if v.Accepted {
				v.Accepted, v.DecidedBy = false, c
				v.Status, v.Reason = found.answer(c, q)
			}
			fallthrough
		case Advised:
			broken = append(broken, cause{c, c})
		}
	}
	return v
}

// IsHandshake reports whether h asks for a WebSocket: it has a Sec-WebSocket-Key or a
// Sec-WebSocket-Version line. Proxies that drop Upgrade and Connection pass those on.
func IsHandshake(h *dump.Head) bool {
	return h.Has("Sec-WebSocket-Key") || h.Has("Sec-WebSocket-Version")
}

// cause says of a check that is broken or skipped which broken check it comes from.
type cause struct{ check, root *Check }

// hindrance returns the broken check for which c makes no sense, or nil.
func hindrance(c *Check, broken []cause) *Check {
	for _, b := range broken {
		if slices.Contains(c.Requires, b.check.ID) {
			return b.root
		}
	}
	return nil
}

// result is what the run function of a check returns, made by keeps, lacks or moot.
type result struct {
	kept, moot bool
	because    string
	evidence   []dump.Span
	other      *answer // what is answered, where it is not what the Check says
}

type answer struct {
	status int
	reason string
}

// keeps says that the rule is kept. Its words are constants: good requests are the many.
func keeps(because string) result { return result{kept: true, because: because} }

// moot says that nothing asks for the rule.
func moot(because string) result { return result{moot: true, because: because} }

// lacks says that the rule is broken, and by which bytes. Whoever has seen the first few
// places has understood; a stranger can repeat a line ten thousand times.
func lacks(because string, evidence ...dump.Span) result {
	const most = 8
	if len(evidence) > most {
		evidence = slices.Clone(evidence[:most])
	}
	return result{because: because, evidence: evidence}
}

// answered says that a broken rule is answered in another way than its Check says.
func (f result) answered(status int, reason string) result {
	f.other = &answer{status, reason}
	return f
}

func (f result) outcome(c *Check) Outcome {
	switch {
	case f.kept:
		return Passed
	case f.moot:
		return Skipped
	case c.Decides:
		return Failed
	}
	return Advised
}

// answer returns what is answered for the broken check c.
func (f result) answer(c *Check, r *request) (status int, reason string) {
	// On a connection that broke while the head was read, no answer arrives.
	unread := r.Ending == dump.EndReset || r.Ending == dump.EndCancelled
	switch {
	case unread && !r.head.Complete():
		return 0, ""
	case f.other != nil:
		return f.other.status, f.other.reason
	}
	return c.Status, c.Reason
}
