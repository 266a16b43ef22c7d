package dump

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// MaxAnswer is how many bytes of an answer are kept: its head and the short text behind it.
const MaxAnswer = 4 << 10

// Ending says how the reading of a head ended.
type Ending uint8

const (
	EndRead      Ending = iota // the bytes were read; nothing went wrong on the connection
	EndClosed                  // the peer closed its side
	EndTimeout                 // the header timeout came first
	EndReset                   // the peer reset the connection
	EndCancelled               // the server closed the connection without an answer, such as at its shutdown
)

// Capture is what one connection carried: the bytes in until a handler claims the head,
// and the answer as it was written. It is safe for concurrent use: net/http reads ahead
// in a goroutine of its own.
type Capture struct {
	Time   time.Time // when the first byte arrived
	Local  net.Addr  // the address that was dialled
	Remote net.Addr  // the peer: a client or the last proxy

	mu       sync.Mutex
	layer    Layer
	limit    int      // of in, in bytes
	in       []byte   // what arrived, until the head is claimed
	total    int      // how much arrived until then, also beyond the limit
	looked   *Request // what Look has found in the first lookedAt bytes
	lookedAt int
	claimed  bool
	closed   bool // the server closed the connection
	answer   []byte
	answered bool // no more of the answer is kept
	ending   Ending
}

// Request is what a Capture gives away once: the head and what is known of the bytes
// behind it.
type Request struct {
	Head      *Head
	Time      time.Time // when the first byte arrived
	Local     net.Addr
	Remote    net.Addr
	Truncated bool   // the server stopped reading at the limit: net/http answers 431
	After     int    // how many bytes had arrived behind the head
	AfterKind string // what they look like: "frames", "body", "bytes"; empty if there are none
	Ending    Ending
	Layer     Layer // what the bytes came in
}

// Look returns the request as far as it has come, without claiming it. It must not be
// changed or kept: more may come, and somebody else may claim it.
func (c *Capture) Look() *Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked, c.lookedAt = c.parse(), c.total
	return c.looked
}

// Claim ends the copying and returns the request. It is called once, by the handler; a
// second call returns nil.
func (c *Capture) Claim() *Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.claimed {
		return nil
	}
	r := c.looked
	if r == nil || c.lookedAt != c.total || c.closed {
		r = c.parse()
	}
	r.Head.Raw = clip(r.Head.Raw, len(c.in)) // what came behind the head is not kept
	c.claimed, c.in, c.looked = true, nil, nil
	return r
}

// parse makes the request of what has come. The caller holds mu.
func (c *Capture) parse() *Request {
	h := Parse(c.in)
	r := &Request{
		Head: h, Time: c.Time, Local: c.Local, Remote: c.Remote, Ending: c.ending, Layer: c.layer,
		Truncated: c.closed && c.total >= c.limit, // a handler is given no request that stopped there
	}
	if len(h.Raw) < len(c.in) {
		r.After = c.total - len(h.Raw)
		r.AfterKind = kindAfter(h, c.in[len(h.Raw):])
	}
	return r
}

// clip returns head in memory of its own, if more than it was captured.
func clip(head []byte, captured int) []byte {
	if len(head) == captured {
		return head
	}
	return bytes.Clone(head)
}

// Discard ends the copying in both directions: the request is none that anybody asks
// about, such as a look at the page itself.
func (c *Capture) Discard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claimed, c.answered = true, true
	c.in, c.answer, c.looked = nil, nil, nil
}

// Answer returns what has been written so far: the head of the answer, and of a refusal
// its text, MaxAnswer bytes at most. It must not be changed.
func (c *Capture) Answer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clip(c.answer) // what is written later goes behind it, elsewhere
}

// kindAfter tells what the bytes behind a head look like.
func kindAfter(h *Head, after []byte) string {
	length, ok := h.Field("Content-Length")
	if ok && h.Value(length) != "0" || h.Has("Transfer-Encoding") {
		return "body"
	}
	// RFC 6455, section 5.2: no reserved bit but that of permessage-deflate (RFC 7692), a
	// known opcode, and a client's mask bit.
	if len(after) >= 2 && after[0]&0x30 == 0 && after[1]&0x80 != 0 {
		switch after[0] & 0x0f {
		case 0x0, 0x1, 0x2, 0x8, 0x9, 0xa:
			return "frames"
		}
	}
	return "bytes"
}

// read records what a Read of the connection returned.
func (c *Capture) read(p []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.claimed {
		return
	}
	if len(p) > 0 {
		if c.total == 0 {
			c.Time = time.Now()
		}
		c.total += len(p)
		c.in = append(c.in, p[:min(len(p), c.limit-len(c.in))]...)
	}
	if err != nil && c.ending == EndRead {
		c.ending = endingOf(err) // the first: net/http may read again, and a reset is told only once
	}
}

// wrote records what a Write put on the connection, and reports whether that was all that
// anybody asks for: the answer is kept and the head is claimed.
func (c *Capture) wrote(p []byte) (done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.answered {
		c.answer = append(c.answer, p[:min(len(p), MaxAnswer-len(c.answer))]...)
		c.answered = len(c.answer) >= MaxAnswer
		if bytes.HasPrefix(c.answer, []byte("HTTP/1.1 101 ")) {
			if i := bytes.Index(c.answer, []byte("\r\n\r\n")); i >= 0 {
				c.answer = c.answer[:i+4] // frames follow
				c.answered = true
			}
		}
	}
	return c.answered && c.claimed
}

// replay returns what has come, for net/http, which reads after all.
func (c *Capture) replay() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = nil
	return c.in
}

// close records that the server closed the connection, and reports whether bytes arrived
// that no handler has claimed.
func (c *Capture) close() (unclaimed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.ending == EndRead && len(c.answer) == 0 {
		c.ending = EndCancelled
	}
	return !c.claimed && c.total > 0
}

func endingOf(err error) Ending {
	switch {
	case errors.Is(err, io.EOF):
		return EndClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return EndTimeout
	case errors.Is(err, syscall.ECONNRESET):
		return EndReset
	}
	return EndCancelled
}

type captureKey struct{}

// From returns the Capture of the connection that a request came on, or nil where the
// server does not use ConnContext.
func From(ctx context.Context) *Capture {
	c, _ := ctx.Value(captureKey{}).(*Capture)
	return c
}
