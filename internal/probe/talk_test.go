package probe

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// talking returns a probe that is to talk, with messages of up to size bytes.
func talking(t *testing.T, size int) *probe {
	t.Helper()
	return newProbe(&Options{Target: mustParse(t, "ws://backend.example"), Timeout: patience, Size: size}, Watch{})
}

// upgradeAt opens a WebSocket at a real server with bytes of our own.
func upgradeAt(t *testing.T, server *httptest.Server, offer string) *upgraded {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	head := "GET /ws HTTP/1.1\r\nHost: backend\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString([]byte(rand.Text()[:16])) + "\r\n"
	if offer != "" {
		head += "Sec-WebSocket-Extensions: " + offer + "\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the server answered %s", answer.Status)
	}
	rest, _ := r.Peek(r.Buffered())
	return &upgraded{Conn: c, rest: rest, deflate: strings.HasPrefix(answer.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate")}
}

// patience is how long a test waits for an event that must come.
const patience = 30 * time.Second

func TestGreetingIsNoFault(t *testing.T) {
	server := httptest.NewServer(handler(func(c *websocket.Conn) {
		c.WriteMessage(websocket.TextMessage, []byte("welcome, SECRET"))
		for {
			kind, body, err := c.ReadMessage()
			if err != nil {
				return
			}
			c.WriteMessage(websocket.TextMessage, []byte("you are SECRET too"))
			c.WriteMessage(kind, body)
		}
	}))
	defer server.Close()
	p := talking(t, 0)
	p.converse(t.Context(), upgradeAt(t, server, ""))
	for _, s := range p.report.Steps {
		if s.Outcome != Passed {
			t.Errorf("%s %s: %s", s.ID, s.Outcome, s.Says)
		}
		if strings.Contains(s.Says, "SECRET") {
			t.Errorf("%s shows the body of a message: %s", s.ID, s.Says)
		}
	}
	if s := p.step(t, "echo-text"); !strings.Contains(s.Says, "text of 18 bytes") {
		t.Errorf("nothing is said of the other message: %s", s.Says)
	}
}

// TestCloseAtOnce has a backend that does not want us and says so as it should.
func TestCloseAtOnce(t *testing.T) {
	server := httptest.NewServer(handler(func(c *websocket.Conn) {
		c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "who are you?"), time.Now().Add(patience))
		c.ReadMessage()
	}))
	defer server.Close()
	p := talking(t, 0)
	p.converse(t.Context(), upgradeAt(t, server, ""))
	if s := p.step(t, "ping"); s.Outcome != Advised || !strings.Contains(s.Says, "4001 (a code of the application)") {
		t.Errorf("%s: %s", s.Outcome, s.Says)
	}
	for _, s := range p.report.Steps[1:] {
		if s.Outcome != Skipped {
			t.Errorf("%s %s: %s", s.ID, s.Outcome, s.Says)
		}
	}
	if p.report.Session.Cut {
		t.Error("a session with a close frame counts as cut")
	}
}

// TestCutInTheMiddle has a proxy that dies while a long message passes.
func TestCutInTheMiddle(t *testing.T) {
	server := httptest.NewServer(handler(func(c *websocket.Conn) {
		for {
			kind, body, err := c.ReadMessage()
			if err != nil {
				return
			}
			if len(body) == longMessage {
				c.NetConn().Write([]byte{0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 'h', 'a', 'l', 'f'})
				return
			}
			c.WriteMessage(kind, body)
		}
	}))
	defer server.Close()
	p := talking(t, longMessage)
	p.converse(t.Context(), upgradeAt(t, server, ""))
	if s := p.step(t, "echo-long"); s.Outcome != Failed || !strings.Contains(s.Says, "The connection was cut in the middle of a message without a close frame") {
		t.Errorf("%s: %s", s.Outcome, s.Says)
	}
	if s := p.step(t, "close"); s.Outcome != Skipped {
		t.Errorf("close %s: %s", s.Outcome, s.Says)
	}
	if s := p.report.Session; !s.Cut || s.Received == 0 {
		t.Errorf("session %+v", s)
	}
}

func TestEndedFromOutside(t *testing.T) {
	server := httptest.NewServer(handler(func(c *websocket.Conn) {
		c.SetPingHandler(func(string) error { return nil })
		c.ReadMessage()
	}))
	defer server.Close()
	ctx, end := context.WithCancel(t.Context())
	p := talking(t, 0)
	c := upgradeAt(t, server, "")
	time.AfterFunc(0, end)
	p.converse(ctx, c)
	for _, s := range p.report.Steps {
		if s.Outcome != Skipped {
			t.Errorf("%s %s: %s", s.ID, s.Outcome, s.Says)
		}
	}
	if p.report.Session.Cut {
		t.Error("a session that we ended counts as cut")
	}
}

// handler makes a server of gorilla's that does as it is told.
func handler(serve func(*websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var up websocket.Upgrader
		if c, err := up.Upgrade(w, r, nil); err == nil {
			defer c.Close()
			serve(c)
		}
	}
}
