package echo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"wsinspect/internal/journal"
)

func TestMessagesComeBack(t *testing.T) {
	sizes := []int{0, 1, 125, 126, writeBuffer, 4096, chunk - 1, chunk, chunk + 1, 3*chunk + 7, 1 << 20}
	for _, compressed := range []bool{false, true} {
		b := newBed(t, nil)
		c := b.dial(func(d *websocket.Dialer, _ http.Header) { d.EnableCompression = compressed }, "")
		if a := b.await(journal.Open); a.Session.Compression != compressed {
			t.Errorf("compression is %v, want %v", a.Session.Compression, compressed)
		}
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			for _, size := range sizes {
				want := bytes.Repeat([]byte("echo…"), size/len("echo…")+1)[:size]
				if kind == websocket.TextMessage {
					want = bytes.ToValidUTF8(want, []byte("."))
				}
				if err := c.WriteMessage(kind, want); err != nil {
					t.Fatal(err)
				}
				gotKind, got, err := c.ReadMessage()
				if err != nil || gotKind != kind || !bytes.Equal(got, want) {
					t.Fatalf("%d bytes of kind %d came back as %d bytes of kind %d: %v", size, kind, len(got), gotKind, err)
				}
			}
		}
		c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "done"), time.Now().Add(patience))
		a := b.await(journal.Closed)
		n := int64(len(sizes))
		if r := a.Session.Received; r.Text != n || r.Binary != n || r != a.Session.Sent {
			t.Errorf("counted %+v received and %+v sent, want %d of each kind", r, a.Session.Sent, n)
		}
	}
}

// TestTrafficOutlivesItsSession: the sum over all sessions counts the open ones and keeps
// what ended ones have counted.
func TestTrafficOutlivesItsSession(t *testing.T) {
	b := newBed(t, nil)
	for n := int64(1); n <= 2; n++ {
		c := b.dial(nil, "")
		c.WriteMessage(websocket.TextMessage, []byte("hello"))
		if _, _, err := c.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		c.WriteControl(websocket.CloseMessage, nil, time.Now().Add(patience))
		b.await(journal.Closed)
		want := journal.Traffic{Text: n, Bytes: 5 * n}
		if received, sent := b.handler.Traffic(); received != want || sent != want {
			t.Errorf("after %d sessions %+v received, %+v sent; want %+v", n, received, sent, want)
		}
	}
}

func TestFragmentsComeBackAsOneMessage(t *testing.T) {
	b := newBed(t, nil)
	c := b.dial(nil, "")
	w := c.NetConn()
	w.Write(clientFrame(0x01, []byte("one, "))) // text, not final
	w.Write(clientFrame(0x89, []byte("ping")))  // a ping may stand between fragments
	w.Write(clientFrame(0x00, []byte("two, ")))
	w.Write(clientFrame(0x80, []byte("three")))
	pongs := make(chan string, 1)
	c.SetPongHandler(func(data string) error { pongs <- data; return nil })
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "one, two, three" {
		t.Fatalf("came back as %q: %v", got, err)
	}
	if got := <-pongs; got != "ping" {
		t.Errorf("the pong carries %q", got)
	}
}

// clientFrame is a short frame under the mask zero; first is its first byte.
func clientFrame(first byte, payload []byte) []byte {
	return append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// TestGigabyteInFlatMemory sends one message of 1 GiB and watches the heap.
func TestGigabyteInFlatMemory(t *testing.T) {
	const size = 1 << 30
	b := newBed(t, func(o *Options) { o.MaxMessage = size })
	conn, r := b.raw(head())
	if resp, _ := answer(t, r); resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp.Status)
	}
	conn.SetDeadline(time.Now().Add(10 * patience)) // a loaded machine with -race is slow
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	go func() {
		conn.Write(binary.BigEndian.AppendUint64([]byte{0x82, 0x80 | 127}, size))
		block := make([]byte, 1<<20)
		conn.Write(block[:4]) // the mask
		for range size / len(block) {
			conn.Write(block)
		}
	}()
	var got int64
	for final := false; !final; {
		n, fin, err := readFrameHead(r)
		if err != nil {
			t.Fatalf("after %d bytes: %v", got, err)
		}
		if _, err := io.CopyN(io.Discard, r, n); err != nil {
			t.Fatal(err)
		}
		got, final = got+n, fin
	}
	runtime.ReadMemStats(&after)
	if got != size {
		t.Errorf("%d bytes came back", got)
	}
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func readFrameHead(r io.Reader) (size int64, final bool, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, false, err
	}
	final, size = head[0]&0x80 != 0, int64(head[1]&0x7f)
	switch size {
	case 126:
		_, err = io.ReadFull(r, head[:2])
		size = int64(binary.BigEndian.Uint16(head[:]))
	case 127:
		_, err = io.ReadFull(r, head[:8])
		size = int64(binary.BigEndian.Uint64(head[:]))
	}
	return size, final, err
}

// TestFaultsOfThePeer ends sessions for what the peer sent, and says so to it and to the journal.
func TestFaultsOfThePeer(t *testing.T) {
	tests := []struct {
		law    string
		send   func(c *websocket.Conn)
		code   int
		reason string
	}{
		{"text that is no UTF-8 (RFC 6455, section 8.1)", func(c *websocket.Conn) {
			c.WriteMessage(websocket.TextMessage, []byte("ab\xff"))
		}, 1007, "UTF-8"},
		{"text that ends within a character", func(c *websocket.Conn) {
			c.WriteMessage(websocket.TextMessage, []byte("\xe2\x82"))
		}, 1007, "UTF-8"},
		{"a frame without a mask (section 5.1)", func(c *websocket.Conn) {
			c.NetConn().Write([]byte{0x81, 0x02, 'h', 'i'})
		}, 1002, "MASK"},
		{"a reserved bit (section 5.2)", func(c *websocket.Conn) {
			c.NetConn().Write(clientFrame(0xb1, []byte("hi")))
		}, 1002, "RSV2"},
		{"a fragmented ping (section 5.5)", func(c *websocket.Conn) {
			c.NetConn().Write(clientFrame(0x09, []byte("hi")))
		}, 1002, "FIN not set on control"},
		{"a close code that nobody may send (section 7.4.1)", func(c *websocket.Conn) {
			c.NetConn().Write(clientFrame(0x88, []byte{0x03, 0xee}))
		}, 1002, "bad close code 1006"},
		{"a length above 2^63", func(c *websocket.Conn) {
			c.NetConn().Write([]byte{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
		}, 1002, "read limit exceeded"},
		{"a message above the limit", func(c *websocket.Conn) {
			c.WriteMessage(websocket.BinaryMessage, make([]byte, 1<<20+1))
		}, 1009, "1048576"},
	}
	b := newBed(t, func(o *Options) { o.MaxMessage = 1 << 20 })
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			c := b.dial(nil, "")
			tt.send(c)
			_, _, err := c.ReadMessage()
			for err == nil {
				_, _, err = c.ReadMessage()
			}
			c.Close()
			var frame *websocket.CloseError
			if !errors.As(err, &frame) || frame.Code != tt.code || !strings.Contains(frame.Text, tt.reason) {
				t.Errorf("the peer was told %v, want %d with %q", err, tt.code, tt.reason)
			}
			got := b.await(journal.Closed).Session.Close
			if got.Code != tt.code || got.By != journal.ByServer || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("the journal says %+v", got)
			}
		})
	}
}

// TestCompressionBomb sends 1 GiB of zeros in about 1 MiB: the limit counts what comes out.
func TestCompressionBomb(t *testing.T) {
	b := newBed(t, func(o *Options) { o.MaxMessage = 8 << 20 })
	c := b.dial(func(d *websocket.Dialer, _ http.Header) { d.EnableCompression = true }, "")
	go func() {
		w, err := c.NextWriter(websocket.BinaryMessage)
		if err != nil {
			return
		}
		zeros := make([]byte, 1<<20)
		for range 1 << 10 {
			if _, err := w.Write(zeros); err != nil {
				return
			}
		}
		w.Close()
	}()
	_, r, err := c.NextReader()
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	c.Close()
	if !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("the peer was told %v, want 1009", err)
	}
	if got := b.await(journal.Closed).Session.Close; got.Code != 1009 || got.By != journal.ByServer {
		t.Errorf("the journal says %+v", got)
	}
}

func TestHowSessionsEnd(t *testing.T) {
	tests := []struct {
		law  string
		end  func(c *websocket.Conn)
		want journal.Close
	}{
		{"the client closes with a code and a reason", func(c *websocket.Conn) {
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "logged out"), time.Now().Add(patience))
		}, journal.Close{Code: 4001, Reason: "logged out", By: journal.ByClient}},
		{"a tab that is closed says 1001", func(c *websocket.Conn) {
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, ""), time.Now().Add(patience))
		}, journal.Close{Code: 1001, By: journal.ByClient}},
		{"a close frame without a code is 1005", func(c *websocket.Conn) {
			c.WriteControl(websocket.CloseMessage, nil, time.Now().Add(patience))
		}, journal.Close{Code: 1005, By: journal.ByClient}},
		{"a connection that just ends is 1006", func(c *websocket.Conn) { c.NetConn().Close() },
			journal.Close{Code: 1006, By: journal.ByNobody, Detail: "the connection was closed"}},
		{"a connection that is reset is 1006 too", func(c *websocket.Conn) {
			c.NetConn().(*net.TCPConn).SetLinger(0)
			c.NetConn().Close()
		}, journal.Close{Code: 1006, By: journal.ByNobody, Detail: "the connection was reset"}},
	}
	b := newBed(t, nil)
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			c := b.dial(nil, "")
			b.await(journal.Open)
			tt.end(c)
			a := b.await(journal.Closed)
			if a.Session.Close != tt.want {
				t.Errorf("the journal says %+v, want %+v", a.Session.Close, tt.want)
			}
			if a.Session.Idle <= 0 || a.Session.Closed.Before(a.Session.Opened) {
				t.Errorf("silence %v, opened %v, closed %v", a.Session.Idle, a.Session.Opened, a.Session.Closed)
			}
		})
	}
}

func TestStalledWriteIsGivenUp(t *testing.T) {
	b := newBed(t, func(o *Options) { o.WriteTimeout = 50 * time.Millisecond })
	c := b.dial(nil, "")
	c.SetWriteDeadline(time.Now().Add(patience))
	go func() { // sends, and never reads what comes back
		block := make([]byte, 1<<20)
		for c.WriteMessage(websocket.BinaryMessage, block) == nil {
		}
	}()
	a := b.await(journal.Closed)
	if got := a.Session.Close; got.Code != 1006 || got.By != journal.ByNobody || !strings.Contains(got.Detail, "stalled") {
		t.Errorf("the journal says %+v", got)
	}
	c.Close()
}

func TestShutdownSaysGoingAway(t *testing.T) {
	b := newBed(t, nil)
	polite, mute := b.dial(nil, ""), b.dial(nil, "")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.handler.Shutdown(ctx) }()

	_, _, err := polite.ReadMessage() // gorilla's client answers the close frame
	if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the client was told %v, want 1001", err)
	}
	if got := b.await(journal.Closed).Session.Close; got.Code != 1001 || got.By != journal.ByServer {
		t.Errorf("the journal says %+v", got)
	}
	cancel() // the other one never answers, and is cut
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown with a mute peer returned %v", err)
	}
	b.await(journal.Closed)
	if n := b.handler.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	mute.Close()
}

// TestAPanicHoldsUpNoShutdown: a fault of ours costs its connection, and nothing waits for
// the session that never came.
func TestAPanicHoldsUpNoShutdown(t *testing.T) {
	reported := make(chan error, 1)
	b := newBed(t, func(o *Options) { o.Errors = func(err error) { reported <- err } })
	b.handler.upgrader.CheckOrigin = func(*http.Request) bool { panic("a fault of ours") }
	_, r := b.raw(head())
	if _, err := r.ReadByte(); err == nil {
		t.Error("the connection was answered")
	}
	if err := <-reported; !strings.Contains(err.Error(), "a fault of ours") {
		t.Errorf("reported %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.handler.Shutdown(ctx); err != nil {
		t.Errorf("the shutdown waited: %v", err)
	}
}

func TestServerPings(t *testing.T) {
	b := newBed(t, func(o *Options) { o.PingInterval = time.Millisecond })
	c := b.dial(nil, "")
	pinged := make(chan struct{}, 1)
	c.SetPingHandler(func(string) error {
		select {
		case pinged <- struct{}{}:
		default:
		}
		return nil
	})
	go c.ReadMessage()
	select {
	case <-pinged:
	case <-time.After(patience):
		t.Error("no ping came")
	}
}

func TestPingIntervalOfTheQuery(t *testing.T) {
	const otherwise = 7 * time.Second
	for target, want := range map[string]time.Duration{
		"/ws":                                  otherwise,
		"/ws?wsinspect-ping=20s":               20 * time.Second,
		"/ws?room=1&wsinspect-ping=1h":         time.Hour,
		"/ws?wsinspect-ping=999ms":             0,
		"/ws?wsinspect-ping=61m":               0,
		"/ws?wsinspect-ping=soon":              0,
		"/ws?other-wsinspect-ping=20s":         otherwise,
		"http://h/ws?a=%zz&wsinspect-ping=20s": 20 * time.Second,
	} {
		got, ok := pingInterval(target, otherwise)
		if ok != (want > 0) || got != cmp.Or(want, otherwise) {
			t.Errorf("%s pings every %v (%v), want %v", target, got, ok, want)
		}
	}
}

func TestPingIntervalThatCannotBeFollowedIsSaid(t *testing.T) {
	b := newBed(t, nil)
	_, r := b.raw(head("GET /ws?wsinspect-ping=1ms HTTP/1.1"))
	resp, _ := answer(t, r)
	if note := resp.Header.Get("Wsinspect-Note"); resp.StatusCode != 101 || !strings.Contains(note, "1s to 1h") {
		t.Errorf("status %d, note %q", resp.StatusCode, note)
	}
}

// FuzzTextCheck cuts a text in three and compares with utf8.Valid over the whole.
func FuzzTextCheck(f *testing.F) {
	f.Add([]byte("grün, €, 😀, plain"), 3, 9)
	f.Add([]byte("\xf0\x9f\x98\x80"), 1, 3)
	f.Add([]byte("\xe2\x82"), 1, 1)
	f.Add([]byte("a\xc0\xaf"), 2, 2)
	f.Add([]byte("\xed\xa0\x80"), 1, 2)
	f.Fuzz(func(t *testing.T, text []byte, i, j int) {
		i = min(max(i, 0), len(text))
		j = min(max(j, i), len(text))
		var c textCheck
		got := c.valid(text[:i], false) && c.valid(text[i:j], false) && c.valid(text[j:], true)
		if want := utf8.Valid(text); got != want {
			t.Errorf("%q cut at %d and %d is valid: %v, want %v", text, i, j, got, want)
		}
	})
}
