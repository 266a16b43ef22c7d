package echo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// patience is how long a test waits for an event that must come.
const patience = 30 * time.Second

// bed is a real server with everything behind it, on a port of its own. Handshakes of the
// common kind are taken before net/http, as in the program.
type bed struct {
	t       *testing.T
	addr    string
	handler *Handler
	journal *journal.Journal
	events  *journal.Subscription
	heard   []*journal.Attempt // of the events, and not yet awaited
}

func newBed(t *testing.T, change func(*Options)) *bed { return makeBed(t, true, change) }

// newLongBed gives every connection to net/http.
func newLongBed(t *testing.T, change func(*Options)) *bed { return makeBed(t, false, change) }

func makeBed(t *testing.T, short bool, change func(*Options)) *bed {
	t.Helper()
	policy, err := handshake.NewPolicy(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	j := journal.New(journal.Options{Keep: 500, KeepBytes: 16 << 20})
	o := Options{Journal: j, Masker: dump.NewMasker(false), Policy: policy, MaxMessage: 64 << 20, WriteTimeout: 30 * time.Second}
	if change != nil {
		change(&o)
	}
	h := New(o)
	events := j.Subscribe()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	captured := dump.Options{MaxHead: 64 << 10, Refused: h.Refused, HeadTimeout: patience}
	if short {
		captured.Take = h.Take
	}
	l := dump.NewListener(inner, captured)
	server := &http.Server{
		ConnContext: dump.ConnContext, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 60 << 10,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			h.ServeHTTP(w, r)
		}),
	}
	go server.Serve(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		server.Close()
		if err := h.Shutdown(ctx); err != nil {
			t.Errorf("sessions were left behind: %v", err)
		}
		events.Close()
	})
	return &bed{t: t, addr: inner.Addr().String(), handler: h, journal: j, events: events}
}

// await returns the next attempt that is announced in the given state.
func (b *bed) await(state journal.State) *journal.Attempt {
	b.t.Helper()
	timeout := time.After(patience)
	for {
		for len(b.heard) > 0 {
			a := b.heard[0]
			if b.heard = b.heard[1:]; a.State == state {
				return a
			}
		}
		select {
		case <-b.events.C:
			b.heard, _ = b.events.Read()
		case <-timeout:
			b.t.Fatalf("no attempt became %s", state)
		}
	}
}

// dial opens a session with gorilla's client.
func (b *bed) dial(change func(*websocket.Dialer, http.Header), query string) *websocket.Conn {
	b.t.Helper()
	d, h := &websocket.Dialer{}, http.Header{}
	if change != nil {
		change(d, h)
	}
	c, _, err := d.Dial("ws://"+b.addr+"/ws"+query, h)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(patience))
	return c
}

// raw sends bytes as they stand, and returns the connection and a reader of what comes.
func (b *bed) raw(bytes string) (*net.TCPConn, *bufio.Reader) {
	b.t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, bytes); err != nil {
		b.t.Fatal(err)
	}
	return c.(*net.TCPConn), bufio.NewReader(c)
}

// head is a good handshake; lines replace or (with an empty value) remove its lines.
func head(replace ...string) string {
	lines := []string{
		"Host: app.example", "Connection: Upgrade", "Upgrade: websocket", "Origin: http://app.example",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	first := "GET /ws HTTP/1.1"
	for _, r := range replace {
		name, value, isLine := strings.Cut(r, ": ")
		if !isLine {
			first = r
			continue
		}
		lines = slicesDelete(lines, name)
		if value != "" {
			lines = append(lines, r)
		}
	}
	return first + "\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func slicesDelete(lines []string, name string) []string {
	var kept []string
	for _, l := range lines {
		if !strings.HasPrefix(l, name+":") {
			kept = append(kept, l)
		}
	}
	return kept
}

// answer reads one answer to a GET.
func answer(t *testing.T, r *bufio.Reader) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
	if err != nil {
		t.Fatalf("read the answer: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// answerTest is a request and how it is to be answered.
type answerTest struct {
	law    string
	head   string
	status int
	state  journal.State
	lines  map[string][]string // what the answer must carry
	body   string              // what its text must say
}

func TestAnswers(t *testing.T) {
	tests := []answerTest{
		{
			law: "a good handshake is upgraded and named", head: head(), status: 101, state: journal.Open,
			lines: map[string][]string{"Upgrade": {"websocket"}, "Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}},
		},
		{
			law: "another origin is refused as gorilla refuses it, and told why", head: head("Origin: http://localhost"),
			status: 403, state: journal.Rejected, body: "http://localhost",
		},
		{
			law: "a GET without an Upgrade line is told which protocol to ask for", head: head("Upgrade: "), status: 426, state: journal.Rejected,
			lines: map[string][]string{"Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}},
		},
		{
			law:  "a plain request is told what a WebSocket request would have carried",
			head: "GET / HTTP/1.1\r\nHost: app.example\r\nUser-Agent: kube-probe/1.29\r\n\r\n", status: 426, state: journal.Answered,
			lines: map[string][]string{"Upgrade": {"websocket"}},
		},
		{
			law: "another method is refused as gorilla refuses it", head: head("POST /ws HTTP/1.1", "Content-Length: 0"),
			status: 405, state: journal.Rejected, lines: map[string][]string{"Allow": {"GET"}},
		},
		{
			law: "JSON is given to those who ask for it", head: head("Sec-WebSocket-Version: 8", "Accept: application/json"),
			status: 400, state: journal.Rejected, lines: map[string][]string{"Content-Type": {"application/json"}}, body: `"decided_by":"version-13"`,
		},
		{
			law:    "a refusal says who broke it, and the lines that cure it",
			head:   "GET /ws HTTP/1.0\r\nHost: 127.0.0.1:9000\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
			status: 426, state: journal.Rejected, body: "\n          proxy_set_header Upgrade $http_upgrade;\n",
		},
		{
			law: "a body that never comes does not hold the answer back", head: head("Origin: http://localhost", "Content-Length: 10"),
			status: 403, state: journal.Rejected,
		},
		{
			law: "the HTTP/2 preface is answered in HTTP/1, by us", head: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
			status: 505, state: journal.Refused,
		},
		{
			law: "what net/http answers by itself is recorded too", head: "GET /ws HTTP/1.1\r\n\r\n",
			status: 400, state: journal.Refused, body: "missing required Host header",
		},
	}
	for _, tt := range tests {
		for way, make := range map[string]func(*testing.T, func(*Options)) *bed{"short": newBed, "long": newLongBed} {
			t.Run(way+"/"+tt.law, func(t *testing.T) { tt.test(t, make(t, nil)) })
		}
	}
}

// test sends the head and looks at the answer and at the attempt.
func (tt *answerTest) test(t *testing.T, b *bed) {
	conn, r := b.raw(tt.head)
	resp, body := answer(t, r)
	if resp.StatusCode != tt.status {
		t.Fatalf("status %d, want %d\n%s", resp.StatusCode, tt.status, body)
	}
	for name, want := range tt.lines {
		if got := resp.Header[name]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(body, tt.body) {
		t.Errorf("the text does not say %q:\n%s", tt.body, body)
	}
	a := b.await(tt.state)
	if a.Response.Status != tt.status {
		t.Errorf("the attempt says status %d", a.Response.Status)
	}
	if a.Mismatch != "" {
		t.Errorf("gorilla disagrees with the verdict: %s", a.Mismatch)
	}
	if got := string(a.Request.Head.Raw); got != tt.head {
		t.Errorf("the attempt has other bytes:\n%q\n%q", got, tt.head)
	}
	if id := resp.Header.Get("Wsinspect-Attempt"); a.State != journal.Refused && id != a.ID {
		t.Errorf("the answer names attempt %q, the journal %q", id, a.ID)
	}
	if tt.status == 101 {
		conn.Close()
		b.await(journal.Closed)
	}
}

func TestAnswerIsRecordedAsItWasWritten(t *testing.T) {
	b := newBed(t, nil)
	_, r := b.raw(head("Origin: http://localhost"))
	wire, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	a := b.await(journal.Rejected)
	if got := a.Response.Raw; !bytes.Equal(got, wire) {
		t.Errorf("recorded:\n%s\nwritten:\n%s", got, wire)
	}
}

func TestUpgradeRequiredNamesBothConnectionOptions(t *testing.T) {
	b := newBed(t, nil)
	_, r := b.raw(head("Upgrade: "))
	wire, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"\r\nConnection: close\r\n", "\r\nConnection: Upgrade\r\n"} {
		if !bytes.Contains(wire, []byte(line)) {
			t.Errorf("no line %q in\n%s", line, wire)
		}
	}
}

func TestNonceIsFoundAgain(t *testing.T) {
	b := newBed(t, nil)
	b.dial(nil, "?wsinspect-nonce=lighthouse-7")
	if a := b.await(journal.Open); a.Nonce != "lighthouse-7" {
		t.Errorf("nonce is %q", a.Nonce)
	}
}

func TestSubprotocol(t *testing.T) {
	tests := []struct {
		law    string
		spoken []string
		offers []string
		chosen string
	}{
		{"none offered, none chosen", nil, nil, ""},
		{"without a list the first one offered is chosen", nil, []string{"chat.v2", "chat.v1"}, "chat.v2"},
		{"with a list the server's order counts", []string{"chat.v1", "chat.v2"}, []string{"chat.v2", "chat.v1"}, "chat.v1"},
		{"with a list a stranger is not chosen", []string{"mqtt"}, []string{"chat.v2"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.law, func(t *testing.T) {
			b := newBed(t, func(o *Options) {
				policy, err := handshake.NewPolicy(nil, tt.spoken)
				if err != nil {
					t.Fatal(err)
				}
				o.Policy = policy
			})
			c := b.dial(func(d *websocket.Dialer, _ http.Header) { d.Subprotocols = tt.offers }, "")
			if c.Subprotocol() != tt.chosen {
				t.Errorf("the client was told %q, want %q", c.Subprotocol(), tt.chosen)
			}
			if a := b.await(journal.Open); a.Session.Subprotocol != tt.chosen || a.Mismatch != "" {
				t.Errorf("the session says %q (mismatch %q), want %q", a.Session.Subprotocol, a.Mismatch, tt.chosen)
			}
		})
	}
}

// TestEarlyData sends frames together with the head. gorilla may see them in time and
// close without an answer, or not; whichever it was, the attempt says what happened.
func TestEarlyData(t *testing.T) {
	b := newBed(t, nil)
	conn, r := b.raw(head() + "\x81\x82\x00\x00\x00\x00hi")
	first, err := r.ReadByte()
	if err == nil {
		t.Fatalf("in one segment the bytes are always there in time, yet an answer began with %q", first)
	}
	a := b.await(journal.Rejected)
	if a.Response.Failure != journal.EarlyData || a.Response.Status != 0 || a.Request.After != 8 || a.Request.AfterKind != "frames" {
		t.Errorf("failure %q, status %d, %d bytes of %q behind the head", a.Response.Failure, a.Response.Status, a.Request.After, a.Request.AfterKind)
	}
	if a.Mismatch != "" {
		t.Errorf("a fact of the connection counts as a disagreement: %s", a.Mismatch)
	}
	conn.Close()
}

// What the log says of an answer, before it is written, is what is written.
func TestLogHasTheStatusOfTheAnswer(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "attempts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log := journal.NewLog(file, journal.LogOptions{})
	defer log.Close()
	b := newBed(t, func(o *Options) { o.Journal = journal.New(journal.Options{Log: log, MaxSubscribers: 8}) })
	for _, c := range []struct {
		head   string
		status int
	}{
		{"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n", 426},
		{"POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 0\r\n\r\n", 426},
		{head("Upgrade: "), 426},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		{head("Origin: http://elsewhere.example"), 403},
		{head("POST /ws HTTP/1.1"), 405},
		{head(), 101},
	} {
		conn, r := b.raw(c.head)
		got, _ := answer(t, r)
		conn.Close()
		lines, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		begun := bytes.Split(bytes.TrimSpace(lines), []byte("\n"))
		var line struct {
			Status int `json:"http.response.status_code"`
		}
		for i := len(begun) - 1; i >= 0 && line.Status == 0; i-- { // the end of a session has none
			if err := json.Unmarshal(begun[i], &line); err != nil {
				t.Fatal(err)
			}
		}
		if got.StatusCode != c.status || line.Status != c.status {
			t.Errorf("%.30q: answered %d, logged %d, want %d", c.head, got.StatusCode, line.Status, c.status)
		}
	}
}
