package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// answer is what a client that is no browser got.
type answer struct {
	status  int
	header  http.Header
	body    string
	attempt string // the ID that the answer carries
}

// request sends raw, lines parted by \n, to the local port and returns the answer.
func request(t *testing.T, port, raw string) answer {
	t.Helper()
	conn := dial(t, port)
	defer conn.Close()
	if _, err := io.WriteString(conn, head(raw)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer to\n%s\n%v", raw, err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, attempt: resp.Header.Get("Wsinspect-Attempt")}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		a.body = string(body)
	}
	return a
}

// dial opens a connection whose reads and writes end in time.
func dial(t *testing.T, port string) net.Conn {
	t.Helper()
	conn, err := dialOnly(port)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// dialOnly is dial for whoever knows what a refusal means.
func dialOnly(port string) (net.Conn, error) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		conn.SetDeadline(time.Now().Add(patience))
	}
	return conn, err
}

// head returns the lines of raw as they go over the wire.
func head(raw string) string {
	return strings.ReplaceAll(strings.TrimSpace(raw), "\n", "\r\n") + "\r\n\r\n"
}

// handshake returns the lines that open a WebSocket at path, with more lines of the test.
func handshake(path, host string, more ...string) string {
	lines := []string{
		"GET " + path + " HTTP/1.1",
		"Host: " + host,
		"Connection: Upgrade",
		"Upgrade: websocket",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	return strings.Join(append(lines, more...), "\n")
}

// echo opens a WebSocket, sends a message and demands it back. It returns the open
// connection and the ID of the attempt.
func echo(t *testing.T, address, message string) (*websocket.Conn, string) {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(patience))
	if err := conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		t.Fatal(err)
	}
	_, got, err := conn.ReadMessage()
	if err != nil || string(got) != message {
		t.Fatalf("%s: sent %q, %q came back, %v", address, message, got, err)
	}
	return conn, resp.Header.Get("Wsinspect-Attempt")
}
