package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// evidence is the places of a head that carry a letter. The same letter stands in the
// verdict, in the check, beside the bytes and in the text for terminals.
type evidence struct {
	head    *dump.Head
	letters map[dump.Span]letter
}

// letter is one thread between a claim and its bytes.
type letter struct {
	Name string // "a", "b", …
	By   string // the ID of the cause or check that points there first, where the letter leads back to
}

func gather(a *journal.Attempt) *evidence {
	e := &evidence{head: a.Request.Head, letters: map[dump.Span]letter{}}
	for _, each := range a.Evidence() {
		e.letters[each.Span] = letter{string(rune(each.Letter)), each.By}
	}
	return e
}

// piece is a part of a sentence: words of ours, or a value that was seen.
type piece struct {
	Text   string
	Value  bool
	Letter string // empty: the place has none
	Code   bool   // a directive, a variable or a command in words of ours
	// What stands close around the letter of a value and must not be parted from it: the
	// quotation mark that closes it, and the sentence's own comma or full stop.
	Close, Stop string
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
			hits = append(hits, hit{start, end, piece{Text: visible(value), Value: true, Letter: l.Name}})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.start, b.start) })

	at := 0
	for _, h := range hits {
		before := sentence[at:h.start]
		at = h.end
		if open, ok := strings.CutSuffix(before, `"`); ok && strings.HasPrefix(sentence[at:], `"`) {
			before, h.piece.Close = open+"“", "”"
			at++
		}
		if at < len(sentence) && strings.IndexByte(",.:;", sentence[at]) >= 0 {
			h.piece.Stop = sentence[at : at+1]
			at++
		}
		pieces = append(pieces, piece{Text: visible(before)}, h.piece)
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

// find returns where a sentence shows a value: in quotation marks, which are no part of
// it, or as a word of its own.
func find(sentence, value string) (start, end int) {
	if value == "" {
		return -1, -1
	}
	for _, quoted := range []string{strconv.Quote(value), strconv.QuoteToASCII(value)} {
		if i := strings.Index(sentence, quoted); i >= 0 {
			return i + 1, i + len(quoted) - 1
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
