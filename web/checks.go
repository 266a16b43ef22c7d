package web

import (
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// checkReport is what every check found, the worst first.
type checkReport struct {
	Failed, Advised, Passed, Skipped []found
}

// found is what one check found.
type found struct {
	Check   *handshake.Check
	Because []piece
	Decided bool
	Who     string // decided it
	Said    string // in whose own words
}

func newCheckReport(a *journal.Attempt, e *evidence) checkReport {
	var r checkReport
	for _, f := range a.Verdict.Findings {
		each := found{Check: f.Check, Because: e.quoteAll(f.Because, f.Evidence), Decided: f.Check == a.Verdict.DecidedBy}
		if each.Decided && a.State != journal.Answered {
			each.Who = map[handshake.Decider]string{handshake.ByNetHTTP: "Go’s net/http", handshake.ByGorilla: "gorilla/websocket"}[f.Check.By]
			each.Said = visible(a.Verdict.Reason)
		}
		switch f.Outcome {
		case handshake.Failed:
			r.Failed = append(r.Failed, each)
		case handshake.Advised:
			r.Advised = append(r.Advised, each)
		case handshake.Passed:
			r.Passed = append(r.Passed, each)
		default:
			r.Skipped = append(r.Skipped, each)
		}
	}
	return r
}
