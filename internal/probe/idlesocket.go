package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

// idleSocket is one socket that is watched.
type idleSocket struct {
	kind    string
	every   time.Duration // between pings
	peer    *peer         // nil: it did not open
	trouble string        // why, a sentence
	over    bool          // seen by keep

	kept        bool          // open to the end of the watch
	after, idle time.Duration // as in IdleResult
}

// open opens the socket, as the first one of the probe was opened.
func (s *idleSocket) open(ctx context.Context, p *probe) {
	o := *p.Options
	if s.kind == ServerPinged {
		o.Target = o.Target.with("wsinspect-ping", fmt.Sprintf("%.0fs", s.every.Seconds()))
	}
	o.Nonce = "" // it marks the first one
	quiet := newProbe(&o, Watch{})
	c := quiet.open(ctx)
	if c == nil {
		s.trouble = quiet.report.trouble()
		return
	}
	var err error
	if s.peer, err = listen(ctx, c, 0); err != nil {
		s.trouble = sentence(err.Error())
	}
}

// watch sends nothing but pings, where they are asked for, until the socket ends or ctx.
func (s *idleSocket) watch(ctx context.Context) {
	if s.peer == nil {
		return
	}
	defer s.peer.hangUp()
	var beat <-chan time.Time
	if s.kind == ClientPinged {
		ticker := time.NewTicker(s.every)
		defer ticker.Stop()
		beat = ticker.C
	}
	for {
		select {
		case <-beat:
			s.peer.control(websocket.PingMessage, "", time.Now().Add(controlWait))
		case <-s.peer.messages:
		case <-s.peer.pongs:
		case <-s.peer.over:
			s.kept = s.peer.left
			s.after, s.idle = s.peer.ended.Sub(s.peer.opened), s.peer.quiet(s.peer.ended)
			return
		case <-ctx.Done():
			now := time.Now()
			s.kept = true
			s.after, s.idle = now.Sub(s.peer.opened), s.peer.quiet(now)
			s.part()
			return
		}
	}
}

// part ends a socket that was kept with a close handshake, if the other side is quick.
func (s *idleSocket) part() {
	if s.peer.goodbye(time.Now().Add(controlWait)) != nil {
		return
	}
	late := time.After(controlWait)
	for {
		select {
		case <-s.peer.messages:
		case <-s.peer.pongs:
		case <-s.peer.over:
			return
		case <-late:
			return
		}
	}
}

// cut reports whether somebody ended the socket.
func (s *idleSocket) cut() bool { return s.peer != nil && !s.kept }

const unopened = "It did not open: "

// result says what became of the socket.
func (s *idleSocket) result() IdleResult {
	r := IdleResult{Kind: s.kind, Every: s.every, After: s.after, Idle: s.idle, Open: s.kept}
	if s.peer == nil {
		r.Says = unopened + s.trouble
		return r
	}
	if s.kept {
		r.Says = "Still open after " + s.span() + "."
		return r
	}
	r.Code = websocket.CloseAbnormalClosure
	switch e := &s.peer.ending; {
	case e.code != 0:
		r.Code = e.code
		r.Says = fmt.Sprintf("Closed by the other side after %s, with %s.", s.span(), codeWords(e.code))
	case e.broken != "":
		r.Says = fmt.Sprintf("Over after %s: %s.", s.span(), e)
	default:
		r.Says = fmt.Sprintf("Cut after %s, without a close frame.", s.span())
	}
	return r
}

// span says in words what went before the end.
func (s *idleSocket) span() string {
	after, idle := s.after.Seconds(), s.idle.Seconds()
	switch {
	case s.every > 0:
		return fmt.Sprintf("%.1f s with a ping every %.0f s", after, s.every.Seconds())
	case s.peer.received.Load() > 0:
		return fmt.Sprintf("%.1f s, of which the last %.1f s were silent", after, idle)
	}
	return fmt.Sprintf("%.1f s of silence", idle)
}
