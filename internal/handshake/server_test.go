package handshake

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"wsinspect/internal/dump"
)

// maxHead is what net/http reads of a head in these tests: MaxHeaderBytes and its slop.
// One byte less is kept, so that a head of that length shows as truncated.
const maxHead = 8<<10 + 4096

// answered is what a real net/http server with a real gorilla Upgrader did with some
// bytes, and what Judge says about the same bytes.
type answered struct {
	verdict Verdict
	request *dump.Request
	status  int    // 101: gorilla's six rules let it pass; 0: closed without an answer
	reason  string // as Verdict.Reason has it
	handled bool   // a handler saw it
}

// serve gives raw to a real server and its listener's capture to Judge; where secure is not
// nil, to one that speaks TLS. It runs on a fake clock, so that timeouts cost no time.
func serve(t *testing.T, raw []byte, ending dump.Ending, secure *tls.Config, p *Policy) (a answered) {
	synctest.Test(t, func(t *testing.T) {
		far, near := net.Pipe()
		defer far.Close()
		w := &wire{Conn: near, in: bytes.NewReader(raw), ending: ending, closed: make(chan struct{})}
		server := &http.Server{
			Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				a.handled, a.request = true, dump.From(r.Context()).Claim()
				a.verdict = Judge(a.request, p)
				a.upgrade(rw, r, p)
			}),
			ConnContext:                  dump.ConnContext,
			ReadTimeout:                  time.Second, // of heads, and of bodies that never come
			MaxHeaderBytes:               maxHead - 4096,
			DisableGeneralOptionsHandler: true,
			ErrorLog:                     log.New(io.Discard, "", 0),
		}
		refused := func(c *dump.Capture) {
			a.request = c.Claim()
			a.verdict = Judge(a.request, p)
			a.status, a.reason = statusLine(c.Answer())
		}
		listener := &oneConn{conn: w, done: make(chan struct{})}
		stopped := make(chan struct{})
		go func() {
			server.Serve(dump.NewListener(listener, dump.Options{MaxHead: maxHead, Refused: refused, TLS: secure}))
			close(stopped)
		}()
		<-w.closed
		synctest.Wait()
		server.Close()
		<-stopped
	})
	return a
}

// upgrade lets gorilla decide. Only its Error function speaks of the request; what fails
// later, such as early data, is a fact of the connection.
func (a *answered) upgrade(rw http.ResponseWriter, r *http.Request, p *Policy) {
	if a.request.Head.Kind == dump.HTTP2 {
		a.status, a.reason = http.StatusHTTPVersionNotSupported, http.StatusText(http.StatusHTTPVersionNotSupported)
		http.Error(rw, a.reason, a.status)
		return
	}
	a.status = http.StatusSwitchingProtocols
	u := websocket.Upgrader{
		Error: func(rw http.ResponseWriter, _ *http.Request, status int, reason error) {
			a.status, a.reason = status, reason.Error()
			http.Error(rw, a.reason, status)
		},
	}
	if len(p.Origins) > 0 { // else gorilla's own checkSameOrigin
		u.CheckOrigin = func(r *http.Request) bool {
			o := r.Header["Origin"]
			return len(o) == 0 || p.AllowsOrigin(o[0], r.Host)
		}
	}
	rw.Header().Set("Connection", "close")
	if conn, err := u.Upgrade(rw, r, nil); err == nil {
		conn.Close()
	}
}

// check fails the test where the verdict is not what the server did.
func (a *answered) check(t *testing.T, raw []byte) {
	t.Helper()
	v := a.verdict
	if v.Status == a.status && v.Reason == a.reason && v.Accepted == (a.status == 101) {
		return
	}
	decider := "nobody"
	if v.DecidedBy != nil {
		decider = v.DecidedBy.ID
	}
	t.Errorf("for %s\n verdict: %d %q, decided by %s\n  server: %d %q, handled: %v", Quote(string(raw)), v.Status, v.Reason, decider, a.status, a.reason, a.handled)
}

// statusLine reads status and reason phrase from an answer of net/http.
func statusLine(answer []byte) (int, string) {
	line, _, _ := strings.Cut(string(answer), "\r\n")
	_, line, _ = strings.Cut(line, " ")
	code, reason, _ := strings.Cut(line, " ")
	status, _ := strconv.Atoi(code)
	return status, reason
}

// wire is the server's end of a connection on which some bytes arrive and then the ending.
type wire struct {
	net.Conn
	in     *bytes.Reader
	ending dump.Ending
	broken bool // the ending was read, and it is a reset
	closed chan struct{}
}

func (w *wire) Read(p []byte) (int, error) {
	if w.in.Len() > 0 {
		return w.in.Read(p)
	}
	switch w.ending {
	case dump.EndClosed:
		return 0, io.EOF
	case dump.EndReset:
		w.broken = true
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return w.Conn.Read(p) // nothing comes: until the deadline
}

func (w *wire) Write(p []byte) (int, error) {
	if w.broken {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
	}
	return len(p), nil
}

func (w *wire) Close() error {
	err := w.Conn.Close()
	select {
	case <-w.closed:
	default:
		close(w.closed)
	}
	return err
}

// oneConn is a listener on which one connection arrives.
type oneConn struct {
	conn net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.done
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }
