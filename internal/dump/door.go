package dump

import (
	"errors"
	"net"
	"os"
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
	heads    *patience // with those who have sent nothing yet
	lulls    *patience // with those who have been answered
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
	d.heads, d.lulls = newPatience(l.options.HeadTimeout), newPatience(soon)
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
	case then != nil:
		d.goOn(conn, then)
	case taken, conn.capture() == nil: // it has ended
	default:
		d.pass(result{conn, nil})
	}
}

// offer is apart from welcome so that its stack is free again while a session goes on.
func (d *door) offer(conn captured) (then func(), taken bool) {
	capture := conn.capture()
	buf := firstReads.Get().(*[firstRead]byte)
	n, err := d.heads.read(conn, buf[:])
	firstReads.Put(buf)
	if n == 0 && err != nil {
		conn.Close()
		return nil, false
	}
	if then, taken = d.listener.options.Take(conn, capture); !taken {
		conn.again(capture.replay(), nil)
	}
	return then, taken
}

// soon is how long a worker waits for what follows a handshake.
//
// To serve a handshake a stack grows to 8 KiB or more, and again to diagnose the end of a
// session. A worker's has grown already. On a goroutine of its own each session would have
// to grow one from 2 KiB, by copying it time and again: a tenth of the cost of a handshake
// and its end. But whoever keeps the worker keeps its stack, because the collector takes
// back of a stack in use only what is more than four times too large: an idle session would
// weigh 8 KiB for that alone.
//
// So the worker stays for whoever leaves at once. Clients that do so come again in a loop,
// and a crowd of them is what must be cheap. Whoever stays is given a goroutine, and does not
// notice what that costs. In attend it needs 2 KiB, until the peer speaks: to read frames it
// needs 4.
const soon = 10 * time.Millisecond

// goOn sees that what was taken goes on, where its stack is as large as it needs.
func (d *door) goOn(conn captured, then func()) {
	switch d.foresee(conn) {
	case farewell:
		then()
	case speech:
		go then()
	case silence:
		go attend(conn, then)
	}
}

// move is what a peer does.
type move int

const (
	silence  move = iota // nothing, for now
	speech               // it sends something
	farewell             // it closes the connection, or sends a close frame first
)

// foresee returns what the peer does soon, and leaves it to be read.
func (d *door) foresee(conn captured) move {
	buf := firstReads.Get().(*[firstRead]byte)
	defer firstReads.Put(buf)
	n, err := d.lulls.read(conn, buf[:])
	if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		return silence
	}
	conn.again(append([]byte(nil), buf[:n]...), err)
	const opcode, closes = 0x0f, 0x8 // RFC 6455, section 5.2
	if n == 0 || buf[0]&opcode == closes {
		return farewell
	}
	return speech
}

// attend waits until a connection that fell silent speaks, and goes on with it. It is all
// that is on the stack until then.
func attend(conn captured, then func()) {
	buf := make([]byte, 16) // a frame's header, of which nothing has come yet
	n, err := conn.Read(buf)
	conn.again(buf[:n], err)
	then()
}
