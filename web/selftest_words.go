package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/journal"
)

// conclude puts the test into a sentence, and what follows from it.
func (t *tested) conclude(differ int) (says, lead string) {
	seen := "The browser saw " + visible(t.Get("seen")) + "."
	switch a := t.Attempt; {
	case a == nil && t.plainHost != "":
		return "The browser tried, and nothing arrived here. The request ends before wsinspect.", seen + " A plain request to the same path does arrive, so a hop treats the upgrade apart."
	case a == nil:
		return "The browser tried, and nothing arrived here. The request ends before wsinspect.", seen + " A plain request to the same path does not arrive either: look at the location that serves it."
	case t.Get("open") != "" && differ == 0:
		return "Everything your browser sent has arrived.", "Now silence is tried, and that takes a while."
	case t.Get("open") != "":
		return "The socket works, but " + plural(differ, "thing", "things") + " arrived changed.", "Now silence is tried, and that takes a while."
	case a.Response.Status == http.StatusSwitchingProtocols:
		return "wsinspect accepted the socket, and the browser never got it. A hop broke the answer.", seen
	}
	return fmt.Sprintf("It arrived, and wsinspect refused it with %s.", statusText(t.Response.Status)), seen + " " + visible(t.Sentence())
}

// silence says whether a silent socket was cut, what became of those that were not silent,
// and what cut it.
func (t *tested) silence(silent *journal.Attempt) (says, lead string, by *diagnosis.Cause) {
	after, err := strconv.ParseFloat(t.Get("cut"), 64)
	if err != nil {
		lasted, _ := strconv.ParseFloat(t.Get("lasted"), 64)
		says, lead = "Silence is not cut.", "A silent socket was still open after "+span(time.Duration(lasted)*time.Millisecond)+"."
		if t.Get("stopped") != "" {
			says = "The search for a cut was stopped."
		}
		return says, lead, nil
	}
	seconds, every := fmt.Sprintf("%.1f s", after/1000), visible(t.Get("ping"))
	says, lead = "Only silence is cut, after "+seconds+".", "Something every "+every+" s keeps a socket open."
	if t.Get("kept") != "2" {
		says, lead = "Sockets are cut, a silent one after "+seconds+".", "Something every "+every+" s did not keep the others open."
	}
	for _, c := range silent.Causes {
		if c.Cause.Severity == diagnosis.Cuts {
			return says, lead + " " + visible(c.Because), c.Cause
		}
	}
	return says, lead, nil
}
