package journal

import (
	"slices"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// maxLetters bounds how many places of one head carry a letter: a stranger can repeat a
// fault a thousand times.
const maxLetters = 'z' - 'a' + 1

// Evidence is a place in the head that shows a finding, and its letter, the same in the
// text and on the page.
type Evidence struct {
	dump.Evidence
	Check *handshake.Check // the first that points there
}

// Evidence returns every place that a failed or advising finding points at, once, and
// gives each a letter: those of the deciding finding come first, then what else failed,
// then what is advised. Places beyond the 26th letter are left out.
func (a *Attempt) Evidence() []Evidence {
	var found []Evidence
	add := func(f *handshake.Finding) {
		for _, s := range f.Evidence {
			known := slices.ContainsFunc(found, func(e Evidence) bool { return e.Span == s })
			if !known && len(found) < maxLetters {
				found = append(found, Evidence{dump.Evidence{Span: s, Letter: 'a' + byte(len(found))}, f.Check})
			}
		}
	}
	if f := a.Deciding(); f != nil {
		add(f)
	}
	for _, f := range slices.Concat(a.With(handshake.Failed), a.With(handshake.Advised)) {
		add(f)
	}
	return found
}
