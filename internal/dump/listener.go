package dump

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"
)

// Options say what a Listener keeps and whom it tells.
type Options struct {
	MaxHead int            // how many bytes of a head are kept; net/http reads 4096 more than Server.MaxHeaderBytes
	Limit   *Limit         // how many connections may be open, over all listeners that share it; nil: any number
	Refused func(*Capture) // called when a connection ends that has sent bytes which no handler claimed

	// Take is offered each connection whose head came whole with its first bytes, before
	// net/http sees it. It may claim the capture and answer; then it returns true, and what is
	// to be done when the peer sends more or goes away, which must close the connection; nil:
	// it is closed. A connection that it does not take is left as it was, for net/http. Nil:
	// net/http is given every connection.
	Take func(net.Conn, *Capture) (then func(), taken bool)
	// HeadTimeout bounds the wait for the first bytes, where Take is set, and a TLS handshake.
	HeadTimeout time.Duration

	// TLS is how the connections are secured; nil: they are not. What is captured is inside
	// TLS. Bytes in the clear are answered 400 and given to Refused.
	TLS *tls.Config
	// Unsecured is told of TLS handshakes that fail, from many goroutines; nil: nobody is.
	Unsecured func(remote net.Addr, err error)
}

// Listener captures what every accepted connection carries. Its connections keep what
// *net.TCPConn and *net.UnixConn can do (ReadFrom, CloseWrite, deadlines).
type Listener struct {
	net.Listener
	options Options
	door    *door // nil without Options.Take
	spare   spare // kept where Options.Limit is set
}

// NewListener wraps inner. Its server must use ConnContext, serve one request on each
// connection, and claim or discard the Capture in its outermost handler.
func NewListener(inner net.Listener, o Options) *Listener {
	l := &Listener{Listener: inner, options: o}
	if o.Take != nil {
		l.door = newDoor(l)
	}
	return l
}

// ConnContext is for http.Server.ConnContext: it lets From find the Capture.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(captured); ok {
		return context.WithValue(ctx, captureKey{}, c.capture())
	}
	return ctx
}

// Accept returns the next connection that is for net/http, captured.
func (l *Listener) Accept() (net.Conn, error) {
	if l.door != nil {
		return l.door.accept()
	}
	return l.accept()
}

// Close ends the listening.
func (l *Listener) Close() error {
	err := l.Listener.Close()
	if l.door != nil {
		l.door.close()
	}
	l.spare.give()
	return err
}

// accept returns the next connection, captured.
func (l *Listener) accept() (captured, error) {
	for limit, plain := l.options.Limit, l.options.TLS == nil; ; {
		inner, err := l.Listener.Accept()
		switch {
		case err != nil && limit != nil && exhausted(err) && l.spare.give():
			continue
		case err != nil:
			return nil, err
		case limit == nil:
		case !l.spare.keep():
			limit.turnAwayLast(inner, plain)
			l.spare.keep()
			continue
		case !limit.enter():
			limit.turnAway(inner, plain)
			continue
		}
		return l.capture(inner), nil
	}
}

// captured is a connection with its Capture.
type captured interface {
	net.Conn
	capture() *Capture
	again(p []byte, err error) // only the reading goroutine calls it
}

func (l *Listener) capture(inner net.Conn) captured {
	record := &Capture{Local: inner.LocalAddr(), Remote: inner.RemoteAddr(), limit: l.options.MaxHead}
	if l.options.TLS != nil {
		c := newSecureConn(inner, &l.options)
		c.record.Store(record)
		return c
	}
	switch inner := inner.(type) {
	case *net.TCPConn:
		c := &tcpConn{TCPConn: inner, tap: tap{options: &l.options}}
		c.record.Store(record)
		return c
	case *net.UnixConn:
		c := &unixConn{UnixConn: inner, tap: tap{options: &l.options}}
		c.record.Store(record)
		return c
	}
	c := &otherConn{Conn: inner, tap: tap{options: &l.options}}
	c.record.Store(record)
	return c
}

// tap is the part of a connection that copies. When both directions are done it lets the
// Capture go, and a Read or Write costs one atomic load more than without it.
type tap struct {
	options *Options
	record  atomic.Pointer[Capture]
	closed  atomic.Bool
	unread  *unread // for the next Read; nil: it asks the connection
}

// unread is what a Read of the door returned, which was ahead of its time.
type unread struct {
	p   []byte
	err error
}

func (t *tap) capture() *Capture { return t.record.Load() }

// again has the next Reads return p, and err behind it.
func (t *tap) again(p []byte, err error) { t.unread = &unread{p, err} }

// replay is a Read of what is unread.
func (t *tap) replay(p []byte) (n int, err error) {
	n = copy(p, t.unread.p)
	if t.unread.p = t.unread.p[n:]; len(t.unread.p) > 0 {
		return n, nil
	}
	err, t.unread = t.unread.err, nil
	return n, err
}

func (t *tap) read(p []byte, n int, err error) {
	if c := t.record.Load(); c != nil {
		c.read(p[:n], err)
	}
}

func (t *tap) wrote(p []byte, n int) {
	if c := t.record.Load(); c != nil && c.wrote(p[:n]) {
		t.record.Store(nil)
	}
}

// close tells the listener about a head that nobody claimed, once, after the connection
// is closed.
func (t *tap) close() {
	if t.closed.Swap(true) {
		return
	}
	if t.options.Limit != nil {
		t.options.Limit.leave()
	}
	if c := t.record.Swap(nil); c != nil && c.close() && t.options.Refused != nil {
		t.options.Refused(c)
	}
}

type tcpConn struct {
	*net.TCPConn
	tap
}

func (c *tcpConn) Read(p []byte) (int, error) {
	if c.unread != nil {
		return c.replay(p)
	}
	n, err := c.TCPConn.Read(p)
	c.tap.read(p, n, err)
	return n, err
}

func (c *tcpConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.tap.wrote(p, n)
	return n, err
}

func (c *tcpConn) Close() error {
	err := c.TCPConn.Close()
	c.tap.close()
	return err
}

type unixConn struct {
	*net.UnixConn
	tap
}

func (c *unixConn) Read(p []byte) (int, error) {
	if c.unread != nil {
		return c.replay(p)
	}
	n, err := c.UnixConn.Read(p)
	c.tap.read(p, n, err)
	return n, err
}

func (c *unixConn) Write(p []byte) (int, error) {
	n, err := c.UnixConn.Write(p)
	c.tap.wrote(p, n)
	return n, err
}

func (c *unixConn) Close() error {
	err := c.UnixConn.Close()
	c.tap.close()
	return err
}

// otherConn serves listeners that are neither TCP nor unix sockets, such as a test's.
type otherConn struct {
	net.Conn
	tap
}

func (c *otherConn) Read(p []byte) (int, error) {
	if c.unread != nil {
		return c.replay(p)
	}
	n, err := c.Conn.Read(p)
	c.tap.read(p, n, err)
	return n, err
}

func (c *otherConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.tap.wrote(p, n)
	return n, err
}

func (c *otherConn) Close() error {
	err := c.Conn.Close()
	c.tap.close()
	return err
}
