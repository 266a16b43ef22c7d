package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"wsinspect/internal/journal"
)

const (
	// pageRows is how many rows the list shows at first: the whole page stays under 50 kB.
	pageRows = 35
	// maxRows is how many it may grow to while it is open; the script lets older ones go.
	maxRows = 200
)

// listView is the list of attempts, or the empty page before there is any.
type listView struct {
	shell
	rowPage
	Overview  overview
	Tokens    []token
	Query     query
	Typed     string // what of the filter could not be read, to be corrected
	Older     string // link to the page that follows; empty on the last one
	Newest    string // link to the first page; empty on it
	Listening []string
	Try       []try
	Gallery   *galleryView // of a page that is empty; nil: there is no demo server
}

// token is one word of the filter, with the link that removes it.
type token struct{ Text, Without string }

// try is a line to type that makes an attempt.
type try struct{ Where, Line, Note string }

func (p *page) list(w http.ResponseWriter, r *http.Request) {
	q := readQuery(r.URL.Query())
	as := negotiate(r, asJSON, asHTML, asText)
	switch {
	case as == asHTML: // it says itself what cannot be read
		p.render(w, http.StatusOK, "list", p.listView(r, q))
	case len(q.Wrong) > 0:
		p.refuse(w, r, http.StatusBadRequest, refusal{Sentence: "The filter cannot be read.", Advice: q.Wrong[0].Says})
	case as == asText:
		writeText(w, http.StatusOK, listText(p.Journal.List(q.filter())))
	default:
		writeList(w, p.Journal.List(q.filter()))
	}
}

// writeList writes attempts as JSON, one after the other: all together they may be many times
// what is kept of them, and a reader who is slow would hold that in memory.
func writeList(w http.ResponseWriter, found journal.Page) {
	w.Header().Set("Content-Type", "application/json")
	b := []byte(`{"attempts":[`)
	for i, a := range found.Attempts {
		if i > 0 {
			b = append(b, ',')
		}
		b = a.AppendJSON(b)
		if _, err := w.Write(b); err != nil {
			return
		}
		b = b[:0]
	}
	next, _ := json.Marshal(found.Next)
	b = append(append(b, `],"next":`...), next...)
	w.Write(append(b, "}\n"...))
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

func (p *page) listView(r *http.Request, q query) listView {
	v := listView{shell: p.shell(r, "attempts", "Attempts"), Query: q, Listening: p.Listening}
	v.rowPage = p.rows(q, v.Root, min(cmp.Or(q.page.Limit, pageRows), maxRows))
	v.Overview = p.overview(v.Root, q, v.rowPage)
	v.Feed = v.Root + "/feed" + q.link("before", q.page.Before, "tag", v.tag())
	for _, t := range q.Terms {
		if slices.ContainsFunc(v.Overview.Chips, func(c chip) bool { return c.Current && t == (term{Key: "outcome", Value: c.Outcome}) }) {
			continue // the chip shows it
		}
		rest := q.only(func(other term) bool { return other != t })
		v.Tokens = append(v.Tokens, token{Text: visible(t.String()), Without: v.Root + rest.link()})
	}
	var typed []string
	for _, w := range q.Wrong {
		typed = append(typed, w.Word)
	}
	v.Typed = visible(strings.TrimSpace(strings.Join(typed, " ")))
	if v.Next != "" {
		v.Older = v.Root + q.link("before", v.Next)
	}
	if q.page.Before != "" {
		v.Newest = v.Root + q.link()
	}
	if v.Kept == 0 {
		v.Try, v.Gallery = lines(scheme(r), host(r), prefix(r)), p.gallery(r)
	}
	return v
}

// lines are three ways to make an attempt, with the address by which this page was asked.
func lines(scheme, host, prefix string) []try {
	at := host + prefix
	socket := strings.Replace(scheme, "http", "ws", 1)
	return []try{
		{"Browser console, on any page of this site",
			fmt.Sprintf(`new WebSocket("%s://%s/ws/").onclose = e => console.log(e.code, e.reason)`, socket, at), ""},
		{"websocat", fmt.Sprintf("websocat -v %s://%s/ws/ --origin %s://%s", socket, at, scheme, host), ""},
		{"curl", fmt.Sprintf(`curl -i --http1.1 %s://%s/ws/ -H "Connection: Upgrade" -H "Upgrade: websocket" `+
			`-H "Origin: %s://%s" -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="`, scheme, at, scheme, host),
			"A 101 leaves curl waiting: that is success. End it with Ctrl-C."},
	}
}
