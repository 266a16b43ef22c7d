package web

import (
	"net/http"
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// TestACauseOnItsWayThroughThePage: the sentence of an attempt and of its row, the lines to
// paste, the filter, the documentation.
func TestACauseOnItsWayThroughThePage(t *testing.T) {
	s := newSite(Options{})
	s.arrives(theStory)
	a := s.arrives(bareProxyPass)
	c := a.Leading()
	if c == nil || c.Cause != diagnosis.Find("upgrade-not-configured") {
		t.Fatalf("the causes are %+v", a.Causes)
	}
	doc := s.look(t, "/inspect/"+a.ID)
	verdict := id(t, doc, "verdict")
	for _, want := range []string{"has no WebSocket lines", newSureness(c.Confidence).Word, c.Cause.ID, "Who broke it"} {
		if !strings.Contains(text(verdict), want) {
			t.Errorf("the verdict does not say %q: %s", want, text(verdict))
		}
	}
	pasted := all(id(t, doc, "cure"), tag("pre"))
	if len(c.Fix.Steps) == 0 || len(pasted) != len(c.Fix.Steps) {
		t.Fatalf("%d blocks to paste for %d steps", len(pasted), len(c.Fix.Steps))
	}
	for i, step := range c.Fix.Steps {
		if got, want := exactly(pasted[i]), strings.Join(step.Lines, "\n"); got != want {
			t.Errorf("the block to paste is\n%s\nwant\n%s", got, want)
		}
		if !strings.Contains(text(verdict), c.Fix.Heading(step)) {
			t.Errorf("nothing says where the lines go: %s", c.Fix.Heading(step))
		}
	}
	for _, letter := range all(doc, class("letter")) {
		id(t, doc, strings.TrimPrefix(attr(letter, "href"), "#"))
	}
	for _, other := range a.Causes[1:] {
		if got := text(id(t, doc, "c-"+other.Cause.ID)); !strings.Contains(got, newSureness(other.Confidence).Word) || !strings.Contains(got, other.Cause.Title) {
			t.Errorf("what else leaves these bytes says %s", got)
		}
	}

	brief := c.Cause.Title
	if got := s.look(t, "/inspect?cause="+c.Cause.ID); !strings.Contains(text(got), brief) || len(all(id(t, got, "rows"), tag("tr"))) != 1 {
		t.Errorf("the list under the filter does not hold the one row with %q: %s", brief, text(id(t, got, "rows")))
	}
	if w := s.get("/inspect?cause=upgrade-not-confgured", "application/json"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), c.Cause.ID) {
		t.Errorf("a cause that is nearly right: %d %s", w.Code, w.Body)
	}
	page := s.look(t, "/inspect/causes/"+c.Cause.ID)
	if got := text(page); !strings.Contains(got, "1 attempt, last") || !strings.Contains(got, c.Cause.Title) {
		t.Errorf("the documentation does not tell of the attempt: %s", got)
	}
	for _, link := range all(page, tag("a")) {
		if _, check, ok := strings.Cut(attr(link, "href"), "/checks/"); ok && handshake.Find(check) == nil {
			t.Errorf("the documentation leads to the check %q, which does not exist", check)
		}
	}
	if w := s.get("/inspect/causes/"+c.Cause.ID, "text/plain"); w.Body.String() != string(c.Cause.AppendText(nil)) {
		t.Errorf("its text is another than that of wsinspect explain: %s", w.Body)
	}
}

// TestTheReferenceListsEveryCause, in the list of checks too.
func TestTheReferenceListsEveryCause(t *testing.T) {
	s := newSite(Options{})
	for _, target := range []string{"/inspect/checks", "/inspect/causes"} {
		links := map[string]bool{}
		for _, link := range all(s.look(t, target), tag("a")) {
			links[attr(link, "href")[strings.LastIndexByte(attr(link, "href"), '/')+1:]] = true
		}
		for _, c := range diagnosis.Catalogue() {
			if !links[c.ID] {
				t.Errorf("%s does not lead to %s", target, c.ID)
			}
		}
	}
}

// TestStrangersBytesInCauses: a conclusion quotes what strangers wrote.
func TestStrangersBytesInCauses(t *testing.T) {
	const evil = "evil\x1b[31m\u202e"
	h := dump.Parse([]byte(request("GET / HTTP/1.1", "Host: "+evil)))
	host, _ := h.Field("Host")
	a := &journal.Attempt{Request: dump.Request{Head: h}, Causes: []diagnosis.Conclusion{{
		Cause: diagnosis.Find("upgrade-not-configured"), Because: "Host is " + evil + ".", Evidence: []dump.Span{host.Value},
		Fix: diagnosis.Fix{For: "nginx", Steps: []diagnosis.Step{{Where: "http", Lines: []string{evil, "a\nb"}, Remove: []string{evil}}}},
	}}}
	a.State, a.Causes = journal.Rejected, append(a.Causes, a.Causes[0])
	v := newRivalsView(a, gather(a)).Causes[0]
	if v.With != a.Causes[0].Cause || v.Steps != nil {
		t.Errorf("the same lines are shown twice: %+q", v.Steps)
	}
	step := newCureView(a).Steps[0]
	if want := `evil\x1b[31m\u202e`; step.Lines != want+"\na\nb" || step.Remove != want {
		t.Errorf("the step is %+q", step)
	}
	for _, p := range v.Because {
		if strings.ContainsAny(p.Text, "\x1b\u202e") {
			t.Errorf("the sentence is %+q", p.Text)
		}
	}
}
