package probe

import "time"

// Step is one thing that was tried.
type Step struct {
	ID      string // stable, kebab-case: "resolve", "connect", "tls", "request", "answer", "accept", "echo-text", …
	Title   string // what was tried
	Outcome Outcome
	Took    time.Duration // 0 of what was not tried
	Says    string        // what came of it: a sentence or more, which may quote a stranger
}

// newStep returns a step that is to be taken; those of echoes name themselves.
func newStep(id string) Step {
	title := map[string]string{
		"resolve": "Name", "connect": "Connection", "proxy": "Proxy", "tls": "TLS", "request": "Request",
		"answer": "Answer", "accept": "Accept", "agreed": "Agreement", "redirect": "Redirect",
		"arrival": "Arrival", "ping": "Ping", "close": "Close", "idle": "Silence",
	}[id]
	return Step{ID: id, Title: title}
}

// as returns the step with what came of it.
func (s Step) as(outcome Outcome, says string) Step {
	s.Outcome, s.Says = outcome, says
	return s
}

// took says how long the step took; nothing of one that was not taken.
func (s Step) took() string {
	if s.Outcome == Skipped && s.Took == 0 {
		return ""
	}
	return duration(s.Took)
}

// Outcome is what came of a step.
type Outcome uint8

const (
	Passed  Outcome = iota // it went well, and there is no more to say
	Advised                // it went well, and something about it is worth knowing
	Failed                 // it went wrong, and a browser or RFC 6455 would mind
	Skipped                // it makes no sense because another failed, or the probe was ended
)

// String returns the outcome as it stands in JSON.
func (o Outcome) String() string { return [...]string{"passed", "advised", "failed", "skipped"}[o] }
