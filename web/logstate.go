package web

import (
	"fmt"

	"wsinspect/internal/journal"
)

// logState is the notice on every screen while the log cannot be written.
type logState struct {
	Since stamp
	Error string // in the words of the system
	Lines string // what became of those that were to be written
}

func newLogState(j *journal.Journal) *logState {
	trouble, failing := j.LogTrouble()
	if !failing {
		return nil
	}
	s := &logState{Since: stamp{trouble.Since}, Error: visible(trouble.Error.Error()), Lines: plural(trouble.Waiting, "line", "lines") + " will be written when that is over"}
	if trouble.Dropped > 0 {
		s.Lines += fmt.Sprintf(", %d lost so far", trouble.Dropped)
	}
	return s
}
