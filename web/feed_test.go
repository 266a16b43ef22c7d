package web

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wsinspect/internal/journal"
)

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

func (f *follower) update(t *testing.T) (u update) {
	t.Helper()
	if err := json.Unmarshal([]byte(f.next(t, "update")), &u); err != nil {
		t.Fatal(err)
	}
	return u
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
	if len(u.Rows) != 1 || u.Rows[0].ID != a.ID || !strings.HasPrefix(u.Rows[0].HTML, "<tr ") || !strings.Contains(u.Rows[0].HTML, `href="inspect/`+a.ID+`"`) {
		t.Errorf("a new attempt: %+v", u.Rows)
	}
	if !strings.Contains(u.Parts["overview"], "The one attempt was accepted.") || !strings.Contains(u.Parts["chips"], "outcome=failed") {
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
