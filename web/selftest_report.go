package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// testReport is what the self-test shows of one WebSocket: what the browser knows, beside
// what arrived.
type testReport struct {
	Says   string     `json:"says"`
	Lead   string     `json:"lead"`
	Differ string     `json:"differ"`
	Facts  []testFact `json:"facts"`
	Links  []testLink `json:"links"` // to the attempt and to the cures
}

// testLink is a link below /inspect.
type testLink struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

// toCure links to a cause on the page of its attempt, where the lines to paste stand.
func toCure(a *journal.Attempt, c *diagnosis.Cause) testLink {
	return testLink{a.ID + "#c-" + c.ID, "The cure: " + c.Title}
}

// testFact is one thing that the browser knows, and what arrived of it.
type testFact struct {
	What    string
	Knows   string
	Arrived string
	By      string // who decides what arrives
	Reading string
	Line    string // what makes it known, for the proxy that was recognised
	Same    bool
	told    bool // a hop told of it, or did not have to
}

// MarshalJSON returns f as a row.
func (f testFact) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"cells": []string{f.What, f.Knows, f.Arrived, f.By, f.Reading}, "line": f.Line, "same": f.Same})
}

// tested is one test: what the browser says of it, and what arrived; nil: nothing did.
type tested struct {
	url.Values
	*journal.Attempt
	page      *url.URL // the address of the page, as the browser shows it
	plainHost string   // what came of the plain request; empty: it did not come
	facts     []testFact
}

// judgeTest judges one test by its mark, for the script.
func (p *page) judgeTest(q url.Values) testReport {
	from, err := url.Parse(q.Get("page"))
	if err != nil {
		from = &url.URL{}
	}
	t := &tested{Values: q, page: from, Attempt: p.marked(q.Get("nonce")), plainHost: q.Get("host")}
	t.compare()
	differ, untold := 0, 0
	for _, f := range t.facts {
		if !f.told {
			untold++
		} else if !f.Same {
			differ++
		}
	}
	r := testReport{Facts: t.facts, Links: []testLink{}}
	r.Says, r.Lead = t.conclude(differ)
	if t.Attempt == nil {
		r.Differ = nothing
		return r
	}
	r.Differ = fmt.Sprintf("%d of %d differ · %d told by no hop", differ, len(t.facts), untold)
	r.Links = append(r.Links, testLink{t.ID, "The attempt"})
	if len(t.Causes) > 0 {
		r.Links = append(r.Links, toCure(t.Attempt, t.Causes[0].Cause))
	}
	if silent := p.marked(q.Get("silent")); silent != nil {
		says, lead, by := t.silence(silent)
		r.Says, r.Lead = r.Says+" "+says, lead
		if by != nil {
			r.Links = append(r.Links, toCure(silent, by))
		}
	}
	return r
}

// marked returns the attempt that carries a mark.
func (p *page) marked(nonce string) *journal.Attempt {
	if nonce == "" {
		return nil
	}
	if found := p.Journal.List(journal.Filter{Nonce: nonce, Limit: 1}).Attempts; len(found) > 0 {
		return found[0]
	}
	return nil
}

// compare fills the facts.
func (t *tested) compare() {
	t.header("Host", "Host", t.page.Host, "The Origin is compared with it.")
	if t.plainHost != "" {
		t.add(testFact{What: "Host, of the plain request", Knows: t.page.Host, Arrived: visible(t.plainHost), By: "Host", Reading: "A plain request goes the same way.", told: true})
	}
	t.scheme()
	t.add(testFact{What: "Path and query", Knows: t.Get("target"), Arrived: t.start((*dump.Head).Target), By: "proxy_pass, location", Reading: "Your application would look elsewhere.", told: true})
	t.add(testFact{What: "HTTP version", Knows: "HTTP/1.1", Arrived: t.start((*dump.Head).Version), By: "proxy_http_version", Reading: "An upgrade needs 1.1.", told: true})
	t.known("Upgrade", "Upgrade", "websocket", "Without it nothing is upgraded.", strings.EqualFold)
	t.known("Connection", "Connection", "Upgrade", "Without it, Upgrade does not count.", contains)
	t.header("Origin", "Origin", t.page.Scheme+"://"+t.page.Host, "It keeps other websites out.")
	t.header("Subprotocols", "Sec-WebSocket-Protocol", t.Get("protocols"), "A browser drops a socket whose subprotocol is not agreed.")
	t.known("Compression", "Sec-WebSocket-Extensions", "permessage-deflate", "Messages go at their full length.", contains)
	t.header("User agent", "User-Agent", t.Get("agent"), "Somebody else wrote it.")
	t.cookies()
	t.client()
	t.ending()
}

// add takes a fact over; it is the same where nobody has said so before and the texts are.
func (t *tested) add(f testFact) {
	f.Same = f.Same || f.told && sameText(f.Knows, f.Arrived)
	switch {
	case t.Attempt == nil:
		f.Reading = "It did not arrive."
	case f.Same:
		f.Reading = "Same"
	case !f.told:
		f.Reading = "Told by no hop. " + f.Reading
	default:
		f.Reading = "Differs. " + f.Reading
	}
	t.facts = append(t.facts, f)
}

const nothing = "nothing arrived"

// value returns what arrived under a header's name.
func (t *tested) value(name string) string {
	if t.Attempt == nil {
		return nothing
	}
	var values []string
	h := t.Request.Head
	for f := range h.All(name) {
		values = append(values, visible(h.Value(f)))
	}
	if values == nil {
		return "none"
	}
	return strings.Join(values, ", ")
}

func (t *tested) start(part func(*dump.Head) string) string {
	if t.Attempt == nil {
		return nothing
	}
	return visible(part(t.Request.Head))
}

// header adds what a header carried, beside what the browser knows of it.
func (t *tested) header(what, name, knows, matters string) {
	t.add(testFact{What: what, Knows: cmp.Or(knows, "none"), Arrived: t.value(name), By: name, Reading: matters, told: true})
}

// known adds what every browser sends.
func (t *tested) known(what, name, sends, matters string, same func(got, sent string) bool) {
	got := t.value(name)
	t.add(testFact{What: what, Knows: sends, Arrived: got, By: name, Reading: matters, told: true, Same: same(got, sends)})
}

func contains(list, word string) bool {
	return strings.Contains(strings.ToLower(list), strings.ToLower(word))
}

func (t *tested) scheme() {
	f := testFact{What: "Scheme", Knows: t.page.Scheme, Arrived: t.value("X-Forwarded-Proto"), By: "X-Forwarded-Proto", told: true}
	f.Same = strings.EqualFold(strings.Replace(f.Arrived, "ws", "http", 1), f.Knows)
	f.Reading = "Behind https your application would build http links."
	if f.Arrived == "none" {
		f.Arrived, f.told = "not told", false
		f.Line = t.nginxLine("X-Forwarded-Proto $scheme")
		if f.Knows == "http" {
			f.Reading = "Harmless here. " + f.Reading
		}
	}
	t.add(f)
}

// cookies compares names only. A page cannot read those that are HttpOnly.
func (t *tested) cookies() {
	f := testFact{What: "Cookies, by name", Knows: strings.ReplaceAll(t.Get("cookies"), ";", ","), Arrived: nothing, By: "Cookie", Reading: "Your application would miss its session.", told: true}
	var came []string
	if t.Attempt != nil {
		for each := range t.Request.Head.All("Cookie") {
			for cookie := range strings.SplitSeq(t.Request.Head.Value(each), ";") {
				name, _, _ := strings.Cut(strings.TrimSpace(cookie), "=")
				came = append(came, visible(name))
			}
		}
		f.Arrived, f.Same = strings.Join(came, ", "), true
		for name := range strings.SplitSeq(f.Knows, ", ") {
			f.Same = f.Same && (name == "" || slices.Contains(came, visible(name)))
		}
	}
	if f.Arrived == "" {
		f.Arrived = "none"
	}
	if f.Knows == "" {
		f.Knows = "none that a page may read"
	}
	t.add(f)
}

func (t *tested) client() {
	f := testFact{What: "Your address", Knows: "a page cannot know it", Arrived: nothing, By: "X-Forwarded-For", Reading: "Your application’s log knows only " + t.proxyName() + ".", told: true}
	if t.Attempt != nil {
		f.Arrived, f.Same = clientOf(t.Attempt), true
		if len(t.hops()) > 0 && !t.Request.Head.Has("X-Forwarded-For") && !t.Request.Head.Has("Forwarded") && !t.Request.Head.Has("X-Real-Ip") {
			f.Arrived, f.Same, f.told = f.Arrived+" (the peer)", false, false
			f.Line = t.nginxLine("X-Forwarded-For $proxy_add_x_forwarded_for")
		}
	}
	t.add(f)
}

// proxyName is the proxy that the handshake came through, as far as it is known.
func (t *tested) proxyName() string {
	if hops := t.hops(); len(hops) > 0 && hops[0].Confidence >= diagnosis.Likely {
		return visible(hops[0].Name)
	}
	return "the proxy"
}

func (t *tested) hops() []diagnosis.Hop {
	if t.Attempt == nil {
		return nil
	}
	return diagnosis.Hops(t.Request.Head)
}

// nginxLine is a line that makes nginx tell something; empty where another proxy has to.
func (t *tested) nginxLine(header string) string {
	if t.proxyName() != "nginx" {
		return ""
	}
	return "proxy_set_header " + header + ";"
}

func (t *tested) ending() {
	code := t.Get("code")
	if code == "" || t.Attempt == nil || t.Session == nil {
		return
	}
	c := t.Session.Close
	t.add(testFact{What: "Close", Knows: code, Arrived: fmt.Sprintf("%d, by %s", c.Code, c.By), By: "both ends", Reading: "One end does not know how it ended.", told: true, Same: code == fmt.Sprint(c.Code)})
}

// sameText reports whether two texts are the same; a star of what is masked stands for
// what it hides.
func sameText(knows, arrived string) bool {
	if len(knows) != len(arrived) {
		return false
	}
	for i := range len(knows) {
		if knows[i] != arrived[i] && arrived[i] != '*' {
			return false
		}
	}
	return true
}
