package probe

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// converseWith talks with the other end of a pipe, in a time of its own.
func converseWith(t *testing.T, deflate bool, serve func(net.Conn)) *probe {
	t.Helper()
	p := talking(t, longMessage)
	p.Timeout = 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		served := make(chan struct{})
		t.Cleanup(func() { <-served })
		go func() {
			defer close(served)
			defer there.Close()
			serve(there)
		}()
		began := time.Now()
		p.converse(t.Context(), &upgraded{Conn: here, deflate: deflate})
		if took := time.Since(began); took > 3*p.Timeout {
			t.Errorf("it took %s", took)
		}
	})
	return p
}

// says is a server that writes some bytes and then reads on.
func says(b string) func(net.Conn) {
	return func(c net.Conn) {
		go io.WriteString(c, b)
		io.Copy(io.Discard, c)
	}
}

func TestBrokenFrames(t *testing.T) {
	tests := []struct {
		law, bytes, says string
		deflate          bool
	}{
		{"garbage", "HTTP/1.1 400 Bad Request\r\n\r\n", "marked as compressed", false},
		{"garbage where compression is agreed", "HTTP/1.1 400 Bad Request\r\n\r\n", "reserved bit", true},
		{"a masked frame", "\x81\x85\x00\x00\x00\x00hello", "masked a frame", false},
		{"a masked frame where compression is agreed", "\xc1\x85\x00\x00\x00\x00hello", "masked a frame", true},
		{"an unagreed compressed message", "\xc1\x05hello", "marked as compressed", false},
		{"another reserved bit", "\xa1\x05hello", "reserved bit", false},
		{"a compressed control frame", "\xca\x00", "reserved bit", true},
		{"a compressed continuation", "\x41\x01h\xc0\x01i", "reserved bit", true},
		{"an unknown opcode", "\x83\x00", "unknown kind", false},
		{"a ping of 126 bytes", "\x89\x7e\x00\x7e" + strings.Repeat("p", 126), "more than 125 bytes", false},
		{"a ping in two parts", "\x09\x00", "fragmented a control frame", false},
		{"a message in a message", "\x01\x01h\x81\x01i", "in the middle of another", false},
		{"a continuation of nothing", "\x80\x01h", "had not begun", false},
		{"a length of 2⁶³", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "highest bit", false},
		{"text that is none", "\x81\x02\xc3\x28", "not UTF-8", false},
		{"text that ends too early", "\x01\x01\xe2\x80\x01\x82", "not UTF-8", false},
		{"a close code that is none", "\x88\x02\x03\xed", "may not be sent", false},
		{"a close reason that is no text", "\x88\x03\x03\xe8\xff", "reason that is not UTF-8", false},
		{"data that cannot be inflated", "\xc1\x02\xff\xff", "cannot be inflated", true},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			p := converseWith(t, tt.deflate, says(tt.bytes))
			if s := p.step(t, "ping"); s.Outcome != Failed || !strings.Contains(s.Says, tt.says) {
				t.Errorf("%s: %s", s.Outcome, s.Says)
			}
			if s := p.step(t, "close"); s.Outcome != Skipped {
				t.Errorf("close %s: %s", s.Outcome, s.Says)
			}
		})
	}
}

func TestServersThatNeverEnd(t *testing.T) {
	forever := func(piece string) func(net.Conn) {
		return func(c net.Conn) {
			go io.Copy(io.Discard, c)
			for b := []byte(piece); ; time.Sleep(10 * time.Millisecond) {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}
	}
	gibibyte := binary.BigEndian.AppendUint64([]byte("\x82\x7f"), 1<<30)
	tests := []struct {
		law   string
		serve func(net.Conn)
		ping  string
		close string
	}{
		{"one that says nothing", says(""), "No pong came within 10.0 s.", "No close frame came back within 10.0 s."},
		{"one that does not read", func(c net.Conn) { time.Sleep(time.Hour) }, "No pong came", "Our close frame did not go out"},
		{"an endless message", forever("\x01\x01a\x00\x01a"), "in the middle of another", ""},
		{"endless fragments", func(c net.Conn) {
			io.WriteString(c, "\x01\x00")
			forever("\x00\x7e\x04\x00" + strings.Repeat("a", 1024))(c)
		}, "No pong came", "No close frame came back"},
		{"a message of a gibibyte that never comes", says(string(gibibyte) + "beginning"), "No pong came", "No close frame came back"},
		{"endless pings", forever("\x89\x00"), "No pong came", "No close frame came back"},
		{"endless pongs", forever("\x8a\x01x"), "No pong came", "No close frame came back"},
		{"endless messages", forever("\x82\x03abc"), "sent something of its own (binary of 3 bytes, binary of 3 bytes, binary of 3 bytes, and ", "No close frame came back"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			p := converseWith(t, false, tt.serve)
			if s := p.step(t, "ping"); s.Outcome != Failed || !strings.Contains(s.Says, tt.ping) {
				t.Errorf("ping %s: %s", s.Outcome, s.Says)
			}
			if s := p.step(t, "close"); tt.close != "" && (s.Outcome != Failed || !strings.Contains(s.Says, tt.close)) {
				t.Errorf("close %s: %s", s.Outcome, s.Says)
			}
		})
	}
}

// TestBomb reads a message that grows a thousandfold, without keeping it.
func TestBomb(t *testing.T) {
	const grown = 16 << 20
	var deflated bytes.Buffer
	w, _ := flate.NewWriter(&deflated, flate.BestCompression)
	w.Write(make([]byte, grown))
	w.Flush()
	frame := binary.BigEndian.AppendUint16([]byte("\xc2\x7e"), uint16(deflated.Len()-4))
	here, there := net.Pipe()
	defer there.Close()
	peer, err := listen(t.Context(), &upgraded{Conn: here, rest: append(frame, deflated.Bytes()[:deflated.Len()-4]...), deflate: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.hangUp()
	if m := <-peer.messages; m.size != grown || m.String() != "binary of 16 MiB" {
		t.Errorf("read %v", m)
	}
	if n := cap(peer.inflater.past); n > 1<<20 {
		t.Errorf("%d bytes are kept", n)
	}
}

// TestNoEcho holds that a backend which answers as it should, and echoes nothing, is told
// from a way that loses messages.
func TestNoEcho(t *testing.T) {
	tests := []struct {
		law       string
		wsinspect bool
		answer    string // to the first message; empty: none
		outcome   Outcome
		says      string
	}{
		{"silence", false, "", Advised, "Nothing came back for text of 32 bytes within 3.0 s. That is no fault of the way"},
		{"another answer", false, `{"error":"SECRET"}`, Advised, "with something else (text of 18 bytes) in 3.0 s. That is no fault of the way"},
		{"silence of a wsinspect", true, "", Failed, "lost on the way"},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			p := talking(t, longMessage)
			p.Timeout = 10 * time.Second
			if tt.wsinspect {
				p.report.Found = ByKey
			}
			synctest.Test(t, func(t *testing.T) {
				p.converse(t.Context(), gorillaPipe(t, func(c *websocket.Conn) {
					for n := 0; ; n++ {
						if _, _, err := c.ReadMessage(); err != nil {
							return
						}
						if n == 0 && tt.answer != "" {
							c.WriteMessage(websocket.TextMessage, []byte(tt.answer))
						}
					}
				}))
			})
			if s := p.step(t, "echo-text"); s.Outcome != tt.outcome || !strings.Contains(s.Says, tt.says) {
				t.Errorf("%s: %s", s.Outcome, s.Says)
			}
			for _, id := range []string{"ping", "close"} {
				if s := p.step(t, id); s.Outcome != Passed {
					t.Errorf("%s %s: %s", id, s.Outcome, s.Says)
				}
			}
			if s := p.step(t, "echo-binary"); !tt.wsinspect && s.Outcome != Skipped {
				t.Errorf("%s: %s", s.Outcome, s.Says)
			}
		})
	}
}

// FuzzFrames gives the reader every stream of bytes. It has to end, and gorilla has to see
// the same frames whether or not they pass our eye.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x81\x05hello\x88\x02\x03\xe8"), true)
	f.Add([]byte("\xc1\x07\xf2H\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00\x8a\x00"), true)
	f.Add([]byte("\x01\x03Hel\x80\x02lo\x82\x7e\x01\x00"+strings.Repeat("x", 256)), false)
	f.Add([]byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"), true)
	f.Fuzz(func(t *testing.T, stream []byte, deflate bool) {
		here, there := net.Pipe()
		there.Close()
		p, err := listen(t.Context(), &upgraded{Conn: here, rest: bytes.Clone(stream), deflate: deflate}, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer p.hangUp()
		for n := 0; ; n++ {
			select {
			case <-p.messages:
			case <-p.pongs:
			case <-p.over:
				if n > len(stream) {
					t.Errorf("%d messages in %d bytes", n, len(stream))
				}
				if p.ending.String() == "" {
					t.Error("it ended without a word")
				}
				return
			}
		}
	})
}

// FuzzPieces holds that a stream is read alike however it is cut into pieces.
func FuzzPieces(f *testing.F) {
	f.Add([]byte("\xc1\x01a\x82\x7e\x00\x03abc\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01x\xca\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		whole, cut := frames{deflate: true}, frames{deflate: true}
		a, b := bytes.Clone(stream), bytes.Clone(stream)
		whole.pass(a)
		n := int(piece) + 1
		for rest := b; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			cut.pass(rest[:min(n, len(rest))])
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%q in pieces of %d became %q, whole %q", stream, n, b, a)
		}
		for len(whole.noted) > 0 || len(cut.noted) > 0 {
			if whole.compressed() != cut.compressed() {
				t.Fatal("other messages are compressed")
			}
		}
	})
}

// FuzzTextCheck compares the check of pieces with that of the whole.
func FuzzTextCheck(f *testing.F) {
	f.Add([]byte("Grüße, 你好, 🔌"), uint8(1))
	f.Add([]byte("\xf0\x9f"), uint8(1))
	f.Add([]byte("\xed\xa0\x80"), uint8(2))
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) {
		var c textCheck
		var err error
		for rest := text; err == nil && len(rest) > 0; {
			n := min(int(piece)+1, len(rest))
			_, err = c.Write(rest[:n])
			rest = rest[n:]
		}
		if got := err == nil && len(c.cut) == 0; got != utf8.Valid(text) {
			t.Errorf("%q is UTF-8: %t", text, got)
		}
	})
}
