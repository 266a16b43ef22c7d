package main

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
	"wsinspect/internal/lint"
)

// linting is the report of a lint, for people.
type linting struct{ *lint.Report }

// appendText appends what was found: the faults with their cure, what depends on
// something that a configuration does not say, and which blocks carry a WebSocket.
func (l linting) appendText(b []byte, e explanation) []byte {
	faults := slices.DeleteFunc(slices.Clone(l.Findings), func(f lint.Finding) bool { return f.Confidence == diagnosis.Possible })
	switch n := len(faults); n {
	case 0:
		b = append(b, e.strong("No fault found")+"\n"...)
	case 1:
		b = append(b, e.strong("1 fault found")+"\n"...)
	default:
		b = append(b, e.strong(fmt.Sprintf("%d faults found", n))+"\n"...)
	}
	shown := ""
	for _, f := range faults {
		b = append(b, '\n')
		b = appendFinding(b, &f, shown)
		shown = f.Diff
	}
	if depends := l.Findings[len(faults):]; len(depends) > 0 {
		b = append(b, "\n"+e.strong("Depends on what the configuration does not say")+"\n"...)
		for _, f := range depends {
			b = append(b, '\n')
			b = appendFinding(b, &f, f.Diff) // it may well be right: no diff
		}
	}
	return l.appendServes(b, e)
}

// appendFinding appends a finding. Where the diff is that of the one before, it is not shown
// again.
func appendFinding(b []byte, f *lint.Finding, shown string) []byte {
	head := f.Cause.ID + "  " + f.Confidence.String()
	if f.At != nil {
		head += "; " + f.At.Where()
	}
	if f.Only != "" {
		head += "; " + f.Only
	}
	b = append(b, "  "+string(dump.AppendWords(nil, head))+"\n"...)
	b = handshake.AppendWrapped(b, "      ", string(dump.AppendWords(nil, f.Because)))
	switch {
	case f.Diff != "" && f.Diff == shown && f.Confidence > diagnosis.Possible:
		return append(b, "      The diff above cures it.\n"...)
	case f.Diff != "" && f.Diff != shown:
		b = append(b, '\n')
		for line := range strings.Lines(f.Diff) {
			b = append(appendDiffLine(append(b, "      "...), strings.TrimRight(line, "\r\n")), '\n')
		}
		return b
	case f.Diff == "":
		return handshake.AppendWrapped(b, "      ", journal.CureText(&f.Conclusion))
	}
	return b
}

// appendServes appends which blocks carry a WebSocket, and what was not followed.
func (l linting) appendServes(b []byte, e explanation) []byte {
	if len(l.Serves) == 0 {
		return b
	}
	b = append(b, "\n"+e.strong("What serves it")+"\n"...)
	var skipped []string
	for _, s := range l.Serves {
		what := "carries a WebSocket"
		if !s.Carries {
			what = "carries no WebSocket: " + s.Why
		}
		where := s.Server
		if s.Location != "" {
			where += "  " + s.Location
		}
		b = append(b, "  "+string(dump.AppendWords(nil, where+"  ("+s.At.Where()+")  "+what))+"\n"...)
		for _, not := range s.Skipped {
			if !slices.Contains(skipped, not) {
				skipped = append(skipped, not)
			}
		}
	}
	skipped = append(skipped, l.Unread...)
	if len(skipped) > 0 {
		b = append(b, "\n"+e.strong("Not followed")+"\n"...)
		for _, not := range skipped {
			b = handshake.AppendWrapped(b, "  ", string(dump.AppendWords(nil, not)))
		}
	}
	return b
}

// appendDiffLine appends a line of a diff that is safe on a terminal. Tabs stay, so that
// patch takes it.
func appendDiffLine(b []byte, line string) []byte {
	for i, part := range strings.Split(line, "\t") {
		if i > 0 {
			b = append(b, '\t')
		}
		b = dump.AppendWords(b, part)
	}
	return b
}
