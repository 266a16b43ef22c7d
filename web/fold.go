package web

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strconv"
	"strings"

	"wsinspect/internal/journal"
)

// fold is attempts that came one after another and are alike, newest first: a browser that
// connects again and again, or a health check, takes one row and not the whole list. It is
// for the view only; the API does not fold.
type fold []*journal.Attempt

// id names a fold by its oldest attempt, so that it stays the same row while it grows.
func (f fold) id() string { return f[len(f)-1].ID }

// has reports whether the attempt with that ID is in the fold.
func (f fold) has(id string) bool {
	for _, a := range f {
		if a.ID == id {
			return true
		}
	}
	return false
}

// likeness is what the attempts of a fold have in common.
type likeness struct {
	client            netip.Addr
	state             journal.State
	status            int
	target, host, why string
}

func likenessOf(a *journal.Attempt) likeness {
	l := likeness{client: a.Client.Addr, state: a.State, status: a.Response.Status, why: why(a)}
	if !l.client.IsValid() {
		l.client = a.Peer.Addr()
	}
	l.target, l.host = asked(a.Request.Head)
	return l
}

// folded folds attempts, newest first. One that became a session stays alone: no two
// sessions are alike.
func folded(attempts []*journal.Attempt) []fold {
	var folds []fold
	var last likeness
	for _, a := range attempts {
		l := likenessOf(a)
		if n := len(folds) - 1; n >= 0 && l == last && a.Outcome() != journal.OutcomeAccepted {
			folds[n] = append(folds[n], a)
		} else {
			folds = append(folds, fold{a})
		}
		last = l
	}
	return folds
}

// each returns the query that shows every attempt like a on a row of its own.
func each(a *journal.Attempt) string {
	q := query{}.and("outcome", a.Outcome().String())
	if h := a.Request.Head; !h.Start.Line.Empty() {
		if path, _, _ := strings.Cut(h.Target(), "?"); path != "" {
			q = q.and("path", path)
		}
	}
	if a.Client.Addr.IsValid() {
		q = q.and("client", a.Client.Addr.String())
	}
	if d := a.Verdict.DecidedBy; d != nil {
		q = q.and("check", d.ID)
	}
	if c := a.Leading(); c != nil {
		q = q.and("cause", c.Cause.ID)
	}
	return q.carry("fold", "no")
}

// rowPage is a page of the list.
type rowPage struct {
	Rows          []row
	Next          string // the value of before for the page that follows; empty on the last one
	Matched, Kept int    // attempts, not rows
}

// rows returns the first rows that a query chooses, at most so many.
func (p *page) rows(q query, root string, most int) rowPage {
	f := q.filter()
	f.Limit = journal.MaxLimit
	found := p.Journal.List(f)
	var folds []fold
	if q.Unfolded {
		for _, a := range found.Attempts {
			folds = append(folds, fold{a})
		}
	} else {
		folds = folded(found.Attempts)
	}
	shown := rowPage{Next: found.Next, Matched: found.Matched, Kept: found.Kept}
	if len(folds) > most {
		folds = folds[:most]
		shown.Next = folds[most-1].id()
	}
	carry := q.carry()
	for _, f := range folds {
		r := newRow(f, root)
		r.Link += carry
		r.drawn = drawn{p.assets().picture(r.Outcome.Icon, root), p.assets().wire(wireOf(f[0]), root), r.Time.clock()}
		shown.Rows = append(shown.Rows, r)
	}
	return shown
}

// oldest returns the ID below which nothing belongs on the page.
func (s rowPage) oldest() string {
	if s.Next == "" || len(s.Rows) == 0 {
		return ""
	}
	return s.Rows[len(s.Rows)-1].ID
}

// tag is the same for the same rows: by it the feed knows what its page shows already.
func (s rowPage) tag() string {
	h := fnv.New64a()
	fmt.Fprint(h, s.Rows)
	return strconv.FormatUint(h.Sum64(), 36)
}
