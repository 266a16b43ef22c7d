package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/journal"
)

func TestEmptyList(t *testing.T) {
	s := newSite(Options{Listening: []string{"http://127.0.0.1:8080"}, Started: time.Now()})
	doc := s.look(t, "/inspect")
	if got := text(all(doc, tag("h1"))[0]); got != "Nothing has arrived yet. That is a finding too." {
		t.Errorf("it says %q", got)
	}
	if lines := all(doc, class("code")); len(lines) != 3 || !strings.Contains(text(lines[2]), "curl -i --http1.1 http://localhost:8080/ws/") {
		t.Errorf("%d lines to try, want 3 with this page's address", len(lines))
	}
	if !strings.Contains(text(doc), "Listening on http://127.0.0.1:8080") {
		t.Error("it does not say where it listens")
	}
}

func TestOverall(t *testing.T) {
	for _, c := range []struct {
		counts  journal.Counts
		reasons int
		advised int
		want    string
	}{
		{journal.Counts{}, 0, 0, "Nothing has arrived yet. That is a finding too."},
		{journal.Counts{Plain: 2}, 0, 0, "No WebSocket handshake has arrived yet, only 2 plain requests."},
		{journal.Counts{Accepted: 1}, 0, 0, "The one attempt was accepted."},
		{journal.Counts{Accepted: 21, Plain: 3}, 0, 0, "All 21 attempts were accepted."},
		{journal.Counts{Rejected: 1}, 1, 0, "The one attempt failed."},
		{journal.Counts{Rejected: 2}, 1, 0, "All 2 attempts failed, for one reason."},
		{journal.Counts{Refused: 4, Rejected: 34, Accepted: 23}, 6, 0, "38 of 61 attempts failed, for 6 different reasons."},
		{journal.Counts{Rejected: 1, Accepted: 1}, 1, 0, "1 of 2 attempts failed."},
		{journal.Counts{Accepted: 1}, 0, 1, "The one attempt was accepted, with advice."},
		{journal.Counts{Accepted: 3}, 0, 1, "All 3 attempts were accepted, 1 with advice."},
	} {
		if got := overall(c.counts, c.reasons, c.advised); got != c.want {
			t.Errorf("%+v: %q, want %q", c.counts, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	s := newSite(Options{})
	rejected, accepted := s.arrives(theStory), s.arrives(sound)
	s.arrives(plain)
	s.arrives(clientHello)

	doc := s.look(t, "/inspect")
	rows := all(id(t, doc, "rows"), tag("tr"))
	if len(rows) != 4 {
		t.Fatalf("%d rows, want 4", len(rows))
	}
	for i, want := range []string{"Refused 400", "Not WebSocket 426", "Open 101", "Rejected 403"} {
		if !strings.Contains(text(rows[i]), want) {
			t.Errorf("row %d does not say %q: %s", i, want, text(rows[i]))
		}
		if attr(rows[i], "role") != "row" || attr(all(rows[i], tag("td"))[0], "role") != "cell" {
			t.Errorf("row %d has lost its roles, which the narrow layout needs", i)
		}
		if n := len(all(rows[i], tag("a"))); n != 1 {
			t.Errorf("row %d has %d links, want 1", i, n)
		}
	}
	var chips []string
	for _, c := range all(id(t, doc, "chips"), tag("a")) {
		chips = append(chips, text(c))
	}
	if got := strings.Join(chips, ", "); got != "All 4, Failed 2, Accepted 1, Open now 1, Not WebSocket 1" {
		t.Errorf("the chips say %s", got)
	}

	for query, want := range map[string][]string{
		"outcome=accepted":             {accepted.ID},
		"q=path:/echo":                 {rejected.ID},
		"q=host:localhost:8080+Cookie": {rejected.ID},
		"check=origin-same-host":       {rejected.ID},
		"q=nothing-of-the-kind":        nil,
	} {
		doc := s.look(t, "/inspect?"+query)
		var ids []string
		for _, r := range all(id(t, doc, "rows"), tag("tr")) {
			ids = append(ids, attr(r, "data-id"))
		}
		if strings.Join(ids, " ") != strings.Join(want, " ") {
			t.Errorf("%s shows %v, want %v", query, ids, want)
		}
		if want == nil && !strings.Contains(text(doc), "No attempt matches nothing-of-the-kind. 4 are hidden by it.") {
			t.Errorf("%s does not say that it hides all: %s", query, text(doc))
		}
	}
}

// TestAdviceIsNoPlainSuccess: accepted with a thing to know is told from accepted.
func TestAdviceIsNoPlainSuccess(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(originRemoved)
	row := all(id(t, s.look(t, "/inspect"), "rows"), tag("tr"))[0]
	for _, want := range []string{"Accepted, advised 101", why(a)} {
		if !strings.Contains(text(row), want) {
			t.Errorf("the row does not say %q: %s", want, text(row))
		}
	}
	if len(all(row, class("warning"))) != 1 {
		t.Error("the row has not the icon of a warning")
	}
}

func TestListIsCutIntoPages(t *testing.T) {
	s := newSite(Options{})
	for i := range maxRows + 5 {
		s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/echo/%d", i), 1)) // no two are alike
	}
	doc := s.look(t, "/inspect")
	if n := len(all(id(t, doc, "rows"), tag("tr"))); n != maxRows {
		t.Errorf("%d rows on the first page, want %d", n, maxRows)
	}
	for _, a := range all(doc, tag("a")) {
		if text(a) == "Older attempts" {
			older := s.look(t, "/"+attr(a, "href"))
			if n := len(all(id(t, older, "rows"), tag("tr"))); n != 5 {
				t.Errorf("%d rows on the second page, want 5", n)
			}
			return
		}
	}
	t.Error("no link leads to older attempts")
}
