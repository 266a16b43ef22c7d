package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"wsinspect/internal/journal"
)

// maxRows is how many rows a page of the list holds, so that a browser's document stays
// bounded; the script lets older rows go as new ones come.
const maxRows = 200

// listView is the list of attempts, or the empty page before there is any.
type listView struct {
	shell
	rowPage
	Overview  overview
	Tokens    []token
	Query     string // the free text of the filter
	Hidden    []pair // what the filter says beside it
	Older     string // link to the page that follows; empty on the last one
	Newest    string // link to the first page; empty on it
	Listening []string
	Try       []try
}

// overview is what is the matter overall, and how much of it the filter shows.
type overview struct {
	Root          string
	Sentence      string
	Newest        *row // the newest failure
	Since         stamp
	Tallies       []tally
	Chips         []chip
	Matched, Kept int
	Filter        string // in words; empty: there is none
}

// tally is one of the large figures.
type tally struct {
	Word, Icon, Tone string
	Count            int
}

// chip is a link that filters by outcome.
type chip struct {
	Word    string
	Link    string
	Count   int
	Current bool
}

// token is one part of the filter, with the link that removes it.
type token struct{ Text, Without string }

type pair struct{ Name, Value string }

// try is a line to type that makes an attempt.
type try struct{ Where, Line, Note string }

func (p *page) list(w http.ResponseWriter, r *http.Request) {
	query := spread(r.URL.Query())
	f, err := journal.ParseFilter(query)
	if err != nil {
		p.refuse(w, r, http.StatusBadRequest, refusal{
			shell:    p.shell(r, "attempts", "Filter"),
			Sentence: "The filter cannot be read.", Advice: visible(err.Error()) + ".",
		})
		return
	}
	switch negotiate(r, asJSON, asHTML, asText) {
	case asHTML:
		p.render(w, http.StatusOK, "list", p.listView(r, f, query))
	case asText:
		writeText(w, http.StatusOK, listText(p.Journal.List(f)))
	default:
		writeJSON(w, http.StatusOK, listJSON(p.Journal.List(f)))
	}
}

// spread takes the words of the search field apart: "host:x" is the same as host=x.
func spread(q url.Values) url.Values {
	out := maps.Clone(q)
	var rest []string
	for word := range strings.FieldsSeq(q.Get("q")) {
		name, value, ok := strings.Cut(word, ":")
		if ok && value != "" && slices.Contains(fields, name) {
			out.Set(name, value)
		} else {
			rest = append(rest, word)
		}
	}
	out.Set("q", strings.Join(rest, " "))
	return out
}

// fields are the parts of a filter that can be typed as "name:value".
var fields = []string{"host", "path", "client", "check", "cause", "key"}

func listJSON(found journal.Page) []byte {
	b := []byte(`{"attempts":[`)
	for i, a := range found.Attempts {
		if i > 0 {
			b = append(b, ',')
		}
		b = a.AppendJSON(b)
	}
	b = append(b, `],"next":`...)
	next, _ := json.Marshal(found.Next)
	return append(append(b, next...), '}')
}

// listText is one line for each attempt, for a terminal.
func listText(found journal.Page) string {
	var b strings.Builder
	for _, a := range found.Attempts {
		r := newRow(fold{a}, "")
		fmt.Fprintf(&b, "%s  %s  %-17s %3s  %s  %s  %s\n", r.ID, r.Time.Clock(), r.Outcome.Word, r.Status, r.Target, r.Host, r.Why)
	}
	if len(found.Attempts) == 0 {
		b.WriteString("Nothing has arrived yet, or nothing matches.\n")
	}
	return b.String()
}

func (p *page) listView(r *http.Request, f journal.Filter, query url.Values) listView {
	v := listView{
		shell:     p.shell(r, "attempts", "Attempts"),
		Query:     query.Get("q"),
		Listening: p.Listening,
	}
	v.rowPage = p.rows(f, query, v.Root)
	v.Overview = p.overview(v.Root, query, v.rowPage)
	v.Feed = v.Root + "/feed" + queryOf(query, "tag", v.tag())
	for _, name := range append(fields, "outcome", "fold") {
		if value := query.Get(name); value != "" {
			v.Hidden = append(v.Hidden, pair{name, value})
			if name != "outcome" { // the chips show it
				v.Tokens = append(v.Tokens, token{Text: name + ":" + visible(value), Without: v.Root + queryOf(query, name, "", "before", "")})
			}
		}
	}
	if v.Next != "" {
		v.Older = v.Root + queryOf(query, "before", v.Next)
	}
	if f.Before != "" {
		v.Newest = v.Root + queryOf(query, "before", "")
	}
	if v.Kept == 0 {
		v.Try = lines(host(r), prefix(r))
	}
	return v
}

// inWords writes a filter as one would type it.
func inWords(query url.Values) string {
	var words []string
	for _, name := range append([]string{"outcome"}, fields...) {
		if value := query.Get(name); value != "" {
			words = append(words, name+":"+visible(value))
		}
	}
	return strings.TrimSpace(strings.Join(words, " ") + " " + visible(query.Get("q")))
}

// queryOf writes a query out again, with some of its parameters set anew: name, value, …
func queryOf(q url.Values, change ...string) string {
	q = maps.Clone(q)
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	maps.DeleteFunc(q, func(name string, v []string) bool { return v[0] == "" || name == "format" })
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// overview puts into one sentence what all attempts that are kept have in common.
func (p *page) overview(root string, query url.Values, shown rowPage) overview {
	c := p.Journal.Counts()
	failed := c.Refused + c.Rejected
	all := failed + c.Accepted + c.Plain
	o := overview{
		Root: root, Matched: shown.Matched, Kept: shown.Kept, Filter: inWords(query),
		Tallies: []tally{
			{Word: "All", Count: all},
			{"Rejected", "rejected", "bad", c.Rejected},
			{"Refused", "refused", "refuse", c.Refused},
			{"Accepted", "accepted", "ok", c.Accepted},
			{"Open now", "open", "ok", c.Open},
		},
	}
	for _, each := range []struct {
		word, outcome string
		count         int
	}{{"All", "", all}, {"Failed", "failed", failed}, {"Accepted", "accepted", c.Accepted}, {"Open now", "open", c.Open}, {"Not WebSocket", "plain", c.Plain}} {
		o.Chips = append(o.Chips, chip{
			Word: each.word, Count: each.count, Current: query.Get("outcome") == each.outcome,
			Link: root + queryOf(query, "outcome", each.outcome, "before", ""),
		})
	}
	kept := p.Journal.List(journal.Filter{Limit: journal.MaxLimit}).Attempts
	if len(kept) > 0 {
		o.Since = stamp{kept[len(kept)-1].Time}
	}
	reasons, advised := map[string]bool{}, 0
	for _, a := range kept {
		switch a.Outcome() {
		case journal.OutcomeAccepted:
			if advises(a) {
				advised++
			}
		case journal.OutcomeRejected, journal.OutcomeRefused:
			if o.Newest == nil {
				newest := newRow(fold{a}, root)
				o.Newest = &newest
			}
			reasons[reason(a)] = true
		}
	}
	o.Sentence = overall(c, len(reasons), advised)
	return o
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

// overall is the first sentence of the list, from counts, the number of different reasons
// and how many were accepted with advice.
func overall(c journal.Counts, reasons, advised int) string {
	failed := c.Refused + c.Rejected
	handshakes := failed + c.Accepted
	advice := ""
	if advised > 0 && failed == 0 {
		advice = fmt.Sprintf(", %d with advice", advised)
		if handshakes == 1 {
			advice = ", with advice"
		}
	}
	switch {
	case handshakes == 0 && c.Plain == 0:
		return "Nothing has arrived yet. That is a finding too."
	case handshakes == 0:
		return "No WebSocket handshake has arrived yet, only " + plural(c.Plain, "plain request", "plain requests") + "."
	case failed == 0 && handshakes == 1:
		return "The one attempt was accepted" + advice + "."
	case failed == 0:
		return fmt.Sprintf("All %d attempts were accepted%s.", handshakes, advice)
	case failed == 1 && handshakes == 1:
		return "The one attempt failed."
	}
	s := fmt.Sprintf("%d of %s failed", failed, plural(handshakes, "attempt", "attempts"))
	if failed == handshakes {
		s = fmt.Sprintf("All %d attempts failed", handshakes)
	}
	switch {
	case failed == 1:
		return s + "."
	case reasons == 1:
		return s + ", for one reason."
	}
	return fmt.Sprintf("%s, for %d different reasons.", s, reasons)
}

// lines are three ways to make an attempt, with the address by which this page was asked.
func lines(host, prefix string) []try {
	at := host + prefix
	return []try{
		{"Browser console, on any page of this site",
			fmt.Sprintf(`new WebSocket("ws://%s/ws/").onclose = e => console.log(e.code, e.reason)`, at), ""},
		{"websocat", fmt.Sprintf("websocat -v ws://%s/ws/ --origin http://%s", at, host), ""},
		{"curl", fmt.Sprintf(`curl -i --http1.1 http://%s/ws/ -H "Connection: Upgrade" -H "Upgrade: websocket" `+
			`-H "Origin: http://%s" -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="`, at, host),
			"A 101 leaves curl waiting: that is success. End it with Ctrl-C."},
	}
}
