package e2e

import (
	"bufio"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/dump"
)

// caller is a client that sends the very bytes of a case and looks at the answer as a
// browser does.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
	sees string // as a case spells it
}

// call sends a request to the local port and reads the head of the answer.
func call(t *testing.T, port string, request []byte) *caller {
	t.Helper()
	c := &caller{conn: dial(t, port)}
	t.Cleanup(func() { c.conn.Close() })
	c.in = bufio.NewReader(c.conn)
	c.conn.Write(request) // who is closed upon in the middle of it reads why
	start, err := c.in.Peek(len("HTTP/"))
	switch {
	case err != nil && len(start) == 0:
		c.sees = "closed"
		return c
	case string(start) != "HTTP/":
		c.sees = "not http"
		return c
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatalf("the answer cannot be read: %v", err)
	}
	c.sees = strconv.Itoa(resp.StatusCode)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		c.conn.Close()
	} else if why := unusable(dump.Parse(request), resp.Header); why != "" {
		t.Logf("a browser drops this 101: %s", why)
		c.sees += " unusable"
		c.conn.Close()
	}
	return c
}

// unusable says why a browser fails the connection in spite of a 101 (RFC 6455, section
// 4.1, and the same-named step of the browsers' WebSocket specification).
func unusable(asked *dump.Head, answer http.Header) string {
	key, _ := asked.Field("Sec-WebSocket-Key")
	var offered []string
	for f := range asked.All("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(asked.Value(f), ",") {
			offered = append(offered, strings.TrimSpace(name))
		}
	}
	chosen := answer.Get("Sec-WebSocket-Protocol")
	switch {
	case !strings.EqualFold(answer.Get("Upgrade"), "websocket"):
		return "Upgrade is missing"
	case !strings.EqualFold(answer.Get("Connection"), "upgrade"):
		return "Connection is not upgrade"
	case answer.Get("Sec-WebSocket-Accept") != acceptFor(asked.Value(key)):
		return "Sec-WebSocket-Accept does not answer the key"
	case len(offered) > 0 && chosen == "":
		return "no subprotocol was chosen"
	case chosen != "" && !slices.Contains(offered, chosen):
		return "the subprotocol was not offered"
	case answer.Get("Sec-WebSocket-Extensions") != "" && !asked.Has("Sec-WebSocket-Extensions"):
		return "an extension was not offered"
	}
	return ""
}

// open reports whether a session stands.
func (c *caller) open() bool { return c.sees == "101" }

// echo sends a message and demands it back.
func (c *caller) echo(t *testing.T) {
	t.Helper()
	const message = "hello"
	c.conn.Write(maskedFrame(0x81, message))
	if got, err := c.message(); err != nil || got != message {
		t.Errorf("sent %q, %q came back: %v", message, got, err)
	}
}

// message reads frames up to a short text message, which may be compressed (RFC 7692).
func (c *caller) message() (string, error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return "", err
		}
		payload := make([]byte, head[1]&0x7f)
		if _, err := io.ReadFull(c.in, payload); err != nil {
			return "", err
		}
		switch head[0] &^ 0x40 {
		case 0x89, 0x8a: // ping and pong
			continue
		case 0x81:
		default:
			return "", fmt.Errorf("a frame begins with %#x", head[0])
		}
		if head[0]&0x40 == 0 {
			return string(payload), nil
		}
		tail := strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")
		text, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(payload), tail)))
		return string(text), err
	}
}

// close ends a session as a browser does when its page is left.
func (c *caller) close(t *testing.T) {
	t.Helper()
	c.conn.Write(maskedFrame(0x88, "\x03\xe8"))
	if _, err := io.Copy(io.Discard, c.in); err != nil {
		t.Errorf("the session did not end after its close frame: %v", err)
	}
	c.conn.Close()
}

// silence reads until the connection ends or the time is over. It returns how long that
// took, and whether it ended; a close frame is no cut.
func (c *caller) silence(t *testing.T, most time.Duration) (time.Duration, bool) {
	t.Helper()
	began := time.Now()
	c.conn.SetReadDeadline(began.Add(most))
	defer c.conn.SetDeadline(time.Now().Add(most + patience))
	for {
		_, err := c.in.Peek(1)
		if err == nil {
			if first, _ := c.in.ReadByte(); first == 0x88 {
				t.Error("the session was closed with a close frame, not cut")
			}
			continue
		}
		timeout, ok := err.(net.Error)
		return time.Since(began), !ok || !timeout.Timeout()
	}
}

// speak sends a pong every so often, which nobody answers, until stop is closed.
func (c *caller) speak(every time.Duration, stop <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.conn.Write(maskedFrame(0x8a, ""))
		case <-stop:
			return
		}
	}
}
