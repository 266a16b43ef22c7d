package journal

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// How many attempts a Page holds.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Filter chooses attempts. A field that is empty chooses all; an attempt must pass every
// one that is not.
type Filter struct {
	Outcome string // one of filterOutcomes
	Check   string // the ID of a check that failed or advised
	Cause   string // the ID of a cause that was found
	Host    string // the Host line's value, with or without its port; case does not matter
	Path    string // what the path of the target begins with
	Client  string // the address of the client, its beginning and a "*", or a network: 10.0.0.0/8
	Agent   string // text in the User-Agent line; case does not matter
	Query   string // text in the request's head or in the sentence; case does not matter
	Key     string // the value of Sec-WebSocket-Key
	Nonce   string // the value of wsinspect-nonce in the query
	Limit   int    // attempts on a page; 0: DefaultLimit
	Before  string // only attempts older than the one with this ID

	All  []Filter // each of them must choose it too
	None []Filter // none of them may choose it
}

// filterOutcomes is what the parameter outcome may say: the four outcomes and the words
// that people look for. Failed is whatever is no success and no plain request.
var filterOutcomes = []string{"refused", "plain", "rejected", "accepted", "failed", "at-risk", "open", "closed"}

// ParseFilter reads a Filter from the query of an address. Its errors are for the person
// who typed the query. Parameters that are not ours are passed over.
func ParseFilter(q url.Values) (Filter, error) {
	f := Filter{
		Outcome: q.Get("outcome"), Check: q.Get("check"), Host: q.Get("host"), Path: q.Get("path"),
		Client: q.Get("client"), Agent: q.Get("ua"), Query: q.Get("q"), Key: q.Get("key"), Nonce: q.Get("nonce"), Cause: q.Get("cause"), Before: q.Get("before"),
	}
	if f.Outcome != "" && !slices.Contains(filterOutcomes, f.Outcome) {
		return Filter{}, fmt.Errorf("outcome=%s is unknown: use one of %s", quote(f.Outcome), strings.Join(filterOutcomes, ", "))
	}
	for _, each := range []struct {
		name, id string
		known    []string
	}{{"check", f.Check, checkIDs()}, {"cause", f.Cause, causeIDs()}} {
		if each.id != "" && !slices.Contains(each.known, each.id) {
			return Filter{}, fmt.Errorf("%s=%s is unknown: %s", each.name, quote(each.id), instead(each.name, each.id, each.known))
		}
	}
	if f.Before != "" && !isID(f.Before) {
		return Filter{}, fmt.Errorf("before=%s is no attempt's ID: use the value of next", quote(f.Before))
	}
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > MaxLimit {
			return Filter{}, fmt.Errorf("limit=%s is out of range: use a number from 1 to %d", quote(s), MaxLimit)
		}
		f.Limit = n
	}
	return f, nil
}

func checkIDs() (ids []string) {
	for _, c := range handshake.Catalogue() {
		ids = append(ids, c.ID)
	}
	return ids
}

func causeIDs() (ids []string) {
	for _, c := range diagnosis.Catalogue() {
		ids = append(ids, c.ID)
	}
	return ids
}

// instead says which of the known IDs may be meant, or where they all stand.
func instead(name, id string, known []string) string {
	if near := handshake.Nearest(id[:min(len(id), maxQuoted)], known, 3); len(near) > 0 {
		return "use " + strings.Join(near, " or ")
	}
	return "/inspect/" + name + "s lists them"
}

// maxQuoted is how many bytes of a value are shown.
const maxQuoted = 40

// quote shows a value of a query in an error: bounded and escaped.
func quote(s string) string {
	if len(s) > maxQuoted {
		return strconv.QuoteToASCII(s[:maxQuoted]) + "…"
	}
	return strconv.QuoteToASCII(s)
}

// Page is a part of the attempts that a Filter has chosen, newest first.
type Page struct {
	Attempts []*Attempt
	Next     string // the value of Before for the page that follows; empty on the last one
	Matched  int    // how many the filter has chosen, on all pages
	Kept     int    // how many there are to choose from
}

// List returns the newest attempts that f chooses.
func (j *Journal) List(f Filter) Page {
	list := j.snapshot()
	p := Page{Kept: len(list)}
	list = slices.DeleteFunc(list, func(a *Attempt) bool { return !f.Match(a) })
	slices.SortFunc(list, func(a, b *Attempt) int { return cmp.Compare(b.ID, a.ID) })
	p.Matched = len(list)
	if f.Before != "" {
		first, _ := slices.BinarySearchFunc(list, f.Before, func(a *Attempt, before string) int {
			if a.ID >= before {
				return -1
			}
			return 1
		})
		list = list[first:]
	}
	limit := f.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	if len(list) > limit {
		list = list[:limit:limit]
		p.Next = list[limit-1].ID
	}
	p.Attempts = list
	return p
}

// Match reports whether f chooses a; Limit and Before do not count.
func (f *Filter) Match(a *Attempt) bool {
	h := a.Request.Head
	return (f.Outcome == "" || f.matchOutcome(a)) &&
		(f.Check == "" || matchCheck(a, f.Check)) &&
		(f.Host == "" || matchHost(headHost(h), f.Host)) &&
		(f.Path == "" || strings.HasPrefix(path(h), f.Path)) &&
		(f.Client == "" || matchClient(a.Client.Addr, f.Client)) &&
		(f.Agent == "" || matchAgent(h, f.Agent)) &&
		(f.Key == "" || matchKey(h, f.Key)) &&
		(f.Nonce == "" || f.Nonce == a.Nonce) &&
		(f.Query == "" || matchQuery(a, f.Query)) &&
		(f.Cause == "" || matchCause(a, f.Cause)) &&
		!slices.ContainsFunc(f.All, func(f Filter) bool { return !f.Match(a) }) &&
		!slices.ContainsFunc(f.None, func(f Filter) bool { return f.Match(a) })
}

func (f *Filter) matchOutcome(a *Attempt) bool {
	o := a.Outcome()
	switch f.Outcome {
	case "failed":
		return o == OutcomeRejected || o == OutcomeRefused
	case "at-risk":
		return a.AtRisk()
	case "open", "closed":
		return a.State.String() == f.Outcome
	}
	return o.String() == f.Outcome
}

func matchCheck(a *Attempt, id string) bool {
	return slices.ContainsFunc(a.Verdict.Findings, func(f handshake.Finding) bool {
		return (f.Outcome == handshake.Failed || f.Outcome == handshake.Advised) && f.Check.ID == id
	})
}

func matchCause(a *Attempt, id string) bool {
	return slices.ContainsFunc(a.Causes, func(c diagnosis.Conclusion) bool { return c.Cause.ID == id })
}

// matchHost compares hosts; a pattern without a port takes every port.
func matchHost(host, want string) bool {
	if strings.EqualFold(host, want) {
		return true
	}
	i := strings.LastIndexByte(host, ':')
	return i >= 0 && !strings.HasSuffix(host, "]") && strings.EqualFold(host[:i], want)
}

func matchClient(client netip.Addr, want string) bool {
	if !client.IsValid() {
		return false
	}
	if prefix, ok := strings.CutSuffix(want, "*"); ok {
		return strings.HasPrefix(client.String(), prefix)
	}
	if network, err := netip.ParsePrefix(want); err == nil {
		return network.Contains(client)
	}
	return client.String() == want
}

func matchAgent(h *dump.Head, want string) bool {
	low := []byte(strings.ToLower(want))
	for f := range h.All("User-Agent") {
		if containsFold(h.Raw[f.Value.Start:f.Value.End], low) {
			return true
		}
	}
	return false
}

func matchKey(h *dump.Head, key string) bool {
	for f := range h.All("Sec-WebSocket-Key") {
		if h.Value(f) == key {
			return true
		}
	}
	return false
}

func matchQuery(a *Attempt, query string) bool {
	low := []byte(strings.ToLower(query))
	return containsFold(a.Request.Head.Raw, low) || bytes.Contains(bytes.ToLower([]byte(a.Sentence())), low)
}

// containsFold reports whether low, which is in lower case, stands in b; the case of ASCII
// letters does not matter. It copies nothing: b is as large as a stranger liked.
func containsFold(b, low []byte) bool {
	for i := 0; i+len(low) <= len(b); i++ {
		n := 0
		for n < len(low) && lower(b[i+n]) == low[n] {
			n++
		}
		if n == len(low) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// headHost returns the value of the first Host line.
func headHost(h *dump.Head) string {
	f, ok := h.Field("Host")
	if !ok {
		return ""
	}
	return h.Value(f)
}

// path returns the target up to its query.
func path(h *dump.Head) string {
	p, _, _ := strings.Cut(h.Target(), "?")
	return p
}
