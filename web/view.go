package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
)

// view is one live page, and how far it has followed its scene.
type view struct {
	scene  *scene
	last   *frame // what the page shows
	joined int    // the number of the frame with which it began
	oldest string // the ID of the last row of a full page: older ones are on the next
	missed int    // changes that came too fast to be looked at
}

// view reads from the query what the page that asks looks at, and what it shows already.
// The page must leave the scene.
func (p *page) view(r *http.Request) *view {
	values := r.URL.Query()
	q := readQuery(values) // the page has said what of it cannot be read
	if id := values.Get("id"); id != "" {
		return p.viewOfAttempt(r, q, id, values.Get("state"))
	}
	scene, now := p.scenes.enter(sight{"", q.link("before", q.page.Before)}, p.Journal, func() watch { return newListWatch(p, q) })
	shown := now.top(min(cmp.Or(q.page.Limit, pageRows), maxRows))
	v := &view{scene: scene, joined: now.number, oldest: shown.oldest(), last: &frame{undrawn: now.undrawn, missed: now.missed}}
	if shown.tag() == values.Get("tag") {
		v.last.number, v.last.rows = now.number, now.rows
	}
	return v
}

// viewOfAttempt begins with what the page shows already, unless the attempt has got into
// another state since then.
func (p *page) viewOfAttempt(r *http.Request, q query, id, state string) *view {
	scene, now := p.scenes.enter(sight{id, q.carry()}, p.Journal, func() watch { return &attemptWatch{p, r, id} })
	v := &view{scene: scene, joined: now.number, last: &frame{missed: now.missed}}
	if a := p.Journal.Get(id); a != nil && a.State.String() == state {
		v.last = now
	}
	return v
}

// turn brings the page to another frame, and returns the message for it; nil: there is
// nothing to say.
func (v *view) turn(to *frame) ([]byte, error) {
	from := v.last
	if to.number == from.number || to.err != nil {
		return nil, to.err
	}
	rows, err := v.rows(from, to)
	if err != nil {
		return nil, err
	}
	var parts [][]byte
	for i, p := range to.parts {
		if i >= len(from.parts) || !p.same(from.parts[i]) {
			parts = append(parts, p.text)
		}
	}
	v.last = to
	undrawn := to.undrawn - from.undrawn
	if rows == nil && parts == nil && undrawn == 0 {
		return nil, nil
	}
	message := [][]byte{[]byte("event: update\ndata: {\"rows\":[")}
	message = appendList(message, rows)
	message = append(message, fmt.Appendf(nil, `],"undrawn":%d,"parts":{`, undrawn))
	message = appendList(message, parts)
	return slices.Concat(append(message, []byte("}}\n\n"))...), nil
}

// appendList appends what stands between brackets in JSON.
func appendList(to, list [][]byte) [][]byte {
	comma := []byte(",")
	for i, each := range list {
		if i > 0 {
			to = append(to, comma)
		}
		to = append(to, each)
	}
	return to
}

// rows returns the rows that differ between two frames. One without HTML is gone.
func (v *view) rows(from, to *frame) (changed [][]byte, err error) {
	shown := from.rows
	gone := func(r *sentRow) {
		if r.ID >= v.oldest && r.leftOut <= v.joined {
			changed = append(changed, []byte(`{"id":"`+r.ID+`"}`))
		}
	}
	for _, r := range to.rows {
		for len(shown) > 0 && shown[0].ID > r.ID {
			gone(shown[0])
			shown = shown[1:]
		}
		known := len(shown) > 0 && shown[0].ID == r.ID
		same := known && shown[0] == r
		if known {
			shown = shown[1:]
		}
		if same || r.ID < v.oldest || r.leftOut > v.joined {
			continue
		}
		text, err := r.text()
		if err != nil {
			return nil, err
		}
		changed = append(changed, text)
	}
	if !to.full { // else newer rows have pushed the others off the page, and go with the last of it
		for _, r := range shown {
			gone(r)
		}
	}
	return changed, nil
}
