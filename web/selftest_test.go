package web

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"wsinspect/internal/journal"
)

// marks lets a request arrive that carries a mark.
func (s *site) marks(nonce, raw string) *journal.Attempt {
	a := *s.arrives(raw)
	a.Nonce = nonce
	s.Begin(&a)
	return &a
}

// ended gives an accepted attempt the end of its session.
func (s *site) ended(a *journal.Attempt, idle time.Duration, c journal.Close) {
	session := *a.Session
	session.Closed, session.Idle, session.Close = session.Opened.Add(idle), idle, c
	s.Close(a.Trace(), session)
}

// reports asks what follows from a test, as the script does.
func (s *site) reports(t *testing.T, told url.Values) (r struct {
	Says, Lead, Differ string
	Facts              []struct {
		Cells []string
		Line  string
		Same  bool
	}
	Links []struct{ To, Text string }
}) {
	t.Helper()
	told.Set("page", "http://localhost/inspect/selftest")
	w := s.get("/inspect/selftest?"+told.Encode(), "application/json")
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return r
}

func TestSelftestWithoutScript(t *testing.T) {
	s := newSite(Options{})
	doc := s.look(t, "/inspect/selftest?path=/%22%3E%3Cscript%3E&minutes=5")
	for _, control := range all(doc, func(n *html.Node) bool { return n.Data == "input" || n.Data == "button" }) {
		hidden := false
		for p := control; p != nil; p = p.Parent {
			for _, a := range p.Attr {
				hidden = hidden || a.Key == "hidden"
			}
		}
		if !hidden && attr(control, "type") != "hidden" {
			t.Errorf("<%s id=%q> is there without the script that it needs", control.Data, attr(control, "id"))
		}
	}
	if got := text(all(doc, tag("main"))[0]); !strings.Contains(got, "curl -i") || !strings.Contains(got, "Plain request") {
		t.Errorf("the page says neither what it would do nor how to do it in a terminal: %s", got)
	}
	if w := s.get("/inspect/selftest", "*/*"); !strings.Contains(w.Body.String(), "Sec-WebSocket-Key") {
		t.Errorf("curl reads %s", w.Body)
	}
}

// TestAPlainRequestTellsWhatProxiesMadeOfIt and none of its secrets, for the cookie of the
// page is hidden from scripts.
func TestAPlainRequestTellsWhatProxiesMadeOfIt(t *testing.T) {
	s := newSite(Options{})
	w := s.get("/inspect/selftest?wsinspect-nonce=1", "application/json", "X-Forwarded-Proto", "https", "Cookie", cookieName+"=secret", "Authorization", "Bearer secret")
	var is struct {
		Request struct {
			Host, Target string
			Headers      []struct{ Name, Value string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &is); err != nil {
		t.Fatal(err)
	}
	if r := is.Request; r.Host != "localhost:8080" || r.Target != "/inspect/selftest?wsinspect-nonce=1" || len(r.Headers) != 1 || r.Headers[0].Value != "https" {
		t.Errorf("it tells %+v", r)
	}
	if strings.Contains(w.Body.String(), "secret") {
		t.Errorf("it tells a secret: %s", w.Body)
	}
}

func TestWhatFollowsFromATest(t *testing.T) {
	s := newSite(Options{})
	whole := request("GET /ws/?wsinspect-nonce=good HTTP/1.1", "Host: localhost", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Origin: http://localhost", "User-Agent: B",
		"X-Forwarded-Proto: http", "X-Forwarded-For: 203.0.113.7", "Cookie: theme=dark; wsinspect=1", "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==")
	bare := s.marks("bare", bareProxyPass) // the first: later ones would show how the proxy can do better
	good := s.marks("good", whole)
	s.ended(good, time.Second, journal.Close{Code: 1000, By: journal.ByClient})
	silent := s.marks("silent", strings.Replace(whole, "nonce=good", "nonce=silent", 1))
	s.ended(silent, time.Minute, journal.Close{Code: 1006, By: journal.ByNobody})
	told := func(more ...string) url.Values {
		q := url.Values{"nonce": {"good"}, "target": {"/ws/?wsinspect-nonce=good"}, "agent": {"B"}, "cookies": {"theme"}, "seen": {"101 after 4 ms"}, "open": {"true"}, "code": {"1000"}, "host": {"localhost"}}
		for i := 0; i < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return q
	}
	for name, c := range map[string]struct {
		told             url.Values
		says, lead, link string
	}{
		"all arrived":      {told(), "Everything your browser sent has arrived.", "Now silence is tried", good.ID},
		"changed":          {told("agent", "C", "cookies", "theme; id"), "The socket works, but 2 things arrived changed.", "", good.ID},
		"nothing arrived":  {told("nonce", "none", "open", "", "code", "", "seen", "1006 after 3 ms"), "The browser tried, and nothing arrived here. The request ends before wsinspect.", "The browser saw 1006 after 3 ms. A plain request to the same path does arrive", ""},
		"nothing at all":   {told("nonce", "none", "open", "", "code", "", "host", ""), "nothing arrived here", "does not arrive either", ""},
		"refused":          {told("nonce", "bare", "open", "", "code", ""), "It arrived, and wsinspect refused it with 400.", "HTTP/1.0", bare.ID + "#c-upgrade-not-configured"},
		"the answer broke": {told("open", "", "code", ""), "wsinspect accepted the socket, and the browser never got it.", "", good.ID},
		"cut":              {told("silent", "silent", "cut", "60012.3", "kept", "2", "ping", "20"), "Everything your browser sent has arrived. Only silence is cut, after 60.0 s.", "Something every 20 s keeps a socket open.", silent.ID + "#c-read-timeout"},
		"all cut":          {told("silent", "silent", "cut", "60012.3", "kept", "0", "ping", "20"), "Sockets are cut, a silent one after 60.0 s.", "did not keep the others open", ""},
		"not cut":          {told("silent", "good", "cut", "", "lasted", "120000"), "Silence is not cut.", "still open after 2 min 0 s", ""},
		"stopped":          {told("silent", "good", "cut", "", "lasted", "9000", "stopped", "1"), "The search for a cut was stopped.", "still open after 9.0 s", ""},
		"hostile":          {told("nonce", "none", "open", "", "seen", "\u202e\x1b[2J"), "nothing arrived", `\u202e\x1b[2J`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.reports(t, c.told)
			if !strings.Contains(r.Says, c.says) || !strings.Contains(r.Lead, c.lead) {
				t.Errorf("it says %q %q, want %q %q", r.Says, r.Lead, c.says, c.lead)
			}
			found := c.link == ""
			for _, l := range r.Links {
				found = found || l.To == c.link
			}
			if !found {
				t.Errorf("no link leads to %s: %+v", c.link, r.Links)
			}
		})
	}
	t.Run("what differs is named", func(t *testing.T) {
		rows := map[string]bool{}
		for _, f := range s.reports(t, told("nonce", "bare", "open", "", "code", "")).Facts {
			rows[f.Cells[0]] = f.Same
			if f.Same != (f.Cells[4] == "Same") {
				t.Errorf("%q reads %q", f.Cells[0], f.Cells[4])
			}
		}
		for what, same := range map[string]bool{"Host": false, "HTTP version": false, "Upgrade": false, "Connection": false, "Origin": true, "Scheme": false} {
			if got, ok := rows[what]; !ok || got != same {
				t.Errorf("%s is the same: %t, want %t", what, got, same)
			}
		}
	})
}
