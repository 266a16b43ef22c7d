package web

import (
	"strings"
	"testing"
)

// TestFold: attempts that follow one another and are alike take one row, in the view only.
func TestFold(t *testing.T) {
	const ( // a letter for each attempt, oldest first; and how the rows read, newest first
		health, story, other, session = 'h', 's', 'o', 'a'
	)
	raw := map[rune]string{
		health: request("GET /health HTTP/1.1", "Host: localhost"), story: theStory,
		other: strings.Replace(theStory, "/echo", "/other", 1), session: sound,
	}
	for _, c := range []struct{ law, arrive, want string }{
		{"those that are alike fold", "ssss", "/echo ×4"},
		{"health checks fold", "hhh", "/health ×3"},
		{"another target is another row", "sso", "/other, /echo ×2"},
		{"what stands between parts them", "shhs", "/echo, /health ×2, /echo"},
		{"sessions stay alone", "aa", "/ws/, /ws/"},
	} {
		t.Run(c.law, func(t *testing.T) {
			s := newSite(Options{})
			for _, each := range c.arrive {
				s.arrives(raw[each])
			}
			var rows []string
			for _, r := range all(id(t, s.look(t, "/inspect"), "rows"), tag("tr")) {
				says := text(all(r, class("target"))[0])
				for _, times := range all(r, class("times")) {
					says += " " + text(times)
				}
				rows = append(rows, says)
			}
			if got := strings.Join(rows, ", "); got != c.want {
				t.Errorf("%s: the rows are %s, want %s", c.arrive, got, c.want)
			}
		})
	}
}

func TestFoldOpens(t *testing.T) {
	s := newSite(Options{})
	s.arrives(theStory)
	s.arrives(theStory)
	newest := s.arrives(theStory)
	s.arrives(sound)

	times := all(s.look(t, "/inspect"), class("times"))
	if len(times) != 1 || attr(times[0], "aria-label") != "All 3 like this one" {
		t.Fatalf("%d folds, want one of 3", len(times))
	}
	doc := s.look(t, "/"+attr(times[0], "href"))
	if n := len(all(id(t, doc, "rows"), tag("tr"))); n != 3 {
		t.Errorf("the fold opens into %d rows, want 3", n)
	}
	doc = s.look(t, "/inspect/"+newest.ID)
	if !strings.Contains(text(doc), "the last of 3 alike") {
		t.Error("an attempt of a fold does not say so")
	}
	if w := s.get("/inspect", "application/json"); strings.Count(w.Body.String(), `"state":"rejected"`) != 3 {
		t.Error("the API folds")
	}
}
