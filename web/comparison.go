package web

import (
	"fmt"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// comparison is what is to be said about two attempts, the one before and the one after.
type comparison struct {
	a, b     *journal.Attempt
	changes  []change
	turns    []turn
	Sentence string
	Works    string // "It works now." where it does
	Lead     string
	Causes   causesTurned
}

func newComparison(a, b *journal.Attempt) comparison {
	c := comparison{a: a, b: b, turns: turns(a, b), Causes: newCausesTurned(a, b)}
	c.changes = changes(a, b, c.turns)
	c.Sentence, c.Lead = c.sentence(), c.lead()
	if c.works() && !strings.Contains(c.Sentence, "it works now") {
		c.Works = "It works now."
	}
	return c
}

// works reports whether a handshake that failed is accepted now.
func (c *comparison) works() bool {
	return c.samePath() && failed(c.a) && c.b.Outcome() == journal.OutcomeAccepted && c.b.Time.After(c.a.Time)
}

func (c *comparison) samePath() bool { return pathOf(c.a) == pathOf(c.b) }

// sentence is the answer: what changed, and whether it was right.
func (c *comparison) sentence() string {
	if c.a.ID == c.b.ID {
		return "This is one and the same attempt."
	}
	if !readable(c.a) || !readable(c.b) {
		if readable(c.a) == readable(c.b) {
			return "Neither is HTTP, so no header can be compared."
		}
		return "One of them is no HTTP, so no header can be compared."
	}
	n, start, looks := counts(c.changes)
	what := "One header changed"
	switch {
	case n == 0 && looks == 0:
		return c.unchanged()
	case n == 0:
		what = "Only the order or spelling of header lines changed"
	case n == 1 && start:
		what = "Only the request line changed"
	case n > 1 && start:
		what = fmt.Sprintf("%d lines changed", n)
	case n > 1:
		what = fmt.Sprintf("%d headers changed", n)
	}
	return what + c.effect(n)
}

// effect goes on behind what n lines changed.
func (c *comparison) effect(n int) string {
	accepted := func(a *journal.Attempt) bool { return a.Outcome() == journal.OutcomeAccepted }
	switch {
	case c.works() && n == 1:
		return ", and it was the right one."
	case c.works():
		return ", and it works now."
	case accepted(c.a) && accepted(c.b):
		return "; both were accepted."
	case failed(c.a) && accepted(c.b):
		return "; the second was accepted."
	case accepted(c.a) && failed(c.b) && n == 1:
		return ", and it broke the handshake."
	case accepted(c.a) && failed(c.b):
		return ", and the handshake broke."
	case !failed(c.a) || !failed(c.b):
		return "; not both were handshakes."
	case c.a.Verdict.DecidedBy == c.b.Verdict.DecidedBy:
		return "; the same check still fails."
	case c.kept(c.a.Verdict.DecidedBy):
		return "; that check passes now, and the next one fails."
	}
	return "; another check fails first now."
}

// kept reports whether the second attempt keeps the rule of a check.
func (c *comparison) kept(check *handshake.Check) bool {
	for _, t := range c.turns {
		if t.Check == check {
			return t.After == handshake.Passed
		}
	}
	return false
}

// unchanged speaks of two requests that are alike.
func (c *comparison) unchanged() string {
	nothing := "Nothing differs"
	for _, each := range c.changes {
		if each.Nature && strings.EqualFold(each.Name, "Sec-WebSocket-Key") {
			nothing = "Nothing differs but the key"
		}
	}
	switch before, after := c.a.Outcome(), c.b.Outcome(); {
	case c.works():
		return nothing + ", and it works now: what changed does not show in the request."
	case before != after:
		return nothing + ", yet the outcome does: what changed does not show in the request."
	case after == journal.OutcomeAccepted:
		return nothing + ": both were accepted."
	case !failed(c.b):
		return nothing + ": the same plain request twice."
	}
	proxy := "the proxy"
	if hops := diagnosis.Hops(c.b.Request.Head); len(hops) > 0 {
		proxy = visible(hops[0].Name)
	}
	return nothing + ": the change is not in effect. Was " + proxy + " reloaded?"
}

// lead says who asked, when, and what the checks made of it.
func (c *comparison) lead() string {
	client, path := "Same client", "same path"
	if client1, client2 := clientOf(c.a), clientOf(c.b); client1 != client2 {
		client = "Two clients"
	}
	if !c.samePath() {
		path = "two paths"
	}
	apart := c.b.Time.Sub(c.a.Time)
	order := span(apart.Abs()) + " apart"
	if apart < 0 {
		order += ", the newer one first"
	}
	cured, broke := 0, 0
	for _, t := range c.turns {
		if t.Before == handshake.Failed && t.After == handshake.Passed {
			cured++
		}
		if t.After == handshake.Failed {
			broke++
		}
	}
	return fmt.Sprintf("%s, %s, %s. %s", client, path, order, c.checks(cured, broke))
}

// checks puts into words how many checks turned.
func (c *comparison) checks(cured, broke int) string {
	fresh := "no new one failed"
	if broke > 0 {
		fresh = plural(broke, "new one failed", "new ones failed")
	}
	switch before := len(c.a.With(handshake.Failed)); {
	case before == 0 && broke == 0:
		return "No check failed in either."
	case before == 0:
		return sentence(plural(broke, "check failed", "checks failed") + " that had not before")
	case before == 1 && cured == 0:
		return "The failed check did not pass; " + fresh + "."
	case cured == before && before == 1:
		return "The one failed check passed; " + fresh + "."
	case cured == before:
		return fmt.Sprintf("All %d failed checks passed; %s.", before, fresh)
	}
	return fmt.Sprintf("%d of %s passed; %s.", cured, plural(len(c.a.With(handshake.Failed)), "failed check", "failed checks"), fresh)
}

// clientOf names the client where it is known, else the address of the peer.
func clientOf(a *journal.Attempt) string {
	if a.Client.Addr.IsValid() {
		return a.Client.Addr.Unmap().String()
	}
	return a.Peer.Addr().String()
}

// counts returns how many changes have weight, whether one of them is of the request line,
// and how many are of looks only.
func counts(changes []change) (lines int, start bool, looks int) {
	for _, c := range changes {
		switch {
		case c.weighs():
			lines++
			start = start || c.start
		case c.differs():
			looks++
		}
	}
	return lines, start, looks
}

// readable reports whether a has header lines to compare.
func readable(a *journal.Attempt) bool {
	return !onlyBytes(a.Request.Head) && a.Request.Head.Kind != dump.HTTP2
}
