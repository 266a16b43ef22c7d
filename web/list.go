package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/journal"
)

// maxRows is how many rows one page of the list holds, so that a browser's document stays
// bounded; the script lets older rows go as new ones come.
const maxRows = 200

// listView is the list of attempts, or the empty page before there is any.
type listView struct {
	shell
	Overview  overview
	Tokens    []token
	Query     string // the free text of the filter
	Hidden    []pair // what the filter says beside it
	Rows      []row
	Older     string // link to the page that follows; empty on the last one
	Newest    string // link to the first page; empty on it
	Matched   int
	Kept      int
	Filter    string // what the filter says; empty: there is none
	Listening []string
	Try       []try
}

// overview is what is the matter overall.
type overview struct {
	Root     string
	Sentence string
	Newest   *row // the newest failure
	Since    stamp
	Tallies  []tally
	Chips    []chip
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
		if f.Limit == 0 || f.Limit > maxRows {
			f.Limit = maxRows
		}
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
var fields = []string{"host", "path", "client", "check", "key"}

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
		r := newRow(a, "")
		fmt.Fprintf(&b, "%s  %s  %-13s %3s  %s  %s  %s\n", r.ID, r.Time.Clock(), r.Outcome.Word, r.Status, r.Target, r.Host, r.Why)
	}
	if len(found.Attempts) == 0 {
		b.WriteString("Nothing has arrived yet, or nothing matches.\n")
	}
	return b.String()
}

func (p *page) listView(r *http.Request, f journal.Filter, query url.Values) listView {
	found := p.Journal.List(f)
	v := listView{
		shell:    p.shell(r, "attempts", "Attempts"),
		Overview: p.overview(root(r), query),
		Query:    query.Get("q"),
		Matched:  found.Matched, Kept: found.Kept,
		Listening: p.Listening,
	}
	v.Feed = v.Root + "/feed" + queryOf(query)
	for _, a := range found.Attempts {
		v.Rows = append(v.Rows, newRow(a, v.Root))
	}
	for _, name := range append(fields, "q") {
		value := query.Get(name)
		if value == "" {
			continue
		}
		text := name + ":" + visible(value)
		if name == "q" {
			text = visible(value)
		} else {
			v.Tokens = append(v.Tokens, token{Text: text, Without: v.Root + queryOf(query, name, "", "before", "")})
			v.Hidden = append(v.Hidden, pair{name, value})
		}
		v.Filter = strings.TrimSpace(v.Filter + " " + text)
	}
	if o := query.Get("outcome"); o != "" {
		v.Hidden = append(v.Hidden, pair{"outcome", o})
		v.Filter = strings.TrimSpace("outcome:" + o + " " + v.Filter)
	}
	if found.Next != "" {
		v.Older = v.Root + queryOf(query, "before", found.Next)
	}
	if f.Before != "" {
		v.Newest = v.Root + queryOf(query, "before", "")
	}
	if found.Kept == 0 {
		v.Try = lines(host(r), prefix(r))
	}
	return v
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
func (p *page) overview(root string, query url.Values) overview {
	c := p.Journal.Counts()
	failed := c.Refused + c.Rejected
	all := failed + c.Accepted + c.Plain
	o := overview{
		Root: root,
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
	reasons := map[string]bool{}
	for _, a := range kept {
		if a.State != journal.Rejected && a.State != journal.Refused {
			continue
		}
		if o.Newest == nil {
			newest := newRow(a, root)
			o.Newest = &newest
		}
		reasons[reason(a)] = true
	}
	o.Sentence = overall(c, len(reasons))
	return o
}

// reason is what attempts that failed alike have in common.
func reason(a *journal.Attempt) string {
	if a.Verdict.DecidedBy != nil {
		return a.Verdict.DecidedBy.ID
	}
	return string(a.Response.Failure)
}

func overall(c journal.Counts, reasons int) string {
	failed := c.Refused + c.Rejected
	handshakes := failed + c.Accepted
	switch {
	case handshakes == 0 && c.Plain == 0:
		return "Nothing has arrived yet. That is a finding too."
	case handshakes == 0:
		return "No WebSocket handshake has arrived yet, only " + plural(c.Plain, "plain request", "plain requests") + "."
	case failed == 0 && handshakes == 1:
		return "The one attempt was accepted."
	case failed == 0:
		return "All " + strconv.Itoa(handshakes) + " attempts were accepted."
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
