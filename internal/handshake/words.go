package handshake

import (
	"fmt"
	"strconv"
	"strings"
)

// maxQuoted is how many bytes of a value a sentence quotes: more would hide the sentence.
const maxQuoted = 100

// Quote makes a stranger's value fit for a sentence: bounded, and in quotation marks with
// everything but visible ASCII escaped, so that nothing, a space at the end and a letter
// that only looks like another are all visible.
func Quote(s string) string {
	switch {
	case len(s) > maxQuoted:
		return fmt.Sprintf("%s and so on (%d bytes)", strconv.QuoteToASCII(s[:maxQuoted]), len(s))
	case isPlain(s):
		return `"` + s + `"` // nearly always, and cheaper
	}
	return strconv.QuoteToASCII(s)
}

// isPlain reports whether nothing in s has to be escaped between quotation marks.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// QuoteAll quotes every value and joins them as a sentence does, four at most.
func QuoteAll(values []string) string {
	const most = 4
	var quoted []string
	for i, v := range values {
		if i == most-1 && len(values) > most {
			quoted = append(quoted, fmt.Sprintf("%d others", len(values)-i))
			break
		}
		quoted = append(quoted, Quote(v))
	}
	return Join(quoted)
}

// quoteLines quotes the value of every line of that name.
func (r *request) quoteLines(n name) string {
	var all []string
	for _, v := range r.lines(n) {
		all = append(all, v)
	}
	return QuoteAll(all)
}

// Join joins words as a sentence does: a, b and c.
func Join(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// plural returns "1 line" or "2 lines".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
