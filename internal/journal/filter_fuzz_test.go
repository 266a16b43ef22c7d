package journal

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzFilter: any query is read as a filter or refused in words; a filter chooses some of
// what there is, in order, each once over its pages, and its opposite chooses the rest.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"", "outcome=failed&path=/ws", "check=origin-same-host&limit=1", "cause=upgrade-not-configured", "client=10.0.0.0/8", "client=203.0.113.*", "client=::ffff:1.2.3.4/99",
		"q=KO-kr&host=localhost", "host=:8080", "host=[::1]", "ua=chrome&key=03SvnEbGeWQjug0BmxXzaw%3D%3D", "nonce=k7q2", "before=0111111111122222222222ab", "before=latest", "limit=-1", "limit=99999999999999999999", "outcome=%1b[2J", "q=%ff%00", "q=%zz;"} {
		f.Add(s)
	}
	j := New(Options{})
	for i, raw := range []string{chrome, bareProxyPass, "\x16\x03\x01\x02\x00", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"} {
		a := judged(j, raw, epoch)
		a.State = []State{Rejected, Rejected, Refused, Answered}[i]
		j.Begin(a)
	}
	all := j.List(Filter{}).Attempts
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query) // what can be read of it counts
		filter, err := ParseFilter(values)
		if err != nil {
			if text := err.Error(); len(text) > 500 || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
				t.Errorf("%q is refused in %d bytes: %q", query, len(text), text)
			}
			return
		}
		var chosen []*Attempt
		page := filter
		for page.Limit = 1; ; {
			p := j.List(page)
			chosen = append(chosen, p.Attempts...)
			if p.Kept != len(all) || len(p.Attempts) > 1 || len(chosen) > len(all) {
				t.Fatalf("%q chooses %d, on a page %d of %d", query, len(chosen), len(p.Attempts), p.Kept)
			}
			if p.Next == "" {
				break
			}
			page.Before = p.Next
		}
		rest := j.List(Filter{None: []Filter{filter}}).Attempts
		for _, a := range all {
			older := filter.Before == "" || a.ID < filter.Before
			if match := filter.Match(a); match == slices.Contains(rest, a) || (match && older) != slices.Contains(chosen, a) {
				t.Errorf("%q matches %s: %t, chosen %t, left out %t", query, a.ID, match, slices.Contains(chosen, a), !slices.Contains(rest, a))
			}
		}
	})
}
