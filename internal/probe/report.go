package probe

import (
	"slices"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// Report is what a probe has found.
type Report struct {
	Options *Options               // as they were given to Run
	Time    time.Time              // when the probe began
	Steps   []Step                 // in the order in which they were over
	Ended   bool                   // by the caller, before all steps were taken
	Client  diagnosis.Client       // what was sent and seen; masked as attempts are
	Found   Finding                // whether the request was found at wsinspect
	Arrived *Arrival               // what arrived there; nil where it was not found
	Changes *dump.Comparison       // from what was sent to what arrived; nil where that is not known
	Session *diagnosis.Session     // how the WebSocket went, or the silent one that was cut; nil where none opened
	Causes  []diagnosis.Conclusion // the likeliest first
	Hops    []diagnosis.Hop        // that the request arrived through; nil where that is not known
	Idle    []IdleResult           // the silent socket's first; nil where silence was not watched
}

// status returns the status of the answer; 0 where none came.
func (r *Report) status() int {
	if r.Client.Answer == nil {
		return 0
	}
	return statusOf(r.Client.Answer)
}

// Failed reports whether a fault was found: a step failed, or there is a cause that is
// likely or certain. Of a probe that was ended before its end nobody knows that all is well.
func (r *Report) Failed() bool {
	return r.failedStep() != nil || diagnosis.Leading(r.Causes) != nil || r.Ended
}

// failedStep returns the first step that failed; nil where none did.
func (r *Report) failedStep() *Step {
	if i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Outcome == Failed }); i >= 0 {
		return &r.Steps[i]
	}
	return nil
}

// trouble returns what the step says that failed first; without one, that the probe was ended.
func (r *Report) trouble() string {
	if s := r.failedStep(); s != nil {
		return s.Says
	}
	return ended
}
