package probe

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	longMessage = 64 << 10 // bytes; the first length that takes the longest header of a frame
	fragments   = 12 << 10 // bytes, which gorilla prepares as frames of 4 KiB
)

// manner is how a message is sent.
type manner uint8

const (
	whole manner = iota // in one frame, not compressed
	compressed
	fragmented
)

// echo is a message that a backend which echoes sends back as it is.
type echo struct {
	id, title string
	kind      int
	manner    manner
	body      []byte // nil: noise of that length is made when it is sent
	length    int
}

// echoes returns the messages in their order, none longer than Size.
func (p *probe) echoes(deflate bool) []echo {
	const text, binary = websocket.TextMessage, websocket.BinaryMessage
	all := []echo{
		{id: "echo-text", title: "Echo of text", kind: text, body: []byte("wsinspect: Grüße, 你好, 🔌")},
		{id: "echo-binary", title: "Echo of binary", kind: binary, length: 256},
		{id: "echo-empty", title: "Echo of an empty message", kind: text},
	}
	if deflate { // shorter than 256 bytes, the smallest window that may have been agreed on (RFC 7692, section 7.1.2)
		all = append(all, echo{id: "echo-compressed", title: "Echo of a compressed message", kind: text, manner: compressed, body: []byte(strings.Repeat("wsinspect ", 25))})
	}
	if p.Size >= fragments {
		all = append(all, echo{id: "echo-fragmented", title: "Echo of fragments", kind: binary, manner: fragmented, length: fragments})
	}
	if p.Size > longMessage {
		all = append(all, echo{id: "echo-64k", title: "Echo of " + size(longMessage), kind: binary, length: longMessage})
	}
	if p.Size > fragments {
		all = append(all, echo{id: "echo-long", title: "Echo of " + size(int64(p.Size)), kind: binary, length: p.Size})
	}
	return all
}

// message returns the body that is sent.
func (e *echo) message() []byte {
	if e.body != nil {
		return e.body
	}
	noise := make([]byte, e.length)
	rand.Read(noise)
	return noise
}

// send sends a body as e says. A compressed one refers to no earlier message, which is
// allowed whatever was agreed on.
func (e *echo) send(p *peer, body []byte, deadline time.Time) error {
	p.conn.SetWriteDeadline(deadline)
	var err error
	if e.manner == fragmented {
		var prepared *websocket.PreparedMessage
		if prepared, err = websocket.NewPreparedMessage(e.kind, body); err == nil {
			err = p.conn.WritePreparedMessage(prepared)
		}
	} else {
		p.conn.EnableWriteCompression(e.manner == compressed)
		err = p.conn.WriteMessage(e.kind, body)
		p.conn.EnableWriteCompression(false)
	}
	if err == nil {
		p.moved(&p.sent)
	}
	return err
}

// echo sends a message and waits for it to come back. That it does not is no fault, save of
// a wsinspect.
func (t *talk) echo(e echo) (Outcome, string) {
	body := e.message()
	sent := sketch(e.kind, body)
	limit := t.Timeout
	if !t.echoed {
		limit = min(limit, firstEcho)
	}
	var back message
	isEcho := func(m message) bool {
		back = m
		return m.echoes(sent)
	}
	send := func(deadline time.Time) error { return e.send(t.peer, body, deadline) }
	switch t.exchange(limit, send, isEcho, nil) {
	case came:
		t.echoed = true
		how := ""
		if back.compressed {
			how = ", compressed"
		}
		return Passed, fmt.Sprintf("It came back as it went%s%s.", how, t.besides())
	case over:
		return t.lost(fmt.Sprintf("%s after %s was sent", duration(time.Since(t.began)), sent))
	case stopped:
		return Skipped, ended
	}
	return t.unechoed(sent, limit)
}

// unechoed says that no echo came in time.
func (t *talk) unechoed(sent message, limit time.Duration) (Outcome, string) {
	outcome, fault := Advised, "That is no fault of the way"
	switch {
	case t.wsinspect:
		outcome, fault = Failed, "wsinspect echoes every message, so this one or its echo was lost on the way"
	case t.echoed:
		fault = "Others came back, so the backend or something on the way does not take this one"
	default:
		t.mute = true
		fault += ": an application need not echo"
	}
	if t.unsent != nil {
		return outcome, fmt.Sprintf("The other side did not take %s within %s. %s.", sent, duration(limit), fault)
	}
	if words := t.heard.String(); words != "" {
		return outcome, fmt.Sprintf("The backend answered %s with something else (%s) in %s. %s.", sent, words, duration(limit), fault)
	}
	return outcome, fmt.Sprintf("Nothing came back for %s within %s. %s.", sent, duration(limit), fault)
}
