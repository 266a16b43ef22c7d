package web

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// Every check and cause has its documentation, with the example that produces it, and each
// is linked from the other side.
func TestReferenceIsWhole(t *testing.T) {
	s := newSite(Options{})
	for _, c := range diagnosis.Catalogue() {
		doc := s.look(t, "/inspect/causes/"+c.ID)
		sectionsOf(t, c.ID, doc, "what", "see", "do")
		if c.Tempting != "" {
			sectionsOf(t, c.ID, doc, "tempting")
		}
		if c.Example() != nil {
			sectionsOf(t, c.ID, doc, "example")
		}
		for _, id := range c.Explains {
			if !hasLink(doc, "../../inspect/checks/"+id) {
				t.Errorf("%s does not lead to the check %s", c.ID, id)
			}
			if !hasLink(s.look(t, "/inspect/checks/"+id), "../../inspect/causes/"+c.ID) {
				t.Errorf("the check %s does not lead back to %s", id, c.ID)
			}
		}
	}
	for _, c := range handshake.Catalogue() {
		sectionsOf(t, c.ID, s.look(t, "/inspect/checks/"+c.ID), "what", "see", "do", "example")
	}
}

func sectionsOf(t *testing.T, of string, doc *html.Node, names ...string) {
	t.Helper()
	for _, name := range names {
		heading := id(t, doc, name)
		if len(strings.TrimSpace(text(heading.Parent))) <= len(text(heading)) {
			t.Errorf("%s has nothing to say under %q", of, name)
		}
	}
}

func hasLink(doc *html.Node, href string) bool {
	for n := range doc.Descendants() {
		if n.Data == "a" && attr(n, "href") == href {
			return true
		}
	}
	return false
}

// The story reads whole: the cure, what the tempting one costs, a configuration that has
// the fault, the bytes that arrive, and the lines for other proxies.
func TestReferenceTellsTheStory(t *testing.T) {
	page := text(newSite(Options{}).look(t, "/inspect/causes/host-not-forwarded"))
	for _, words := range []string{
		"proxy_set_header Host $http_host;", "cross-site WebSocket hijacking", "proxy_pass http://127.0.0.1:8080;",
		"This arrives, and the client sees 403:", "Host: 127.0.0.1:8080", "What looks the same", "ProxyPreserveHost On", "header_up Host {hostport}",
	} {
		if !strings.Contains(page, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}
