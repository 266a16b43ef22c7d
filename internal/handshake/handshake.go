// Package handshake knows the rules of the WebSocket opening handshake (RFC 6455, section
// 4.2.1, RFC 9110, RFC 6454, and what net/http and gorilla/websocket make of them) as a
// catalogue of checks, and gives the verdict over a captured request.
package handshake

import "wsinspect/internal/dump"

// Check is one rule of the opening handshake, with everything there is to say about it.
type Check struct {
	ID       string   // stable, kebab-case: a label of the metrics and part of an address
	Title    string   // the rule as a short sentence that is true when it is kept
	Doc      Doc      // what a person reads about it
	Spec     string   // where it is written: "RFC 6455 §4.2.1"
	SpecURL  string   // the paragraph itself
	Decides  bool     // net/http or gorilla refuse the request for it; else strict servers do, and it advises
	By       Decider  // who refuses, of a check that decides
	Status   int      // what the decider answers, of a check that decides
	Reason   string   // and in which words: gorilla's error text, or the reason phrase of net/http's status line
	Requires []string // IDs of checks, earlier in the catalogue, that must be kept for this one to make sense

	run func(*request) result
}

// Doc is the documentation of a Check in three parts, each of one or more plain sentences.
type Doc struct {
	What string // what the rule is and why it exists
	See  string // how to see that it is broken
	Do   string // what to do; lines to paste stand on lines of their own, indented by four spaces
}

// Decider names who refuses a request.
type Decider uint8

const (
	ByNobody  Decider = iota // nobody here: the check advises
	ByNetHTTP                // Go's net/http, before any handler runs
	ByGorilla                // gorilla/websocket's Upgrade, one of its six rules over the request
)

// String returns the name of the library that refuses, as its authors write it.
func (d Decider) String() string {
	return [...]string{"nobody", "net/http", "gorilla/websocket"}[d]
}

// Outcome is what a Check found.
type Outcome uint8

const (
	Passed  Outcome = iota // the rule is kept
	Failed                 // the rule is broken, and the check decides
	Advised                // the rule is broken; this server lets it pass, stricter ones do not
	Skipped                // the rule makes no sense here, because another one is broken or nothing asks for it
)

// String returns the outcome as it stands in the JSON of an attempt.
func (o Outcome) String() string { return [...]string{"passed", "failed", "advised", "skipped"}[o] }

// Finding is what one Check found in one request.
type Finding struct {
	Check    *Check
	Outcome  Outcome
	Because  string      // one or two plain sentences with the values that were seen
	Evidence []dump.Span // the bytes that show it; empty where something is missing, and for those that passed
}

// Verdict is the judgement over one request. It is the same as what net/http and gorilla
// do with it.
type Verdict struct {
	Accepted  bool
	Status    int       // what net/http or gorilla answer; 101 when accepted; 0: the connection is closed without an answer
	Reason    string    // their own words for it, as Check.Reason has them; empty when accepted or not answered
	DecidedBy *Check    // the first check that refused it, in net/http's and then gorilla's order; nil when accepted
	Findings  []Finding // one of every check, in catalogue order
}
