package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// refused is the series of requests that were refused before any handler.
func refused(check string) string {
	return `wsinspect_handshakes_total{outcome="refused",reason="` + check + `"}`
}

// TestLimitsAreCounted goes beyond each limit that a flag sets: it holds, it is counted as
// what it is, and whoever met it is told, if anything can be told.
func TestLimitsAreCounted(t *testing.T) {
	const token = "a-token-of-the-test"
	ask := func(t *testing.T, ws *inspector, raw string, status int, says string) {
		t.Helper()
		if got := request(t, ws.port, raw); got.status != status || !strings.Contains(got.body, says) {
			t.Errorf("answered %d, want %d with %q\n%s", got.status, status, says, got.body)
		}
	}
	closed := func(t *testing.T, conn *websocket.Conn, code int) {
		t.Helper()
		if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, code) {
			t.Errorf("the session ended with %v, want %d", err, code)
		}
	}
	for _, c := range []struct {
		flag, limit string
		beyond      func(t *testing.T, ws *inspector)
		metric      string
	}{
		{"max-head", "8KiB", func(t *testing.T, ws *inspector) {
			ask(t, ws, handshake("/large", "localhost", "X: "+strings.Repeat("x", 16<<10)), http.StatusRequestHeaderFieldsTooLarge, "")
		}, refused("head-size")},
		{"head-timeout", "100ms", func(t *testing.T, ws *inspector) {
			conn := dial(t, ws.port)
			defer conn.Close()
			io.WriteString(conn, "GET /unended HTTP/1.1\r\n")
			if _, err := io.ReadAll(conn); err != nil {
				t.Error(err)
			}
		}, refused("head-complete")},
		{"max-connections", "3", func(t *testing.T, ws *inspector) {
			var open []*websocket.Conn
			for range 3 {
				conn, _ := echo(t, "ws://127.0.0.1:"+ws.port, "hello")
				open = append(open, conn)
			}
			ask(t, ws, "GET /readyz HTTP/1.1\nHost: localhost", http.StatusServiceUnavailable, "--max-connections")
			for _, conn := range open {
				conn.Close()
			}
			alone := "\nwsinspect_connections 1\n" // who looks
			for deadline := time.Now().Add(patience); !strings.Contains(request(t, ws.port, "GET /metrics HTTP/1.1\nHost: localhost").body, alone); {
				if time.Now().After(deadline) {
					t.Fatal("their places are not given back")
				}
			}
		}, "wsinspect_connections_shed_total"},
		{"max-message", "1KiB", func(t *testing.T, ws *inspector) {
			conn, _ := echo(t, "ws://127.0.0.1:"+ws.port, "small")
			conn.WriteMessage(websocket.BinaryMessage, make([]byte, 1<<10+1))
			closed(t, conn, websocket.CloseMessageTooBig)
		}, `wsinspect_closes_total{by="server",code="1009"}`},
		{"write-timeout", "200ms", func(t *testing.T, ws *inspector) {
			conn, _ := echo(t, "ws://127.0.0.1:"+ws.port, "heard")
			conn.SetWriteDeadline(time.Now().Add(patience))
			for message := make([]byte, 1<<20); conn.WriteMessage(websocket.BinaryMessage, message) == nil; {
			}
		}, "wsinspect_sessions_stalled_total"},
		{"max-subscribers", "1", func(t *testing.T, ws *inspector) {
			stop := ws.follow(t, io.Discard)
			defer stop()
			ask(t, ws, "GET /inspect/feed HTTP/1.1\nHost: localhost", http.StatusServiceUnavailable, "Every place of the live feed is taken")
		}, "wsinspect_feed_shed_total"},
		{"keep", "5", func(t *testing.T, ws *inspector) {
			for range 7 {
				request(t, ws.port, handshake("/kept", "localhost"))
			}
			if n := len(ws.attempts(t, nil)); n != 5 {
				t.Errorf("%d attempts are kept, want 5", n)
			}
		}, "wsinspect_attempts_evicted_total"},
		{"keep-bytes", "1MiB", func(t *testing.T, ws *inspector) {
			for i := range 40 {
				request(t, ws.port, handshake(fmt.Sprintf("/%d", i), "localhost", "X: "+strings.Repeat("x", 60<<10)))
			}
			if n := len(ws.attempts(t, nil)); n == 0 || n > 17 {
				t.Errorf("%d attempts of 60 KiB are kept in 1 MiB", n)
			}
		}, "wsinspect_attempts_evicted_total"},
	} {
		t.Run(c.flag, func(t *testing.T) {
			ws := startAlone(t, "--"+c.flag, c.limit)
			if n := ws.metric(t, c.metric); n != 0 {
				t.Fatalf("%s is %v before anything has happened", c.metric, n)
			}
			c.beyond(t, ws)
			for deadline := time.Now().Add(patience); ws.metric(t, c.metric) == 0; {
				if time.Now().After(deadline) {
					t.Fatalf("%s is still 0", c.metric)
				}
			}
		})
	}
	t.Run("wrong tokens", func(t *testing.T) {
		ws := startGuarded(t, token)
		for deadline := time.Now().Add(patience); ; {
			got := request(t, ws.port, "GET /inspect HTTP/1.1\nHost: localhost\nAuthorization: Bearer guessed")
			if got.status == http.StatusTooManyRequests {
				break
			}
			if got.status != http.StatusUnauthorized || time.Now().After(deadline) {
				t.Fatalf("a guess is answered %d, want 401 and then 429", got.status)
			}
		}
		ask(t, ws, "GET /inspect HTTP/1.1\nHost: localhost\nAuthorization: Bearer "+token, http.StatusOK, "")
		if ws.metric(t, `wsinspect_wrong_tokens_total{status="429"}`) == 0 || ws.metric(t, `wsinspect_wrong_tokens_total{status="401"}`) == 0 {
			t.Error("the guesses are not counted")
		}
	})
}

// TestFloodOfRefusals: thousands of requests that are refused, each kind for another reason
// and with large heads. Every one of them is counted by its reason; memory is bounded; a
// session beside them is answered, a real failure from before is still there to be read, and
// then there is peace.
func TestFloodOfRefusals(t *testing.T) {
	ws := startReleased(t, "--keep", "300", "--keep-bytes", "8MiB", "--log", filepath.Join(t.TempDir(), "attempts.jsonl"))
	real := request(t, ws.port, handshake("/real", "localhost", "Origin: http://elsewhere.example")).attempt
	session, _ := echo(t, "ws://127.0.0.1:"+ws.port+"/beside", "before")
	large := "X-Large: " + strings.Repeat("x", 30<<10)
	kinds := []struct{ raw, counted string }{
		{"\x16\x03\x01\x02\x00\x01" + strings.Repeat("\x00", 512), refused("plain-http1")},
		{"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + head(handshake("/flood", "localhost")), refused("no-proxy-protocol")},
		{head("GET /flood HTTP/1.1\nHost: a\nHost: b\n" + large), refused("host-single")},
		{head("GET /flood HTTP/1.1\n" + large), refused("host-present")},
		{head("GET /flood HTTP/1.1\nHost: localhost\nX: " + strings.Repeat("x", 80<<10)), refused("head-size")},
		{head("GET /flood HTTP/1.1\nHost: localhost\n" + large), `wsinspect_handshakes_total{outcome="plain",reason="connection-upgrade"}`},
	}
	const each = 2000 // some 340 MB of bytes
	var done atomic.Int64
	over := make(chan struct{})
	go func() {
		defer close(over)
		byMany(each*len(kinds), func(i int) {
			conn, err := dialOnly(ws.port)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.WriteString(conn, kinds[i%len(kinds)].raw)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn) // a reset ends it too
			done.Add(1)
		})
	}()
	for flooding := true; flooding; {
		select {
		case <-over:
			flooding = false
		default:
			answers(t, session, "meanwhile")
		}
	}
	for _, kind := range kinds {
		ws.comesTo(t, kind.counted, each)
	}
	answers(t, session, "after")
	if a := ws.attempt(t, real); a.State != "rejected" {
		t.Errorf("the real failure is %s", a.State)
	}
	if most := ws.memory(t, "VmHWM"); most > 192<<20 {
		t.Errorf("it took %d MiB for %d requests", most>>20, done.Load())
	}
	ws.rests(t)
}

// TestSlowReaders: whoever asks for page, API or feed and does not read is let go. Nothing
// piles up for him, and nobody else is held up.
func TestSlowReaders(t *testing.T) {
	ws := startReleased(t, "--write-timeout", "2s", "--keep", "200")
	for i := range 200 { // 16 MiB of JSON
		request(t, ws.port, handshake(fmt.Sprintf("/%d", i), "localhost", "Origin: http://elsewhere.example", "X: "+strings.Repeat("\x80", 30<<10)))
	}
	session, _ := echo(t, "ws://127.0.0.1:"+ws.port+"/beside", "before")
	heard := newOutput()
	stop := ws.follow(t, heard)
	before := ws.memory(t, "VmRSS")

	const deaf = 50
	for i := range deaf {
		conn := dial(t, ws.port)
		defer conn.Close()
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		io.WriteString(conn, head([]string{
			"GET /inspect?limit=1000 HTTP/1.1\nHost: localhost\nAccept: application/json",
			"GET /inspect/latest?view=bytes HTTP/1.1\nHost: localhost\nAccept: text/html",
			"GET /inspect?limit=1000 HTTP/1.1\nHost: localhost\nAccept: text/html",
		}[i%3]))
	}
	// A filter stands in every link of the page, so that a feed of it soon has much to say.
	feed := dial(t, ws.port)
	defer feed.Close()
	feed.(*net.TCPConn).SetReadBuffer(4 << 10)
	io.WriteString(feed, head("GET /inspect/feed?q=-"+strings.Repeat("z", 60<<10)+" HTTP/1.1\nHost: localhost"))
	if status, err := bufio.NewReader(feed).ReadString('\n'); err != nil || !strings.Contains(status, " 200 ") {
		t.Fatalf("the feed begins with %q, %v", status, err)
	}
	ws.comesTo(t, "wsinspect_feed_subscribers", 2)

	for deadline := time.Now().Add(2 * patience); ws.metric(t, "wsinspect_feed_drops_total") == 0; { // ten seconds behind full buffers
		byMany(100, func(int) { attemptOf(ws.port, handshake("/more", "localhost", "Origin: http://elsewhere.example")) })
		answers(t, session, "meanwhile")
		if time.Now().After(deadline) {
			t.Fatal("a feed that is not read is not let go")
		}
	}
	if most, allowed := ws.memory(t, "VmHWM"), before+128<<20; most > allowed {
		t.Errorf("it took %d MiB, want at most %d", most>>20, allowed>>20)
	}
	last := request(t, ws.port, handshake("/last", "localhost")).attempt
	ws.until(t, url.Values{"path": {"/last"}}, func(*attempt) bool { return true })
	for text, more := heard.read(); !strings.Contains(text, last); text, more = heard.read() {
		select {
		case <-more:
		case <-time.After(patience):
			t.Fatalf("the feed that is read has not told of the last attempt:\n%.3000s", text[max(len(text)-3000, 0):])
		}
	}
	stop()
	session.Close()
	ws.comesTo(t, "wsinspect_connections", 1) // the question itself
}
