package web

import (
	"fmt"

	"wsinspect/internal/dump"
)

// lineEnds says how the lines of a head end.
func lineEnds(h *dump.Head) string {
	bare, lines := 0, 1+len(h.Fields)
	for _, f := range h.Faults {
		if f.Kind == dump.FaultBareLF {
			bare++
		}
	}
	switch {
	case h.Start.Line.Empty():
		return "No line of HTTP is in it."
	case bare > 0:
		return plural(bare, "line ends", "lines end") + " in LF alone."
	case !h.Complete():
		return "The empty line that ends a head never came."
	case lines == 1:
		return "The line ends in CR LF."
	}
	return "Every line ends in CR LF."
}

// ending says what came after a head, or why nothing could.
func ending(r *dump.Request) string {
	switch {
	case r.Truncated:
		return fmt.Sprintf("Only the first %s bytes were kept.", count(int64(len(r.Head.Raw))))
	case r.After > 0:
		kind := map[string]string{"frames": ", and they look like WebSocket frames", "body": ", and the head announces them as a body"}[r.AfterKind]
		return plural(r.After, "byte", "bytes") + " came after it" + kind + "."
	case onlyBytes(r.Head) && len(r.Head.Masks) > 0:
		return "Dots stand for what is masked."
	case onlyBytes(r.Head):
		return ""
	case r.Head.Complete() || r.Ending == dump.EndRead:
		return "Nothing came after the head."
	}
	return [...]string{
		dump.EndClosed:    "The peer closed its side there.",
		dump.EndTimeout:   "The header timeout came first.",
		dump.EndReset:     "The peer reset the connection there.",
		dump.EndCancelled: "The connection was closed from this side.",
	}[r.Ending]
}
