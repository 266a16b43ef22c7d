package probe

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"

	"github.com/gorilla/websocket"
)

// listenRaw accepts connections until t is over; serve gets each, with the head of its
// request.
func listenRaw(t *testing.T, serve func(c net.Conn, request *dump.Head)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if raw, err := readRequest(c); err == nil {
					serve(c, dump.Parse(raw))
				}
			}()
		}
	}()
	return "ws://" + l.Addr().String()
}

// readRequest reads a head, and nothing behind it.
func readRequest(r io.Reader) ([]byte, error) {
	raw, rest, err := []byte(nil), make([]byte, 1), error(nil)
	for err == nil && !bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
		if _, err = io.ReadFull(r, rest); err == nil {
			raw = append(raw, rest[0])
		}
	}
	return raw, err
}

// right is a 101 without the empty line that ends it.
const right = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n"

// answers returns a server that writes text, in which KEY stands for the right
// Sec-WebSocket-Accept, and closes.
func answers(t *testing.T, text string) (url string) {
	t.Helper()
	return listenRaw(t, func(c net.Conn, request *dump.Head) {
		io.WriteString(c, answerTo(request, text))
	})
}

// answerTo returns text with the right Sec-WebSocket-Accept in place of KEY.
func answerTo(request *dump.Head, text string) string {
	return strings.ReplaceAll(text, "KEY", handshake.AcceptOf(valueOf(request, "Sec-WebSocket-Key")))
}

// tryOpen opens a WebSocket, closes it, and returns what was found.
func tryOpen(t *testing.T, url string, change func(*Options)) (*probe, *upgraded) {
	t.Helper()
	return tryOpenIn(t, t.Context(), url, change)
}

func tryOpenIn(t *testing.T, ctx context.Context, url string, change func(*Options)) (*probe, *upgraded) {
	t.Helper()
	o := &Options{Target: mustParse(t, url), Timeout: patience}
	if change != nil {
		change(o)
	}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	p := newProbe(o, Watch{})
	up := p.open(ctx)
	if up != nil {
		t.Cleanup(func() { up.Close() })
	}
	for _, s := range p.report.Steps {
		if s.Title == "" || s.Says == "" {
			t.Errorf("a step says nothing: %+v", s)
		}
	}
	return p, up
}

// run probes with options that can be sent.
func run(t *testing.T, ctx context.Context, o *Options) *Report {
	t.Helper()
	r, err := Run(ctx, o, Watch{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outcomes returns the steps in short.
func (p *probe) outcomes() string {
	var all []string
	for _, s := range p.report.Steps {
		all = append(all, s.ID+" "+s.Outcome.String())
	}
	return strings.Join(all, ", ")
}

// step returns the last step with that ID.
func (p *probe) step(t *testing.T, id string) Step {
	t.Helper()
	for i := len(p.report.Steps) - 1; i >= 0; i-- {
		if s := p.report.Steps[i]; s.ID == id {
			return s
		}
	}
	t.Fatalf("there is no step %s: %s", id, p.outcomes())
	return Step{}
}

func TestOpenWithGorilla(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"b"}, EnableCompression: true}
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		c.WriteMessage(websocket.TextMessage, []byte("hello"))
		c.ReadMessage()
	}))
	defer server.Close()
	for b := Chrome; b <= NoBrowser; b++ {
		p, up := tryOpen(t, server.URL, func(o *Options) { o.Browser, o.Subprotocols = b, []string{"a", "b"} })
		if up == nil {
			t.Fatalf("%s: %+v", b, p.report.Steps)
		}
		if got, want := p.outcomes(), "resolve passed, connect passed, request passed, answer passed, accept passed, agreed passed"; got != want {
			t.Errorf("%s: %s", b, got)
		}
		c := p.report.Client
		if up.deflate != (b != NoBrowser) || !c.Accept || c.From != netip.MustParseAddr("127.0.0.1") ||
			c.Sent == nil || c.Answer == nil || c.URL != strings.Replace(server.URL, "http", "ws", 1)+"/" {
			t.Errorf("%s: %+v, %+v", b, up, c)
		}
		if s := p.step(t, "agreed"); !strings.Contains(s.Says, `The subprotocol is "b".`) {
			t.Errorf("%s: %s", b, s.Says)
		}
		if first, _ := bufio.NewReader(io.MultiReader(bytes.NewReader(up.rest), up)).Peek(2); len(first) != 2 || first[0]&0x8f != 0x81 {
			t.Errorf("%s: behind the head comes %x", b, first)
		}
	}
}

// What is meant for one place is masked in the report, and was sent as it is.
func TestSecretsAreSentAndMasked(t *testing.T) {
	arrived := make(chan string, 1)
	url := listenRaw(t, func(c net.Conn, request *dump.Head) {
		arrived <- string(request.Raw)
		io.WriteString(c, "HTTP/1.1 403 x\r\nSet-Cookie: a=hidden\r\n\r\n")
	})
	p, _ := tryOpen(t, url+"/?token=hidden", func(o *Options) { o.Headers = []Header{{"Authorization", "Bearer hidden"}} })
	if got := <-arrived; strings.Count(got, "hidden") != 2 {
		t.Errorf("what arrived is\n%s", got)
	}
	c := p.report.Client
	if shown := string(c.Sent.Raw) + string(c.Answer.Raw) + c.URL + fmt.Sprint(p.report.Steps); strings.Contains(shown, "hidden") {
		t.Errorf("shown is\n%s", shown)
	}
}

// A silent server, and a user who has enough of it.
func TestEndedWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := listenRaw(t, func(c net.Conn, _ *dump.Head) {
		cancel()
		io.Copy(io.Discard, c)
	})
	p, up := tryOpenIn(t, ctx, url, nil)
	if up != nil || p.report.Client.Trouble != diagnosis.NoTrouble || p.step(t, "answer").Outcome != Skipped {
		t.Errorf("%s: %+v", p.outcomes(), p.report.Client)
	}
}

// A server that says a byte now and then does not hold a probe longer than its limit.
func TestSlowBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		over := make(chan struct{})
		go func() {
			defer close(over)
			readRequest(theirs)
			io.WriteString(theirs, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := io.WriteString(theirs, "a"); err != nil {
					return
				}
				time.Sleep(2 * time.Second)
			}
		}()
		o := &Options{Target: mustParse(t, "ws://app.example"), Timeout: 5 * time.Second}
		p := newProbe(o, Watch{})
		c := &call{probe: p, target: o.Target}
		raw := o.handshakeRequest(o.Target, false)
		c.sent = dump.Parse(raw)
		p.report.Client.Sent = c.sent
		if up := c.exchange(t.Context(), ours, raw); up != nil {
			t.Error("it opened")
		}
		ours.Close()
		<-over
		if s := p.step(t, "answer"); s.Took != 5*time.Second || p.report.Client.Trouble != diagnosis.NothingInTime || !strings.Contains(s.Says, "within 5.0 s: 20 bytes came") {
			t.Errorf("%+v", s)
		}
	})
}

// An endless head, of one line or of many, costs little and ends.
func TestEndlessHead(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", 64<<10), strings.Repeat("A: b\r\n", 10<<10), strings.Repeat("HTTP/1.1 100 x\r\n\r\n", 1<<10)} {
		piece := []byte(text) // once: the memory of the server's side counts too
		before := allocated()
		written := make(chan int, 1)
		url := listenRaw(t, func(c net.Conn, _ *dump.Head) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nA: ")
			n := 0
			for n < 1<<30 {
				m, err := c.Write(piece)
				n += m
				if err != nil {
					break
				}
			}
			written <- n
		})
		p, up := tryOpen(t, url, nil)
		s := p.step(t, "answer")
		if up != nil || s.Outcome != Failed || strings.Contains(s.Says, "does not end") == (p.report.Client.Answer != nil) {
			t.Errorf("%+v", s)
		}
		if grown := allocated() - before; grown > 16<<20 {
			t.Errorf("it took %d bytes of memory", grown)
		}
		if n := <-written; n >= 1<<30 {
			t.Error("all of it was read")
		}
	}
}

// allocated returns how many bytes this process has ever taken.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// Of a probe that was ended nobody knows that all is well.
func TestEndedIsNotWell(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := listenRaw(t, func(c net.Conn, _ *dump.Head) {
		cancel()
		io.Copy(io.Discard, c)
	})
	r := run(t, ctx, &Options{Target: mustParse(t, url), Timeout: patience})
	if !r.Failed() || !strings.HasPrefix(r.sentence(), "The probe was ended") || r.Steps[len(r.Steps)-1].Says != ended {
		t.Errorf("%s: %+v", r.sentence(), r.Steps)
	}
}
