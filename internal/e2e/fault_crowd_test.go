package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// thousands is how many connections a crowd has: half of what a process may have here.
const thousands = 10_000

// crowd opens thousands of connections, many at once, and begins each with what first says.
func crowd(t *testing.T, port string, first func(i int) string) []net.Conn {
	t.Helper()
	all := make([]net.Conn, thousands)
	t.Cleanup(func() {
		for _, conn := range all {
			if conn != nil {
				conn.Close()
			}
		}
	})
	byMany(len(all), func(i int) {
		conn, err := dialOnly(port)
		if err != nil {
			t.Error(err)
			return
		}
		all[i] = conn
		if _, err := io.WriteString(conn, first(i)); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// byMany calls do for each number below n, a few dozen at once.
func byMany(n int, do func(i int)) {
	const workers = 32
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// TestShutdownOfThousands: at SIGTERM each of 10 000 sessions gets 1001, within the limit
// that a shutdown has, and the end of each is in the log.
func TestShutdownOfThousands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	ws := startReleased(t, "--log", file)
	sessions := crowd(t, ws.port, func(i int) string { return head(handshake(fmt.Sprintf("/crowd/%d", i), "localhost")) })
	byMany(thousands, func(i int) {
		if answer, err := readThrough(sessions[i], "\r\n\r\n"); err != nil || !strings.HasPrefix(answer, "HTTP/1.1 101 ") {
			t.Errorf("session %d: %q, %v", i, answer, err)
		}
	})
	ws.comesTo(t, "wsinspect_connections", thousands+1) // and the question itself

	began := time.Now()
	ws.cmd.Process.Signal(syscall.SIGTERM)
	byMany(thousands, func(i int) {
		frame := make([]byte, 4)
		if _, err := io.ReadFull(sessions[i], frame); err != nil || frame[0] != 0x88 || string(frame[2:]) != "\x03\xe9" {
			t.Errorf("session %d got % x, %v; want a close frame with 1001", i, frame, err)
			return
		}
		sessions[i].Write(maskedFrame(0x88, "\x03\xe9"))
	})
	select {
	case <-ws.ended:
	case <-time.After(patience):
		t.Fatal("it has not ended, although every session was answered")
	}
	t.Logf("%d sessions were sent away in %v", thousands, time.Since(began).Round(time.Millisecond))
	if said := ws.said.String(); ws.err != nil || strings.Contains(said, "did not end in time") {
		t.Errorf("it ended with %v and said\n%s", ws.err, said)
	}
	log, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(log, []byte(`"wsinspect.close.code":1001,`)); n != thousands {
		t.Errorf("the log has the end of %d sessions, want %d", n, thousands)
	}
}

// readThrough reads, byte by byte, up to an end and not beyond.
func readThrough(r io.Reader, end string) (string, error) {
	var text []byte
	for one := make([]byte, 1); !bytes.HasSuffix(text, []byte(end)); {
		if _, err := io.ReadFull(r, one); err != nil {
			return string(text), err
		}
		text = append(text, one[0])
	}
	return string(text), nil
}

// TestEndlessHeads: 10 000 connections whose heads never end, a byte a second, are let go at
// the head timeout, each a refused attempt with its reason. A session and a page beside them
// are answered all the while; memory is bounded, and then there is peace.
func TestEndlessHeads(t *testing.T) {
	ws := startReleased(t, "--head-timeout", "3s")
	session, _ := echo(t, "ws://127.0.0.1:"+ws.port+"/beside", "before")
	slow := crowd(t, ws.port, func(i int) string { return fmt.Sprintf("GET /endless/%d HTTP/1.1\r\nX: ", i) })
	stop := make(chan struct{})
	var dribble sync.WaitGroup
	dribble.Go(func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for {
			select {
			case <-second.C:
				for _, conn := range slow {
					conn.Write([]byte{'x'}) // fails when it was let go
				}
			case <-stop:
				return
			}
		}
	})
	for range 20 {
		answers(t, session, "meanwhile")
		ws.page(t)
	}
	byMany(len(slow), func(i int) {
		if answer, err := io.ReadAll(slow[i]); os.IsTimeout(err) {
			t.Errorf("connection %d is still open after %v: %q", i, patience, answer)
		}
	})
	close(stop)
	dribble.Wait()
	answers(t, session, "after")
	ws.comesTo(t, `wsinspect_handshakes_total{outcome="refused",reason="head-complete"}`, thousands)
	ws.comesTo(t, "wsinspect_connections", 2) // the session, and the question itself
	ws.rests(t)
	const each = 40 << 10
	if most := ws.memory(t, "VmHWM"); most > thousands*each {
		t.Errorf("it took %d MiB, want at most %d KiB for each connection", most>>20, each>>10)
	}
}
