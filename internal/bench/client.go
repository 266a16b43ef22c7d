package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// request is a handshake as long as Chrome's, straight to the server, with further header
// lines. It claims to be no browser: one would offer compression, which the rivals do not
// have.
func request(addr, origin, more string) []byte {
	return fmt.Appendf(nil, "GET /ws/echo HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"+
		"User-Agent: wsinspect-bench/1.0 (a program whose name is as long as that of a browser and its engine, for equal work)\r\n"+
		"Upgrade: websocket\r\nOrigin: %s\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"+
		"Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", addr, origin, more)
}

// sameOrigin is the request that every server accepts.
func sameOrigin(addr, more string) []byte { return request(addr, "http://"+addr, more) }

const (
	accepted = "HTTP/1.1 101 "
	rejected = "HTTP/1.1 403 "
)

// caller makes one handshake after the other, each on a connection of its own.
type caller struct {
	addr   string
	head   []byte
	want   string // what the answer begins with
	closes bool   // ends with a close handshake (RFC 6455, section 7.1.2); else it just drops the connection
	number []byte // of head: the digits that count the calls, so that no head is like another; nil: all are alike
	calls  int
	buffer [16 << 10]byte
}

// numbered returns a caller whose heads bear a number, as proxies give one to each request.
func numbered(addr string, worker int) caller {
	const digits = "000000000000"
	c := caller{addr: addr, head: sameOrigin(addr, fmt.Sprintf("X-Request-ID: %d-%s\r\n", worker, digits)), want: accepted, closes: true}
	at := bytes.Index(c.head, []byte(digits+"\r\n"))
	c.number = c.head[at : at+len(digits)]
	return c
}

// call makes one.
func (c *caller) call() error {
	conn, err := dial(c.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetLinger(0) // no port waits behind us: there are more handshakes than ports
	if c.number != nil {
		c.calls++
		copy(c.number, fmt.Sprintf("%0*d", len(c.number), c.calls))
	}
	if _, err := conn.Write(c.head); err != nil {
		return fmt.Errorf("write the handshake: %w", err)
	}
	n := 0
	for n < len(c.want) || !bytes.Contains(c.buffer[:n], []byte("\r\n\r\n")) {
		got, err := conn.Read(c.buffer[n:])
		if err != nil {
			return fmt.Errorf("read the answer behind %.40q: %w", c.buffer[:n], err)
		}
		n += got
	}
	if !bytes.HasPrefix(c.buffer[:n], []byte(c.want)) {
		return fmt.Errorf("the answer is %.40q instead of %s", c.buffer[:n], c.want)
	}
	if c.closes {
		return closeSession(conn, conn)
	}
	return nil
}

// closeSession sends a close frame, and waits for the server's and for the end of the
// connection, which is the server's to bring about (RFC 6455, section 7.1.1). From r come
// no other frames.
func closeSession(w io.Writer, r io.Reader) error {
	if _, err := w.Write([]byte("\x88\x82\x00\x00\x00\x00\x03\xe8")); err != nil { // 1000, under the mask zero
		return fmt.Errorf("write the close frame: %w", err)
	}
	answer, err := io.ReadAll(io.LimitReader(r, 256))
	if err != nil {
		return fmt.Errorf("read the close frame: %w", err)
	}
	if len(answer) < 4 || answer[0] != 0x88 || answer[2] != 0x03 || answer[3] != 0xe8 {
		return fmt.Errorf("close 1000 is answered %.40q", answer)
	}
	return nil
}

func dial(addr string) (*net.TCPConn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err // it names the address
	}
	return conn.(*net.TCPConn), nil
}

// client is a WebSocket client that costs little: its frame is made once, and of what
// comes back only the length is looked at.
type client struct {
	conn  *net.TCPConn
	r     *bufio.Reader
	frame []byte
	size  int
}

// connect opens a session for messages of size bytes.
func connect(addr string, size int) (*client, error) {
	conn, err := dial(addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, size: size, frame: frame(size), r: bufio.NewReaderSize(conn, min(64<<10, 1<<10+size))}
	if err := c.open(addr); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *client) open(addr string) error {
	if _, err := c.conn.Write(sameOrigin(addr, "")); err != nil {
		return fmt.Errorf("write the handshake: %w", err)
	}
	for first := true; ; first = false {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read the 101: %w", err)
		}
		if first && !bytes.HasPrefix(line, []byte(accepted)) {
			return fmt.Errorf("the answer is %q instead of %s", line, accepted)
		}
		if len(line) == len("\r\n") {
			return nil
		}
	}
}

// frame is a binary message of zeros under the mask zero (RFC 6455, section 5.2).
func frame(size int) []byte {
	f := []byte{0x82}
	switch {
	case size <= 125:
		f = append(f, 0x80|byte(size))
	case size < 1<<16:
		f = binary.BigEndian.AppendUint16(append(f, 0x80|126), uint16(size))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 0x80|127), uint64(size))
	}
	return append(f, make([]byte, 4+size)...)
}

// echo sends the message and reads it back. A large one is written beside the reading,
// because the server sends while it receives.
func (c *client) echo() error {
	written := make(chan error, 1)
	if len(c.frame) > 64<<10 {
		go func() { written <- c.send() }()
	} else {
		written <- c.send()
	}
	if err := c.receive(); err != nil {
		return err
	}
	return <-written
}

func (c *client) send() error {
	if _, err := c.conn.Write(c.frame); err != nil {
		return fmt.Errorf("send a message: %w", err)
	}
	return nil
}

// receive reads a message of the client's size, in however many frames it comes.
func (c *client) receive() error {
	got := 0
	for final := false; !final; {
		var n int
		var err error
		if final, n, err = c.receiveFrame(); err != nil {
			return fmt.Errorf("receive a message: %w", err)
		}
		got += n
	}
	if got != c.size {
		return errors.New("receive a message: it has another length than the one sent")
	}
	return nil
}

func (c *client) receiveFrame() (final bool, size int, err error) {
	head, err := c.r.Peek(2)
	if err != nil {
		return false, 0, err
	}
	final = head[0]&0x80 != 0
	size, skip := int(head[1]&0x7f), 2
	switch size {
	case 126:
		if head, err = c.r.Peek(4); err != nil {
			return false, 0, err
		}
		size, skip = int(binary.BigEndian.Uint16(head[2:])), 4
	case 127:
		if head, err = c.r.Peek(10); err != nil {
			return false, 0, err
		}
		size, skip = int(binary.BigEndian.Uint64(head[2:])), 10
	}
	_, err = io.CopyN(io.Discard, c.r, int64(skip+size))
	return final, size, err
}

// end closes the session properly.
func (c *client) end() error {
	c.conn.SetLinger(0)
	defer c.conn.Close()
	return closeSession(c.conn, c.r)
}
