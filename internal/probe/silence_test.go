package probe

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// pipeWriter lets gorilla's server have one end of a pipe.
type pipeWriter struct {
	http.ResponseWriter
	net.Conn
}

func (w pipeWriter) Header() http.Header { return http.Header{} }

func (w pipeWriter) WriteHeader(int) {}

func (w pipeWriter) Write(p []byte) (int, error) { return w.Conn.Write(p) }

func (w pipeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.Conn, bufio.NewReadWriter(bufio.NewReader(w.Conn), bufio.NewWriter(w.Conn)), nil
}

// gorillaPipe returns a connection whose other end gorilla's server has upgraded, for times
// that pass as fast as a test likes.
func gorillaPipe(t *testing.T, serve func(*websocket.Conn)) *upgraded {
	t.Helper()
	here, there := net.Pipe()
	asked := &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}}
	served := make(chan struct{})
	t.Cleanup(func() { <-served })
	go func() {
		defer close(served)
		var up websocket.Upgrader
		c, err := up.Upgrade(pipeWriter{Conn: there}, asked, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		serve(c)
	}()
	r := bufio.NewReader(here)
	if _, err := http.ReadResponse(r, nil); err != nil {
		t.Fatal(err)
	}
	rest, _ := r.Peek(r.Buffered())
	return &upgraded{Conn: here, rest: rest}
}

// cutting is a backend behind a proxy that cuts after so much silence.
func cutting(after time.Duration) func(*websocket.Conn) {
	return func(c *websocket.Conn) {
		pong := c.PingHandler()
		c.SetReadDeadline(time.Now().Add(after))
		c.SetPingHandler(func(payload string) error {
			c.SetReadDeadline(time.Now().Add(after))
			return pong(payload)
		})
		c.ReadMessage()
	}
}

// watchPipes watches sockets whose other ends are served so.
func watchPipes(t *testing.T, limit, every time.Duration, serve ...func(*websocket.Conn)) (results []IdleResult, told []string) {
	v := &vigil{limit: limit}
	for i, f := range serve {
		p, err := listen(t.Context(), gorillaPipe(t, f), 0)
		if err != nil {
			t.Fatal(err)
		}
		s := &idleSocket{kind: []string{Silent, ClientPinged, ServerPinged}[i], peer: p}
		if i > 0 {
			s.every = every
		}
		v.sockets = append(v.sockets, s)
	}
	v.tell = func(silent, limit time.Duration, open []string) {
		told = append(told, duration(silent)+" of "+duration(limit)+": "+strings.Join(open, " "))
	}
	v.keep(t.Context())
	for _, s := range v.sockets {
		results = append(results, s.result())
	}
	return results, told
}

func reads(c *websocket.Conn) { c.ReadMessage() }

// lives is a backend behind a proxy that cuts after a time, whatever passes.
func lives(d time.Duration) func(*websocket.Conn) {
	return func(c *websocket.Conn) {
		c.SetReadDeadline(time.Now().Add(d))
		c.ReadMessage()
	}
}

// serverPings is a backend that pings behind a proxy that cuts.
func serverPings(every time.Duration) func(*websocket.Conn) {
	return func(c *websocket.Conn) {
		go c.ReadMessage()
		for c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) == nil {
			time.Sleep(every) // in a time of its own
		}
	}
}

func TestSilence(t *testing.T) {
	tests := []struct {
		law       string
		limit     time.Duration
		serve     []func(*websocket.Conn)
		says      []string
		outcome   Outcome
		judgement string
		took      time.Duration
	}{
		{"nothing is cut", 90 * time.Second, []func(*websocket.Conn){reads, reads, serverPings(20 * time.Second)},
			[]string{"Still open after 90.0 s of silence.", "Still open after 90.0 s with a ping every 20 s.", "Still open after 90.0 s with a ping every 20 s."},
			Passed, "Still open after 90.0 s of silence.", 90 * time.Second},
		{"only silence is cut", 10 * time.Minute, []func(*websocket.Conn){cutting(time.Minute), cutting(time.Minute)},
			[]string{"Cut after 60.0 s of silence, without a close frame.", "Still open after 90.0 s with a ping every 20 s."},
			Failed, "Cut after 60.0 s of silence, without a close frame. A ping of ours every 20 s keeps a socket open.", 90 * time.Second},
		{"pings come too seldom", 10 * time.Minute, []func(*websocket.Conn){cutting(15 * time.Second), cutting(15 * time.Second)},
			[]string{"Cut after 15.0 s of silence, without a close frame.", "Cut after 15.0 s with a ping every 20 s, without a close frame."},
			Failed, "Cut after 15.0 s of silence, without a close frame. A ping of ours every 20 s is too seldom to keep one open.", 15 * time.Second},
		{"pings do not help", 10 * time.Minute, []func(*websocket.Conn){lives(time.Minute), lives(time.Minute), lives(time.Minute)},
			[]string{"Cut after 60.0 s of silence, without a close frame.", "Cut after 60.0 s with a ping every 20 s, without a close frame.", "Cut after 60.0 s with a ping every 20 s, without a close frame."},
			Failed, "Cut after 60.0 s of silence, without a close frame. A ping of ours every 20 s does not keep one open: Cut after 60.0 s with a ping every 20 s, without a close frame. A ping of wsinspect every 20 s does not keep one open: Cut after 60.0 s with a ping every 20 s, without a close frame.", time.Minute},
		{"the backend closes as it should", 2 * time.Minute, []func(*websocket.Conn){func(c *websocket.Conn) {
			time.Sleep(30 * time.Second)
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "idle"), time.Now().Add(time.Second))
			c.ReadMessage()
		}, reads},
			[]string{"Closed by the other side after 30.0 s of silence, with 1001 (going away).", "Still open after 45.0 s with a ping every 20 s."},
			Advised, "Closed by the other side after 30.0 s of silence, with 1001 (going away). A ping of ours every 20 s keeps a socket open.", 45 * time.Second},
		{"the backend is not silent itself", 2 * time.Minute, []func(*websocket.Conn){func(c *websocket.Conn) {
			time.Sleep(10 * time.Second)
			c.WriteMessage(websocket.TextMessage, []byte("news"))
			time.Sleep(50 * time.Second)
		}},
			[]string{"Cut after 60.0 s, of which the last 50.0 s were silent, without a close frame."},
			Failed, "Cut after 60.0 s, of which the last 50.0 s were silent, without a close frame.", 60 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				results, told := watchPipes(t, tt.limit, 20*time.Second, tt.serve...)
				if took := time.Since(began); took != tt.took {
					t.Errorf("it took %s, want %s", took, tt.took)
				}
				var says []string
				for _, r := range results {
					says = append(says, r.Says)
				}
				if !slices.Equal(says, tt.says) {
					t.Errorf("results %q", says)
				}
				if outcome, words := judge(results); outcome != tt.outcome || words != tt.judgement {
					t.Errorf("judgement %s: %s", outcome, words)
				}
				if n := int(tt.took / time.Second); len(told) < n-1 || len(told) > n+len(tt.serve) {
					t.Errorf("told %d times in %d s: %q", len(told), n, told)
				}
			})
		})
	}
}

// TestSilenceEndedFromOutside holds that results so far are kept.
func TestSilenceEndedFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		peer, err := listen(ctx, gorillaPipe(t, reads), 0)
		if err != nil {
			t.Fatal(err)
		}
		v := &vigil{limit: time.Hour, sockets: []*idleSocket{{kind: Silent, peer: peer}}}
		time.AfterFunc(12300*time.Millisecond, end)
		began := time.Now()
		v.keep(ctx)
		if took := time.Since(began); took > 13*time.Second {
			t.Errorf("it went on for %s", took)
		}
		if r := v.sockets[0].result(); !r.Open || r.Says != "Still open after 12.3 s of silence." {
			t.Errorf("%+v", r)
		}
	})
}
