package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// TestStory reads the attempt that this project comes from.
func TestStory(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(theStory)
	doc := s.look(t, "/inspect/"+a.ID)

	verdict := id(t, doc, "verdict")
	for _, want := range []string{"Rejected 403", "sent its own upstream address as Host, so the Origin check failed.", "http://localhost", "localhost:8080", "Who broke it", "●●○ Likely"} {
		if !strings.Contains(text(verdict), want) {
			t.Errorf("the verdict does not say %q: %s", want, text(verdict))
		}
	}
	if got := text(id(t, doc, "c-origin-same-host")); !strings.Contains(got, "Decides. gorilla/websocket says websocket: request origin not allowed by Upgrader.CheckOrigin.") {
		t.Errorf("the check that decided does not say so: %s", got)
	}

	t.Run("each letter leads to the bytes and back", func(t *testing.T) {
		letters := all(verdict, class("letter"))
		if len(letters) < 2 {
			t.Fatalf("%d letters in the verdict, want one for Host and one for Origin", len(letters))
		}
		for _, l := range letters {
			there := id(t, doc, strings.TrimPrefix(attr(l, "href"), "#"))
			if text(there) != text(l) {
				t.Errorf("letter %s leads to %s", text(l), text(there))
			}
			id(t, doc, strings.TrimPrefix(attr(there, "href"), "#"))
		}
	})
	t.Run("a value stands in quotation marks, close to its letter", func(t *testing.T) {
		e, f := gather(a), a.Deciding()
		letter := map[dump.Span]string{}
		for _, span := range f.Evidence {
			letter[span] = e.letters[span].Name
		}
		var b strings.Builder
		for _, p := range e.quoteAll(f.Because, f.Evidence) {
			b.WriteString(p.Text + p.Close + p.Letter + p.Stop)
		}
		want := "Origin is “http://localhost”" + letter[f.Evidence[0]] + ", but Host is “localhost:8080”" + letter[f.Evidence[1]] + "."
		if got := b.String(); !strings.HasPrefix(got, want) {
			t.Errorf("the sentence reads %s, want %s", got, want)
		}
	})
	t.Run("what to do", func(t *testing.T) {
		if !slices.ContainsFunc(all(verdict, class("code")), func(n *html.Node) bool {
			return strings.Contains(text(n), "proxy_set_header Host $http_host;")
		}) {
			t.Error("no line to paste lets Host through")
		}
	})
	t.Run("the head is shown byte for byte", func(t *testing.T) {
		var lines []string
		for _, l := range all(id(t, doc, "arrived").Parent.Parent, class("line")) {
			var b strings.Builder
			for d := range all(l, class("text"))[0].Descendants() {
				if d.Type == html.TextNode && attr(d.Parent, "class") != "letter" && attr(d.Parent, "class") != "tag" {
					b.WriteString(d.Data)
				}
			}
			lines = append(lines, b.String())
		}
		want := strings.ReplaceAll(string(a.Request.Head.Raw), "*", "•")
		if got := strings.Join(lines, "\r\n") + "\r\n\r\n"; got != want {
			t.Errorf("the page shows\n%s\nwhat arrived is\n%s", got, want)
		}
	})
	t.Run("secrets are dots", func(t *testing.T) {
		if strings.Contains(text(doc), "1798860791") {
			t.Error("the value of Cookie is shown")
		}
		if len(all(doc, class("tag"))) != 1 {
			t.Error("want the tag masked once")
		}
	})
	t.Run("bytes", func(t *testing.T) {
		doc := s.look(t, "/inspect/"+a.ID+"?view=bytes")
		if hex := all(doc, class("hex")); len(hex) != 1 || !strings.Contains(text(hex[0]), "47 45 54 20") {
			t.Error("the view of bytes does not begin with 47 45 54 20")
		}
		if strings.Contains(text(doc), "2a 2a 2a") {
			t.Error("masked bytes are shown as the asterisks that stand in for them")
		}
	})
}

func TestStates(t *testing.T) {
	s := newSite(Options{})
	open, closed, cut := s.arrives(sound), s.arrives(sound), s.arrives(sound)
	s.closes(closed, journal.Close{Code: 1001, Reason: "<b>", By: journal.ByClient})
	s.closes(cut, journal.Close{Code: 1006, By: journal.ByNobody})
	for _, c := range []struct {
		name string
		a    *journal.Attempt
		says []string
	}{
		{"open", open, []string{"Accepted 101", "Open", "Still open", "3 in, 0 out"}},
		{"closed", closed, []string{"Accepted 101", "Closed 1001", "Going away", "The client", "“<b>”"}},
		{"cut", cut, []string{"Cut 1006", "No close frame came. The connection just ended."}},
		{"advised", s.arrives(originRemoved), []string{"Accepted, at risk 101", "Open", "Accepted, but Origin was removed on the way: any website could open this socket.", "origin-stripped", "In the location block of nginx that serves /ws/"}},
		{"plain", s.arrives(plain), []string{"Not WebSocket 426"}},
		{"refused", s.arrives(clientHello), []string{"Refused before any handler 400", "11 bytes, no HTTP", "16 03 01", "By Go’s net/http, not by wsinspect."}},
		{"frames with the head", s.arrives(theStory + "\x81\x80abcd"), []string{"6 bytes came after it"}},
		{"bare LF", s.arrives(strings.ReplaceAll(theStory, "\r\n", "\n")), []string{"end in LF alone"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := text(s.look(t, "/inspect/"+c.a.ID))
			for _, want := range c.says {
				if !strings.Contains(got, want) {
					t.Errorf("it does not say %q:\n%s", want, got)
				}
			}
		})
	}
}

func TestForgottenAttempt(t *testing.T) {
	s := newSite(Options{})
	s.arrives(theStory)
	if w := s.get("/inspect/000000000000000000000000", "*/*"); w.Code != http.StatusNotFound || w.Body.String() != "This attempt is no longer kept.\n1 is, failures longer.\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestQuote(t *testing.T) {
	for _, c := range []struct {
		law, sentence, value string
		want                 int // where the value is found
	}{
		{"a value in quotation marks is found between them", `Host is "a:1".`, "a:1", 9},
		{"a value that is part of a word is not meant", "Host is localhost:8080.", "localhost", -1},
		{"the sentence's own full stop ends a word", "Host is localhost.", "localhost", 8},
		{"a value that needs escapes is found as they are written", `It is "\x1b".`, "\x1b", 7},
		{"nothing is nowhere", "Host is empty.", "", -1},
	} {
		if got, _ := find(c.sentence, c.value); got != c.want {
			t.Errorf("%s: found at %d, want %d", c.law, got, c.want)
		}
	}
}
