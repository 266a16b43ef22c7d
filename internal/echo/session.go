package echo

import (
	"bytes"
	"io"
	"math"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"wsinspect/internal/journal"
)

const (
	// readBuffer holds frame headers and small messages; larger reads go past it, straight
	// into the pooled chunk. Every idle session owns one, so it is small.
	readBuffer = 1 << 9
	// writeBuffer holds a frame whose length fits into its second byte (RFC 6455, section
	// 5.2: 125), or the header and first bytes of a larger one, which goes out from where it
	// is. Every idle session owns one, too: with the 14 bytes that gorilla adds for the header
	// it fills one of the allocator's sizes.
	writeBuffer = 130
	// deflateBuffer holds a frame of a compressed message, which has no other place. It is
	// pooled: an idle session has none, and each message pays a little for it.
	deflateBuffer = 4 << 10
	// controlWait is how long a control frame may wait for a write that goes on.
	controlWait = 5 * time.Second
	// lingerWait and lingerBytes bound the reading on after our close frame, without which
	// the kernel would reset the connection and the peer would never see the frame.
	lingerWait  = 5 * time.Second
	lingerBytes = 256 << 20
)

// session is one upgraded connection. It holds neither the request nor its capture nor the
// attempt, only a trace of it: those are most of what an idle session would weigh.
type session struct {
	handler     *Handler
	conn        *websocket.Conn
	trace       journal.Trace
	opened      time.Time
	subprotocol string // masked if it looks like a token
	compression bool

	received, sent traffic
	active         atomic.Int64            // when the last frame went either way, in nanoseconds since opened
	leaving        atomic.Pointer[refusal] // why we sent a close frame first; nil: we did not
	pings          *time.Timer

	writes atomic.Uint32 // goes up when a write begins and when it ends: odd while one is under way
	seen   uint32        // writes at the last sweep, which owns this and the next
	since  time.Time     // when writes was seen to stand there first
}

// traffic counts one direction. It is read by the page while the session writes it.
type traffic struct{ text, binary, ping, pong, bytes atomic.Int64 }

func (t *traffic) now() journal.Traffic {
	return journal.Traffic{
		Text: t.text.Load(), Binary: t.binary.Load(),
		Ping: t.ping.Load(), Pong: t.pong.Load(), Bytes: t.bytes.Load(),
	}
}

// newSession begins the session of an attempt that was answered with 101.
func newSession(h *Handler, conn *websocket.Conn, a *journal.Attempt) *session {
	s := &session{handler: h, conn: conn, trace: a.Trace(), opened: time.Now(),
		compression: bytes.Contains(a.Response.Raw, []byte("\r\nSec-WebSocket-Extensions: permessage-deflate"))}
	if conn.Subprotocol() != "" {
		s.subprotocol = h.options.Masker.Subprotocol(conn.Subprotocol())
	}
	conn.SetPingHandler(s.pinged)
	conn.SetPongHandler(s.ponged)
	return s
}

// now returns the session as it is at this moment.
func (s *session) now() journal.Session {
	return journal.Session{
		Subprotocol: s.subprotocol, Compression: s.compression, Opened: s.opened,
		Received: s.received.now(), Sent: s.sent.now(), Idle: s.silence(),
	}
}

func (s *session) touch() { s.active.Store(int64(time.Since(s.opened))) }

// silence is how long no frame has gone either way.
func (s *session) silence() time.Duration {
	return time.Since(s.opened) - time.Duration(s.active.Load())
}

// run echoes until the session ends, and publishes its end.
func (s *session) run() {
	defer s.handler.sessions.remove(s)
	defer s.conn.Close()
	defer s.handler.contain(s.conn)
	err := s.echo()
	if s.pings != nil {
		s.pings.Stop()
	}
	silence := s.silence()
	end := s.ending(err)
	s.publish(end, silence)
	if end.By == journal.ByServer && !isCloseFrame(err) {
		s.linger()
	}
}

// publish tells the journal how the session ended.
func (s *session) publish(end journal.Close, silence time.Duration) {
	closed := s.now()
	closed.Closed = time.Now()
	closed.Idle = silence
	closed.Close = end
	s.handler.options.Journal.Close(s.trace, closed)
}

// echo sends every message back until an error ends the session.
func (s *session) echo() error {
	for {
		kind, r, err := s.conn.NextReader()
		if err == nil {
			err = s.message(kind, r)
		}
		if err != nil {
			return err
		}
	}
}

// pinged answers a ping, as RFC 6455, section 5.5.3, asks.
func (s *session) pinged(data string) error {
	s.received.ping.Add(1)
	s.touch()
	err := s.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(controlWait))
	if err == nil { // otherwise the read that follows meets the same fault and tells it better
		s.sent.pong.Add(1)
	}
	return nil
}

func (s *session) ponged(data string) error {
	s.received.pong.Add(1)
	s.touch()
	return nil
}

// startPings sends a ping every interval; zero: never, because pings would hide the idle
// cut that people come here to find.
func (s *session) startPings(interval time.Duration) {
	if interval <= 0 {
		return
	}
	s.pings = time.AfterFunc(math.MaxInt64, func() {
		if s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(controlWait)) != nil {
			return // the reading side meets the same fault and tells it
		}
		s.sent.ping.Add(1)
		s.touch()
		s.pings.Reset(interval)
	})
	s.pings.Reset(interval)
}

// leave sends our close frame, unless it has been sent before.
func (s *session) leave(why *refusal) {
	if s.leaving.CompareAndSwap(nil, why) {
		frame := websocket.FormatCloseMessage(why.code, why.reason)
		s.conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(controlWait))
	}
}

// goAway closes the session because the server ends.
func (s *session) goAway() {
	s.leave(&refusal{websocket.CloseGoingAway, "wsinspect is shutting down"})
}

// linger half-closes the connection and reads on until the peer has closed too, so that
// our close frame arrives.
func (s *session) linger() {
	conn := s.conn.NetConn()
	conn.SetReadDeadline(time.Now().Add(lingerWait))
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	io.CopyN(io.Discard, conn, lingerBytes)
}
