package e2e

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// TestSubprotocol proves that a browser stays connected whatever it offers. One that
// offers subprotocols drops a connection on which none is chosen.
func TestSubprotocol(t *testing.T) {
	ws := startInspector(t)
	proxy := startStory(t, ws, theRightCure)
	page := startBrowser(t).open(t, proxy.url)

	got := page.dial(t, "/ws/echo", "hello", "chat.v2", "chat.v1")
	if !got.Opened || got.Protocol != "chat.v2" || got.Echo != "hello" {
		t.Fatalf("the browser got %+v, want its message back and the first subprotocol it offered", got)
	}
	a := ws.attempts(t, url.Values{"path": {"/ws/echo"}})[0]
	if a.State != "open" || a.Session.Subprotocol != "chat.v2" {
		t.Errorf("%s with subprotocol %q, want open with chat.v2", a.State, a.Session.Subprotocol)
	}
}

// TestEnds proves that the end of a session is told as it was, through nginx.
func TestEnds(t *testing.T) {
	ws := startInspector(t)
	proxy := startStory(t, ws, theRightCure)

	for _, c := range []struct {
		name string
		end  func(t *testing.T, conn *websocket.Conn)
		code int
		by   string
	}{
		{"the client closes with a code of its own", func(t *testing.T, conn *websocket.Conn) {
			conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "enough"))
		}, 4001, "client"},
		{"the client closes without a code", func(t *testing.T, conn *websocket.Conn) {
			conn.WriteMessage(websocket.CloseMessage, nil)
		}, 1005, "client"},
		{"the client is gone without a close frame", func(t *testing.T, conn *websocket.Conn) {
			conn.NetConn().Close()
		}, 1006, "nobody"},
		{"the client's connection is reset", func(t *testing.T, conn *websocket.Conn) {
			conn.NetConn().(*net.TCPConn).SetLinger(0)
			conn.NetConn().Close()
		}, 1006, "nobody"},
		{"the client is gone in the middle of a message", func(t *testing.T, conn *websocket.Conn) {
			io.WriteString(conn.NetConn(), string(maskedFrame(0x81, "cut off"))[:9])
			conn.NetConn().Close()
		}, 1006, "nobody"},
		{"the client sends text that is no UTF-8", func(t *testing.T, conn *websocket.Conn) {
			conn.WriteMessage(websocket.TextMessage, []byte{0xff, 0xfe})
		}, 1007, "server"},
		{"the client sends a frame with reserved bits", func(t *testing.T, conn *websocket.Conn) {
			conn.NetConn().Write(maskedFrame(0xb1, "reserved"))
		}, 1002, "server"},
		{"the client sends a frame without a mask", func(t *testing.T, conn *websocket.Conn) {
			conn.NetConn().Write([]byte{0x81, 2, 'h', 'i'})
		}, 1002, "server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, id := echo(t, "ws://localhost:"+proxy.port+"/ws/ends", "hello")
			c.end(t, conn)
			a := ws.until(t, url.Values{"path": {"/ws/ends"}}, func(a *attempt) bool { return a.ID == id && a.State == "closed" })
			if a.Session.Close.Code != c.code || a.Session.Close.By != c.by {
				t.Errorf("closed with %d by %s, want %d by %s", a.Session.Close.Code, a.Session.Close.By, c.code, c.by)
			}
		})
	}
}

// maskedFrame returns a short frame of a client, with a first byte of the test's.
func maskedFrame(first byte, payload string) []byte {
	key := binary.BigEndian.AppendUint32(nil, 0x12345678)
	frame := append([]byte{first, 0x80 | byte(len(payload))}, key...)
	for i := range len(payload) {
		frame = append(frame, payload[i]^key[i%4])
	}
	return frame
}

// TestShutdown ends wsinspect as systemd does while a browser and another client are
// connected through nginx: both hear 1001, going away, and the exit code is 0.
func TestShutdown(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			ws := startInspector(t)
			proxy := startStory(t, ws, theRightCure)
			page := startBrowser(t).open(t, proxy.url)
			if got := page.dial(t, "/ws/echo", "hello"); !got.Opened {
				t.Fatalf("the browser got %+v, want an open connection", got)
			}
			evaluate[bool](t, page, `globalThis.ended = new Promise(resolve => { socket.onclose = e => resolve(e.code) }), true`)
			conn, _ := echo(t, "ws://localhost:"+proxy.port+"/ws/echo", "hello")
			heard := make(chan error, 1)
			go func() {
				_, _, err := conn.ReadMessage() // gorilla answers a close frame while it reads
				heard <- err
			}()

			if err := ws.end(sig); err != nil {
				t.Errorf("wsinspect ended with %v, want exit code 0", err)
			}
			if said := ws.said.String(); strings.Contains(said, "did not end in time") {
				t.Errorf("both clients answered the close, yet wsinspect waited for them:\n%s", said)
			}
			if code := evaluate[int](t, page, `globalThis.ended`); code != websocket.CloseGoingAway {
				t.Errorf("the browser heard %d, want 1001", code)
			}
			if err := <-heard; !websocket.IsCloseError(err, websocket.CloseGoingAway) {
				t.Errorf("the other client heard %v, want 1001", err)
			}
		})
	}
}
