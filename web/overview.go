package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// overview is what is the matter overall, and how much of it the filter shows.
type overview struct {
	answer
	Root          string
	Cure          string // link to what the sentence speaks of; empty: there is nothing to cure
	CureWord      string // what stands on it
	Only          string // link to the list of nothing else
	OnlyWord      string
	Seen          *row   // when that was seen last
	Behind        string // the proxies that it came through
	Cured         stamp  // when the same began to be accepted; zero: it did not
	Clear         string // link that drops a filter that hides all
	Tallies       []tally
	Chart         chart
	Chips         []chip
	Matched, Kept int
	Filter        string // in words; empty: there is none
}

// answer is a sentence that may hold a moment: Before, When and After.
type answer struct {
	Before string
	When   stamp
	After  string
}

// tally is one of the large figures.
type tally struct {
	Word, Icon string
	Count      int
}

// chip is a link that filters by outcome.
type chip struct {
	Word    string
	Outcome string // empty: all
	Link    string
	Count   int
	Current bool
}

// matter is what the attempts that are kept have in common.
type matter struct {
	journal.Counts
	atRisk  int
	since   time.Time
	reasons int              // different ones, for which attempts failed
	leading *diagnosis.Cause // of half of the failures or more; nil: there is none
	led     int              // attempts that failed for it
	newest  *journal.Attempt // of these, else of all that failed
	cured   time.Time        // when what newest asked for began to be accepted
}

func (m *matter) failed() int     { return m.Refused + m.Rejected }
func (m *matter) handshakes() int { return m.failed() + m.Accepted }

// theMatter looks at attempts, newest first.
func theMatter(counts journal.Counts, attempts []*journal.Attempt) matter {
	m := matter{Counts: counts}
	byReason, first := map[string]int{}, map[string]*journal.Attempt{}
	for _, a := range attempts {
		if a.AtRisk() {
			m.atRisk++
		}
		if failed(a) {
			why := reason(a)
			if byReason[why]++; byReason[why] == 1 {
				first[why] = a
			}
			if m.newest == nil {
				m.newest = a
			}
		}
	}
	m.reasons = len(byReason)
	if len(attempts) > 0 {
		m.since = attempts[len(attempts)-1].Time
	}
	for why, n := range byReason {
		if c := diagnosis.Find(why); c != nil && 2*n >= m.failed() && (n > m.led || n == m.led && first[why].ID > m.newest.ID) {
			m.leading, m.led, m.newest = c, n, first[why]
		}
	}
	if m.newest != nil {
		m.cured = acceptedSince(m.newest, attempts)
	}
	return m
}

// acceptedSince returns when what a asked for began to be accepted after it; zero: it did
// not, or failed again.
func acceptedSince(a *journal.Attempt, attempts []*journal.Attempt) (since time.Time) {
	path := pathOf(a)
	for _, later := range attempts {
		switch {
		case later.ID <= a.ID || path == "":
			return since
		case pathOf(later) != path:
		case failed(later):
			return time.Time{}
		case later.Outcome() == journal.OutcomeAccepted:
			since = later.Time
		}
	}
	return since
}

// reason is what attempts that failed alike have in common.
func reason(a *journal.Attempt) string {
	if c := a.Leading(); c != nil {
		return c.Cause.ID
	}
	if a.Verdict.DecidedBy != nil {
		return a.Verdict.DecidedBy.ID
	}
	return string(a.Response.Failure)
}

// titleOf names why an attempt failed in a phrase that goes on after a colon.
func titleOf(a *journal.Attempt) string {
	switch {
	case a.Leading() != nil:
		return goOn(a.Leading().Cause.Title)
	case a.Verdict.DecidedBy != nil:
		return goOn(a.Verdict.DecidedBy.Title)
	}
	return goOn(why(a))
}

// goOn lets a phrase go on another: its first word is no longer the first. Names of headers
// stay as they are.
func goOn(phrase string) string {
	first, _, _ := strings.Cut(phrase, " ")
	if slices.Contains([]string{"A", "An", "The", "No", "One", "Somebody", "Someone", "Nothing"}, first) {
		return strings.ToLower(first) + phrase[len(first):]
	}
	return phrase
}

// overall is the first sentence of the list.
func (m *matter) overall() answer {
	failed, all := m.failed(), m.handshakes()
	risk := ""
	if m.atRisk > 0 {
		risk = fmt.Sprintf(", %d of them at risk", m.atRisk)
		if all == 1 {
			risk = ", at risk"
		}
	}
	some := fmt.Sprintf("%s of %s failed", count(int64(failed)), plural(all, "attempt", "attempts"))
	if failed == all {
		some = fmt.Sprintf("All %s attempts failed", count(int64(all)))
	}
	var a answer
	switch {
	case all == 0 && m.Plain == 0:
		a.Before = "Nothing has arrived yet. That is a finding too."
	case all == 0:
		a.Before = "No WebSocket handshake has arrived yet, only " + plural(m.Plain, "plain request", "plain requests") + "."
	case failed == 0 && all == 1:
		a.Before = "The one attempt was accepted" + risk + "."
	case failed == 0:
		a = answer{"All " + count(int64(all)) + " attempts since ", stamp{m.since}, "were accepted" + risk + "."}
	case m.newest == nil: // they were let go between counting and looking
		a.Before = some + "."
	case all == 1:
		a.Before = "The one attempt failed: " + titleOf(m.newest) + "."
	case failed == 1:
		a.Before = some + ": " + titleOf(m.newest) + "."
	case m.leading != nil && m.led >= failed:
		a.Before = fmt.Sprintf("One cause explains all %s failures: %s.", count(int64(failed)), goOn(m.leading.Title))
	case m.leading != nil:
		a.Before = fmt.Sprintf("One cause explains %s of %s failures: %s.", count(int64(m.led)), count(int64(failed)), goOn(m.leading.Title))
	case m.reasons == 1:
		a.Before = some + ", for one reason: " + titleOf(m.newest) + "."
	default:
		a.Before = fmt.Sprintf("%s, for %d different reasons. The newest: %s.", some, m.reasons, titleOf(m.newest))
	}
	return a
}

// overview puts into one sentence what all attempts that are kept have in common.
func (p *page) overview(root string, q query, shown rowPage) overview {
	attempts := p.Journal.List(journal.Filter{Limit: journal.MaxLimit}).Attempts
	m := theMatter(p.Journal.Counts(), attempts)
	o := overview{
		answer: m.overall(), Root: root,
		Matched: shown.Matched, Kept: shown.Kept, Filter: visible(q.Text()),
		Chart: newChart(attempts, time.Now()),
		Tallies: []tally{
			{Word: "All", Count: m.handshakes() + m.Plain},
			{"Rejected", "rejected", m.Rejected},
			{"Refused", "refused", m.Refused},
			{"Accepted", "accepted", m.Accepted},
			{"Open now", "open", m.Open},
		},
		Chips: chips(root, q, &m),
	}
	if m.newest != nil {
		o.ofFailure(root, q, &m)
	}
	if o.Kept > 0 && o.Matched == 0 && o.Filter != "" {
		o.answer = answer{Before: fmt.Sprintf("No attempt matches %s. %s hidden by it.", o.Filter, plural(o.Kept, "is", "are"))}
		o.Clear, o.Cure, o.Seen = root, "", nil
	}
	return o
}

// ofFailure says when what the sentence speaks of was seen last, and leads to it.
func (o *overview) ofFailure(root string, q query, m *matter) {
	seen := newRow(fold{m.newest}, root)
	o.Seen, o.Cured = &seen, stamp{m.cured}
	o.Behind = behind(m.newest)
	o.Cure, o.CureWord = seen.Link, "Show the newest failure"
	o.Only, o.OnlyWord = root+query{}.and("outcome", "failed").carry(), "Only failures"
	if seen.Cause != "" {
		o.CureWord = "Show the cure"
		o.Only, o.OnlyWord = root+query{}.and("cause", seen.Cause).carry(), "Only this cause"
	}
	if o.Only == root+q.carry() {
		o.Only = ""
	}
}

// behind names the proxies that an attempt is known to have come through.
func behind(a *journal.Attempt) string {
	var names []string
	for _, hop := range slices.Backward(diagnosis.Hops(a.Request.Head)) {
		if hop.Confidence >= diagnosis.Likely {
			names = append(names, visible(hop.Name))
		}
	}
	return strings.Join(names, " and ")
}

func chips(root string, q query, m *matter) (found []chip) {
	for _, each := range []struct {
		word, outcome string
		count         int
	}{
		{"All", "", m.handshakes() + m.Plain}, {"Failed", "failed", m.failed()}, {"Accepted", "accepted", m.Accepted},
		{"At risk", "at-risk", m.atRisk}, {"Open now", "open", m.Open}, {"Not WebSocket", "plain", m.Plain},
	} {
		c := chip{Word: each.word, Outcome: each.outcome, Count: each.count, Link: root + q.without("outcome").link()}
		if each.outcome != "" {
			c.Link = root + q.and("outcome", each.outcome).link()
			c.Current = q.has("outcome", each.outcome)
		} else {
			c.Current = !slices.ContainsFunc(q.Terms, func(t term) bool { return t.Key == "outcome" })
		}
		found = append(found, c)
	}
	return found
}
