package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// workloads are what is measured, in the order of the table.
func workloads(idle int) []workload {
	loads := []workload{
		handshakes("handshakes, 1 worker", 1, true),
		handshakes("handshakes, 16 workers", 16, true),
		handshakes("handshakes, 64 workers", 64, true),
		handshakes("rejections (403), 16 workers", 16, false),
	}
	for _, size := range []int{32, 125, 16 << 10, 1 << 20} {
		loads = append(loads, echoes(fmt.Sprintf("echo, %d bytes, 16 workers", size), 16, size))
	}
	return append(loads, weighIdle(fmt.Sprintf("an idle session, of %d", idle), idle))
}

// request is a handshake as long as Chrome's, straight to the server. It claims to be no browser:
// one would offer compression, which the bare server does not have.
func request(addr string, sameOrigin bool) []byte {
	origin := "http://" + addr
	if !sameOrigin {
		origin = "http://elsewhere.example"
	}
	return fmt.Appendf(nil, "GET /ws/echo HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"+
		"User-Agent: wsinspect-bench/1.0 (a program whose name is as long as that of a browser and its engine, for equal work)\r\n"+
		"Upgrade: websocket\r\nOrigin: %s\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"+
		"Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr, origin)
}

// repeat runs one on each of n workers until the time is over, and measures the server.
func repeat(ctx context.Context, s *server, workers int, length time.Duration, one func(worker int) error) (figures, error) {
	before, err := s.cpu()
	if err != nil {
		return figures{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var done atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, workers)
	began := time.Now()
	for w := range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := one(w); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	if len(failed) > 0 {
		return figures{}, <-failed
	}
	after, err := s.cpu()
	n := float64(done.Load())
	return figures{perSecond: n / took.Seconds(), cpu: float64((after - before).Microseconds()) / n}, err
}

// handshakes opens and closes connections as fast as the server answers.
func handshakes(name string, workers int, accepted bool) workload {
	want := []byte("HTTP/1.1 101 ")
	if !accepted {
		want = []byte("HTTP/1.1 403 ")
	}
	return workload{name, func(ctx context.Context, s *server, length time.Duration) (figures, error) {
		head := request(s.addr, accepted)
		buffers := make([][]byte, workers)
		for i := range buffers {
			buffers[i] = make([]byte, 16<<10)
		}
		return repeat(ctx, s, workers, length, func(w int) error {
			conn, err := dial(s.addr)
			if err != nil {
				return err
			}
			defer conn.Close()
			conn.SetLinger(0) // no port waits behind us: there are more handshakes than ports
			if _, err := conn.Write(head); err != nil {
				return err
			}
			n := 0
			for n < len(want) || !bytes.Contains(buffers[w][:n], []byte("\r\n\r\n")) {
				got, err := conn.Read(buffers[w][n:])
				if err != nil {
					return fmt.Errorf("read the answer: %w", err)
				}
				n += got
			}
			if !bytes.HasPrefix(buffers[w][:n], want) {
				return fmt.Errorf("answer is %.40q", buffers[w][:n])
			}
			return nil
		})
	}}
}

// echoes sends one message after the other on one connection for each worker.
func echoes(name string, workers, size int) workload {
	return workload{name, func(ctx context.Context, s *server, length time.Duration) (figures, error) {
		clients := make([]*client, workers)
		for i := range clients {
			c, err := connect(s.addr, size)
			if err != nil {
				return figures{}, err
			}
			defer c.conn.Close()
			clients[i] = c
		}
		return repeat(ctx, s, workers, length, func(w int) error { return clients[w].echo() })
	}}
}

// weighIdle opens n sessions that say nothing and divides what the process has grown by.
func weighIdle(name string, n int) workload {
	return workload{name, func(ctx context.Context, s *server, _ time.Duration) (figures, error) {
		before, err := s.resident()
		if err != nil {
			return figures{}, err
		}
		for range n {
			if ctx.Err() != nil {
				return figures{}, ctx.Err()
			}
			c, err := connect(s.addr, 0)
			if err != nil {
				return figures{}, err
			}
			defer c.conn.Close()
		}
		after, err := s.resident()
		return figures{weight: (after - before) / float64(n)}, err
	}}
}

func dial(addr string) (*net.TCPConn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
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

func connect(addr string, size int) (*client, error) {
	conn, err := dial(addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, size: size, frame: frame(size)}
	if _, err := conn.Write(request(addr, true)); err != nil {
		return nil, err
	}
	c.r = bufio.NewReaderSize(conn, min(64<<10, 1<<10+size))
	for line := []byte(nil); ; {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return nil, fmt.Errorf("read the 101: %w", err)
		}
		if len(line) == 2 {
			return c, nil
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

// echo sends the message and reads it back, in however many frames it comes. A large
// message is written beside the reading, because the server sends while it receives.
func (c *client) echo() error {
	written := make(chan error, 1)
	if len(c.frame) > 64<<10 {
		go func() { _, err := c.conn.Write(c.frame); written <- err }()
	} else {
		_, err := c.conn.Write(c.frame)
		written <- err
	}
	got := 0
	for final := false; !final; {
		head, err := c.r.Peek(2)
		if err != nil {
			return err
		}
		final = head[0]&0x80 != 0
		n, skip := int(head[1]&0x7f), 2
		switch n {
		case 126:
			if head, err = c.r.Peek(4); err != nil {
				return err
			}
			n, skip = int(binary.BigEndian.Uint16(head[2:])), 4
		case 127:
			if head, err = c.r.Peek(10); err != nil {
				return err
			}
			n, skip = int(binary.BigEndian.Uint64(head[2:])), 10
		}
		if _, err := io.CopyN(io.Discard, c.r, int64(skip+n)); err != nil {
			return err
		}
		got += n
	}
	if got != c.size {
		return errors.New("the echo has another length")
	}
	return <-written
}
