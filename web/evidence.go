package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// maxLetters bounds how many places of one head carry a letter: a stranger can repeat a
// fault a thousand times.
const maxLetters = 52

// evidence gives each place in the bytes that a finding points at a letter. The same
// letter stands in the verdict, in the check and beside the bytes.
type evidence struct {
	head    *dump.Head
	letters map[dump.Span]letter
}

// letter is one thread between a claim and its bytes.
type letter struct {
	Name  string // "a", "b", …
	Check string // the ID of the first check that points there, where the letter leads back to
}

// gather hands out the letters: the deciding finding first, then what failed, what is
// advised and what passed.
func gather(h *dump.Head, v *handshake.Verdict) *evidence {
	e := &evidence{head: h, letters: map[dump.Span]letter{}}
	rank := func(f handshake.Finding) int {
		switch {
		case f.Check == v.DecidedBy:
			return 0
		case f.Outcome == handshake.Failed:
			return 1
		case f.Outcome == handshake.Advised:
			return 2
		}
		return 3
	}
	findings := slices.Clone(v.Findings)
	slices.SortStableFunc(findings, func(a, b handshake.Finding) int { return cmp.Compare(rank(a), rank(b)) })
	for _, f := range findings {
		for _, s := range f.Evidence {
			if _, ok := e.letters[s]; !ok && len(e.letters) < maxLetters {
				e.letters[s] = letter{letterName(len(e.letters)), f.Check.ID}
			}
		}
	}
	return e
}

// letterName returns "a" for 0 and "aa" for 26.
func letterName(i int) string {
	name := string(rune('a' + i%26))
	if i >= 26 {
		return letterName(i/26-1) + name
	}
	return name
}

// piece is a part of a sentence: words of ours, or a value that was seen.
type piece struct {
	Text   string
	Value  bool
	Letter string // empty: the place has none
}

// quote cuts a sentence at the values that its evidence shows, and returns the places
// whose value does not stand in it word for word.
func (e *evidence) quote(sentence string, spans []dump.Span) (pieces []piece, left []dump.Span) {
	type hit struct {
		start, end int
		piece      piece
	}
	var hits []hit
	for _, s := range spans {
		value := e.head.Text(s)
		start, end := find(sentence, value)
		taken := func(h hit) bool { return start < h.end && h.start < end }
		if l, ok := e.letters[s]; !ok || start < 0 || slices.ContainsFunc(hits, taken) {
			left = append(left, s)
		} else {
			hits = append(hits, hit{start, end, piece{visible(value), true, l.Name}})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.start, b.start) })

	at := 0
	for _, h := range hits {
		pieces = append(pieces, piece{Text: visible(sentence[at:h.start])}, h.piece)
		at = h.end
	}
	return append(pieces, piece{Text: visible(sentence[at:])}), left
}

// quoteAll is quote with the letters that are left at the end.
func (e *evidence) quoteAll(sentence string, spans []dump.Span) []piece {
	pieces, left := e.quote(sentence, spans)
	return append(pieces, e.lettersOf(left)...)
}

func (e *evidence) lettersOf(spans []dump.Span) (pieces []piece) {
	for _, s := range spans {
		if l, ok := e.letters[s]; ok {
			pieces = append(pieces, piece{Letter: l.Name})
		}
	}
	return pieces
}

// headline cuts a text into what fits a title and the rest.
func headline(text string) (title, rest string) {
	const longest = 100
	if len(text) <= longest {
		return text, ""
	}
	return cutSentence(text)
}

// cutSentence returns the first sentence of a text and the rest. A full stop within
// quotation marks ends nothing.
func cutSentence(text string) (first, rest string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '.' && !quoted && strings.HasPrefix(text[i+1:], " "):
			return text[:i+1], text[i+2:]
		}
	}
	return text, ""
}

// find returns where a sentence shows a value: in quotes, which are part of the place, or
// as a word of its own.
func find(sentence, value string) (start, end int) {
	if value == "" {
		return -1, -1
	}
	for _, quoted := range []string{strconv.Quote(value), strconv.QuoteToASCII(value), "“" + value + "”"} {
		if i := strings.Index(sentence, quoted); i >= 0 {
			return i, i + len(quoted)
		}
	}
	for from := 0; ; {
		i := strings.Index(sentence[from:], value)
		if i < 0 {
			return -1, -1
		}
		start, end = from+i, from+i+len(value)
		if !partOfWord(sentence, start-1) && !partOfWord(sentence, end) {
			return start, end
		}
		from = end
	}
}

// partOfWord reports whether the byte at i goes on a word, so that "localhost" is not
// found in "localhost:8080".
func partOfWord(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	if (s[i] == '.' || s[i] == ':' || s[i] == ',') && (i+1 == len(s) || s[i+1] == ' ') {
		return false // the sentence's own
	}
	return dump.IsTokenByte(s[i]) || s[i] == ':' || s[i] == '/'
}
