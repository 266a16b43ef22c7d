package journal

import (
	"slices"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// maxLetters bounds how many places of one head carry a letter: a stranger can repeat a
// fault a thousand times.
const maxLetters = 'z' - 'a' + 1

// Evidence is a place in the head that shows a cause or a finding, and its letter, the
// same in the text and on the page.
type Evidence struct {
	dump.Evidence
	By string // the ID of the cause or check that points there first
}

// Evidence returns every place that a cause or a failed or advising finding points at,
// once, and gives each a letter: those of what the verdict is put into words by come
// first, then the other causes', then what failed, then what is advised. Places beyond the
// 26th letter are left out.
func (a *Attempt) Evidence() []Evidence {
	var found []Evidence
	add := func(by string, spans []dump.Span) {
		for _, s := range spans {
			known := slices.ContainsFunc(found, func(e Evidence) bool { return e.Span == s })
			if !known && len(found) < maxLetters {
				found = append(found, Evidence{dump.Evidence{Span: s, Letter: 'a' + byte(len(found))}, by})
			}
		}
	}
	if f := a.Deciding(); f != nil && a.Leading() == nil {
		add(f.Check.ID, f.Evidence)
	}
	for i := range a.Causes {
		add(a.Causes[i].Cause.ID, a.Causes[i].Evidence)
	}
	if f := a.Deciding(); f != nil {
		add(f.Check.ID, f.Evidence)
	}
	for _, f := range slices.Concat(a.With(handshake.Failed), a.With(handshake.Advised)) {
		add(f.Check.ID, f.Evidence)
	}
	return found
}
