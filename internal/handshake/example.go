package handshake

import (
	"embed"
	"strings"
)

// examples holds the cases that prove each check; cases_test.go says how they are written.
//
//go:embed testdata/checks/*.txt
var examples embed.FS

// Example is a request that breaks the rule of a check.
type Example struct {
	Story   string // what is wrong in it, in a sentence
	Request string // a line each; what cannot be printed is an escape, <x900> is 900 times the letter
	Because string // what the check says of it
}

// Example returns the first of the proved cases that break the rule of c; nil where there
// is none.
func (c *Check) Example() *Example {
	text, err := examples.ReadFile("testdata/checks/" + c.ID + ".txt")
	if err != nil {
		return nil
	}
	for each := range strings.SplitSeq("\n"+string(text), "\n=== ") {
		input, finding, _ := strings.Cut(each, "\n---\n")
		story, request, _ := strings.Cut(input, "\n")
		for line := range strings.Lines(finding) {
			outcome, because, _ := strings.Cut(strings.TrimSpace(line), " "+c.ID+": ")
			if outcome == Failed.String() || outcome == Advised.String() {
				return &Example{Story: story, Request: strings.Trim(withoutOptions(request), "\n"), Because: because}
			}
		}
	}
	return nil
}

// withoutOptions leaves out the lines that are for the test.
func withoutOptions(request string) string {
	for strings.HasPrefix(request, "@ ") {
		_, request, _ = strings.Cut(request, "\n")
	}
	return request
}
