package echo

import (
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// chunk is how much of a message is in memory at once. A message that fits is sent back as
// one frame and one system call; a longer one streams through it as fragments.
const chunk = 32 << 10

// chunks lends the memory that a message passes through. It holds no state of any session.
var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// message echoes one message with bounded memory, however long it is.
func (s *session) message(kind int, r io.Reader) error {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	m := message{session: s, kind: kind, r: r, limit: s.handler.options.MaxMessage}

	n, err := m.fill(buf[:])
	if err == io.EOF {
		err = m.whole(buf[:n])
	} else if err == nil {
		err = m.stream(buf[:], n)
	}
	if err == nil {
		m.count()
	}
	return err
}

// message is one message on its way through.
type message struct {
	session *session
	kind    int // websocket.TextMessage or BinaryMessage
	r       io.Reader
	limit   int64
	size    int64 // bytes read, after decompression
	text    textCheck
}

// fill reads until buf is full, or the message ends: then it returns io.EOF.
func (m *message) fill(buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var got int
		got, err = m.r.Read(buf[n:])
		n += got
	}
	m.size += int64(n)
	if m.size > m.limit {
		return n, &refusal{websocket.CloseMessageTooBig, fmt.Sprintf("message is longer than %d bytes", m.limit)}
	}
	if err != nil && err != io.EOF {
		return n, err
	}
	if m.kind == websocket.TextMessage && !m.text.valid(buf[:n], err == io.EOF) {
		return n, &refusal{websocket.CloseInvalidFramePayloadData, "text is not UTF-8"}
	}
	return n, err
}

// whole sends back a message that is in memory from end to end.
func (m *message) whole(data []byte) error {
	m.session.writes.Add(1)
	defer m.session.writes.Add(1)
	return m.session.conn.WriteMessage(m.kind, data)
}

// stream sends a message on while it still arrives; buf[:n] is its beginning.
func (m *message) stream(buf []byte, n int) error {
	w, err := m.session.conn.NextWriter(m.kind)
	if err != nil {
		return err
	}
	for ended := false; ; {
		if err := m.pass(w, buf[:n], ended); err != nil || ended {
			return err
		}
		n, err = m.fill(buf)
		if err != nil && err != io.EOF {
			return err
		}
		ended = err == io.EOF
	}
}

// pass sends on a piece of a message, and ends it with the last one.
func (m *message) pass(w io.WriteCloser, piece []byte, last bool) error {
	m.session.writes.Add(1)
	defer m.session.writes.Add(1)
	_, err := w.Write(piece)
	if err == nil && last {
		err = w.Close()
	}
	return err
}

// count adds a message that was echoed to the session's figures.
func (m *message) count() {
	s := m.session
	received, sent := &s.received.text, &s.sent.text
	if m.kind == websocket.BinaryMessage {
		received, sent = &s.received.binary, &s.sent.binary
	}
	received.Add(1)
	sent.Add(1)
	s.received.bytes.Add(m.size)
	s.sent.bytes.Add(m.size)
	s.touch()
}

// textCheck validates UTF-8 that comes in pieces (RFC 6455, section 8.1).
type textCheck struct {
	open [utf8.UTFMax]byte // a character that a piece has cut
	n    int
}

// valid reports whether p may follow what came before; last: nothing follows.
func (c *textCheck) valid(p []byte, last bool) bool {
	for c.n > 0 && len(p) > 0 && !utf8.FullRune(c.open[:c.n]) {
		c.open[c.n] = p[0]
		c.n++
		p = p[1:]
	}
	if c.n > 0 && utf8.FullRune(c.open[:c.n]) {
		if !utf8.Valid(c.open[:c.n]) {
			return false
		}
		c.n = 0
	}
	cut := len(p)
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if utf8.RuneStart(p[len(p)-i]) {
			if !utf8.FullRune(p[len(p)-i:]) {
				cut = len(p) - i
			}
			break
		}
	}
	if c.n == 0 {
		c.n = copy(c.open[:], p[cut:])
	}
	return utf8.Valid(p[:cut]) && (!last || c.n == 0)
}
