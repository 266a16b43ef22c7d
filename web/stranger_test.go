package web

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"wsinspect/internal/journal"
)

// What strangers write: markup, escapes of terminals in both widths, every control of the
// writing direction, bytes that are no text, and fences.
const (
	script  = "<script>alert(1)</script>"
	escapes = "\x1b[31m\x9b31m\x00"
	bidi    = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
	evil    = script + escapes + bidi + "\xff```~~~"
)

// strangers are requests that hold all of that in every place that is shown.
func strangers() []string {
	long := strings.Repeat("A"+evil, 60_000/len(evil))
	return []string{
		request("GET /"+script+"?\"'> HTTP/1.1", "Host: localhost", "X: "+script, script+": x", "Origin: http://"+script,
			"Connection: \x1b[31m\x00", "User-Agent: \u202eevil\xff", "X-Forwarded-For: "+script,
			"Sec-WebSocket-Protocol: "+script, "Sec-WebSocket-Version: "+script, "Sec-WebSocket-Key: \"><img src=x>"),
		request(evil+" /"+evil+" HTTP/1.1", "Host: "+evil, evil+": "+evil),
		request("GET /"+bidi+" HTTP/1.1", "Host: "+bidi, "Connection: Upgrade", "Upgrade: websocket", "Origin: http://"+bidi, "User-Agent: Mozilla/5.0 Chrome/"+bidi,
			"Sec-WebSocket-Key: "+bidi, "Sec-WebSocket-Version: "+bidi, "Sec-WebSocket-Protocol: "+bidi, "Sec-WebSocket-Extensions: "+bidi, "X-Forwarded-For: "+bidi),
		request("GET /"+strings.Repeat("a", 60_000)+" HTTP/1.1", "Host: localhost"),
		strings.TrimSuffix(theStory, "\r\n") + "User-Agent: " + long + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost:8080\r\n" + strings.Repeat("a:"+"\r\n", 15_000) + "\r\n",
		script + "\r\n\r\n",
		"\x16\x03\x01" + evil,
		"PROXY TCP4 " + script + "\r\n" + theStory,
		"PROXY TCP4 " + evil + "\r\n" + theStory,
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + evil,
		"\x00\x10\x00\x00\x05\x00" + evil,
		"GET / HTTP/1.1\nHost : " + script + "\n",
	}
}

// TestStrangersBytes lets them arrive and looks at every screen and document.
func TestStrangersBytes(t *testing.T) {
	s := newSite(Options{})
	for _, raw := range strangers() {
		a := s.arrives(raw)
		if a.State == journal.Open {
			s.closes(a, journal.Close{Code: 1000, Reason: evil, By: journal.ByClient, Detail: evil})
		}
		for _, target := range []string{"/inspect", "/inspect/" + a.ID, "/inspect/" + a.ID + "?view=bytes", "/inspect/" + a.ID + "?view=lines", "/inspect/" + a.ID + "/report",
			"/inspect?q=" + "%3Cscript%3E", "/inspect?host=%3Cscript%3E"} {
			w := s.get(target, "text/html")
			body := w.Body.String()
			for _, bad := range append(strings.Split(bidi, ""), "\x1b", "\u009b", "\x9b31", "\x00", "\xff") {
				if strings.Contains(body, bad) {
					t.Errorf("%s: %q is sent as it came", target, bad)
				}
			}
			if strings.HasSuffix(target, "/report") {
				continue
			}
			for _, n := range all(parse(t, w.Body), func(n *html.Node) bool { return n.Data == "img" || n.Data == "script" && attr(n, "src") == "" }) {
				t.Errorf("%s: a stranger's <%s> is an element", target, n.Data)
			}
		}
	}
}

// TestManyLines: a head of fifteen thousand lines makes no page of fifteen thousand, and
// the page says what it leaves out.
func TestManyLines(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives("GET / HTTP/1.1\r\nHost: localhost:8080\r\n" + strings.Repeat("a:"+"\r\n", 15_000) + "Host: second\r\n\r\n")
	doc := s.look(t, "/inspect/"+a.ID)
	arrived := id(t, doc, "arrived").Parent.Parent
	if n := len(all(arrived, class("line"))); n < mostLines || n > mostLines+30 {
		t.Errorf("%d lines are drawn", n)
	}
	if !strings.Contains(text(arrived), "more are not drawn; the JSON holds them all.") {
		t.Error("nothing says that lines are left out")
	}
	if !strings.Contains(text(arrived), "Host: second") {
		t.Error("the line that is evidence is left out")
	}
}
