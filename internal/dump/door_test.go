package dump

import (
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// answers takes every connection: it answers 101 and goes on with then.
func answers(then func(net.Conn)) func(net.Conn, *Capture) (func(), bool) {
	return func(conn net.Conn, c *Capture) (func(), bool) {
		c.Claim()
		io.WriteString(conn, switching)
		return func() { then(conn) }, true
	}
}

const switching = "HTTP/1.1 101 Switching Protocols\r\n\r\n"

// upgrade asks for the answer of answers.
func upgrade(t *testing.T, conn net.Conn) {
	t.Helper()
	io.WriteString(conn, requestLine+host+"\r\n")
	answer := make([]byte, len(switching))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != switching {
		t.Fatalf("answered %q, %v", answer, err)
	}
}

// TestTaken: a connection that Options.Take has taken never comes to net/http. Whoever leaves
// at once is seen off by the worker, on its large stack; whoever stays gets a small one; and
// both are read from their first byte to their last.
func TestTaken(t *testing.T) {
	for _, c := range []struct {
		name             string
		silence          time.Duration
		says             string
		worker, attended bool
	}{
		{name: "leaves at once", says: "\x88\x80mask", worker: true},
		{name: "speaks at once", says: "\x82\x8cmask a message"},
		{name: "speaks after a lull", silence: time.Hour, says: "\x82\x8cmask a message", attended: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stack := make(chan string, 1)
				pipes := &pipeListener{conns: make(chan net.Conn)}
				server := serveOn(t, pipes, Options{Take: answers(func(conn net.Conn) {
					buf := make([]byte, 64<<10)
					stack <- string(buf[:runtime.Stack(buf, false)])
					io.CopyBuffer(conn, conn, make([]byte, 3)) // an echo that reads little at once
					conn.Close()
				})}, 10*time.Second)
				client, conn := net.Pipe()
				pipes.conns <- conn
				upgrade(t, client)
				time.Sleep(c.silence) // in the bubble: it takes no time
				for _, part := range []string{c.says[:5], c.says[5:]} {
					go io.WriteString(client, part) // a pipe waits for its reader, who writes first
					got := make([]byte, len(part))
					if _, err := io.ReadFull(client, got); err != nil || string(got) != part {
						t.Errorf("%q came back as %q, %v", part, got, err)
					}
				}
				on := <-stack
				if worker, attended := strings.Contains(on, "(*door).work("), strings.Contains(on, "dump.attend("); worker != c.worker || attended != c.attended {
					t.Errorf("it went on in the worker: %v, in attend: %v; want %v, %v:\n%s", worker, attended, c.worker, c.attended, on)
				}
				client.Close()
				if len(server.arrivals) > 0 {
					t.Error("net/http saw the connection too")
				}
			})
		})
	}
}

// TestResetIsTold: the kernel tells a reset once, to whoever reads then; it reaches the
// session nevertheless.
func TestResetIsTold(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	server := serveOn(t, inner, Options{Take: answers(func(conn net.Conn) {
		_, err := conn.Read(make([]byte, 1))
		told <- err
		conn.Close()
	})}, 20*time.Second)
	conn := server.dial(t).(*net.TCPConn)
	upgrade(t, conn)
	conn.SetLinger(0)
	conn.Close()
	if err := <-told; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the session is told %v, want a reset", err)
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
