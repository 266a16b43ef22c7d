package dump

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// maxHeaderBytes and maxHead are small, so that a head that is too large stays short.
const (
	maxHeaderBytes = 8 << 10
	maxHead        = maxHeaderBytes
)

// arrival is what a test server saw of one connection.
type arrival struct {
	request *Request
	capture *Capture
	claimed bool // by a handler; otherwise net/http refused it
}

// testServer is a real net/http server behind a Listener.
type testServer struct {
	addr     net.Addr
	arrivals chan arrival
	closed   chan struct{} // one for each connection that is closed
}

// startServer starts a server on a real socket; it ends with the test.
func startServer(t *testing.T, network, address string, headerTimeout time.Duration) *testServer {
	t.Helper()
	inner, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, inner, Options{}, headerTimeout)
}

// serveOn begins a server on inner; of the options it needs no more than what a test is about.
func serveOn(t *testing.T, inner net.Listener, o Options, headerTimeout time.Duration) *testServer {
	s := &testServer{addr: inner.Addr(), arrivals: make(chan arrival, 16), closed: make(chan struct{}, 16)}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := From(r.Context())
			s.arrivals <- arrival{c.Claim(), c, true}
			w.Header().Set("Connection", "close")
			io.WriteString(w, "claimed\n")
		}),
		ReadHeaderTimeout:            headerTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		ConnContext:                  ConnContext,
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				s.closed <- struct{}{}
			}
		},
	}
	o.MaxHead, o.HeadTimeout = maxHead, headerTimeout
	o.Refused = func(c *Capture) { s.arrivals <- arrival{c.Claim(), c, false} }
	listener := NewListener(inner, o)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-ended; err != http.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

func (s *testServer) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial(s.addr.Network(), s.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// wait returns the next arrival, after its connection is closed and all of it is known.
func (s *testServer) wait(t *testing.T) arrival {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var a arrival
	select {
	case a = <-s.arrivals:
	case <-ctx.Done():
		t.Fatal("no arrival within 20 seconds")
	}
	select {
	case <-s.closed:
	case <-ctx.Done():
		t.Fatal("the connection was not closed within 20 seconds")
	}
	return a
}

// TestWire sends each case over a real connection to a real server: whatever net/http does
// with it, the bytes and the answer are captured exactly. A connection that was offered
// before net/http and not taken differs in nothing.
func TestWire(t *testing.T) {
	testWire(t, Options{})
	t.Run("offered", func(t *testing.T) { testWire(t, Options{Take: declines}) })
}

// declines looks at what it is offered and leaves it.
func declines(_ net.Conn, c *Capture) (func(), bool) {
	c.Look()
	return nil, false
}

func testWire(t *testing.T, o Options) {
	for _, c := range wireCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			timeout := 20 * time.Second
			if c.then == stall {
				timeout = 100 * time.Millisecond
			}
			inner, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := serveOn(t, inner, o, timeout)
			conn := server.dial(t).(*net.TCPConn)
			if _, err := io.WriteString(conn, c.send); err != nil {
				t.Fatal(err)
			}
			var received []byte
			switch c.then {
			case reset:
				conn.SetLinger(0)
				conn.Close()
			case halfClose:
				conn.CloseWrite()
				fallthrough
			default:
				received, _ = io.ReadAll(conn)
				conn.Close()
			}
			checkArrival(t, c, server.wait(t), received)
		})
	}
}

func checkArrival(t *testing.T, c wireCase, got arrival, received []byte) {
	t.Helper()
	t.Log(c.law)
	if got.claimed != c.claimed {
		t.Errorf("claimed by a handler: %v, want %v", got.claimed, c.claimed)
	}
	r := got.request
	want := c.send[:len(c.send)-c.after]
	if c.truncated {
		want = c.send[:maxHead]
	}
	if string(r.Head.Raw) != want {
		t.Errorf("captured %q\nwant     %q", r.Head.Raw, want)
	}
	if r.Truncated != c.truncated || r.After != c.after || r.AfterKind != c.afterKind {
		t.Errorf("truncated %v, %d %q behind the head; want %v, %d %q", r.Truncated, r.After, r.AfterKind, c.truncated, c.after, c.afterKind)
	}
	if r.Ending != c.ending {
		t.Errorf("ending %v, want %v", r.Ending, c.ending)
	}
	if r.Head.Kind != c.kind {
		t.Errorf("kind %v, want %v", r.Head.Kind, c.kind)
	}
	if got := faultsOf(r.Head); got != kindsText(c.faults) {
		t.Errorf("faults %s, want %s", got, kindsText(c.faults))
	}
	if r.Time.IsZero() || r.Remote == nil || r.Local == nil {
		t.Errorf("time %v, remote %v, local %v: want all of them", r.Time, r.Remote, r.Local)
	}
	answer := got.capture.Answer()
	if line, _, _ := bytes.Cut(answer, []byte("\r\n")); string(line) != c.answer {
		t.Errorf("answer %q, want %q", line, c.answer)
	}
	if c.then != reset && !bytes.Equal(answer, received) {
		t.Errorf("captured the answer %q\nthe client saw      %q", answer, received)
	}
	if got.capture.Claim() != nil {
		t.Error("a second Claim returns a request; want nil")
	}
}

func faultsOf(h *Head) string {
	kinds := make([]FaultKind, 0, len(h.Faults))
	for _, f := range h.Faults {
		kinds = append(kinds, f.Kind)
	}
	return kindsText(kinds)
}

func kindsText(kinds []FaultKind) string {
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, faultNames[k])
	}
	return "[" + strings.Join(names, " ") + "]"
}

var faultNames = [faultKinds]string{
	"EmptyLineFirst", "StartLine", "Method", "Version", "Target", "FoldFirst", "Fold", "NoColon",
	"EmptyName", "SpaceBeforeColon", "SpaceInName", "Name", "Control", "BareLF", "Unended",
}
