package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"wsinspect/internal/journal"
)

const (
	// gathering is how long changes are gathered before they are sent as one: a burst of
	// 200 attempts a second becomes four messages.
	gathering = 250 * time.Millisecond
	// pulse is how often the figures of open sessions are looked at.
	pulse = 2 * time.Second
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
	Rows  []rowUpdate       `json:"rows,omitempty"`
	Parts map[string]string `json:"parts,omitempty"` // by the id of the element that they fill
}

// rowUpdate is a row that is new or changed; one without HTML is no longer shown.
type rowUpdate struct {
	ID     string `json:"id"`
	HTML   string `json:"html,omitempty"`
	Failed int    `json:"failed,omitempty"` // attempts in it that failed
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
	query := spread(r.URL.Query())
	if id := query.Get("id"); id != "" {
		return p.watchAttempt(r, id, query.Get("state"))
	}
	f, err := journal.ParseFilter(query)
	if err != nil {
		return nil, err
	}
	tag := query.Get("tag")
	query.Del("tag")
	l := &listWatch{page: p, filter: f, query: query, shown: map[string]row{}, parts: map[string]string{}, stale: true}
	if now := p.rows(f, query, listRoot); now.tag() == tag {
		l.show(now)
		l.stale = false
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
	filter journal.Filter
	query  url.Values
	shown  map[string]row    // the rows of the page, by ID
	parts  map[string]string // as last sent
	stale  bool              // something has happened since the last update
}

func (l *listWatch) note(*journal.Attempt) { l.stale = true }

// show remembers what the page shows.
func (l *listWatch) show(now rowPage) {
	clear(l.shown)
	for _, r := range now.Rows {
		l.shown[r.ID] = r
	}
}

// update renders the rows that differ from those on the page, open sessions that have
// counted on among them, and what is said of all.
func (l *listWatch) update() (update, error) {
	var u update
	now := l.page.rows(l.filter, l.query, listRoot)
	for _, r := range now.Rows {
		if l.shown[r.ID] != r {
			html, err := l.page.fragment("row", r)
			if err != nil {
				return update{}, err
			}
			each := rowUpdate{ID: r.ID, HTML: html}
			if r.Failed {
				each.Failed = r.Times
			}
			u.Rows = append(u.Rows, each)
		}
		delete(l.shown, r.ID)
	}
	for id := range l.shown {
		// Rows that newer ones have pushed off the page go with the last of it.
		if now.Next == "" || id > now.Rows[len(now.Rows)-1].ID {
			u.Rows = append(u.Rows, rowUpdate{ID: id})
		}
	}
	l.show(now)
	if !l.stale || now.Kept == 0 {
		return u, nil
	}
	l.stale = false
	u.Parts = map[string]string{}
	view := l.page.overview(listRoot, l.query, now)
	for _, name := range []string{"overview", "chips", "matched"} {
		html, err := l.page.fragment(name, view)
		if err != nil {
			return update{}, err
		}
		if l.parts[name] != html {
			l.parts[name], u.Parts[name] = html, html
		}
	}
	return u, nil
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
	u := update{Parts: map[string]string{}}
	for _, name := range []string{"verdict", "session", "answer", "rail"} {
		html, err := w.page.fragment(name, view)
		if err != nil {
			return update{}, err
		}
		if w.sent[name] != html {
			w.sent[name], u.Parts[name] = html, html
		}
	}
	return u, nil
}
