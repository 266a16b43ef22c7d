package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// open resolves, connects, sends the request and reads the answer; it returns nil where no
// WebSocket came about.
func (p *probe) open(ctx context.Context) *upgraded {
	for c := (&call{probe: p, target: p.Target}); c != nil; c = c.next() {
		if up := c.place(ctx); up != nil {
			return up
		}
	}
	return nil
}

// call is one handshake with one server.
type call struct {
	*probe
	target     *Target
	authorized bool // the user of the URL is sent, as after a 401
	redirects  int  // that have led here
	foreign    bool // one of them has led to another origin

	sent   *dump.Head // as it is, where the report has it masked
	answer *answer    // nil where none came
}

// place places the call, up to the answer and its judgement.
func (c *call) place(ctx context.Context) *upgraded {
	raw := c.options().handshakeRequest(c.target, c.authorized)
	c.sent = dump.Parse(raw)
	masked := dump.Parse(bytes.Clone(raw))
	c.masker.Request(masked)
	c.report.Client = diagnosis.Client{URL: c.target.scheme() + "://" + c.target.Host() + masked.Target()}

	conn := c.connect(ctx, c.target)
	if conn != nil && c.target.Secure {
		conn = c.secure(ctx, conn, c.target)
	}
	if conn == nil {
		return nil
	}
	c.report.Client.Sent = masked
	up := c.exchange(ctx, conn, raw)
	if up == nil {
		conn.Close()
	}
	return up
}

// next returns the call that follows upon one that opened nothing; nil where none does.
func (c *call) next() *call {
	switch {
	case c.authorizes():
		return &call{probe: c.probe, target: c.target, redirects: c.redirects, foreign: c.foreign, authorized: true}
	case c.Follow && c.leadsOn():
		return c.redirect()
	}
	c.skipRest()
	return nil
}

// skipRest says of the steps behind the last one that was taken that they are skipped.
func (c *call) skipRest() {
	last := c.report.Steps[len(c.report.Steps)-1].ID
	behind := false
	for _, id := range []string{"resolve", "connect", "proxy", "tls", "request", "answer", "accept", "agreed"} {
		if behind && id != "proxy" && (id != "tls" || c.target.Secure) {
			c.say(newStep(id).as(Skipped, "It never came to that."))
		}
		behind = behind || id == last
	}
}

// options returns those of this call. What was meant for one origin goes to no other.
func (c *call) options() *Options {
	if !c.foreign {
		return c.Options
	}
	o := *c.Options
	o.Host, o.CookieBytes = "", 0
	o.Headers = slices.DeleteFunc(slices.Clone(o.Headers), func(h Header) bool {
		masked := dump.Parse([]byte("GET / HTTP/1.1\r\n" + h.Name + ": " + h.Value + "\r\n\r\n"))
		c.masker.Request(masked)
		return len(masked.Masks) > 0 || strings.EqualFold(h.Name, "Host")
	})
	return &o
}

// exchange sends the request and judges the answer.
func (c *call) exchange(ctx context.Context, conn net.Conn, raw []byte) *upgraded {
	c.send(ctx, conn, raw)
	if !c.receive(ctx, conn) || statusOf(c.answer.head) != http.StatusSwitchingProtocols {
		return nil
	}
	u := c.upgrade()
	switched, accepted, agreed := u.switched(), u.accepted(), u.agreed()
	c.report.Client.Accept = accepted.outcome == Passed
	c.say(newStep("accept").as(accepted.outcome, accepted.says))
	c.say(newStep("agreed").as(agreed.outcome, agreed.says))
	if slices.Contains([]Outcome{switched.outcome, accepted.outcome, agreed.outcome}, Failed) {
		return nil
	}
	return &upgraded{Conn: conn, rest: c.answer.rest, deflate: u.compresses()}
}

// send writes the request. Who is not let finish may get an answer all the same.
func (c *call) send(ctx context.Context, conn net.Conn, raw []byte) {
	began := time.Now()
	line := c.report.Client.Sent.Text(dump.Span{End: c.sent.Start.Third.End})
	s := newStep("request").as(Passed, fmt.Sprintf("%s, with %d lines, %d bytes in all.", quoted(line), len(c.sent.Fields), len(raw)))
	err := c.within(ctx, conn, func() error {
		_, err := conn.Write(raw)
		return err
	})
	switch {
	case ctx.Err() != nil:
		s.Outcome, s.Says = Skipped, ended
	case err != nil:
		s.Outcome, s.Says = Advised, sentence("While the request was sent, the other side "+why(err, c.Timeout))
	}
	s.Took = time.Since(began)
	c.say(s)
}

// receive reads the answer and says what it means; it reports whether one came.
func (c *call) receive(ctx context.Context, conn net.Conn) bool {
	began := time.Now()
	s := newStep("answer")
	a := &answer{}
	err := c.within(ctx, conn, func() error { return a.read(conn) })
	s.Took = time.Since(began)
	switch {
	case errors.Is(err, errTooLong):
		s.Outcome, s.Says = Failed, sentence(err.Error())
	case err != nil:
		says, trouble := unanswered(a.got, err, c.Timeout)
		if s.Says = says; trouble == diagnosis.NotHTTP {
			c.report.Client.Got = a.got
		}
		c.fail(ctx, &s, trouble, err)
	case statusOf(a.head) == http.StatusSwitchingProtocols:
		c.keep(a)
		switched := c.upgrade().switched()
		s.Outcome, s.Says = switched.outcome, switched.says
	default:
		c.keep(a)
		title := c.readTitle(ctx, conn)
		c.report.Client.Title = title
		s.Outcome, s.Says = Failed, c.turnedAway(title)
		if c.authorizes() { // and a browser's script never learns of this answer
			s.Outcome = Advised
		}
	}
	if len(a.interim) > 0 {
		s.Says += fmt.Sprintf(" A %d came before; browsers pass that over.", a.interim[0])
	}
	c.say(s)
	return c.answer != nil
}

// upgrade returns the 101 that came, to be judgement.
func (c *call) upgrade() *upgrade {
	return &upgrade{sent: c.sent, answer: c.answer.head, browser: c.Browser}
}

// keep keeps an answer, and puts its head, masked, into the report.
func (c *call) keep(a *answer) {
	c.answer = a
	c.report.Client.Answer = dump.ParseAnswer(bytes.Clone(a.head.Raw))
	c.masker.Answer(c.report.Client.Answer)
}

// readTitle reads the title of the answer, which may take its time.
func (c *call) readTitle(ctx context.Context, conn net.Conn) (title string) {
	ctx, cancel := context.WithTimeout(ctx, maxBodyTime)
	defer cancel()
	c.within(ctx, conn, func() error {
		title = c.answer.title(conn)
		return nil
	})
	return title
}
