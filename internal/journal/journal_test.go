package journal

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata, or rewrites the file with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; read the difference, then run with -update:\n--- got\n%s\n--- want\n%s", file, got, want)
	}
}

// chrome is the head of the first report about this problem: Chrome 63 behind nginx, which
// sent its own upstream address as Host.
const chrome = "GET /echo HTTP/1.1\r\n" +
	"Host: localhost:8080\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\n" +
	"Accept-Language: ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7\r\n" +
	"Cache-Control: no-cache\r\n" +
	"Connection: Upgrade\r\n" +
	"Cookie: _ga=GA1.1.1798860791.1500182387\r\n" +
	"Origin: http://localhost\r\n" +
	"Pragma: no-cache\r\n" +
	"Sec-Websocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
	"Sec-Websocket-Key: 03SvnEbGeWQjug0BmxXzaw==\r\n" +
	"Sec-Websocket-Version: 13\r\n" +
	"Upgrade: websocket\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/63.0.3239.84 Safari/537.36\r\n\r\n"

var epoch = time.Date(2026, 3, 4, 2, 21, 40, 123456789, time.UTC)

// judged makes an attempt of raw as the echo does: masked, then judged.
func judged(j *Journal, raw string, at time.Time) *Attempt {
	h := dump.Parse([]byte(raw))
	dump.NewMasker(false).Request(h)
	r := dump.Request{Head: h, Time: at}
	policy, err := handshake.NewPolicy(nil, nil)
	if err != nil {
		panic(err)
	}
	a := &Attempt{
		ID: j.NewID(at), Time: at, State: Rejected,
		Peer:    netip.MustParseAddrPort("127.0.0.1:51234"),
		Request: r, Verdict: handshake.Judge(&r, policy),
	}
	a.Client = j.Client(a.Peer, h)
	if a.Verdict.Accepted {
		a.State = Open
		a.Session = &Session{Opened: at}
	}
	return a
}

// of makes a small attempt in that state.
func of(j *Journal, s State) *Attempt {
	a := judged(j, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", epoch)
	a.State, a.Session = s, nil
	if s == Open || s == Closed {
		a.Session = &Session{Opened: epoch}
	}
	return a
}

// then returns a as it is after a change.
func then(a *Attempt, change func(*Attempt)) *Attempt {
	b := *a
	if b.Session != nil {
		s := *b.Session
		b.Session = &s
	}
	change(&b)
	return &b
}

func closed(a *Attempt) *Attempt {
	return then(a, func(a *Attempt) {
		a.State = Closed
		a.Session.Closed = a.Session.Opened.Add(time.Minute)
		a.Session.Close = Close{Code: 1001, By: ByClient}
	})
}

func TestAnAttemptIsFoundInEachOfItsStates(t *testing.T) {
	j := New(Options{})
	if j.Latest() != nil || j.Get("latest") != nil {
		t.Fatal("an empty journal has attempts")
	}
	begun := of(j, Open)
	j.Begin(begun)
	if j.Get(begun.ID) != begun || j.Latest() != begun {
		t.Fatal("Begin has not remembered the attempt")
	}
	if n := j.Counts().Open; n != 0 {
		t.Errorf("%d sessions are open before the 101 was written", n)
	}
	answered := then(begun, func(a *Attempt) { a.Response.Status = 101 })
	j.Answer(answered)
	if j.Get(begun.ID) != answered {
		t.Fatal("Answer has not replaced the attempt")
	}
	if want := (Counts{Accepted: 1, Open: 1}); j.Counts() != want {
		t.Errorf("Counts() = %+v, want %+v", j.Counts(), want)
	}
	ended := closed(answered)
	j.Close(answered.Trace(), *ended.Session)
	if got := j.Get(begun.ID); got.State != Closed || got.Session.Close != ended.Session.Close {
		t.Fatal("Close has not given the attempt the end of its session")
	} else if got.Request.Head != begun.Request.Head || len(got.Verdict.Findings) != len(begun.Verdict.Findings) {
		t.Fatal("Close has lost what the session does not keep")
	}
	if want := (Counts{Accepted: 1}); j.Counts() != want {
		t.Errorf("Counts() = %+v, want %+v", j.Counts(), want)
	}
}

func TestAnEvictedOpenAttemptStillCountsItsClose(t *testing.T) {
	var log strings.Builder
	l := NewLog(&log, LogOptions{Format: FormatJSON})
	j := New(Options{Keep: 1, Log: l})
	a := of(j, Open)
	j.Begin(a)
	j.Answer(a)
	other := of(j, Open)
	j.Begin(other)
	if j.Get(a.ID) != nil {
		t.Fatal("two attempts are kept where there is room for one")
	}
	j.Close(a.Trace(), *closed(a).Session)
	l.Close()
	if j.Get(a.ID) != nil {
		t.Error("the close of an evicted attempt has brought it back")
	}
	if n := j.Counts().Open; n != 0 {
		t.Errorf("%d sessions are open, want 0", n)
	}
	if !strings.Contains(log.String(), `"msg":"session closed","wsinspect.attempt.id":"`+a.ID) {
		t.Errorf("the close of an evicted attempt is not in the log:\n%s", log.String())
	}
}

func TestAnAcceptedHandshakeThatFailsMovesToTheRejected(t *testing.T) {
	j := New(Options{})
	a := of(j, Open)
	j.Begin(a)
	j.Answer(then(a, func(a *Attempt) { a.State, a.Response.Failure, a.Session = Rejected, EarlyData, nil }))
	if want := (Counts{Rejected: 1}); j.Counts() != want {
		t.Errorf("Counts() = %+v, want %+v", j.Counts(), want)
	}
}

func TestAJournalTakesMuchAtOnce(t *testing.T) {
	j := New(Options{Keep: 50})
	sub := j.Subscribe()
	defer sub.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				a := of(j, Open)
				j.Begin(a)
				j.Answer(a)
				j.Close(a.Trace(), *closed(a).Session)
				j.List(Filter{Query: "host"})
				j.Latest()
			}
		})
	}
	all.Wait()
	if got := j.Counts(); got.Open != 0 || got.Accepted != 50 {
		t.Errorf("Counts() = %+v, want 50 accepted and none open", got)
	}
}

// TestTheStory is the reason why this project exists: behind a bare proxy_pass the
// browser's Origin meets the upstream's address as Host.
func TestTheStory(t *testing.T) {
	j := New(Options{})
	a := judged(j, chrome, epoch)
	f := a.Deciding()
	if f == nil || f.Check.By != handshake.ByGorilla || a.Verdict.Status != 403 {
		t.Fatalf("the verdict is %+v, want gorilla's 403", a.Verdict)
	}
	text := string(a.AppendText(nil))
	first, _, _ := strings.Cut(text, "\n")
	if first != f.Because {
		t.Errorf("the first line is %q, want the deciding finding's %q", first, f.Because)
	}
	for _, want := range []string{"rejected, 403 Forbidden; gorilla/websocket decides", "    Origin: http://localhost\n            ^^^^^^^^^^^^^^^^ a", "Cookie: _ga=*"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
}
