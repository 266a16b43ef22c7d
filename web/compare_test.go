package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// after lets a request arrive a second after everything before it.
func (s *site) after(raw string) *journal.Attempt {
	a := *s.arrives(raw)
	a.Time = a.Time.Add(time.Second)
	s.Begin(&a)
	return &a
}

func TestTwoAttemptsInOneSentence(t *testing.T) {
	line := strings.Replace
	cured := line(theStory, "Host: localhost:8080", "Host: localhost", 1)
	newKey := func(raw string) string { return line(raw, "03SvnEbGeWQjug0BmxXzaw==", "AAAAAAAAAAAAAAAAAAAAAA==", 1) }
	for name, c := range map[string]struct {
		before, after string
		says, lead    string
	}{
		"the right header":   {theStory, newKey(cured), "One header changed, and it was the right one.", "It works now. Same client, same path"},
		"several headers":    {theStory, line(cured, "Cookie: _ga=GA1.1.1798860791.1500182387", "X-New: 1", 1), "3 headers changed, and it works now.", "The one failed check passed; no new one failed."},
		"not in effect":      {theStory, newKey(theStory), "Nothing differs but the key: the change is not in effect. Was ", "The failed check did not pass"},
		"not even the key":   {theStory, theStory, "Nothing differs: the change is not in effect.", ""},
		"the wrong header":   {theStory, line(theStory, "Host: localhost:8080", "Host: localhost:9090", 1), "One header changed; the same check still fails.", ""},
		"the next check":     {line(theStory, "Upgrade: websocket", "Upgrade: h2c", 1), theStory, "One header changed; that check passes now, and the next one fails.", ""},
		"another path":       {theStory, line(cured, "GET /echo", "GET /chat", 1), "2 lines changed; the second was accepted.", "two paths"},
		"it broke":           {cured, theStory, "One header changed, and it broke the handshake.", "1 check failed that had not before"},
		"both good":          {cured, line(cured, "Connection: Upgrade", "Connection: upgrade", 1), "One header changed; both were accepted.", "No check failed in either."},
		"only looks":         {cured, line(cured, "Upgrade: websocket", "upgrade: websocket", 1), "Only the order or spelling of header lines changed; both were accepted.", ""},
		"no HTTP":            {theStory, clientHello, "One of them is no HTTP, so no header can be compared.", ""},
		"a plain request":    {plain, cured, "lines changed; not both were handshakes.", ""},
		"the mark of a test": {line(sound, "/ws/", "/ws/?x=1&wsinspect-nonce=1", 1), line(newKey(sound), "/ws/", "/ws/?x=1&wsinspect-nonce=2", 1), "Nothing differs but the key: both were accepted.", "same path"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(Options{})
			a := s.arrives(c.before)
			b := s.after(c.after)
			main := all(s.look(t, "/inspect/compare?a="+a.ID+"&b="+b.ID), tag("main"))[0]
			if got := text(all(main, tag("h1"))[0]); !strings.Contains(got, c.says) {
				t.Errorf("it says %q, want %q", got, c.says)
			}
			if got := text(all(main, class("lead"))[0]); !strings.Contains(got, c.lead) {
				t.Errorf("the lead is %q, want %q", got, c.lead)
			}
			if w := s.get("/inspect/compare?a="+a.ID+"&b="+b.ID, "*/*"); !strings.Contains(w.Body.String(), c.says) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
				t.Errorf("curl reads %s", w.Body)
			}
		})
	}
}

func TestEveryKindOfChange(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(request("GET /ws/ HTTP/1.0", "Host: localhost:8080", "upgrade: websocket", "Gone: 1", "Connection: Upgrade", "Cookie: sid=0123456789", "Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw=="))
	b := s.after(request("GET /ws/ HTTP/1.1", "Connection: Upgrade", "Host: localhost:9090", "Upgrade: websocket", "Cookie: sid=9876543210", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "New: \xff"))
	w := s.get("/inspect/compare?a="+a.ID+"&b="+b.ID, "application/json")
	var is struct {
		A, B    string
		Changes []struct {
			Name, Kind    string
			Before, After *string
		}
		Causes struct{ Gone, Stayed, New []string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &is); err != nil {
		t.Fatal(err)
	}
	if is.A != a.ID || is.B != b.ID || is.Causes.Gone == nil || is.Causes.Stayed == nil || is.Causes.New == nil {
		t.Errorf("the JSON is %s", w.Body)
	}
	value := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	var got []string
	for _, c := range is.Changes {
		got = append(got, c.Name+" "+c.Kind+" "+value(c.Before)+" -> "+value(c.After))
	}
	want := []string{
		"Method kept GET -> GET", "Target kept /ws/ -> /ws/", "Version changed HTTP/1.0 -> HTTP/1.1",
		"Connection reordered 5th line -> 2nd line",
		"Host changed localhost:8080 -> localhost:9090",
		"Upgrade respelled upgrade -> Upgrade",
		"Gone dropped 1 -> null",
		"Cookie changed sid=********** -> sid=**********",
		"Sec-WebSocket-Key changed 03SvnEbGeWQjug0BmxXzaw== -> AAAAAAAAAAAAAAAAAAAAAA==",
		"New added null -> ÿ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the changes are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	doc := s.look(t, "/inspect/compare?a="+a.ID+"&b="+b.ID)
	for name, want := range map[string]string{"del": "8080", "ins": "9090"} {
		if !strings.Contains(text(doc), "localhost:") || !slices.ContainsFunc(all(doc, tag(name)), func(n *html.Node) bool { return text(n) == want }) {
			t.Errorf("no <%s> says %s", name, want)
		}
	}
	if !strings.Contains(text(doc), "Another value.") || strings.Contains(w.Body.String()+text(doc), "0123456789") {
		t.Error("a masked value is shown, or nothing says that it differs")
	}
}

func TestWhatIsMissingToCompare(t *testing.T) {
	s := newSite(Options{})
	a, b := s.arrives(theStory), s.after(sound)
	for _, c := range []struct {
		query  string
		status int
		says   string
		link   string
	}{
		{"", 200, "Which attempt came before the change?", "?a=" + b.ID},
		{"?a=" + a.ID, 200, "Which attempt came after the change?", "?a=" + a.ID + "&b=" + b.ID},
		{"?b=" + b.ID, 200, "Which attempt came before the change?", "?b=" + b.ID + "&a=" + a.ID},
		{"?a=" + a.ID + "&b=nowhere", 404, "no longer kept", "?a=" + a.ID + "&b=" + b.ID},
		{"?a=%3Cscript%3E&b=nowhere", 404, "no longer kept", "?a=" + b.ID},
		{"?a=" + a.ID + "&b=latest", 200, "Which attempt came after the change?", "?a=" + a.ID + "&b=" + b.ID},
	} {
		w := s.get("/inspect/compare"+c.query, "text/html")
		doc := parse(t, w.Body)
		if w.Code != c.status || !strings.Contains(text(doc), c.says) {
			t.Errorf("%s: %d %s", c.query, w.Code, text(doc))
		}
		if !slices.ContainsFunc(all(doc, tag("a")), func(n *html.Node) bool { return attr(n, "href") == c.link }) {
			t.Errorf("%s: no link leads to %s", c.query, c.link)
		}
		if w := s.get("/inspect/compare"+c.query, "*/*"); w.Code != max(c.status, 400) {
			t.Errorf("%s: curl gets %d, want %d\n%s", c.query, w.Code, max(c.status, 400), w.Body)
		}
	}
	newer := s.after(theStory)
	if doc := s.look(t, "/inspect/compare?a="+a.ID+"&b=latest"); !strings.Contains(text(doc), newer.ID) || strings.Contains(text(doc), b.ID) {
		t.Error("latest is not the newest on the same path")
	}
	if doc := s.look(t, "/inspect/compare?a="+a.ID+"&b="+a.ID); !strings.Contains(text(doc), "This is one and the same attempt.") {
		t.Error("one attempt is compared with itself as if it were two")
	}
}

// TestHostileHeadsAreCompared: thousands of lines and values of thousands of bytes.
func TestHostileHeadsAreCompared(t *testing.T) {
	s := newSite(Options{})
	lines := []string{"GET / HTTP/1.1", "Host: a", "X: " + strings.Repeat("<script>\u202e", 4000)}
	for range 5000 {
		lines = append(lines, "a:\x1b[2J")
	}
	a := s.arrives(request(lines...))
	slices.Reverse(lines[1:])
	b := s.after(request(lines...))
	w := s.get("/inspect/compare?a="+a.ID+"&b="+b.ID, "text/html")
	if w.Code != http.StatusOK || w.Body.Len() > 1<<20 {
		t.Errorf("%d with %d bytes", w.Code, w.Body.Len())
	}
	if body := w.Body.String(); strings.Contains(body, "<script>\\") || strings.ContainsAny(body, "\x1b\u202e") {
		t.Error("bytes of a stranger reach the page as they came")
	}
	if body := s.get("/inspect/compare?a="+a.ID+"&b="+b.ID, "*/*").Body.String(); strings.ContainsAny(body, "\x1b\u202e") {
		t.Error("bytes of a stranger reach a terminal as they came")
	}
}

func TestADifferenceIsOfWholeWords(t *testing.T) {
	for _, c := range []struct{ before, after, del, ins string }{
		{"localhost:8080", "localhost:8081", "8080", "8081"},
		{"localhost:8080", "localhost", ":8080", ""},
		{"http://a.example", "https://a.example", "http", "https"},
		{"keep-alive", "keep-alive, Upgrade", "", ", Upgrade"},
		{"a", "b", "a", "b"},
	} {
		h, g := dump.Parse([]byte(request("GET / HTTP/1.1", "X: "+c.before))), dump.Parse([]byte(request("GET / HTTP/1.1", "X: "+c.after)))
		before, after := apart(newPainter(h, nil), h.Fields[0].Value, newPainter(g, nil), g.Fields[0].Value)
		said := func(runs []run) string {
			text := ""
			for _, r := range runs {
				text += r.Text
			}
			return text
		}
		if del, ins := said(before.Differs), said(after.Differs); del != c.del || ins != c.ins {
			t.Errorf("%q and %q differ in %q and %q, want %q and %q", c.before, c.after, del, ins, c.del, c.ins)
		}
	}
}
