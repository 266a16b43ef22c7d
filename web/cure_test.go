package web

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// TestEveryTemptingCureIsStruckThrough: whoever adds one to the catalogue adds its lines, or
// the page has nothing to strike through.
func TestEveryTemptingCureIsStruckThrough(t *testing.T) {
	for _, c := range diagnosis.Catalogue() {
		if (c.Tempting == "") != (len(c.Lures) == 0) {
			t.Errorf("%s: %q is tempting, and its lines are %q", c.ID, c.Tempting, c.Lures)
		}
		if c.Tempting == "" {
			continue
		}
		said, cost, after := costOf(c.Tempting)
		if got := strings.TrimSpace(said + " " + strings.TrimSpace(cost+" "+after)); cost == "" || got != c.Tempting {
			t.Errorf("%s: %q loses words as %q, %q, %q", c.ID, c.Tempting, said, cost, after)
		}
	}
}

// TestWhatIsCopied: the lines of the cure, and none of the tempting one.
func TestWhatIsCopied(t *testing.T) {
	s := newSite(Options{})
	doc := s.look(t, "/inspect/"+s.arrives(theStory).ID)
	copied := all(doc, func(n *html.Node) bool {
		return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "data-copy" })
	})
	keys := ""
	for _, c := range copied {
		keys += attr(c, "data-copy")
		if strings.Contains(exactly(c), `Origin "";`) {
			t.Errorf("the tempting cure can be copied: %s", exactly(c))
		}
	}
	if keys != "cy" {
		t.Errorf("the keys that copy are %q, want c for the cure and y for the head, once each", keys)
	}
	before := id(t, doc, "before")
	struck := all(before, tag("del"))
	if len(struck) == 0 || text(struck[0]) != `proxy_set_header Origin "";` {
		t.Errorf("%d lines are struck through", len(struck))
	}
	if !slices.ContainsFunc(all(before, tag("b")), func(b *html.Node) bool { return strings.Contains(text(b), "with their cookies") }) {
		t.Errorf("the cost is not in bold: %s", text(before))
	}
	if n := len(all(before, tag("li"))); n < 1 || n > 2 {
		t.Errorf("%d traps, want one or two", n)
	}
}

// TestCard reads the card of every kind of attempt.
func TestCard(t *testing.T) {
	s := newSite(Options{})
	cut := s.arrives(sound)
	s.closes(cut, journal.Close{Code: 1006, By: journal.ByNobody})
	foreign := s.arrives(foreignPage)
	typed := s.arrives(request("POST /ws HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==", "Sec-WebSocket-Extensions: permessage-deflate"))
	for _, c := range []struct {
		name  string
		a     *journal.Attempt
		says  []string
		lines bool // there are some to copy
	}{
		{"several places", s.arrives(theStory), []string{"The cure", "In the http block of nginx", "In the location block of nginx that serves /echo", "nginx -s reload"}, true},
		{"right", s.arrives(sound), []string{"Nothing to change"}, false},
		{"plain", s.arrives(plain), []string{"Nothing to change"}, false},
		{"something to take out", s.arrives("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + sound), []string{"take out: proxy_protocol"}, false},
		{"policy", foreign, []string{"Yours to decide"}, false},
		{"nothing to paste", typed, []string{"The cure"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			card := id(t, s.look(t, "/inspect/"+c.a.ID), "cure")
			for _, want := range c.says {
				if !strings.Contains(text(card), want) {
					t.Errorf("it does not say %q: %s", want, text(card))
				}
			}
			copied := slices.ContainsFunc(all(card, tag("pre")), func(n *html.Node) bool {
				return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "data-copy" })
			})
			if copied != c.lines {
				t.Errorf("lines can be copied: %t, want %t", copied, c.lines)
			}
		})
	}
}

func TestCoded(t *testing.T) {
	for _, c := range []struct{ sentence, want string }{
		{"$http_host is the Host.", "[$http_host] is the Host."},
		{`An empty Origin (proxy_set_header Origin "") ends it.`, `An empty Origin ([proxy_set_header Origin ""]) ends it.`},
		{"Debian's proxy_params, say.", "Debian's [proxy_params], say."},
		{"Nothing of it.", "Nothing of it."},
	} {
		var b strings.Builder
		for _, p := range coded(c.sentence) {
			if p.Code {
				b.WriteString("[" + p.Text + "]")
			} else {
				b.WriteString(p.Text)
			}
		}
		if got := b.String(); got != c.want {
			t.Errorf("coded(%q) reads %s, want %s", c.sentence, got, c.want)
		}
	}
}

// TestCuredSince: the attempt that failed before is named where this one is right, and not
// where the evidence was only taken away.
func TestCuredSince(t *testing.T) {
	s := newSite(Options{})
	before := s.arrives(strings.Replace(theStory, "/echo", "/ws/", 1))
	for raw, want := range map[string]bool{sound: true, originRemoved: false} {
		a := s.arrives(raw)
		verdict := id(t, s.look(t, "/inspect/"+a.ID), "verdict")
		told := slices.ContainsFunc(all(verdict, tag("a")), func(n *html.Node) bool {
			return strings.HasSuffix(attr(n, "href"), "/compare?a="+before.ID+"&b="+a.ID)
		})
		if told != want {
			t.Errorf("%s: a cure is told of: %t, want %t", text(verdict), told, want)
		}
	}
}

// TestHeadingAgreesWithItsLead: where the reason below it calls a proxy by its name, the
// heading does too, though that proxy is only possibly the one.
func TestHeadingAgreesWithItsLead(t *testing.T) {
	a := newSite(Options{}).arrives(theStory) // nothing in it tells which proxy it was
	causes := diagnosis.Catalogue()
	i := slices.IndexFunc(causes, func(c *diagnosis.Cause) bool { return c.ID == "upgrade-not-configured" })
	for because, want := range map[string]string{
		"nginx passed on neither Upgrade nor Connection.":     "nginx has no WebSocket lines",
		"The proxy passed on neither Upgrade nor Connection.": "The proxy has no WebSocket lines",
	} {
		c := &diagnosis.Conclusion{Cause: causes[i], Because: because, Fix: diagnosis.Fix{For: "nginx", Hop: 1}}
		if got := deed(a, c); got != want {
			t.Errorf("above %q the heading says %q, want %q", because, got, want)
		}
	}
}
