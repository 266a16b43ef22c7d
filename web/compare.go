package web

import (
	"fmt"
	"net/http"
	"strings"

	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// compareView is two attempts, before and after a cure.
type compareView struct {
	shell
	comparison
	Before, After side
	Groups        []changeGroup
	Tallies       []tallied
	Swap, Newest  string // links
}

// side is one of the two attempts.
type side struct {
	Word, ID, Link, Other string // Other leads to choosing another one
	Time                  stamp
	Stamp                 mark
	Sentence              string
}

// changeGroup is changes of one sort under their heading.
type changeGroup struct {
	Heading, Tone string
	Changes       []change
	More          int  // that are not shown
	Open          bool // else it is folded
}

// tallied is how many checks came to an outcome, before and after.
type tallied struct {
	Word          string
	Before, After int
	Turns         []turn
}

func (p *page) compare(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a, b := p.named(q.Get("a"), nil), (*journal.Attempt)(nil)
	if b = p.named(q.Get("b"), a); a == nil && b != nil {
		a = p.named(q.Get("a"), b)
	}
	missing := ""
	for _, each := range []struct {
		id    string
		found *journal.Attempt
	}{{q.Get("a"), a}, {q.Get("b"), b}} {
		if each.id != "" && each.id != "latest" && each.found == nil {
			missing += " " + each.id
		}
	}
	switch as := negotiate(r, asText, asHTML, asJSON); {
	case as == asHTML && (a == nil || b == nil):
		p.choose(w, r, a, b, missing)
	case missing != "":
		p.refuse(w, r, http.StatusNotFound, refusal{
			Sentence: "This attempt is no longer kept, or never was:" + visible(missing) + ".",
			Advice:   "/inspect lists those that are.",
		})
	case a == nil || b == nil:
		p.refuse(w, r, http.StatusBadRequest, refusal{
			Sentence: "Comparing takes two attempts, the one before and the one after.",
			Advice:   "/inspect lists their IDs:",
			Line:     fmt.Sprintf(`curl "%s://%s%s/inspect/compare?a=ID&b=ID"`, scheme(r), host(r), prefix(r)),
		})
	case as == asHTML:
		p.render(w, http.StatusOK, "compare", p.compareView(r, a, b))
	case as == asJSON:
		writeJSON(w, http.StatusOK, newComparison(a, b).json())
	default:
		writeText(w, http.StatusOK, newComparison(a, b).text())
	}
}

// named returns the attempt that a query names; "latest" is the newest on the path of the
// other one, so that the page can be reloaded until the cure works.
func (p *page) named(id string, other *journal.Attempt) *journal.Attempt {
	if id != "latest" {
		return p.Journal.Get(id)
	}
	if other == nil {
		return nil
	}
	for _, a := range p.Journal.List(journal.Filter{Path: pathOf(other), Limit: journal.MaxLimit}).Attempts {
		if a.ID != other.ID && pathOf(a) == pathOf(other) {
			return a
		}
	}
	return nil
}

// pathOf returns what an attempt asked for, without the query.
func pathOf(a *journal.Attempt) string {
	path, _, _ := strings.Cut(a.Request.Head.Target(), "?")
	return path
}

func (p *page) compareView(r *http.Request, a, b *journal.Attempt) compareView {
	v := compareView{shell: p.shell(r, "compare", "Compare"), comparison: newComparison(a, b)}
	v.Title = v.Sentence
	v.Before, v.After = v.side("Before", a, "?b="+b.ID), v.side("After", b, "?a="+a.ID)
	v.Swap, v.Newest = "?a="+b.ID+"&b="+a.ID, "?a="+a.ID+"&b=latest"
	v.group()
	for _, each := range []struct {
		word    string
		outcome handshake.Outcome
	}{{"Checks failed", handshake.Failed}, {"Checks advised", handshake.Advised}} {
		t := tallied{Word: each.word, Before: len(a.With(each.outcome)), After: len(b.With(each.outcome))}
		for _, turn := range v.turns {
			if turn.Before == each.outcome || turn.After == each.outcome {
				t.Turns = append(t.Turns, turn)
			}
		}
		if each.outcome == handshake.Failed || t.Before+t.After > 0 {
			v.Tallies = append(v.Tallies, t)
		}
	}
	return v
}

func (v *compareView) side(word string, a *journal.Attempt, other string) side {
	o := outcomeOf(a)
	if o.Tone == "ok" {
		o.Icon = "accepted" // of the handshake; how the session ended stands in the sentence
	}
	first, _ := headline(a.Sentence())
	return side{
		Word: word, ID: a.ID, Link: v.Root + "/" + a.ID, Other: other, Time: stamp{a.Time},
		Stamp: mark{o.Icon, o.Tone, o.Stamp, statusText(a.Response.Status)}, Sentence: visible(first),
	}
}

// What a page holds of each sort of change: a stranger can send thousands of lines.
const (
	maxChanges = 300
	fewChanges = 16 // that are not folded
)

// group sorts the changes: the differences first.
func (v *compareView) group() {
	var sorts [3][]change
	for _, c := range v.changes {
		if c.weighs() {
			sorts[0] = append(sorts[0], c)
		}
	}
	for _, c := range v.changes {
		switch {
		case c.weighs():
		case c.differs():
			sorts[0] = append(sorts[0], c)
		case c.Nature:
			sorts[1] = append(sorts[1], c)
		default:
			sorts[2] = append(sorts[2], c)
		}
	}
	for i, each := range sorts {
		g := changeGroup{
			Heading: [...]string{plural(len(each), "differs", "differ"), plural(len(each), "differs by nature", "differ by nature"), plural(len(each), "is the same", "are the same")}[i],
			Tone:    [...]string{"differs", "nature", "same"}[i],
			Changes: each, Open: i < 2 || len(each) <= fewChanges,
		}
		if g.More = len(each) - maxChanges; g.More > 0 {
			g.Changes = each[:maxChanges]
		}
		if len(each) > 0 || i == 0 {
			v.Groups = append(v.Groups, g)
		}
	}
}
