package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// open opens a WebSocket that is closed with the test, and returns nil where that fails.
func open(t *testing.T, port string) *websocket.Conn {
	t.Helper()
	conn, _, err := (&websocket.Dialer{HandshakeTimeout: patience}).Dial("ws://127.0.0.1:"+port+"/held", nil)
	if err != nil {
		return nil
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(patience))
	return conn
}

// answers demands a message back.
func answers(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(patience))
	if err := conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		t.Fatalf("a session cannot be written to: %v", err)
	}
	if _, got, err := conn.ReadMessage(); err != nil || string(got) != message {
		t.Fatalf("sent %.20q, %.20q came back, %v", message, got, err)
	}
}

// TestDescriptorsExhausted: when no file descriptor is left, the sessions that are open
// live, whoever else comes is told so, /readyz too, and each is counted; when some are
// free again, all is as before.
func TestDescriptorsExhausted(t *testing.T) {
	ws := startLimited(t, "ulimit -n 40")
	var sessions []*websocket.Conn
	for len(sessions) < 40 {
		conn := open(t, ws.port)
		if conn == nil {
			break
		}
		sessions = append(sessions, conn)
	}
	if len(sessions) == 40 {
		t.Fatal("40 descriptors are enough for 40 sessions")
	}
	got := request(t, ws.port, "GET /readyz HTTP/1.1\nHost: localhost")
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "the system allows") || got.header.Get("Retry-After") == "" {
		t.Errorf("/readyz answers %d %v\n%s", got.status, got.header, got.body)
	}
	for _, conn := range sessions {
		answers(t, conn, strings.Repeat("still here ", 100))
	}
	const some = 5
	for _, conn := range sessions[:some] {
		conn.Close()
	}
	deadline := time.Now().Add(patience)
	for request(t, ws.port, "GET /readyz HTTP/1.1\nHost: localhost").status != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatal("/readyz does not recover")
		}
	}
	if n := ws.metric(t, "wsinspect_connections_exhausted_total"); n < 2 {
		t.Errorf("%v connections are counted as turned away, want 2 at least", n)
	}
	conn := open(t, ws.port)
	if conn == nil {
		t.Fatal("no session can be opened, although descriptors are free")
	}
	answers(t, conn, "new")
	answers(t, sessions[some], "old")
}

// TestNobodyReadsTheEcho: a client that sends and never reads is let go at the write
// timeout, without a byte of its messages being kept in memory for it, and others are not
// held up.
func TestNobodyReadsTheEcho(t *testing.T) {
	ws := startReleased(t, "--write-timeout", "1s")
	beside, _ := echo(t, "ws://127.0.0.1:"+ws.port+"/beside", "before")
	const deaf = 8
	var senders sync.WaitGroup
	for i := range deaf {
		conn := open(t, ws.port)
		if conn == nil {
			t.Fatal("a session cannot be opened")
		}
		conn.SetWriteDeadline(time.Now().Add(patience))
		senders.Go(func() {
			message := make([]byte, 1<<20)
			for sent := 0; ; sent++ {
				if err := conn.WriteMessage(websocket.BinaryMessage, message); err != nil {
					if os.IsTimeout(err) {
						t.Errorf("client %d was not let go in %v", i, patience)
					}
					return
				}
			}
		})
	}
	for range 20 {
		answers(t, beside, strings.Repeat("meanwhile ", 1000))
	}
	senders.Wait()
	answers(t, beside, "after")
	for _, a := range ws.attempts(t, url.Values{"path": {"/held"}}) {
		a := ws.until(t, url.Values{"path": {"/held"}}, func(one *attempt) bool { return one.ID == a.ID && one.State == "closed" })
		if a.Session.Close.Code != 1006 || a.Session.Close.By != "nobody" {
			t.Errorf("closed with %d by %s, want 1006 by nobody", a.Session.Close.Code, a.Session.Close.By)
		}
	}
	if most := ws.memory(t, "VmHWM"); most > 128<<20 {
		t.Errorf("it took %d MiB for %d clients that read nothing", most>>20, deaf)
	}
}

// memory returns a figure of the process, in bytes, as Linux counts it.
func (i *inspector) memory(t *testing.T, name string) int {
	t.Helper()
	status, err := os.Open(fmt.Sprintf("/proc/%d/status", i.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(value, "kB")))
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("the system does not tell %s", name)
	return 0
}

// rests waits until the process does next to nothing, as before the crowd came.
func (i *inspector) rests(t *testing.T) {
	t.Helper()
	const window, little = 500 * time.Millisecond, 0.05 // seconds of CPU
	look := time.NewTicker(window)
	defer look.Stop()
	deadline := time.Now().Add(patience)
	for before, now := 0.0, i.metric(t, "process_cpu_seconds_total"); now-before > little; {
		if time.Now().After(deadline) {
			t.Fatalf("it goes on to be busy: %.2f s of CPU in %v", now-before, window)
		}
		<-look.C
		before, now = now, i.metric(t, "process_cpu_seconds_total")
	}
}

// TestHalfOpen: a peer that closes its side only, or within a frame, has left: its session
// ends at once, without a close frame.
func TestHalfOpen(t *testing.T) {
	ws := startAlone(t)
	for name, last := range map[string][]byte{
		"after a message":   maskedFrame(0x81, "whole"),
		"within a frame":    maskedFrame(0x81, "cut off")[:9],
		"within a head":     {0x81},
		"between fragments": maskedFrame(0x01, "first"),
	} {
		t.Run(name, func(t *testing.T) {
			conn, id := echo(t, "ws://127.0.0.1:"+ws.port+"/half", "hello")
			conn.NetConn().Write(last)
			conn.NetConn().(*net.TCPConn).CloseWrite()
			a := ws.until(t, url.Values{"path": {"/half"}}, func(a *attempt) bool { return a.ID == id && a.State == "closed" })
			if a.Session.Close.Code != 1006 || a.Session.Close.By != "nobody" {
				t.Errorf("closed with %d by %s, want 1006 by nobody", a.Session.Close.Code, a.Session.Close.By)
			}
			if _, err := io.Copy(io.Discard, conn.NetConn()); err != nil {
				t.Errorf("the connection does not end: %v", err)
			}
		})
	}
}
