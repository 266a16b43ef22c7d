package web

import (
	"net/http"

	"wsinspect/internal/journal"
)

const (
	// burst is how many new rows one frame adds. Of more that come at once the newest are
	// shown, and the page says how many were not: it has to stay usable while it is flooded.
	burst = 25
	// heaviest is how many bytes the rows of one scene may take. A stranger chooses the
	// length of a target, and a reader that of a filter, which stands in every link.
	heaviest = 1 << 20
)

// listRoot and attemptRoot are the way to /inspect from the page that the feed fills, which
// is another than from the feed itself.
const (
	listRoot    = "inspect"
	attemptRoot = "../inspect"
)

// listWatch draws the list under a filter.
type listWatch struct {
	page   *page
	query  query
	filter journal.Filter
	begun  bool     // there was a frame
	stale  bool     // something has happened since the last one
	came   []string // IDs of attempts that were announced since then
}

func newListWatch(p *page, q query) *listWatch {
	return &listWatch{page: p, query: q, filter: q.filter(), stale: true}
}

func (l *listWatch) note(a *journal.Attempt) {
	l.stale = true
	if a.State != journal.Closed && l.filter.Match(a) {
		l.came = append(l.came, a.ID)
	}
}

// draw keeps the rows that are as they were. Others are new, or changed: open sessions that
// have counted on among them.
func (l *listWatch) draw(last *frame) (next *frame, err error) {
	found := l.page.rows(l.query, listRoot, maxRows)
	next = &frame{full: found.Next != "", parts: last.parts, undrawn: last.undrawn}
	fresh, weight := 0, 0
	for _, r := range found.Rows {
		if weight += r.weight(); weight > heaviest {
			next.full = true
			break
		}
		known, leftOut := last.at(r.ID), 0
		switch {
		case known == nil || known.ID != r.ID:
			if fresh++; l.begun && fresh > burst {
				leftOut = last.number + 1
			}
		case known.row == r:
			next.rows = append(next.rows, known)
			continue
		default:
			leftOut = known.leftOut
		}
		next.rows = append(next.rows, l.page.newSentRow(r, leftOut))
	}
	for _, id := range l.came {
		if !next.draws(id) {
			next.undrawn++
		}
	}
	l.begun, l.came = true, l.came[:0]
	if l.stale && found.Kept > 0 {
		l.stale = false
		next.parts, err = l.page.parts(l.page.overview(listRoot, l.query, found), "says", "tallies", "chips", "matched")
	}
	return next, err
}

// attemptWatch draws what can change on the page of one attempt.
type attemptWatch struct {
	page *page
	r    *http.Request // of the first page
	id   string
}

func (w *attemptWatch) note(*journal.Attempt) {}

func (w *attemptWatch) draw(last *frame) (*frame, error) {
	a := w.page.Journal.Get(w.id)
	if a == nil {
		return last, nil
	}
	screen := w.page.attemptView(w.r, a, attemptRoot)
	parts, err := w.page.parts(screen, "verdict", "session", "before", "answer", "rivals", "rail")
	return &frame{parts: parts}, err
}
