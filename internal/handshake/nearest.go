package handshake

import (
	"slices"
	"strings"
)

// Nearest returns at most n of names, such as the IDs of a catalogue, the likest to word
// first: names that hold the word, then those that a few strokes make of it.
func Nearest(word string, names []string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	word = strings.ToLower(word)
	for _, name := range names {
		d := distance(word, name)
		switch {
		case strings.HasPrefix(name, word):
			d = 0
		case len(word) > 2 && strings.Contains(name, word):
			d = 1
		}
		if d <= max(2, len(word)/3) {
			near = append(near, candidate{name, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var found []string
	for _, c := range near[:min(n, len(near))] {
		found = append(found, c.name)
	}
	return found
}

// distance counts the strokes between two words, in bytes: insertions, deletions,
// replacements (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
