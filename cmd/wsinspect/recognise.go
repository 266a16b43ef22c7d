package main

import (
	"regexp"
	"slices"
	"strings"
)

// recognise returns the entries that a text holds, in the order of the catalogue. Words
// are found anywhere in it; a number counts where it stands alone or behind a word that
// makes it a status or a close code, so that no port and no time of a log is taken for one.
func recognise(text string) []errorText {
	text = plain(text)
	numbers := numbersOf(text)
	var known []errorText
	for _, e := range errorTexts {
		if e.isNumber() {
			if slices.Contains(numbers, e.says) {
				known = append(known, e)
			}
			continue
		}
		for _, words := range append([]string{e.says}, e.also...) {
			if strings.Contains(text, plain(words)) {
				known = append(known, e)
				break
			}
		}
	}
	return known
}

// plain makes two spellings of one text equal: case, quotation marks and spacing.
func plain(s string) string {
	s = strings.NewReplacer("`", "'", "‘", "'", "’", "'", "“", "'", "”", "'", `"`, "'").Replace(strings.ToLower(s))
	return strings.Join(strings.Fields(s), " ")
}

var (
	aloneNumber  = regexp.MustCompile(`^\d{3,4}$`)
	calledNumber = regexp.MustCompile(`(?:code|status|response|close|closed|returned|http(?:/1\.[01])?|error):?[ =(]*'?(\d{3,4})\b`)
)

func numbersOf(text string) []string {
	if aloneNumber.MatchString(text) {
		return []string{text}
	}
	var numbers []string
	for _, m := range calledNumber.FindAllStringSubmatch(text, -1) {
		numbers = append(numbers, m[1])
	}
	return numbers
}
