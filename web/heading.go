package web

import (
	"fmt"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// heading puts an attempt into one sentence, short enough to be read at once, and what
// goes before into a lead with the values that were seen.
func heading(a *journal.Attempt) (said, lead string) {
	c := spoken(a)
	switch {
	case c == nil:
		return withoutCause(a)
	case a.Outcome() != journal.OutcomeAccepted && c.Confidence < diagnosis.Likely:
		lead = c.Because
		if len(a.Causes) > 1 {
			lead += " Other mistakes leave the same bytes."
		}
		return "It looks as if " + within(c.Cause.Title) + ".", lead
	case a.Outcome() != journal.OutcomeAccepted:
		return deed(a, c) + outcomeOfDeed(a, c) + ".", c.Because
	case c.Cause.Severity == diagnosis.Cuts:
		return "The handshake is right. " + deed(a, c) + ".", c.Because
	}
	lead = c.Because
	if cut(a.Session) {
		lead += fmt.Sprintf(" The session was cut after %.1f s of silence.", a.Session.Idle.Seconds())
	}
	return "Accepted, but " + within(deed(a, c)) + ".", lead
}

// withoutCause is the heading where no cause is sure.
func withoutCause(a *journal.Attempt) (said, lead string) {
	f := a.Deciding()
	switch {
	case a.Mismatch != "" || a.Response.Failure != journal.NoFailure || a.State == journal.Answered:
		return headline(a.Sentence())
	case f != nil:
		return "The check “" + f.Check.Title + "” failed, and no known cause explains it.", f.Because + " The evidence is below."
	case cut(a.Session):
		said, lead = headline(a.Sentence())
		return said, strings.TrimSpace(lead + " No close frame came. The connection just ended.")
	}
	return headline(a.Sentence())
}

// deed says what was done, doer first: the words of the design where it has some, else the
// title of the cause, with the name of the proxy where that has one.
func deed(a *journal.Attempt, c *diagnosis.Conclusion) string {
	doer := doer(a, c)
	switch c.Cause.ID {
	case "host-not-forwarded":
		return doer + " sent its own upstream address as Host"
	case "tls-to-plain-backend":
		return "Someone spoke TLS to a port that speaks plain HTTP"
	case "origin-stripped":
		return "Origin was removed on the way: any website could open this socket"
	case "read-timeout":
		if a.Session != nil {
			return fmt.Sprintf("%s cut the session after %.1f s of silence", doer, a.Session.Idle.Seconds())
		}
	}
	if rest, ok := strings.CutPrefix(c.Cause.Title, "The proxy "); ok {
		return doer + " " + rest
	}
	return c.Cause.Title
}

// doer names who did it, as the reason does that stands below: a proxy that is only possibly
// nginx is nginx in both, and how sure that is stands beside them.
func doer(a *journal.Attempt, c *diagnosis.Conclusion) string {
	if hop := blamed(a, c); hop != nil {
		return hop.Name
	}
	if name := c.Fix.For; name != "" && strings.HasPrefix(c.Because, name+" ") {
		return name
	}
	return "The proxy"
}

// outcomeOfDeed goes on after a deed with what it led to, where few words say that.
func outcomeOfDeed(a *journal.Attempt, c *diagnosis.Conclusion) string {
	f := a.Deciding()
	switch {
	case f == nil || a.State != journal.Rejected || strings.ContainsAny(c.Cause.Title, ",:"):
		return ""
	case f.Check.ID == "origin-same-host":
		return ", so the Origin check failed"
	case !a.Request.Head.Has("Upgrade") && a.Request.Head.Has("Sec-WebSocket-Key") && strings.HasPrefix(c.Cause.Title, "The proxy has no"):
		return ", so Upgrade never arrived"
	}
	return ""
}

// within lets a sentence go on another: names keep their capital letter.
func within(sentence string) string {
	for _, word := range []string{"A ", "An ", "No ", "One ", "The ", "Someone "} {
		if rest, ok := strings.CutPrefix(sentence, word); ok {
			return strings.ToLower(word) + rest
		}
	}
	return sentence
}
