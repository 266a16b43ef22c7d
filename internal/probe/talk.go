package probe

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

// firstEcho is how long the first echo is waited for. Whoever echoes does so at once, and a
// backend that does not is no reason to let people wait.
const firstEcho = 3 * time.Second

// converse sends messages of each kind and ends with the close handshake. Only what RFC 6455
// demands of every server can fail: nobody has to echo.
func (p *probe) converse(ctx context.Context, c *upgraded) {
	peer, err := listen(ctx, c, max(p.Size, longMessage))
	if err != nil {
		p.say(newStep("ping").as(Failed, sentence(err.Error())))
		return
	}
	t := &talk{probe: p, peer: peer, wsinspect: p.isWsinspect()}
	t.step(newStep("ping"), t.ping)
	for _, e := range p.echoes(c.deflate) {
		t.step(Step{ID: e.id, Title: e.title}, func() (Outcome, string) { return t.echo(e) })
	}
	t.step(newStep("close"), t.close)
	peer.hangUp()
	p.report.Session = peer.session()
}

// isWsinspect reports whether the backend is known to be wsinspect, which echoes.
func (p *probe) isWsinspect() bool {
	answer := p.report.Client.Answer
	return p.report.Found >= ByAttempt || answer != nil && answer.Has("Wsinspect-Attempt")
}

// talk is a conversation in steps.
type talk struct {
	*probe
	peer      *peer
	wsinspect bool
	echoed    bool      // a message came back
	mute      bool      // the first did not: this backend does not echo
	began     time.Time // the step, or the last exchange in it
	heard     heard     // in this step, besides what was waited for
	told      bool      // how the connection ended
	unsent    error     // why the last thing did not go out; nil: it did
}

// step takes a step, unless the connection or the probe is over.
func (t *talk) step(s Step, try func() (Outcome, string)) {
	s.Outcome = Skipped
	switch {
	case t.peer.lost() && !t.told:
		s.Outcome, s.Says = t.lost("before this was tried")
	case t.peer.lost():
		s.Says = "The connection was over."
	case t.peer.ctx.Err() != nil:
		s.Says = ended
	case t.mute && s.ID != "close":
		s.Says = "This backend does not echo."
	default:
		t.heard = heard{}
		t.began = time.Now()
		s.Outcome, s.Says = try()
		s.Took = time.Since(t.began)
	}
	t.say(s)
}

// event is what ends an exchange.
type event uint8

const (
	came    event = iota // what was waited for
	nothing              // in time
	over                 // the connection
	stopped              // the probe
)

// exchange sends something and waits for what answers it.
func (t *talk) exchange(limit time.Duration, send func(deadline time.Time) error, isEcho func(message) bool, isPong func(string) bool) event {
	sent := make(chan error, 1)
	t.began = time.Now()
	deadline := t.began.Add(limit)
	go func() { sent <- send(deadline) }()
	e := t.await(deadline, isEcho, isPong)
	if e == over || e == stopped {
		t.peer.leave() // what is still being sent ends too
	}
	t.unsent = <-sent
	return e
}

// await takes what comes until one of it answers, or nothing more can; nil waits for no such
// answer.
func (t *talk) await(deadline time.Time, isEcho func(message) bool, isPong func(string) bool) event {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		select {
		case m := <-t.peer.messages:
			if isEcho != nil && isEcho(m) {
				return came
			}
			t.heard.add(m)
		case payload := <-t.peer.pongs:
			if isPong != nil && isPong(payload) {
				return came
			}
		case <-t.peer.over:
			if t.peer.left {
				return stopped
			}
			return over
		case <-timer.C:
			return nothing
		case <-t.peer.ctx.Done():
			return stopped
		}
	}
}

// lost says how the connection ended.
func (t *talk) lost(during string) (Outcome, string) {
	t.told = true
	e := &t.peer.ending
	return e.outcome(), sentence(e.String() + ", " + during)
}

// ping measures the round trip. Every server has to answer (RFC 6455, section 5.5.2).
func (t *talk) ping() (Outcome, string) {
	mark := rand.Text()
	send := func(deadline time.Time) error { return t.peer.control(websocket.PingMessage, mark, deadline) }
	switch t.exchange(t.Timeout, send, nil, func(payload string) bool { return payload == mark }) {
	case came:
		return Passed, fmt.Sprintf("The pong came%s.", t.besides())
	case over:
		return t.lost("before a pong came")
	case stopped:
		return Skipped, ended
	}
	return Failed, fmt.Sprintf("No pong came within %s%s. Every WebSocket server has to answer a ping (RFC 6455, section 5.5.2); one that does not read cannot.", duration(t.Timeout), t.besides())
}

// besides tells of messages that came unasked, such as a greeting.
func (t *talk) besides() string {
	if words := t.heard.String(); words != "" {
		return "; meanwhile the backend sent something of its own (" + words + ")"
	}
	return ""
}

// close takes the close handshake (RFC 6455, section 7.1.2).
func (t *talk) close() (Outcome, string) {
	switch t.exchange(t.Timeout, t.peer.goodbye, nil, nil) {
	case over:
		return t.closed()
	case stopped:
		return Skipped, ended
	}
	if t.unsent != nil {
		return Failed, fmt.Sprintf("Our close frame did not go out within %s: the other side does not read.", duration(t.Timeout))
	}
	return Failed, fmt.Sprintf("No close frame came back within %s. Every WebSocket server has to send one (RFC 6455, section 5.5.1); without it a browser says 1006.", duration(t.Timeout))
}

// closed judges what came back for our close frame with 1000.
func (t *talk) closed() (Outcome, string) {
	e := &t.peer.ending
	switch e.code {
	case 0:
		return t.lost("when our close frame should have been answered with one (RFC 6455, section 5.5.1)")
	case websocket.CloseNormalClosure:
		return Passed, "The close frame came back with 1000."
	case websocket.CloseNoStatusReceived:
		return Passed, "A close frame without a code came back; a browser shows that as 1005."
	}
	return Advised, fmt.Sprintf("We closed with 1000, and the other side with %s.", codeWords(e.code))
}
