package dump

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Layer says what carries the bytes of a connection.
type Layer uint8

const (
	Bare    Layer = iota // nothing: the port speaks plain HTTP
	Secured              // TLS; the capture shows what is inside
	Clear                // nothing, although the port speaks TLS
)

// errClear ends the reading of a connection that did not begin TLS where it has to.
var errClear = errors.New("the connection did not begin with TLS")

// secureConn is a connection of a listener that speaks TLS. Its Read and Write are in the
// clear, and so is the capture. The TLS handshake is part of the first Read, so that no
// slow peer holds up Accept.
type secureConn struct {
	*tls.Conn
	tap
	opening *opening
	met     bool // the first bytes were looked at; only the reading goroutine asks
}

// opening is what lies below TLS: a connection whose first bytes were looked at already.
type opening struct {
	net.Conn
	first []byte
}

func (o *opening) Read(p []byte) (int, error) {
	if len(o.first) > 0 {
		n := copy(p, o.first)
		o.first = o.first[n:]
		return n, nil
	}
	return o.Conn.Read(p)
}

func newSecureConn(inner net.Conn, o *Options) *secureConn {
	below := &opening{Conn: inner}
	return &secureConn{Conn: tls.Server(below, o.TLS), tap: tap{options: o}, opening: below}
}

func (c *secureConn) Read(p []byte) (int, error) {
	if c.unread != nil {
		return c.replay(p)
	}
	if !c.met {
		c.met = true
		if err := c.meet(); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	c.tap.read(p, n, err)
	return n, err
}

func (c *secureConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.tap.wrote(p, n)
	return n, err
}

func (c *secureConn) Close() error {
	err := c.Conn.Close()
	c.tap.close()
	return err
}

// meet reads the first bytes and shakes hands, if they begin a TLS handshake (RFC 8446,
// section 5.1), both within the head timeout. The deadline for reading stands afterwards.
func (c *secureConn) meet() error {
	if limit := c.options.HeadTimeout; limit > 0 {
		c.SetDeadline(time.Now().Add(limit))
		defer c.SetWriteDeadline(time.Time{})
	}
	const enough = 2 << 10 // for most ClientHellos
	buf := make([]byte, enough)
	n, err := c.opening.Conn.Read(buf)
	if n == 0 {
		return err
	}
	record := c.capture()
	if buf[0] != recordHandshake {
		record.carriedBy(Clear)
		return c.turnAway(record, buf, n)
	}
	record.carriedBy(Secured)
	c.opening.first = buf[:n]
	if err := c.Conn.Handshake(); err != nil {
		if c.options.Unsecured != nil {
			c.options.Unsecured(c.RemoteAddr(), err)
		}
		return err
	}
	return nil
}

// recordHandshake is the first byte of a TLS record with a handshake message.
const recordHandshake = 0x16

// turnAway answers bytes in the clear, as net/http's TLS server does, once the head is
// whole: who wrote it shall read why, and what it holds is worth a look.
func (c *secureConn) turnAway(record *Capture, buf []byte, n int) error {
	record.read(buf[:n], nil)
	for record.unended(n) {
		var err error
		n, err = c.opening.Conn.Read(buf)
		if record.read(buf[:n], err); err != nil {
			break
		}
	}
	answer := clearAnswer(record.Local)
	n, _ = io.WriteString(c.opening.Conn, answer) // it is recorded as far as it went
	c.tap.wrote([]byte(answer), n)
	c.SetReadDeadline(time.Now().Add(linger))
	drainAway(c.opening.Conn)
	return errClear
}

// clearAnswer says what the port speaks, and how a proxy is told so.
func clearAnswer(local net.Addr) string {
	address := "https://" + local.String()
	if local.Network() == "unix" {
		address = "https://unix:" + local.String()
	}
	text := fmt.Sprintf("This port speaks TLS, and the request came in plain HTTP. In nginx write:\n\n    proxy_pass %s;\n", address)
	return fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text)
}

// carriedBy records what carries the bytes.
func (c *Capture) carriedBy(l Layer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.layer = l
}

// unended reports whether text in the clear goes on behind its last n bytes: neither is its
// head at its end, nor has it reached the limit.
func (c *Capture) unended(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= c.limit || kindOf(c.in) != HTTP1 {
		return false
	}
	const before = len("\n\r") // of an end that begins in what came earlier
	tail := c.in[max(len(c.in)-n-before, 0):]
	return !bytes.Contains(tail, []byte("\n\r\n")) && !bytes.Contains(tail, []byte("\n\n"))
}
