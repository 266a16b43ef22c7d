package probe

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gobwas "github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
)

// browserOffer is the Sec-WebSocket-Extensions of browsers.
const browserOffer = "permessage-deflate; client_max_window_bits"

func gorillaEcho(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{EnableCompression: true}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, body, err := c.ReadMessage()
		if err != nil {
			return
		}
		c.WriteMessage(kind, body)
	}
}

func coderEcho(mode coder.CompressionMode) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, &coder.AcceptOptions{CompressionMode: mode, CompressionThreshold: 100})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(8 << 20)
		for {
			kind, body, err := c.Read(r.Context())
			if err != nil {
				return
			}
			c.Write(r.Context(), kind, body)
		}
	}
}

func gobwasEcho(w http.ResponseWriter, r *http.Request) {
	c, _, _, err := gobwas.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		body, kind, err := wsutil.ReadClientData(c)
		if err != nil {
			return
		}
		wsutil.WriteServerMessage(c, kind, body)
	}
}

func TestEchoServers(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		offer   string
		deflate bool
	}{
		{"gorilla", gorillaEcho, "", false},
		{"gorilla, compressing", gorillaEcho, browserOffer, true},
		{"coder", coderEcho(coder.CompressionDisabled), browserOffer, false},
		{"coder, compressing", coderEcho(coder.CompressionNoContextTakeover), browserOffer, true},
		{"coder, compressing with context", coderEcho(coder.CompressionContextTakeover), browserOffer, true},
		{"gobwas", gobwasEcho, browserOffer, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			p := talking(t, 1<<20)
			c := upgradeAt(t, server, tt.offer)
			if c.deflate != tt.deflate {
				t.Fatalf("compression agreed: %t", c.deflate)
			}
			p.converse(t.Context(), c)
			var ids []string
			for _, s := range p.report.Steps {
				ids = append(ids, s.ID)
				if s.Outcome != Passed {
					t.Errorf("%s %s: %s", s.ID, s.Outcome, s.Says)
				}
			}
			want := []string{"ping", "echo-text", "echo-binary", "echo-empty", "echo-fragmented", "echo-64k", "echo-long", "close"}
			if tt.deflate {
				want = slices.Insert(want, 4, "echo-compressed")
				if s := p.step(t, "echo-compressed"); !strings.Contains(s.Says, "went, compressed.") {
					t.Errorf("the echo was not compressed: %s", s.Says)
				}
			}
			if !slices.Equal(ids, want) {
				t.Errorf("steps %q, want %q", ids, want)
			}
			s := p.report.Session
			if n := int64(len(want) - 1); s == nil || s.Cut || s.Received != n || s.Sent != n {
				t.Errorf("session %+v, want %d each way", s, n)
			}
		})
	}
}

// countingConn counts what is read from a connection.
type countingConn struct {
	net.Conn
	read int
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read += n
	return n, err
}

// TestContextTakeover proves that an answer is read which only says "as before".
func TestContextTakeover(t *testing.T) {
	server := httptest.NewServer(coderEcho(coder.CompressionContextTakeover))
	defer server.Close()
	c := upgradeAt(t, server, browserOffer)
	counted := &countingConn{Conn: c.Conn}
	c.Conn = counted
	peer, err := listen(t.Context(), c, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.hangUp()
	noise := []byte(rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text())
	e := echo{kind: websocket.TextMessage}
	before, lengths := 0, []int{}
	for range 3 {
		if err := e.send(peer, noise, time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		m := <-peer.messages
		if !m.echoes(sketch(e.kind, noise)) || !m.compressed {
			t.Fatalf("%v came back, compressed: %t", m, m.compressed)
		}
		lengths = append(lengths, counted.read-before)
		before = counted.read
	}
	if lengths[1] > lengths[0]/4 {
		t.Errorf("answers of %d bytes: the second refers to nothing, so this test proves nothing", lengths)
	}
}

// TestFramesOnTheWire looks at the frames that are sent: gorilla has no call that promises them.
func TestFramesOnTheWire(t *testing.T) {
	here, there := net.Pipe()
	peer, err := listen(t.Context(), &upgraded{Conn: here, deflate: true}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.hangUp()
	tests := []struct {
		e      echo
		frames []gobwas.Header
	}{
		{echo{kind: websocket.BinaryMessage, length: 1 << 20}, []gobwas.Header{{Fin: true, OpCode: gobwas.OpBinary, Length: 1 << 20}}},
		{echo{kind: websocket.TextMessage}, []gobwas.Header{{Fin: true, OpCode: gobwas.OpText}}},
		{echo{kind: websocket.BinaryMessage, manner: fragmented, length: fragments}, []gobwas.Header{
			{OpCode: gobwas.OpBinary, Length: 4096}, {Length: 4096}, {Fin: true, Length: 4096}}},
		{echo{kind: websocket.TextMessage, manner: compressed, body: bytes.Repeat([]byte("a"), 200)}, []gobwas.Header{
			{Fin: true, Rsv: gobwas.Rsv(true, false, false), OpCode: gobwas.OpText}}},
	}
	for _, tt := range tests {
		sent := make(chan error)
		go func() { sent <- tt.e.send(peer, tt.e.message(), time.Now().Add(patience)) }()
		for _, want := range tt.frames {
			got, err := gobwas.ReadHeader(there)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(io.Discard, there, got.Length); err != nil {
				t.Fatal(err)
			}
			if !got.Masked {
				t.Error("a frame of ours is not masked")
			}
			got.Masked, got.Mask = false, [4]byte{}
			if tt.e.manner == compressed && got.Length < 100 {
				got.Length = 0
			}
			if got != want {
				t.Errorf("sent %+v, want %+v", got, want)
			}
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
}
