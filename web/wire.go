package web

import (
	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// wire is the way of an attempt as a row draws it, from the client on the left to us on
// the right, with a cross where it broke.
type wire struct {
	Icon string // in icons.svg
	Tone string
	Name string // the same in words
}

func wireOf(a *journal.Attempt) wire {
	switch {
	case a.State == journal.Answered:
		return wire{"wire-idle", "plain", "No WebSocket client"}
	case failed(a):
		return brokenWire(a)
	case cut(a.Session):
		return wire{"wire-changed", "warn", "Accepted, then cut"}
	case a.AtRisk():
		return wire{"wire-changed", "warn", "Changed on the way, accepted all the same"}
	}
	return wire{"wire-whole", "ok", "Broke nowhere"}
}

// brokenWire says where an attempt broke that failed.
func brokenWire(a *journal.Attempt) wire {
	if a.State == journal.Refused && a.Request.Head.Kind != dump.HTTP1 {
		return wire{"wire-proxy", "refuse", "Broke before HTTP"}
	}
	if len(a.Causes) == 0 {
		return wire{"wire-here", "bad", "Refused here; who broke it is not known"}
	}
	c := a.Causes[0]
	w := map[diagnosis.Party]wire{
		diagnosis.ByProxy:   {"wire-proxy", "bad", "at the proxy"},
		diagnosis.ByClient:  {"wire-client", "bad", "at the client"},
		diagnosis.ByBackend: {"wire-here", "bad", "here, by policy"},
	}[c.Cause.Party]
	if c.Confidence < diagnosis.Likely {
		w.Name = "Broke, possibly " + w.Name
	} else {
		w.Name = "Broke " + w.Name
	}
	return w
}
