package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestQueryIsRead(t *testing.T) {
	for _, c := range []struct{ law, typed, want string }{
		{"nothing", "", ""},
		{"keys and text", `outcome:rejected path:/ws -ua:probe text`, `outcome:rejected path:/ws -ua:probe text`},
		{"a key in capitals", `Path:/Ws`, `path:/Ws`},
		{"quotation marks keep spaces", `path:"/a b" "no key"`, `path:"/a b" "no key"`},
		{"quotation marks that are not needed", `"plain" host:"x"`, `plain host:x`},
		{"a quotation mark that is left open", `"no key`, `"no key"`},
		{"a quotation mark within", `"say \"hi\" \\"`, `"say \"hi\" \\"`},
		{"text that looks like a key", `"foo:bar" "path:/x"`, `"foo:bar" "path:/x"`},
		{"text that looks left out", `"-x" -x`, `"-x" -x`},
		{"an address is text", `http://localhost:8080`, `http://localhost:8080`},
		{"a minus alone is text", `-`, `-`},
		{"the same word twice", `path:/ws path:/ws x x`, `path:/ws x`},
		{"bytes that are no text", "path:/\xff\x00", "path:/\xff\x00"},
	} {
		t.Run(c.law, func(t *testing.T) {
			q := readQuery(url.Values{"q": {c.typed}})
			if got := q.Text(); got != c.want || len(q.Wrong) > 0 {
				t.Fatalf("%s is read as %s, wrong: %v", c.typed, got, q.Wrong)
			}
			if again := readQuery(url.Values{"q": {q.Text()}}); again.Text() != q.Text() {
				t.Errorf("written and read again it is %s", again.Text())
			}
		})
	}
	q := readQuery(url.Values{"path": {"/a b"}, "outcome": {"failed"}, "q": {"path:/c", "host:x"}, "fold": {"no"}, "limit": {"5"}})
	if got := q.Text(); got != `outcome:failed path:"/a b" path:/c host:x` || !q.Unfolded || q.filter().Limit != 5 {
		t.Errorf("parameters are read as %s, %+v", got, q)
	}
}

func TestQuerySaysWhatToWrite(t *testing.T) {
	for typed, want := range map[string]string{
		"cuase:x":            `cuase: is no word of the filter. Write cause:x, or "cuase:x" for text.`,
		"localhost:8080":     `localhost: is no word of the filter. Write outcome:, cause:, check:, path:, host:, client:, ua:, key: or nonce:, or "localhost:8080" for text.`,
		"path:":              "path: says nothing. Write path:/ws.",
		"outcome:bad":        `Outcome="bad" is unknown: use one of refused, plain, rejected, accepted, failed, at-risk, open, closed.`,
		"-cause:host-not-fo": `Cause="host-not-fo" is unknown: use host-not-forwarded.`,
	} {
		q := readQuery(url.Values{"q": {"path:/ws " + typed}})
		if len(q.Wrong) != 1 || q.Wrong[0].Says != want || q.Wrong[0].Word != typed {
			t.Errorf("%s: %+v, want %s", typed, q.Wrong, want)
		}
		if q.Text() != "path:/ws" {
			t.Errorf("%s: what can be read is %s", typed, q.Text())
		}
	}
	if q := readQuery(url.Values{"before": {"latest"}}); len(q.Wrong) != 1 || q.filter().Before != "" {
		t.Errorf("before=latest: %+v", q)
	}
}

// TestQueryIsShown: what cannot be read stays in the field, and hides nothing; what can be
// read is a token each, with a way to remove it.
func TestQueryIsShown(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(theStory)
	s.arrives(sound)

	doc := s.look(t, "/inspect?q=path:/echo+-ua:curl+nonsense:1")
	if rows := all(id(t, doc, "rows"), tag("tr")); len(rows) != 1 || attr(rows[0], "id") != "a-"+a.ID {
		t.Errorf("%d rows, want that of path:/echo", len(rows))
	}
	field := id(t, doc, "q")
	if attr(field, "value") != "nonsense:1" || attr(field, "aria-invalid") != "true" {
		t.Errorf("the field holds %q", attr(field, "value"))
	}
	if says := text(id(t, doc, attr(field, "aria-describedby"))); !strings.Contains(says, "nonsense: is no word of the filter.") {
		t.Errorf("it says %q", says)
	}
	tokens := all(doc, class("token"))
	if len(tokens) != 2 || text(tokens[1]) != "-ua:curl×" {
		t.Fatalf("%d tokens", len(tokens))
	}
	without := all(tokens[0], tag("a"))[0]
	if attr(without, "aria-label") != "Remove path:/echo" {
		t.Errorf("the button is called %q", attr(without, "aria-label"))
	}
	if doc = s.look(t, "/"+attr(without, "href")); len(all(doc, class("token"))) != 1 {
		t.Error("the token cannot be removed")
	}
	doc = s.look(t, "/inspect?q=nonsense:1")
	if n := len(all(id(t, doc, "rows"), tag("tr"))); n != 2 {
		t.Errorf("a filter that cannot be read shows %d rows, want all 2", n)
	}
	if w := s.get("/inspect?q=nonsense:1", "application/json"); w.Code != 400 || !strings.Contains(w.Body.String(), "nonsense:") {
		t.Errorf("the API answers %d %s", w.Code, w.Body)
	}
}

// TestFilterIsCarried: a link from a filtered list leads back to it.
func TestFilterIsCarried(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(theStory)
	s.arrives(sound)
	doc := s.look(t, "/inspect?q=-path:/ws/")
	link := all(all(id(t, doc, "rows"), class("why"))[0], tag("a"))[0]
	if got, want := attr(link, "href"), "inspect/"+a.ID+"?q=-path%3A%2Fws%2F"; got != want {
		t.Errorf("the row leads to %s, want %s", got, want)
	}
	rail := id(t, s.look(t, "/"+attr(link, "href")), "rail")
	if links := all(rail, tag("a")); len(links) != 1 || !strings.HasSuffix(attr(links[0], "href"), a.ID+"?q=-path%3A%2Fws%2F") {
		t.Errorf("the rail has %d links, want the one of the filter, carrying it", len(links))
	}
}
