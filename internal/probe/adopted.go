package probe

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"wsinspect/internal/handshake"

	"github.com/gorilla/websocket"
)

// adopted is a connection with a handshake of gorilla's client before it that never goes out.
type adopted struct {
	net.Conn
	frames *frames
	asked  []byte    // the request, as far as it was written
	answer io.Reader // to it, and behind it the frames; nil before the request is whole
}

// adopt gives an upgraded connection to gorilla's client, which knows only connections
// that it has upgraded itself: it writes its request, is answered from here, and then finds
// the real connection behind that answer. A message of up to longest bytes is sent as one
// frame, as browsers send it.
func adopt(c *upgraded, longest int) (*websocket.Conn, *frames, error) {
	in := &frames{r: io.MultiReader(bytes.NewReader(c.rest), c.Conn), deflate: c.deflate}
	client := websocket.Dialer{
		WriteBufferSize:   longest,
		EnableCompression: c.deflate,
		NetDialContext: func(context.Context, string, string) (net.Conn, error) {
			return &adopted{Conn: c.Conn, frames: in}, nil
		},
	}
	conn, _, err := client.Dial("ws://adopted/", nil)
	if err != nil {
		return nil, nil, fmt.Errorf("give the connection to the WebSocket client: %w", err)
	}
	conn.EnableWriteCompression(false)
	return conn, in, nil
}

// Write takes the request, and passes on what comes after it.
func (a *adopted) Write(p []byte) (int, error) {
	if a.answer != nil {
		return a.Conn.Write(p)
	}
	a.asked = append(a.asked, p...)
	if !bytes.HasSuffix(a.asked, []byte("\r\n\r\n")) {
		return len(p), nil
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(a.asked)))
	if err != nil {
		return 0, err
	}
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + handshake.AcceptOf(r.Header.Get("Sec-WebSocket-Key")) + "\r\n"
	if offer := r.Header.Get("Sec-WebSocket-Extensions"); offer != "" {
		head += "Sec-WebSocket-Extensions: " + offer + "\r\n"
	}
	a.answer = io.MultiReader(strings.NewReader(head+"\r\n"), a.frames)
	return len(p), nil
}

// Read returns the answer first.
func (a *adopted) Read(p []byte) (int, error) { return a.answer.Read(p) }
