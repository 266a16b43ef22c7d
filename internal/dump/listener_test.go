package dump

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// recorder keeps the first bytes that a client writes.
type recorder struct {
	net.Conn
	first []byte
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.first == nil {
		r.first = bytes.Clone(p)
	}
	return r.Conn.Write(p)
}

// TestTLS lets a real TLS client speak to the plain port. net/http waits for a line end,
// which the random bytes of the hello may hold or not; in both cases it answers 400.
func TestTLS(t *testing.T) {
	server := startServer(t, "tcp", "127.0.0.1:0", 200*time.Millisecond)
	conn := &recorder{Conn: server.dial(t)}
	client := tls.Client(conn, &tls.Config{ServerName: "ws.example.com", NextProtos: []string{"h2", "http/1.1"}})
	var notTLS tls.RecordHeaderError
	if err := client.Handshake(); !errors.As(err, &notTLS) {
		t.Fatalf("handshake with a plain port: %v", err)
	}
	conn.Close()
	got := server.wait(t)
	if got.claimed || got.request.Head.Kind != TLS {
		t.Errorf("claimed %v, kind %v; want refused, TLS", got.claimed, got.request.Head.Kind)
	}
	if !bytes.HasPrefix(got.request.Head.Raw, conn.first) {
		t.Errorf("captured %x\nwant     %x", got.request.Head.Raw, conn.first)
	}
	if answer := got.capture.Answer(); !strings.HasPrefix(string(answer), bad400+"\r\n") {
		t.Errorf("answer %q, want %q", answer, bad400)
	}
}

// TestEmptyConnection: whoever connects and sends nothing, such as a TCP health check, has
// attempted nothing.
func TestEmptyConnection(t *testing.T) {
	server := startServer(t, "tcp", "127.0.0.1:0", 20*time.Second)
	server.dial(t).Close()
	<-server.closed
	select {
	case a := <-server.arrivals:
		t.Errorf("an attempt arrived: %q", a.request.Head.Raw)
	default:
	}
}

// TestUnixSocket: nginx can proxy_pass to a unix socket, and it is captured as TCP is.
func TestUnixSocket(t *testing.T) {
	server := startServer(t, "unix", filepath.Join(t.TempDir(), "s"), 20*time.Second)
	conn := server.dial(t)
	io.WriteString(conn, requestLine+host+"\r\n")
	received, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	got := server.wait(t)
	if want := requestLine + host + "\r\n"; string(got.request.Head.Raw) != want || !got.claimed {
		t.Errorf("captured %q, claimed %v; want %q, claimed", got.request.Head.Raw, got.claimed, want)
	}
	if !bytes.Equal(got.capture.Answer(), received) {
		t.Errorf("captured the answer %q, the client saw %q", got.capture.Answer(), received)
	}
}

// TestServerCloses: a head that a shutdown cut off was not ended by its client.
func TestServerCloses(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan *Request, 1)
	captures := make(chan *Capture, 1)
	server := &http.Server{ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		ctx = ConnContext(ctx, c)
		captures <- From(ctx)
		return ctx
	}}
	go server.Serve(NewListener(inner, Options{MaxHead: maxHead, Refused: func(c *Capture) { refused <- c.Claim() }}))
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, requestLine)
	for capture := <-captures; !capture.started(); {
		runtime.Gosched()
	}
	server.Close()
	if r := <-refused; r.Ending != EndCancelled || string(r.Head.Raw) != requestLine {
		t.Errorf("ending %v, captured %q; want %v, %q", r.Ending, r.Head.Raw, EndCancelled, requestLine)
	}
}

// started reports whether a byte has arrived.
func (c *Capture) started() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total > 0
}

// TestConnectionKeepsItsMethods: net/http sends files with ReadFrom, and ends a 431 with
// CloseWrite; gorilla writes a frame's head and body at once with net.Buffers.
func TestConnectionKeepsItsMethods(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if network == "unix" {
				address = filepath.Join(t.TempDir(), "s")
			}
			_, conn := acceptOne(t, network, address, Options{MaxHead: maxHead})
			if _, ok := conn.(interface{ CloseWrite() error }); !ok {
				t.Error("no CloseWrite")
			}
			if _, ok := conn.(io.ReaderFrom); ok != (network == "tcp") {
				t.Errorf("ReadFrom: %v", ok)
			}
			if _, ok := conn.(syscall.Conn); !ok {
				t.Error("no SyscallConn")
			}
		})
	}
}

// acceptOne returns both ends of a connection that a Listener has accepted.
func acceptOne(t *testing.T, network, address string, o Options) (client, accepted net.Conn) {
	t.Helper()
	inner, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	if client, err = net.Dial(network, inner.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if accepted, err = NewListener(inner, o).Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		accepted.Close()
	})
	return client, accepted
}

// TestRecordIsLetGo: after the claim and the answer nothing of the request is held, and
// frames pass unseen.
func TestRecordIsLetGo(t *testing.T) {
	client, accepted := acceptOne(t, "tcp", "127.0.0.1:0", Options{MaxHead: maxHead})
	conn := accepted.(*tcpConn)
	io.WriteString(client, requestLine+host+"\r\n")
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		t.Fatal(err)
	}
	capture := conn.capture()
	capture.Claim()
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
	io.WriteString(conn, answer[:20])
	if conn.capture() == nil {
		t.Error("the record went before the answer was written")
	}
	io.WriteString(conn, answer[20:]+frame)
	if conn.capture() != nil {
		t.Error("the record is held after claim and answer")
	}
	if got := string(capture.Answer()); got != answer {
		t.Errorf("answer %q, want %q: frames are no part of it", got, answer)
	}
}

// TestDiscard: of a look at the page itself nothing is kept, and nobody is told.
func TestDiscard(t *testing.T) {
	client, accepted := acceptOne(t, "tcp", "127.0.0.1:0", Options{
		MaxHead: maxHead,
		Refused: func(*Capture) { t.Error("Refused was called") },
	})
	conn := accepted.(*tcpConn)
	io.WriteString(client, requestLine+host+"\r\n")
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		t.Fatal(err)
	}
	capture := conn.capture()
	capture.Discard()
	if capture.Claim() != nil {
		t.Error("Claim after Discard returns a request; want nil")
	}
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	if conn.capture() != nil || len(capture.Answer()) > 0 {
		t.Error("the record is held after Discard")
	}
	conn.Close()
}

// TestLimit: whoever comes when every place is taken reads a 503 that says so, also when
// its request was already on the way.
func TestLimit(t *testing.T) {
	limit := NewLimit(1)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := NewListener(inner, Options{MaxHead: maxHead, Limit: limit})
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		io.WriteString(c, requestLine+host+"\r\n")
		return c
	}
	dial()
	first := <-accepted
	shed, err := io.ReadAll(dial())
	if err != nil || string(shed) != shedAnswer {
		t.Errorf("the second connection reads %q, %v; want %q", shed, err, shedAnswer)
	}
	if limit.Open() != 1 || limit.Shed() != 1 {
		t.Errorf("%d open, %d turned away; want 1 and 1", limit.Open(), limit.Shed())
	}
	first.Close()
	first.Close() // a second Close frees no second place
	if limit.Open() != 0 {
		t.Errorf("%d open after the only one was closed", limit.Open())
	}
	dial()
	(<-accepted).Close()
	listener.Close()
	if _, ok := <-accepted; ok {
		t.Error("a connection was accepted after the listener closed")
	}
}

// TestSlowHead: the header timeout, and nothing else, ends a head that never ends. The
// connections are pipes, so that the time is the bubble's.
func TestSlowHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipes := &pipeListener{conns: make(chan net.Conn)}
		server := serveOn(t, pipes, Options{}, 10*time.Second)
		client, conn := net.Pipe()
		begin := time.Now()
		pipes.conns <- conn
		io.WriteString(client, requestLine+host)
		answer, err := io.ReadAll(client)
		if len(answer) > 0 || err != nil {
			t.Errorf("read %q, %v; want a close without an answer", answer, err)
		}
		got := server.wait(t)
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("closed after %v, want 10s", took)
		}
		if got.claimed || got.request.Ending != EndTimeout || !got.request.Time.Equal(begin) {
			t.Errorf("claimed %v, ending %v, time %v; want refused, %v, %v", got.claimed, got.request.Ending, got.request.Time, EndTimeout, begin)
		}
	})
}

// pipeListener accepts the connections that a test hands it.
type pipeListener struct {
	conns chan net.Conn
}

func (l *pipeListener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l *pipeListener) Close() error   { close(l.conns); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }
