package web

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// wayView is the wire: the client, each proxy that was recognised, and wsinspect, with a
// leg before every one but the first.
type wayView struct{ Stops []stop }

// stop is a place on the way, and the leg by which its successor is reached.
type stop struct {
	Name, Icon, Tone string
	Broke            string // what a picture of it would say: "broke it", "changed it"; empty: nothing
	Confidence       *sureness
	Text             string
	Leg              *leg // nil behind the last
}

// leg is what went from one stop to the next.
type leg struct {
	Seen  bool // these bytes arrived; otherwise they are inferred
	Tone  string
	Lines []legLine
	Note  string
	Test  bool // the self-test makes it known
}

type legLine struct {
	Name, Value, Letter string
	Mark                bool
}

func newWayView(a *journal.Attempt, e *evidence) wayView {
	h := a.Request.Head
	c := shownCause(a)
	var hops []diagnosis.Hop
	if h.Kind == dump.HTTP1 {
		hops = slices.Clone(diagnosis.Hops(h))
		slices.Reverse(hops) // from the client's side
	}
	client := newClientStop(a, c)
	client.Leg = &leg{Note: "Not seen from here."}
	stops := []stop{client}
	for i, hop := range hops {
		s := stop{Name: visible(hop.Name), Icon: "sound", Confidence: new(sureness), Leg: &leg{Note: "Not seen from here."}}
		*s.Confidence = newSureness(hop.Confidence)
		if i == len(hops)-1 {
			s.Text = doings(h)
		}
		if s.Text == "" {
			s.Text = visible(hop.Because)
		}
		stops = append(stops, s)
	}
	if len(hops) == 0 && c != nil && c.Cause.Party == diagnosis.ByProxy {
		stops = append(stops, stop{Name: "A proxy", Icon: "sound", Text: "Inferred: nothing in the bytes gives its name.", Leg: &leg{}})
	}
	last := stops[len(stops)-1].Leg
	last.Seen = true
	last.arrived(a, c, e)
	if len(stops) > 1 {
		stops[0].Leg.inferred(a, c)
	}
	stops = append(stops, newOurStop(a))
	if i, tone, broke := breach(a, c, len(stops)); i >= 0 {
		stops[i].Tone, stops[i].Broke = tone, broke
		stops[i].Icon = map[string]string{"bad": "broken", "refuse": "broken", "warn": "warning"}[tone]
		for j := i; j < len(stops)-1; j++ {
			stops[j].Leg.Tone = tone
		}
	}
	return wayView{stops}
}

// breach returns at which stop it broke, and how that is shown; -1 where nothing did, or
// nobody knows where.
func breach(a *journal.Attempt, c *diagnosis.Conclusion, stops int) (at int, tone, broke string) {
	if c == nil || c.Cause.Severity == diagnosis.Cuts {
		return -1, "", ""
	}
	tone, broke = "bad", "broke it"
	switch {
	case a.Outcome() == journal.OutcomeAccepted || a.State == journal.Answered:
		tone, broke = "warn", "changed it"
	case a.State == journal.Refused:
		tone = "refuse"
	}
	switch c.Cause.Party {
	case diagnosis.ByClient:
		return 0, tone, broke
	case diagnosis.ByBackend:
		return stops - 1, tone, "refused it"
	}
	if at = stops - 1 - max(c.Fix.Hop, 1); at < 1 {
		at = min(1, stops-1)
	}
	return at, tone, broke
}

// newClientStop tells who asked, as far as it shows.
func newClientStop(a *journal.Attempt, c *diagnosis.Conclusion) stop {
	h := a.Request.Head
	who := agent(h)
	s := stop{Name: strings.ToUpper(who.kind[:1]) + who.kind[1:], Icon: "sound", Text: who.name}
	sound := c != nil && c.Cause.Party != diagnosis.ByClient && c.Confidence >= diagnosis.Likely || a.Outcome() == journal.OutcomeAccepted
	switch {
	case h.Kind != dump.HTTP1:
		s.Icon, s.Text = "plain", "Unknown: nothing of it is in these bytes."
	case a.State == journal.Answered:
		s.Icon = "plain"
		s.Text += " Asked for no WebSocket."
	case c != nil && c.Cause.Party == diagnosis.ByClient:
		s.Text += " " + c.Cause.Title + "."
	case sound && h.Has("Sec-WebSocket-Key"):
		s.Text += " Sent a sound handshake."
	}
	s.Text = strings.TrimSpace(s.Text)
	return s
}

func newOurStop(a *journal.Attempt) stop {
	s := stop{Name: "wsinspect", Icon: "sound"}
	status := a.Response.Status
	switch {
	case a.Outcome() == journal.OutcomeAccepted:
		s.Text = "Accepted it: 101."
	case a.State == journal.Answered:
		s.Text, s.Icon = fmt.Sprintf("Answered %d.", status), "plain"
	case a.State == journal.Refused && a.Request.Head.Kind != dump.HTTP1:
		s.Text, s.Icon = "Speaks plain HTTP on "+visible(a.Local())+".", "refused"
	case status == 0:
		s.Text = "Closed the connection without an answer."
	default:
		s.Text = fmt.Sprintf("Refused it: %d.", status)
	}
	return s
}

// doings says what the proxy next to us did with the head, as far as the bytes show.
func doings(h *dump.Head) string {
	var did []string
	if n := ownLines(h); n > 0 {
		const most = 6
		var names []string
		for _, f := range h.Fields[:min(n, most)] {
			names = append(names, visible(h.Name(f)))
		}
		if n > most {
			names = append(names, "…")
		}
		did = append(did, "Wrote "+plural(n, "line", "lines")+" of its own: "+strings.Join(names, ", ")+".")
	}
	if h.Has("Sec-WebSocket-Key") && !h.Has("Upgrade") {
		did = append(did, "Dropped Upgrade.")
	}
	return strings.Join(did, " ")
}

// ownLines returns how many of the first lines the nginx next to us wrote by itself; 0 where
// it is none, or not sure to be one.
func ownLines(h *dump.Head) int {
	if h.Kind != dump.HTTP1 {
		return 0
	}
	hops := diagnosis.Hops(h)
	if len(hops) == 0 || hops[0].Confidence < diagnosis.Likely {
		return 0
	}
	switch hops[0].Name {
	case "nginx", "ingress-nginx", "Nginx Proxy Manager":
		return diagnosis.Written(h)
	}
	return 0
}

// shownLines are the names of the lines that a leg shows: those that the cause is about.
func shownLines(c *diagnosis.Conclusion) []string {
	names := []string{"Host", "Origin"}
	if c != nil && slices.ContainsFunc(c.Cause.Explains, func(id string) bool { return id == "connection-upgrade" || id == "upgrade-websocket" }) {
		names = []string{"Upgrade", "Connection"}
	}
	return names
}

// arrived fills the leg that ends here: what it shows was seen.
func (l *leg) arrived(a *journal.Attempt, c *diagnosis.Conclusion, e *evidence) {
	h := a.Request.Head
	l.Note = "As it arrived, byte for byte."
	if h.Kind != dump.HTTP1 {
		if l.Note = "As it arrived."; len(legend(h)) > 0 {
			l.Note = sentence(legend(h)[0].Says)
		}
		return
	}
	for _, name := range shownLines(c) {
		f, ok := h.Field(name)
		if !ok {
			l.Lines = append(l.Lines, legLine{Name: name, Value: "missing"})
			continue
		}
		line := legLine{Name: name, Value: shorten(visible(h.Value(f)))}
		if m, ok := e.letters[f.Value]; ok {
			line.Mark, line.Letter = true, m.Name
		}
		l.Lines = append(l.Lines, line)
	}
}

// inferred fills the leg that the client wrote to.
func (l *leg) inferred(a *journal.Attempt, c *diagnosis.Conclusion) {
	h := a.Request.Head
	if h.Kind != dump.HTTP1 || !h.Has("Sec-WebSocket-Key") {
		return
	}
	if shownLines(c)[0] == "Upgrade" {
		l.Lines = []legLine{{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"}}
		l.Note = "Inferred: a key came, so a WebSocket client sent both."
		return
	}
	origin, ok := h.Field("Origin")
	if !ok {
		return
	}
	value := h.Value(origin)
	l.Lines = []legLine{{Name: "Origin", Value: shorten(visible(value))}}
	l.Note = "Inferred."
	_, asked, web := strings.Cut(value, "://")
	if c != nil && c.Cause.Party == diagnosis.ByProxy && web && slices.Contains(c.Cause.Explains, "origin-same-host") {
		l.Lines = append([]legLine{{Name: "Host", Value: shorten(visible(asked))}}, l.Lines...)
		l.Note, l.Test = "Host inferred from Origin.", true
	}
}

// shorten cuts a value to what a leg has room for.
func shorten(value string) string {
	const most = 60
	if r := []rune(value); len(r) > most {
		return string(r[:most]) + "…"
	}
	return value
}

// userAgent is what a client calls itself.
type userAgent struct {
	kind string // "browser" or "client"
	name string // "Chrome 141."; empty where it says nothing that is known
}

// browsers are told by these words, the first that fits: each later one stands in the names
// of those before it too.
var browsers = []struct{ token, name string }{
	{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Version/", "Safari"},
}

func agent(h *dump.Head) userAgent {
	f, ok := h.Field("User-Agent")
	if !ok {
		return userAgent{kind: "client"}
	}
	value := h.Value(f)
	if !strings.HasPrefix(value, "Mozilla/") {
		word, _, _ := strings.Cut(value, " ")
		return userAgent{"client", shorten(visible(word)) + "."}
	}
	for _, b := range browsers {
		if _, after, ok := strings.Cut(value, b.token); ok {
			n := 0
			for n < len(after) && n < 4 && '0' <= after[n] && after[n] <= '9' {
				n++
			}
			return userAgent{"browser", strings.TrimSpace(b.name+" "+after[:n]) + "."}
		}
	}
	return userAgent{kind: "browser"}
}
