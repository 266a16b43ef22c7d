package dump

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestTaken: a connection that Options.Take has taken never comes to net/http, and goes on
// with what Take returned.
func TestTaken(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := serveOn(t, inner, Options{Take: func(conn net.Conn, c *Capture) (func(), bool) {
		r := c.Claim()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		return func() {
			conn.Write(r.Head.Raw) // what goes on: an echo of the head
			conn.Close()
		}, true
	}}, 20*time.Second)
	conn := server.dial(t)
	const head = requestLine + host + "\r\n"
	io.WriteString(conn, head)
	r := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(r, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answered %v, %v", resp, err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != head {
		t.Errorf("then came %q, %v; want %q", got, err, head)
	}
	if len(server.arrivals) > 0 {
		t.Error("net/http saw the connection too")
	}
}

// TestSilentConnection: whoever sends nothing is let go after the header timeout, and has
// attempted nothing.
func TestSilentConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipes := &pipeListener{conns: make(chan net.Conn)}
		server := serveOn(t, pipes, Options{Take: declines}, 10*time.Second)
		client, conn := net.Pipe()
		begin := time.Now()
		pipes.conns <- conn
		if got, err := io.ReadAll(client); len(got) > 0 || err != nil {
			t.Errorf("read %q, %v; want a close without an answer", got, err)
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("closed after %v, want 10s", took)
		}
		if len(server.arrivals) > 0 {
			t.Error("it counts as an attempt")
		}
	})
}

// TestCloseEndsAccept: http.Server.Serve ends when its listener is closed.
func TestCloseEndsAccept(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	offered := make(chan struct{})
	l := NewListener(inner, Options{MaxHead: maxHead, HeadTimeout: 20 * time.Second, Take: func(net.Conn, *Capture) (func(), bool) {
		close(offered)
		return nil, false
	}})
	first := make(chan net.Conn)
	go func() {
		conn, _ := l.Accept() // begins the accepting
		first <- conn
	}()
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, requestLine)
	<-offered
	if got := <-first; got == nil {
		t.Fatal("a connection that was not taken is not accepted")
	} else {
		got.Close()
	}
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v, want net.ErrClosed", err)
	}
}

// failing is a listener whose Accept fails as it does when files run out.
type failing struct {
	net.Listener
	failures chan error
}

func (l *failing) Accept() (net.Conn, error) {
	if err, ok := <-l.failures; ok {
		return nil, err
	}
	return nil, net.ErrClosed
}

// TestAcceptErrorsReachTheServer: net/http waits after a passing error, so it must see it.
func TestAcceptErrorsReachTheServer(t *testing.T) {
	passing := errors.New("accept: too many open files")
	inner := &failing{failures: make(chan error, 1)}
	l := NewListener(inner, Options{Take: declines})
	inner.failures <- passing
	if _, err := l.Accept(); err != passing {
		t.Errorf("Accept: %v, want %v", err, passing)
	}
	close(inner.failures)
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept at the end: %v, want net.ErrClosed", err)
	}
}
