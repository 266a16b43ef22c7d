package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

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
	const hostTitle = "the proxy sends the address that it dials as Host"
	old := strings.Replace(sound, "Version: 13", "Version: 8", 1)
	for _, c := range []struct {
		law    string
		arrive []string
		want   string
	}{
		{"plain requests alone", []string{plain, plain}, "No WebSocket handshake has arrived yet, only 2 plain requests."},
		{"one accepted", []string{sound}, "The one attempt was accepted."},
		{"all accepted", []string{sound, sound, plain}, "All 2 attempts since 00:00 were accepted."},
		{"one at risk", []string{originRemoved}, "The one attempt was accepted, at risk."},
		{"some at risk", []string{sound, originRemoved}, "All 2 attempts since 00:00 were accepted, 1 of them at risk."},
		{"one failed", []string{theStory}, "The one attempt failed: " + hostTitle + "."},
		{"one of two failed", []string{theStory, sound}, "1 of 2 attempts failed: " + hostTitle + "."},
		{"one cause for all", []string{theStory, theStory, sound}, "One cause explains all 2 failures: " + hostTitle + "."},
		{"half of the failures", []string{theStory, theStory, old, clientHello}, "One cause explains 2 of 4 failures: " + hostTitle + "."},
		{"no cause leads", []string{theStory, old, clientHello, bareProxyPass, sound}, "4 of 5 attempts failed, for 4 different reasons. The newest: "},
		{"nothing but failures", []string{theStory, old, clientHello}, "All 3 attempts failed, for 3 different reasons. The newest: TLS is spoken to a port that speaks plain HTTP."},
	} {
		t.Run(c.law, func(t *testing.T) {
			s := newSite(Options{})
			for _, raw := range c.arrive {
				s.arrives(raw)
			}
			h1 := all(id(t, s.look(t, "/inspect"), "says"), tag("h1"))[0]
			for _, when := range all(h1, tag("time")) {
				when.FirstChild.Data = "00:00"
			}
			if got := text(h1); got != c.want && !(strings.HasSuffix(c.want, ": ") && strings.HasPrefix(got, c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestOverallLeads to the newest attempt of the cause, says when the same began to be
// accepted, and offers a list of it alone.
func TestOverallLeads(t *testing.T) {
	s := newSite(Options{})
	s.arrives(theStory)
	failed := s.arrives(theStory)
	says := func() *html.Node { return id(t, s.look(t, "/inspect"), "says") }
	if strings.Contains(text(says()), "the same address is accepted") {
		t.Error("it says that it is cured")
	}
	s.arrives(strings.Replace(sound, "/ws/", "/echo", 1))
	if !strings.Contains(text(says()), "Last seen "+stamp{failed.Time}.Clock()+" on /echo") || !strings.Contains(text(says()), "the same address is accepted") {
		t.Errorf("it says %s", text(says()))
	}
	links := all(says(), tag("a"))
	if len(links) != 2 || text(links[0]) != "Show the cure" || attr(links[0], "href") != "inspect/"+failed.ID {
		t.Fatalf("%d links, want one to %s", len(links), failed.ID)
	}
	if n := len(all(id(t, s.look(t, "/"+attr(links[1], "href")), "rows"), tag("tr"))); n != 1 {
		t.Errorf("%q shows %d rows, want the fold of 2", text(links[1]), n)
	}
	s.arrives(theStory)
	if strings.Contains(text(says()), "the same address is accepted") {
		t.Error("it failed again, and it says that it is cured")
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
	if got := strings.Join(chips, ", "); got != "All 4, Failed 2, Accepted 1, At risk 0, Open now 1, Not WebSocket 1" {
		t.Errorf("the chips say %s", got)
	}

	for query, want := range map[string][]string{
		"outcome=accepted":             {accepted.ID},
		"q=path:/echo":                 {rejected.ID},
		"q=host:localhost:8080+Cookie": {rejected.ID},
		"check=origin-same-host":       {rejected.ID},
		"q=nothing-of-the-kind":        nil,
		"q=-path:/echo+-path:/ws/+-outcome:plain+-outcome:refused": nil,
		"q=-outcome:failed+-outcome:plain":                         {accepted.ID},
		"q=ua:firefox+client:127.0.0.0/8":                          nil,
	} {
		doc := s.look(t, "/inspect?"+query)
		var ids []string
		for _, r := range all(id(t, doc, "rows"), tag("tr")) {
			ids = append(ids, strings.TrimPrefix(attr(r, "id"), "a-"))
		}
		if strings.Join(ids, " ") != strings.Join(want, " ") {
			t.Errorf("%s shows %v, want %v", query, ids, want)
		}
		if query == "q=nothing-of-the-kind" && text(all(doc, tag("h1"))[0]) != "No attempt matches nothing-of-the-kind. 4 are hidden by it." {
			t.Errorf("%s does not say that it hides all: %s", query, text(doc))
		}
	}
}

// TestAdviceIsNoPlainSuccess: accepted with a thing to know is told from accepted.
func TestAdviceIsNoPlainSuccess(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(originRemoved)
	row := all(id(t, s.look(t, "/inspect"), "rows"), tag("tr"))[0]
	for _, want := range []string{"Accepted, at risk 101", why(a)} {
		if !strings.Contains(text(row), want) {
			t.Errorf("the row does not say %q: %s", want, text(row))
		}
	}
	if len(all(row, class("warning"))) != 1 {
		t.Error("the row has not the icon of a warning")
	}
}

// TestWire: a row draws where it broke, and says it.
func TestWire(t *testing.T) {
	s := newSite(Options{})
	for raw, want := range map[string]string{
		theStory:      "Broke at the proxy",
		sound:         "Broke nowhere",
		originRemoved: "Changed on the way, accepted all the same",
		plain:         "No WebSocket client",
		clientHello:   "Broke before HTTP",
		strings.Replace(sound, "Version: 13", "Version: 8", 1):                                                                        "Broke at the client",
		strings.NewReplacer("Host: localhost", "Host: api.example.com", "http://localhost", "https://www.example.com").Replace(sound): "here, by policy",
	} {
		a := s.arrives(raw)
		row := id(t, s.look(t, "/inspect"), "a-"+a.ID)
		wire := all(row, class("wire"))
		if len(wire) != 1 || attr(wire[0], "role") != "img" || !strings.HasSuffix(attr(wire[0], "aria-label"), want) {
			t.Errorf("%s: the wire is called %q, want %q", text(row), attr(wire[0], "aria-label"), want)
		}
	}
}

func TestListIsCutIntoPages(t *testing.T) {
	s := newSite(Options{})
	for i := range 2*pageRows + 5 {
		s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/echo/%d", i), 1)) // no two are alike
	}
	seen := map[string]bool{}
	next := func(doc *html.Node, word string) string {
		for _, a := range all(doc, tag("a")) {
			if text(a) == word {
				return "/" + attr(a, "href")
			}
		}
		return ""
	}
	var pages []int
	for target := "/inspect?q=outcome:failed"; target != ""; {
		doc := s.look(t, target)
		rows := all(id(t, doc, "rows"), tag("tr"))
		for _, r := range rows {
			seen[attr(r, "id")] = true
		}
		pages = append(pages, len(rows))
		if back := next(doc, "Newest attempts"); (back == "") != (len(pages) == 1) {
			t.Errorf("page %d leads back to %q", len(pages), back)
		}
		target = next(doc, "Older attempts")
	}
	if !slices.Equal(pages, []int{pageRows, pageRows, 5}) || len(seen) != 2*pageRows+5 {
		t.Errorf("pages of %d rows, %d in all", pages, len(seen))
	}
}

// TestFirstViewIsSmall, with a full page of rows that carry all they can.
func TestFirstViewIsSmall(t *testing.T) {
	s := newSite(Options{Version: "1.2.3"})
	for i := range 2 * pageRows {
		for range 2 {
			s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/chat/rooms/%d/messages", i), 1))
		}
	}
	if n := s.get("/inspect", "text/html").Body.Len(); n > 50_000 {
		t.Errorf("the first view has %d bytes, want at most 50,000", n)
	}
}

func TestKeys(t *testing.T) {
	s := newSite(Options{})
	doc := s.look(t, "/inspect")
	link := all(doc, class("keys"))
	if len(link) != 1 || text(link[0]) != "?" {
		t.Fatalf("%d links to the keys, want one", len(link))
	}
	shown := text(s.look(t, "/"+attr(link[0], "href")))
	for _, k := range keyHelps {
		if !strings.Contains(shown, k.Does) {
			t.Errorf("the keys lack %q", k.Does)
		}
	}
}

// BenchmarkList renders a list of 1000 rows, none like its neighbour. It has to stay under
// 20 ms.
func BenchmarkList(b *testing.B) {
	j := journal.New(journal.Options{Keep: 1000, KeepBytes: 1 << 30})
	s := &site{Journal: j}
	for i := range 1000 {
		s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/echo/%d", i), 1))
	}
	own := newPage(Options{Journal: j})
	for b.Loop() {
		shown := own.rows(query{}, listRoot, 1000)
		v := listView{shell: shell{Section: "attempts"}, rowPage: shown, Overview: own.overview(listRoot, query{}, shown)}
		if html, err := own.fragment("list", v); err != nil || strings.Count(html, "<tr ") != 1001 {
			b.Fatal(len(html), err)
		}
	}
}
