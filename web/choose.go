package web

import (
	"net/http"

	"wsinspect/internal/journal"
)

// chooseView is the page that lets one choose an attempt to compare.
type chooseView struct {
	shell
	Sentence, Lead string
	Choices        []choice
	Older          string // link to the choices that follow; empty: these are all
}

type choice struct {
	row
	To string
}

// choose answers with a page of links: which attempt stands before, or after.
func (p *page) choose(w http.ResponseWriter, r *http.Request, a, b *journal.Attempt, missing string) {
	v := chooseView{shell: p.shell(r, "compare", "Compare")}
	status, query, q := http.StatusOK, "?a=", r.URL.Query()
	v.Sentence, v.Lead = "Which attempt came before the change?", "The next page asks for the one to put beside it."
	switch {
	case a != nil:
		query = "?a=" + a.ID + "&b="
		v.Sentence, v.Lead = "Which attempt came after the change?", "Before is the one of "+stamp{a.Time}.Clock()+": "+why(a)+"."
	case b != nil:
		query = "?b=" + b.ID + "&a="
		v.Lead = "After is the one of " + stamp{b.Time}.Clock() + ": " + why(b) + "."
	}
	if missing != "" {
		status = http.StatusNotFound
		v.Sentence, v.Lead = "This attempt is no longer kept.", v.Sentence+" "+v.Lead
	}
	found := p.Journal.List(journal.Filter{Before: q.Get("before"), Limit: maxRows})
	for _, f := range folded(found.Attempts) {
		if !(a != nil && f.has(a.ID)) && !(b != nil && f.has(b.ID)) || len(f) > 1 {
			v.Choices = append(v.Choices, choice{newRow(f, v.Root), query + f[0].ID})
		}
	}
	if len(v.Choices) == 0 {
		v.Lead += " There is no other yet: let your client try again, then reload this page."
	}
	if found.Next != "" {
		q.Set("before", found.Next)
		v.Older = "?" + q.Encode()
	}
	p.render(w, status, "choose", v)
}
