package dump

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// door stands before net/http's Accept. A goroutine for each connection reads its first
// bytes and offers it to Options.Take; what is not taken goes on to net/http.
//
// It exists for the cost of a handshake: net/http makes a Request, two contexts, 8 KiB of
// buffers and a second goroutine for each, and all of it is thrown away at the hijack.
type door struct {
	listener *Listener
	accepted chan result
	next     chan captured // for a worker that is idle
	idle     atomic.Int32  // how many of them there are
	open     func()        // begins the accepting, once
	close    func()
	closed   chan struct{}
}

// result is what one Accept returns.
type result struct {
	conn net.Conn
	err  error
}

// maxIdle is how many goroutines are kept for the next connections. One that has served a
// handshake has a stack of the right size; a fresh one must let its own grow.
const maxIdle = 64

// firstRead is how much is read before a connection is offered: a browser's head fits.
const firstRead = 4 << 10

var firstReads = sync.Pool{New: func() any { return new([firstRead]byte) }}

func newDoor(l *Listener) *door {
	d := &door{listener: l, accepted: make(chan result), next: make(chan captured), closed: make(chan struct{})}
	d.open = sync.OnceFunc(func() { go d.run() })
	d.close = sync.OnceFunc(func() { close(d.closed) })
	return d
}

func (d *door) accept() (net.Conn, error) {
	d.open()
	select {
	case r := <-d.accepted:
		return r.conn, r.err
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// pass gives net/http a connection or an error, and waits until it has taken it: after an
// error, such as too many open files, it is net/http that waits and comes again.
func (d *door) pass(r result) {
	select {
	case d.accepted <- r:
	case <-d.closed:
		if r.conn != nil {
			r.conn.Close()
		}
	}
}

func (d *door) run() {
	for {
		conn, err := d.listener.accept()
		if errors.Is(err, net.ErrClosed) {
			d.close()
			return
		}
		if err != nil {
			d.pass(result{nil, err})
			continue
		}
		select {
		case d.next <- conn:
		default:
			go d.work(conn)
		}
	}
}

// work welcomes one connection after the other.
func (d *door) work(conn captured) {
	for {
		d.welcome(conn)
		if d.idle.Add(1) > maxIdle {
			d.idle.Add(-1)
			return
		}
		select {
		case conn = <-d.next:
			d.idle.Add(-1)
		case <-d.closed:
			return
		}
	}
}

// welcome reads the first bytes and offers the connection.
func (d *door) welcome(conn captured) {
	then, taken := d.offer(conn)
	switch {
	case taken:
		then()
	case conn.capture() == nil: // it has ended
	default:
		d.pass(result{conn, nil})
	}
}

// offer is apart from welcome so that its stack is free again while a session goes on.
func (d *door) offer(conn captured) (then func(), taken bool) {
	capture := conn.capture()
	conn.SetReadDeadline(time.Now().Add(d.listener.options.HeadTimeout))
	buf := firstReads.Get().(*[firstRead]byte)
	n, err := conn.Read(buf[:])
	firstReads.Put(buf)
	if n == 0 && err != nil {
		conn.Close()
		return nil, false
	}
	// The deadline stands: net/http and gorilla set their own.
	if then, taken = d.listener.options.Take(conn, capture); !taken {
		capture.replay()
	}
	return then, taken
}
