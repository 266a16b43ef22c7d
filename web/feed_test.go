package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/journal"
)

// update is a message of the feed as its pages read it.
type update struct {
	Rows []struct {
		ID   string
		HTML string // empty: the row is gone
	}
	Undrawn int
	Parts   map[string]string
}

func readUpdate(t *testing.T, data string) (u update) {
	t.Helper()
	if err := json.Unmarshal([]byte(data), &u); err != nil {
		t.Fatalf("%v in %.200s", err, data)
	}
	return u
}

// follower reads a feed.
type follower struct {
	*http.Response
	lines *bufio.Scanner
}

func follow(t *testing.T, server *httptest.Server, query string) *follower {
	t.Helper()
	resp, err := http.Get(server.URL + "/inspect/feed" + query)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &follower{resp, bufio.NewScanner(resp.Body)}
}

// next returns the data of the next event of that name.
func (f *follower) next(t *testing.T, event string) string {
	t.Helper()
	for f.lines.Scan() {
		if f.lines.Text() == "event: "+event && f.lines.Scan() {
			return strings.TrimPrefix(f.lines.Text(), "data: ")
		}
	}
	t.Fatalf("the feed ended before %q: %v", event, f.lines.Err())
	return ""
}

func (f *follower) update(t *testing.T) update {
	t.Helper()
	return readUpdate(t, f.next(t, "update"))
}

// opens lets a live page look at what the query says, until the test ends.
func (p *page) opens(t *testing.T, query string) *view {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "/inspect/feed?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := p.view(r)
	t.Cleanup(v.scene.leave)
	return v
}

// update brings a page up to now.
func (v *view) update(t *testing.T) (u update) {
	t.Helper()
	message, err := v.turn(v.scene.look())
	if err != nil {
		t.Fatal(err)
	}
	if message == nil {
		return u
	}
	name, rest, _ := strings.Cut(string(message), "\ndata: ")
	data, ended := strings.CutSuffix(rest, "\n\n")
	if name != "event: update" || !ended || strings.Contains(data, "\n") {
		t.Fatalf("that is no one event: %.200s", message)
	}
	return readUpdate(t, data)
}

func TestFeedOfTheList(t *testing.T) {
	s := newSite(Options{Version: "1.2.3"})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)

	f := follow(t, server, "?outcome=open")
	for header, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
		if got := f.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if got := f.next(t, "hello"); !strings.Contains(got, `"version":"1.2.3"`) {
		t.Errorf("hello says %s", got)
	}

	second, err := http.Get(server.URL + "/inspect/feed")
	if err != nil {
		t.Fatal(err)
	}
	second.Body.Close()
	if second.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("when every place is taken: %s, want 503", second.Status)
	}

	a := s.arrives(sound)
	u := f.update(t)
	if len(u.Rows) != 1 || u.Rows[0].ID != a.ID || !strings.HasPrefix(u.Rows[0].HTML, "<tr ") || !strings.Contains(u.Rows[0].HTML, `href="inspect/`+a.ID+`?q=outcome%3Aopen"`) {
		t.Errorf("a new attempt: %+v", u.Rows)
	}
	if !strings.Contains(u.Parts["says"], "The one attempt was accepted.") || !strings.Contains(u.Parts["chips"], "outcome%3Afailed") {
		t.Errorf("what is said of all: %q", u.Parts)
	}

	s.closes(a, journal.Close{Code: 1000, By: journal.ByClient})
	if u := f.update(t); len(u.Rows) != 1 || u.Rows[0].ID != a.ID || u.Rows[0].HTML != "" {
		t.Errorf("an attempt that the filter no longer chooses: %+v", u.Rows)
	}
}

func TestFeedOfAnAttempt(t *testing.T) {
	s := newSite(Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	a := s.arrives(sound)

	f := follow(t, server, "?id="+a.ID+"&state=open")
	f.next(t, "hello")
	s.closes(a, journal.Close{Code: 1001, By: journal.ByClient})
	for {
		u := f.update(t)
		if strings.Contains(u.Parts["verdict"], "Closed") && strings.Contains(u.Parts["session"], "Going away") {
			break
		}
	}
}

// TestFeedKnowsItsPage: a page tells the feed by a tag which rows it shows. Nothing that
// came between the two is lost, and nothing is sent twice.
func TestFeedKnowsItsPage(t *testing.T) {
	s := newSite(Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	before := s.arrives(theStory)
	address := attr(all(s.look(t, "/inspect"), tag("body"))[0], "data-feed")
	_, query, ok := strings.Cut(address, "?")
	if !ok {
		t.Fatalf("the feed's address is %q", address)
	}
	between := s.arrives(sound)

	f := follow(t, server, "?"+query)
	u := f.update(t)
	if len(u.Rows) != 2 { // the tag is of other rows, so all are sent
		t.Errorf("%d rows, want those of %s and %s", len(u.Rows), between.ID, before.ID)
	}
	f.Body.Close()

	_, query, _ = strings.Cut(attr(all(s.look(t, "/inspect"), tag("body"))[0], "data-feed"), "?")
	v := newPage(Options{Journal: s.Journal}).opens(t, query)
	if u := v.update(t); len(u.Rows) != 0 || len(u.Parts) != 0 {
		t.Errorf("nothing has happened, but it sends %d rows and %d parts", len(u.Rows), len(u.Parts))
	}
}

// TestFeedOutlivesItsRequest, whose reading is bounded.
func TestFeedOutlivesItsRequest(t *testing.T) {
	s := newSite(Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(gathering / 2))
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	f := follow(t, server, "")
	for range 3 { // each is gathered for longer than that
		s.arrives(plain)
		f.update(t)
	}
}

// TestFeedFolds: an attempt like the newest one makes that row count on.
func TestFeedFolds(t *testing.T) {
	s := newSite(Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	first := s.arrives(theStory)
	f := follow(t, server, "")
	f.update(t)
	second := s.arrives(theStory)
	u := f.update(t)
	if len(u.Rows) != 1 || u.Rows[0].ID != first.ID || !strings.Contains(u.Rows[0].HTML, `data-times="2" data-failed`) || !strings.Contains(u.Rows[0].HTML, "×2") || !strings.Contains(u.Rows[0].HTML, second.ID) {
		t.Errorf("%+v, want the row of %s with ×2, leading to %s", u.Rows, first.ID, second.ID)
	}
}

// TestFeedFillsTheEmptyPage also under a filter that hides what comes.
func TestFeedFillsTheEmptyPage(t *testing.T) {
	s := newSite(Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	f := follow(t, server, "?outcome=failed")
	f.next(t, "hello")
	s.arrives(sound)
	u := f.update(t)
	if !strings.Contains(u.Parts["matched"], "No attempt matches <code>outcome:failed</code>. 1 is hidden by it.") {
		t.Errorf("it says %q", u.Parts["matched"])
	}
	s.arrives(theStory)
	if u = f.update(t); !strings.Contains(u.Parts["matched"], "1 of 2 match") {
		t.Errorf("it says %q", u.Parts["matched"])
	}
}

// TestFeedTellsWhatHappenedBefore: a session may end between the page and its feed.
func TestFeedTellsWhatHappenedBefore(t *testing.T) {
	s := newSite(Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	a := s.arrives(sound)
	s.closes(a, journal.Close{Code: 1001, By: journal.ByClient})

	f := follow(t, server, "?id="+a.ID+"&state=open")
	if u := f.update(t); !strings.Contains(u.Parts["session"], "Going away") {
		t.Errorf("the first update has %q", u.Parts)
	}
}

// TestFeedOfABurst: of more new rows than a message may hold the newest are sent, and how
// many were not; they are not sent later either.
func TestFeedOfABurst(t *testing.T) {
	s := newSite(Options{})
	v := newPage(Options{Journal: s.Journal}).opens(t, "")
	s.arrives(sound)
	if u := v.update(t); len(u.Rows) != 1 || u.Undrawn != 0 {
		t.Fatalf("the first message has %d rows and leaves out %d", len(u.Rows), u.Undrawn)
	}
	for _, c := range []struct{ come, drawn int }{{burst + 10, burst}, {maxRows + 20, burst}, {3, 3}} {
		for i := range c.come {
			s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/echo/%d", i), 1))
		}
		u := v.update(t)
		drawn := 0
		for _, r := range u.Rows {
			if r.HTML != "" {
				drawn++
			}
		}
		if drawn != c.drawn || u.Undrawn != c.come-c.drawn {
			t.Errorf("of %d that come, %d rows are sent, %d left out; want %d rows", c.come, drawn, u.Undrawn, c.drawn)
		}
		if newest := s.Latest().ID; u.Rows[0].ID != newest {
			t.Errorf("the first row is %s, want the newest, %s", u.Rows[0].ID, newest)
		}
		if u := v.update(t); len(u.Rows) != 0 || u.Undrawn != 0 {
			t.Errorf("nothing has happened, but %d rows are sent and %d left out", len(u.Rows), u.Undrawn)
		}
	}
	for range 3 {
		s.arrives(plain)
	}
	if u := v.update(t); len(u.Rows) != 1 || u.Undrawn != 0 {
		t.Errorf("three in a fold: %d rows are sent and %d left out", len(u.Rows), u.Undrawn)
	}
}

// TestFeedLeavesOlderPagesAlone: what stands on the next page is not sent when a row of this
// one goes.
func TestFeedLeavesOlderPagesAlone(t *testing.T) {
	s := newSite(Options{})
	p := newPage(Options{Journal: s.Journal})
	for i := range pageRows + 10 {
		s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/echo/%d", i), 1))
	}
	v := p.opens(t, "tag="+p.rows(query{}, listRoot, pageRows).tag())
	a := s.arrives(sound)
	if u := v.update(t); len(u.Rows) != 1 || u.Rows[0].ID != a.ID {
		t.Errorf("%d rows are sent; want only that of %s", len(u.Rows), a.ID)
	}
}
