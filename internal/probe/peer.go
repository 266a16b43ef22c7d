package probe

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"wsinspect/internal/diagnosis"
)

// controlWait is how long a pong may wait for a write that goes on.
const controlWait = time.Second

// peer is the other side of a WebSocket, listened to all the time: pings are answered
// whatever else goes on, and the end is seen when it comes.
type peer struct {
	conn     *websocket.Conn
	frames   *frames
	inflater inflater
	ctx      context.Context // ends when the connection is to end
	leave    context.CancelFunc

	messages chan message
	pongs    chan string   // their payloads
	over     chan struct{} // closed when nothing more comes
	ending   ending        // this and the next two are to be read after over
	ended    time.Time
	left     bool // by us

	opened         time.Time
	received, sent atomic.Int64
	active         atomic.Int64 // when the last frame went either way, in nanoseconds since opened
}

// listen begins to listen. Messages and pongs have to be taken until over; ctx or leave
// ends the connection at once.
func listen(ctx context.Context, c *upgraded, longest int) (*peer, error) {
	conn, in, err := adopt(c, longest)
	if err != nil {
		c.Close()
		return nil, err
	}
	p := &peer{conn: conn, frames: in, opened: time.Now(),
		messages: make(chan message), pongs: make(chan string), over: make(chan struct{})}
	p.ctx, p.leave = context.WithCancel(ctx)
	context.AfterFunc(p.ctx, func() {
		c.SetDeadline(time.Unix(1, 0)) // reads and writes end now, whatever TLS still has to say
		c.Close()
	})
	conn.SetPingHandler(p.pinged)
	conn.SetPongHandler(p.ponged)
	go p.listen()
	return p, nil
}

// listen reads until nothing more comes.
func (p *peer) listen() {
	defer close(p.over)
	for {
		m, err := p.next()
		if err != nil {
			return
		}
		select {
		case p.messages <- m:
		case <-p.ctx.Done():
		}
	}
}

// next reads a message. Where none comes, it notes how the connection ended.
func (p *peer) next() (m message, err error) {
	kind, r, err := p.conn.NextReader()
	inside := err == nil
	if err == nil {
		compressed := p.frames.compressed()
		if compressed {
			r = p.inflater.message(r)
		}
		m, err = readMessage(kind, r)
		m.compressed = compressed
	}
	if err != nil {
		p.ended, p.left = time.Now(), p.ctx.Err() != nil
		p.ending = endingOf(err, inside)
		return m, err
	}
	p.moved(&p.received)
	return m, nil
}

// moved counts a message or a control frame.
func (p *peer) moved(direction *atomic.Int64) {
	direction.Add(1)
	p.active.Store(int64(time.Since(p.opened)))
}

// pinged answers a ping (RFC 6455, section 5.5.3).
func (p *peer) pinged(payload string) error {
	p.moved(&p.received)
	p.control(websocket.PongMessage, payload, time.Now().Add(controlWait)) // the reading meets the same fault and tells it
	return nil
}

// ponged hands on a pong.
func (p *peer) ponged(payload string) error {
	p.moved(&p.received)
	select {
	case p.pongs <- payload:
	case <-p.ctx.Done():
	}
	return nil
}

// control sends a ping or a pong.
func (p *peer) control(kind int, payload string, deadline time.Time) error {
	err := p.conn.WriteControl(kind, []byte(payload), deadline)
	if err == nil {
		p.moved(&p.sent)
	}
	return err
}

// goodbye sends a close frame with 1000.
func (p *peer) goodbye(deadline time.Time) error {
	frame := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	return p.conn.WriteControl(websocket.CloseMessage, frame, deadline)
}

// hangUp ends the connection and waits until nothing of it goes on.
func (p *peer) hangUp() {
	p.leave()
	<-p.over
}

// lost reports whether the other side or the way has ended the connection.
func (p *peer) lost() bool {
	select {
	case <-p.over:
		return !p.left
	default:
		return false
	}
}

// quiet returns how long nothing had gone either way at that time.
func (p *peer) quiet(at time.Time) time.Duration {
	return max(0, at.Sub(p.opened)-time.Duration(p.active.Load()))
}

// session returns how the connection went, once it is over. It counts as the backend does,
// so that evidence means the same from either end: what we sent came there.
func (p *peer) session() *diagnosis.Session {
	return &diagnosis.Session{
		Opened: p.opened, Ended: p.ended, Idle: p.quiet(p.ended),
		Received: p.sent.Load(), Sent: p.received.Load(),
		Cut: !p.left && p.ending.cut(),
	}
}
