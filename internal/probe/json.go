package probe

import (
	"encoding/json"
	"time"

	"wsinspect/internal/dump"
)

// JSON is a report as programs read it, with the names of the JSON of an attempt where it
// tells the same.
type JSON struct {
	URL     string          `json:"url"`
	Time    time.Time       `json:"time"`
	Failed  bool            `json:"failed"`
	Because string          `json:"because"`
	Steps   []jsonStep      `json:"steps"`
	Sent    *jsonHead       `json:"sent"`    // null where no connection came about
	Answer  *jsonAnswer     `json:"answer"`  // null where none came
	Found   string          `json:"found"`   // "not asked", "not arrived", "other backend"; else by what
	Arrived *jsonArrived    `json:"arrived"` // null where it was not found
	Changes []jsonChange    `json:"changes"` // null where they are not known
	Causes  json.RawMessage `json:"causes"`  // as in an attempt; the caller writes them
	Hops    json.RawMessage `json:"hops"`    // the same
	Idle    []jsonIdle      `json:"idle"`
}

type jsonStep struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Outcome string  `json:"outcome"`
	Took    float64 `json:"took_ms"`
	Says    string  `json:"says"`
}

// jsonHead has the names that a request has in the JSON of an attempt.
type jsonHead struct {
	Raw     latin1      `json:"raw"`
	Method  latin1      `json:"method"`
	Target  latin1      `json:"target"`
	Version latin1      `json:"version"`
	Host    latin1      `json:"host"`
	Headers []jsonField `json:"headers"`
}

type jsonField struct {
	Name   latin1 `json:"name"`
	Value  latin1 `json:"value"`
	Masked bool   `json:"masked"`
}

type jsonArrived struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	jsonHead
	Verdict jsonVerdict `json:"verdict"`
}

type jsonVerdict struct {
	Accepted  bool    `json:"accepted"`
	Status    int     `json:"status"`
	Reason    string  `json:"reason"`
	DecidedBy *string `json:"decided_by"`
}

type jsonAnswer struct {
	Status int    `json:"status"`
	Accept bool   `json:"accept"` // Sec-WebSocket-Accept was there and right
	Title  string `json:"title"`
	Raw    latin1 `json:"raw"`
}

type jsonChange struct {
	What   string   `json:"what"`
	Name   latin1   `json:"name"`
	Kind   string   `json:"kind"`
	Also   []string `json:"also"`
	Before *latin1  `json:"before"` // null of what was added
	After  *latin1  `json:"after"`  // null of what was dropped
	Masked bool     `json:"masked"`
}

// JSON returns the report but for its causes and hops.
func (r *Report) JSON() *JSON {
	j := &JSON{
		URL: r.Client.URL, Time: r.Time.UTC(), Failed: r.Failed(), Because: r.sentence(), Found: r.Found.String(),
		Steps: []jsonStep{}, Idle: newJSONIdle(r.Idle),
	}
	for _, s := range r.Steps {
		took := float64(s.Took.Round(time.Microsecond)) / float64(time.Millisecond)
		j.Steps = append(j.Steps, jsonStep{s.ID, s.Title, s.Outcome.String(), took, s.Says})
	}
	if h := r.Client.Sent; h != nil {
		sent := newJSONHead(h)
		j.Sent = &sent
	}
	if h := r.Client.Answer; h != nil {
		j.Answer = &jsonAnswer{r.status(), r.Client.Accept, r.Client.Title, latin1(h.Raw)}
	}
	if a := r.Arrived; a != nil {
		v := jsonVerdict{Accepted: a.Verdict.Accepted, Status: a.Verdict.Status, Reason: a.Verdict.Reason}
		if a.Verdict.DecidedBy != nil {
			v.DecidedBy = &a.Verdict.DecidedBy.ID
		}
		j.Arrived = &jsonArrived{a.ID, a.Request.Time.UTC(), newJSONHead(a.Request.Head), v}
	}
	for _, c := range r.way() {
		j.Changes = append(j.Changes, newJSONChange(c))
	}
	return j
}

// newJSONHead tells a head that is masked.
func newJSONHead(h *dump.Head) jsonHead {
	j := jsonHead{
		Raw: latin1(h.Raw), Method: latin1(h.Method()), Target: latin1(h.Target()),
		Version: latin1(h.Version()), Host: latin1(valueOf(h, "Host")), Headers: []jsonField{},
	}
	for _, f := range h.Fields {
		j.Headers = append(j.Headers, jsonField{latin1(h.Name(f)), latin1(h.Value(f)), h.Masked(f.Line)})
	}
	return j
}

// newJSONChange tells a change, without the side that does not exist.
func newJSONChange(c change) jsonChange {
	j := jsonChange{What: c.What, Name: latin1(c.Name), Kind: c.Kind, Also: append([]string{}, c.Also...), Masked: c.Masked}
	before, after := latin1(c.Before), latin1(c.After)
	if c.Kind != "added" {
		j.Before = &before
	}
	if c.Kind != "dropped" {
		j.After = &after
	}
	return j
}

// jsonIdle is what became of one socket that was watched.
type jsonIdle struct {
	Kind  string  `json:"kind"`
	Every float64 `json:"ping_seconds"`
	After float64 `json:"after_seconds"`
	Idle  float64 `json:"idle_seconds"`
	Open  bool    `json:"open"`
	Code  int     `json:"code"`
	Says  string  `json:"says"`
}

// newJSONIdle tells what became of sockets, to a tenth of a second.
func newJSONIdle(results []IdleResult) []jsonIdle {
	tenth := func(d time.Duration) float64 { return d.Round(100 * time.Millisecond).Seconds() }
	all := []jsonIdle{}
	for _, i := range results {
		all = append(all, jsonIdle{i.Kind, i.Every.Seconds(), tenth(i.After), tenth(i.Idle), i.Open, i.Code, i.Says})
	}
	return all
}
