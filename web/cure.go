package web

import (
	"regexp"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// cureView is the card beside the verdict: the lines to paste, each below the place where
// it goes, or why there are none.
type cureView struct {
	Heading string
	Steps   []stepView
	Policy  bool    // it is for the reader to decide, so nothing is offered to be copied
	Text    []block // what to do where there is nothing to paste
	Reload  bool    // nginx has to be told
}

// stepView is lines for one block of a configuration.
type stepView struct {
	Heading, Serves, Lines, Remove string
	Key                            string // copies the lines; of several places the last, whose lines do not cure without the others and say so
}

func newCureView(a *journal.Attempt) cureView {
	c := shownCause(a)
	if c == nil {
		return cureWithoutCause(a)
	}
	v := cureView{Heading: "The cure", Steps: stepViews(a, c), Policy: c.Cause.Party == diagnosis.ByBackend}
	switch {
	case v.Policy:
		v.Heading = "Yours to decide"
	case c.Cause.Severity == diagnosis.Cuts:
		v.Heading = "The cure for the cut"
	case c.Confidence < diagnosis.Likely && !curesAll(a):
		v.Heading = "The cure, if that is the cause"
	}
	for i := len(v.Steps) - 1; i >= 0 && !v.Policy; i-- {
		if v.Steps[i].Lines != "" {
			v.Steps[i].Key = "c"
			break
		}
	}
	if len(v.Steps) == 0 {
		v.Text = blocks(visibleLines(c.Fix.Note))
	}
	v.Reload = c.Fix.For == "nginx" && len(v.Steps) > 0 && c.Fix.Steps[0].Where != "shell"
	return v
}

// cureWithoutCause is the card of an attempt without a cause that is sure.
func cureWithoutCause(a *journal.Attempt) cureView {
	f := basis(a)
	switch {
	case a.State == journal.Answered:
		return cureView{Heading: "Nothing to change", Text: blocks("If a WebSocket was meant, its client has to ask for one: with Upgrade, Connection and a Sec-WebSocket-Key.")}
	case a.Response.Failure != journal.NoFailure:
		return cureView{Heading: "Nothing to paste", Text: blocks("The request is right. What happened is a matter of the connection.")}
	case f != nil:
		return cureView{Heading: "What to do", Text: blocks(f.Check.Doc.Do)}
	case cut(a.Session):
		return cureView{Heading: "Nothing to paste", Text: blocks("What cut the session left no trace here. Send pings from the server: a silence then ends no session, and a client that is gone is found.")}
	}
	return cureView{Heading: "Nothing to change", Text: blocks("The request arrived as RFC 6455 wants it, through every proxy on the way.")}
}

// curesAll reports whether the lines of the first cause cure every other one too.
func curesAll(a *journal.Attempt) bool {
	for i := range a.Causes[1:] {
		if a.CuredWith(i+1) != a.Causes[0].Cause {
			return false
		}
	}
	return true
}

func stepViews(a *journal.Attempt, c *diagnosis.Conclusion) (all []stepView) {
	for _, step := range c.Fix.Steps {
		lines := make([]string, len(step.Lines))
		for i, line := range step.Lines {
			lines[i] = visibleLines(line)
		}
		v := stepView{
			Heading: c.Fix.Heading(step),
			Lines:   strings.Join(lines, "\n"),
			Remove:  visible(strings.Join(step.Remove, ", ")),
		}
		if step.Where == "location" && c.Fix.For == "nginx" && c.Fix.Hop == 1 {
			v.Serves = servedPath(a)
		}
		all = append(all, v)
	}
	return all
}

// servedPath returns the path that was asked for, for words; empty where it is long or odd.
func servedPath(a *journal.Attempt) string {
	const longest = 40
	path := pathOf(a)
	if !strings.HasPrefix(path, "/") || len(path) > longest || visible(path) != path {
		return ""
	}
	return path
}

// trap is what to know before the lines are pasted.
type trap struct{ Bold, Rest []piece }

// beforeView is what stands below the cure: what to know of it, and what not to paste.
type beforeView struct {
	Traps []trap
	Title string   // what is said of the lures
	Lures []string // lines that people paste instead; never to be copied from here
	Said  []piece  // of them
	Cost  []piece
	After []piece
	Cause string // the ID whose documentation says why
}

func newBeforeView(a *journal.Attempt) beforeView {
	var v beforeView
	c := shownCause(a)
	if c == nil {
		return v
	}
	if len(c.Fix.Steps) > 0 && c.Fix.Note != "" {
		first, rest := cutSentence(visible(c.Fix.Note))
		v.Traps = append(v.Traps, trap{Bold: coded(first)})
		if rest != "" {
			second, more := cutSentence(rest)
			v.Traps = append(v.Traps, trap{coded(second), coded(more)})
		}
	}
	if t := c.Cause.Tempting; t != "" {
		said, cost, after := costOf(t)
		v.Cause, v.Said, v.Cost, v.After = c.Cause.ID, coded(said), coded(cost), coded(after)
		v.Lures, v.Title = c.Cause.Lures, "Do not paste the popular cure"
		if c.Cause.Severity == diagnosis.Cuts {
			v.Title = "What changes nothing"
		}
	}
	return v
}

// costOf cuts what is said of a tempting cure at the sentence that tells its cost: the one
// that explains something behind a colon, else all of it.
func costOf(text string) (said, cost, after string) {
	before, rest := "", text
	for rest != "" {
		var sentence string
		sentence, rest = cutSentence(rest)
		if strings.Contains(sentence, ": ") {
			return before, sentence, rest
		}
		before = strings.TrimSpace(before + " " + sentence)
	}
	return "", text, ""
}

// directive is what stands in our own sentences and is not ours: a variable, a directive, a
// command.
var directive = regexp.MustCompile(`\$\w+|nginx -t && nginx -s reload|nginx -[tT]\b|\b[a-z]+(?:_[a-z]+)+(?: [A-Z][A-Za-z-]+(?: "")?)?|\bCheckOrigin\b`)

// coded marks in a sentence of ours what is to be read as code.
func coded(sentence string) (all []piece) {
	at := 0
	for _, m := range directive.FindAllStringIndex(sentence, -1) {
		all = append(all, piece{Text: sentence[at:m[0]]}, piece{Text: sentence[m[0]:m[1]], Code: true})
		at = m[1]
	}
	if at < len(sentence) {
		all = append(all, piece{Text: sentence[at:]})
	}
	return all
}

// visibleLines is visible for text of several lines.
func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}
