package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"wsinspect/internal/journal"
)

const (
	// gathering is how long changes are gathered before they are sent as one: a burst of
	// 200 attempts a second becomes four messages.
	gathering = 250 * time.Millisecond
	// pulse is how often the figures of open sessions are looked at.
	pulse = 2 * time.Second
	// burst is how many new rows one message holds. Of more that come at once the newest are
	// shown, and the page says how many were not: it has to stay usable while it is flooded.
	burst = 25
	// heartbeat keeps proxies from cutting a feed that has nothing to say; nginx's default
	// limit is 60 seconds.
	heartbeat = 15 * time.Second
	// patience is how long one message may take to be written.
	patience = 30 * time.Second
)

// hello is the first message of a feed. A page of another version reloads itself.
type hello struct {
	Version string `json:"version"`
	Started string `json:"started"`
}

// update is a message of a feed: HTML that the server has rendered and escaped.
type update struct {
	Rows    []rowUpdate       `json:"rows,omitempty"`
	Undrawn int               `json:"undrawn,omitempty"` // new attempts of a burst that are left out of Rows
	Parts   map[string]string `json:"parts,omitempty"`   // by the id of the element that they fill
}

// rowUpdate is a row that is new or changed; one without HTML is no longer shown.
type rowUpdate struct {
	ID   string `json:"id"`
	HTML string `json:"html,omitempty"`
}

// watch is what one page looks at.
type watch interface {
	note(*journal.Attempt)
	update() (update, error) // what has changed since the last one
}

// feed sends what changes as server-sent events, until the reader goes or the service ends.
func (p *page) feed(w http.ResponseWriter, r *http.Request) {
	view, err := p.watch(r)
	if err != nil {
		writeText(w, http.StatusBadRequest, visible(err.Error())+"\n")
		return
	}
	sub, err := p.Journal.Subscribe()
	if err != nil {
		w.Header().Set("Retry-After", "5")
		writeText(w, http.StatusServiceUnavailable, sentence(err.Error())+"\n")
		return
	}
	defer sub.Close()
	s := stream{w, http.NewResponseController(w)}
	s.begin()
	if r.Method == http.MethodHead { // asks only whether there is a place
		return
	}
	if s.send("hello", hello{p.Version, stamp{p.Started}.ISO()}) != nil {
		return
	}
	s.follow(r, sub, view)
}

// watch reads from the query what the page that asks looks at.
func (p *page) watch(r *http.Request) (watch, error) {
	values := r.URL.Query()
	if id := values.Get("id"); id != "" {
		return p.watchAttempt(r, id, values.Get("state"))
	}
	q := readQuery(values) // the page has said what of it cannot be read
	l := &listWatch{page: p, query: q, shown: map[string]row{}, parts: map[string]string{}, stale: true}
	now := p.rows(q, listRoot, cmp.Or(q.page.Limit, pageRows))
	l.oldest = now.oldest()
	if now.tag() == values.Get("tag") {
		l.show(now)
		l.stale, l.begun = false, true
	}
	return l, nil
}

// stream writes server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) begin() {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold back what is small
	s.w.WriteHeader(http.StatusOK)
}

func (s stream) send(event string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("event: %s\ndata: %s\n\n", event, b))
}

func (s stream) write(text string) error {
	s.control.SetWriteDeadline(time.Now().Add(patience)) // where it cannot be set, the server's own holds
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

// follow sends updates until something ends.
func (s stream) follow(r *http.Request, sub *journal.Subscription, view watch) {
	look := time.NewTicker(pulse)
	defer look.Stop()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	due := time.After(0) // what has changed since the page was made
	flush := func() error {
		due = nil
		u, err := view.update()
		if err != nil || len(u.Rows) == 0 && len(u.Parts) == 0 {
			return err
		}
		return s.send("update", u)
	}
	for {
		var err error
		select {
		case a, ok := <-sub.C:
			if !ok {
				s.send("missed", sub.Missed())
				return
			}
			view.note(a)
			if due == nil {
				due = time.After(gathering)
			}
		case <-due:
			err = flush()
		case <-look.C:
			err = flush()
		case <-beat.C:
			err = s.write(": still here\n\n")
		case <-r.Context().Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// listWatch is a page that shows the list under a filter.
type listWatch struct {
	page   *page
	query  query
	oldest string            // the ID of the last row of a full page: older ones are on the next
	shown  map[string]row    // the rows of the page, by ID; the zero row for one that was left out
	parts  map[string]string // as last sent
	stale  bool              // something has happened since the last update
	begun  bool              // the page shows all that it should
	came   []string          // IDs of attempts that were announced since the last update
}

func (l *listWatch) note(a *journal.Attempt) {
	l.stale = true
	if f := l.query.filter(); a.State != journal.Closed && f.Match(a) {
		l.came = append(l.came, a.ID)
	}
}

// show remembers what the page shows.
func (l *listWatch) show(now rowPage) {
	for _, r := range now.Rows {
		l.shown[r.ID] = r
	}
}

// update renders the rows that differ from those on the page, open sessions that have
// counted on among them, and what is said of all.
func (l *listWatch) update() (u update, err error) {
	now := l.page.rows(l.query, listRoot, maxRows)
	if i := slices.IndexFunc(now.Rows, func(r row) bool { return r.ID < l.oldest }); i >= 0 {
		now.Rows = now.Rows[:i]
	}
	gone := l.shown
	l.shown = make(map[string]row, len(now.Rows))
	fresh := 0
	for _, r := range now.Rows {
		before, known := gone[r.ID]
		delete(gone, r.ID)
		if !known && l.begun {
			if fresh++; fresh > burst {
				l.shown[r.ID] = row{}
				continue
			}
		}
		if known && before.ID == "" {
			l.shown[r.ID] = before
			continue
		}
		if l.shown[r.ID] = r; before == r {
			continue
		}
		html, err := l.page.fragment("row", r)
		if err != nil {
			return update{}, err
		}
		u.Rows = append(u.Rows, rowUpdate{ID: r.ID, HTML: html})
	}
	for id := range gone {
		// Rows that newer ones have pushed off the page go with the last of it.
		if len(now.Rows) < maxRows || id > now.Rows[len(now.Rows)-1].ID {
			u.Rows = append(u.Rows, rowUpdate{ID: id})
		}
	}
	u.Undrawn, l.begun = l.undrawn(), true
	if !l.stale || now.Kept == 0 {
		return u, nil
	}
	l.stale = false
	u.Parts, err = l.page.changed(l.parts, l.page.overview(listRoot, l.query, now), "says", "tallies", "chips", "matched")
	return u, err
}

// undrawn counts the attempts that came since the last update and stand in no row of the
// page: it had too many at once. The attempts of a row are all between its two IDs.
func (l *listWatch) undrawn() (n int) {
	for _, id := range l.came {
		drawn := false
		for _, r := range l.shown {
			drawn = drawn || r.ID != "" && r.ID <= id && id <= r.Newest
		}
		if !drawn {
			n++
		}
	}
	l.came = l.came[:0]
	return n
}

// changed renders parts of a view and returns those that differ from what was sent before,
// which it keeps up to date.
func (p *page) changed(sent map[string]string, view any, names ...string) (map[string]string, error) {
	parts := map[string]string{}
	for _, name := range names {
		html, err := p.fragment(name, view)
		if err != nil {
			return nil, err
		}
		if sent[name] != html {
			sent[name], parts[name] = html, html
		}
	}
	return parts, nil
}

// listRoot and attemptRoot are the way to /inspect from the page that the feed fills, which
// is another than from the feed itself.
const (
	listRoot    = "inspect"
	attemptRoot = "../inspect"
)

// attemptWatch is a page that shows one attempt.
type attemptWatch struct {
	page *page
	r    *http.Request
	id   string
	sent map[string]string // parts, as last sent
}

// watchAttempt begins with what the page shows already, unless the attempt has got into
// another state since then.
func (p *page) watchAttempt(r *http.Request, id, state string) (*attemptWatch, error) {
	w := &attemptWatch{page: p, r: r, id: id, sent: map[string]string{}}
	if a := p.Journal.Get(id); a == nil || a.State.String() != state {
		return w, nil
	}
	_, err := w.update()
	return w, err
}

func (w *attemptWatch) note(*journal.Attempt) {}

// update renders the parts that can change.
func (w *attemptWatch) update() (update, error) {
	a := w.page.Journal.Get(w.id)
	if a == nil {
		return update{}, nil
	}
	view := w.page.attemptView(w.r, a, attemptRoot)
	parts, err := w.page.changed(w.sent, view, "verdict", "session", "before", "answer", "rivals", "rail")
	return update{Parts: parts}, err
}
