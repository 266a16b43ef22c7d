package probe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Kinds of sockets that are watched, named as the self-test of the page names them.
const (
	Silent       = "silent"
	ClientPinged = "client" // by us, with ping frames
	ServerPinged = "server" // by wsinspect
)

// The time between pings: a third of the silence that is watched, within these.
const (
	leastEvery = time.Second // of wsinspect-ping
	mostEvery  = 20 * time.Second
)

// IdleResult is what became of one socket that was watched.
type IdleResult struct {
	Kind  string        // Silent, ClientPinged or ServerPinged
	Every time.Duration // between two pings; 0: none
	After time.Duration // how long it was open; 0: it never was
	Idle  time.Duration // of that, silence in both directions at the end
	Open  bool          // it was still open when the watch ended
	Code  int           // of the close frame that ended it; 1005: one without a code, 1006: none came, 0: it did not end
	Says  string        // a sentence
}

// watchSilence is the idle-cut finder: sockets that differ only in who breaks the silence are
// watched side by side.
func (p *probe) watchSilence(ctx context.Context) {
	if p.Idle <= 0 {
		return
	}
	s := newStep("idle")
	if p.report.Session == nil {
		p.say(s.as(Skipped, "No WebSocket came about that could be silent."))
		return
	}
	began := time.Now()
	v := p.vigil(ctx)
	v.keep(ctx)
	for _, socket := range v.sockets {
		p.report.Idle = append(p.report.Idle, socket.result())
	}
	if silent := v.sockets[0]; silent.cut() {
		p.report.Session = silent.peer.session()
	}
	s.Outcome, s.Says = judge(p.report.Idle)
	s.Took = time.Since(began)
	p.say(s)
}

// judge puts the results together, the silent socket's first. To close what is silent is
// worth knowing; to cut it, without a close frame, is a fault.
func judge(results []IdleResult) (Outcome, string) {
	silent, pinged := results[0], results[1:]
	outcome, says := Passed, silent.Says
	switch {
	case silent.Code == websocket.CloseAbnormalClosure:
		outcome = Failed
	case !silent.Open:
		outcome = Advised
	}
	for _, r := range pinged {
		ping := fmt.Sprintf("A ping of ours every %.0f s", r.Every.Seconds())
		if r.Kind == ServerPinged {
			ping = fmt.Sprintf("A ping of wsinspect every %.0f s", r.Every.Seconds())
		}
		switch {
		case r.After == 0:
			says += " Another did not open: " + strings.TrimPrefix(r.Says, unopened)
			outcome = max(outcome, Advised)
		case r.Open && silent.Code != 0:
			says += " " + ping + " keeps a socket open."
		case r.Open:
		case silent.Code != 0 && r.Every+time.Second > silent.Idle:
			says += " " + ping + " is too seldom to keep one open."
		default:
			says += " " + ping + " does not keep one open: " + r.Says
			outcome = max(outcome, Advised)
			if r.Code == websocket.CloseAbnormalClosure {
				outcome = Failed
			}
		}
	}
	return outcome, says
}
