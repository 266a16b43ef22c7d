package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fileLog returns a Log to a fresh regular file and a reader of what is in it.
func fileLog(t *testing.T) (l *Log, read func() string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "log")
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	l = NewLog(f, LogOptions{})
	t.Cleanup(func() {
		l.Close()
		f.Close()
	})
	return l, func() string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestTheLineIsInTheFileBeforeBeginReturns(t *testing.T) {
	l, read := fileLog(t)
	j := New(Options{Log: l})
	a := judged(j, chrome, epoch)
	j.Begin(a)
	before := read()
	if !strings.HasSuffix(before, "\n") || !strings.Contains(before, a.ID) {
		t.Fatalf("the file has %q", before)
	}
	j.Answer(a)
	if read() != before {
		t.Errorf("an answer as foretold is logged again:\n%s", read())
	}
	j.Answer(then(a, func(a *Attempt) { a.Response.Failure = WriteError }))
	if after := read()[len(before):]; strings.Count(after, "\n") != 1 || !strings.Contains(after, `"wsinspect.failure":"write-failed"`) {
		t.Errorf("of a failure the file says %q", after)
	}
}

// TestALineIsInTheNamesOfOpenTelemetry also holds the set of names: what a stranger calls
// a header is none of them.
func TestALineIsInTheNamesOfOpenTelemetry(t *testing.T) {
	l, read := fileLog(t)
	j := New(Options{Log: l})
	raw := strings.Replace(chrome, "GET /echo ", "GET /echo?a=%20 ", 1)
	raw = strings.Replace(raw, "Pragma: no-cache", "X-Evil\"\x01: no\r\nX-FORWARDED-FOR: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.7", 1)
	a := judged(j, raw, epoch)
	a.Nonce = "n"
	j.Begin(a)
	var line map[string]any
	if err := json.Unmarshal([]byte(read()), &line); err != nil {
		t.Fatalf("%v\n%s", err, read())
	}
	if _, err := time.Parse(time.RFC3339Nano, line["time"].(string)); err != nil {
		t.Error(err)
	}
	delete(line, "time")
	delete(line, "wsinspect.attempt.id")
	if line["wsinspect.head"] != latin1(a.Request.Head.Raw) {
		t.Errorf("the head is %q", line["wsinspect.head"])
	}
	delete(line, "wsinspect.head")
	for _, ours := range []string{"wsinspect.because", "wsinspect.verdict", "wsinspect.failed", "wsinspect.advised", "wsinspect.causes"} { // of other packages
		if line[ours] == nil {
			t.Errorf("%s is missing", ours)
		}
		delete(line, ours)
	}
	b, err := json.MarshalIndent(line, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "line.json", append(b, '\n'))
}

// TestTheLineOfACloseMayWait: it goes with the next handshake's, or after a moment.
func TestTheLineOfACloseMayWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, read := fileLog(t)
		count := func() int { return strings.Count(read(), "\n") }
		l.closed(sampleClosed(), false)
		if n := count(); n != 0 {
			t.Fatalf("%d lines are written at once", n)
		}
		l.begun(sampleClosed())
		if n := count(); n != 2 {
			t.Fatalf("%d lines are in the file behind a handshake, want 2", n)
		}
		l.closed(sampleClosed(), false)
		time.Sleep(lineWait)
		synctest.Wait()
		if n := count(); n != 3 {
			t.Errorf("%d lines are in the file after %s, want 3", n, lineWait)
		}
		l.Close()
	})
}

func TestTheLineOfAClose(t *testing.T) {
	l, read := fileLog(t)
	j := New(Options{Log: l})
	ended := sampleClosed()
	j.Close(ended.Trace(), *ended.Session)
	l.Close()
	var line struct {
		Level, Msg string
		State      string         `json:"wsinspect.attempt.state"`
		Code       int            `json:"wsinspect.close.code"`
		By         string         `json:"wsinspect.close.by"`
		Session    map[string]any `json:"wsinspect.session"`
	}
	if err := json.Unmarshal([]byte(read()), &line); err != nil {
		t.Fatalf("%v\n%s", err, read())
	}
	if line.Level != "INFO" || line.Msg != "session closed" || line.State != "closed" || line.Code != 1006 || line.By != "nobody" || line.Session["subprotocol"] != "chat" {
		t.Errorf("the line says %+v", line)
	}
}

func TestHostileBytesStayInTheirLine(t *testing.T) {
	for _, format := range []Format{FormatJSON, FormatText} {
		l, read := fileLog(t)
		l.format = format
		j := New(Options{Log: l})
		for _, raw := range []string{"GET /\"\\\x1b[2J\x00\x9b\n\xff", "\x16\x03\x01", "\n", "{}\r\n\r\n", strings.Repeat("\x80", 5000)} {
			j.Begin(judged(j, raw, epoch))
		}
		lines := strings.SplitAfter(read(), "\n")
		if len(lines) != 6 || lines[5] != "" {
			t.Fatalf("5 attempts made %d lines", len(lines)-1)
		}
		for _, line := range lines[:5] {
			line = strings.TrimSuffix(line, "\n")
			obeyed(t, []byte(line))
			if format == FormatJSON && !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(chrome))
	f.Add([]byte("GET /\"\x1b HTTP/1.1\r\nX-Forwarded-For: \xff\r\nHost: a\r\n b\r\n\r\n"))
	j := New(Options{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := judged(j, string(raw), epoch)
		for _, line := range [][]byte{appendBegunJSON(nil, epoch, a), a.AppendJSON(nil)} {
			if !json.Valid(line) {
				t.Errorf("no JSON: %s", line)
			}
			obeyed(t, line)
		}
		decode(t, a.AppendJSON(nil))
		obeyed(t, appendBegunText(nil, epoch, a))
		for line := range bytes.Lines(a.AppendText(nil)) {
			obeyed(t, bytes.TrimSuffix(line, []byte("\n")))
		}
	})
}

func TestTextLinesAreReadable(t *testing.T) {
	var b []byte
	for _, a := range []*Attempt{sampleRejected(), hostile(), sampleTLS()} {
		b = append(appendBegunText(b, epoch, a), '\n')
	}
	a := sampleClosed()
	b = append(appendTextLine(b, epoch, "closed", a, a.Sentence()), '\n')
	golden(t, "lines.txt", b)
}

func TestManyWriteWholeLines(t *testing.T) {
	l, read := fileLog(t)
	j := New(Options{Log: l})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				j.Begin(judged(j, chrome, epoch))
			}
		})
	}
	all.Wait()
	n := 0
	for line := range strings.Lines(read()) {
		if !json.Valid([]byte(line)) {
			t.Fatalf("no JSON: %s", line)
		}
		n++
	}
	if n != 400 {
		t.Errorf("%d lines, want 400", n)
	}
}

// TestReopenLosesNoLine rotates the file while it is written to.
func TestReopenLosesNoLine(t *testing.T) {
	l, read := fileLog(t)
	name := l.file.file.Load().Name()
	j := New(Options{Log: l})
	const n = 300
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range n {
			j.Begin(of(j, Answered))
		}
	}()
	var rotated strings.Builder
	for i := range 3 {
		old := name + "." + string(rune('0'+i))
		if err := os.Rename(name, old); err != nil {
			t.Fatal(err)
		}
		if err := l.Reopen(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			b, err := os.ReadFile(old)
			if err != nil {
				t.Fatal(err)
			}
			rotated.Write(b)
		}()
	}
	<-done
	t.Cleanup(func() {
		if got := strings.Count(rotated.String()+read(), "\n"); got != n || l.Dropped() != 0 {
			t.Errorf("%d lines of %d are in the files, %d were dropped", got, n, l.Dropped())
		}
		l.file.file.Load().Close()
	})
}

// TestAFileThatFailsStopsNobody has a closed file for one that can no longer be written.
func TestAFileThatFailsStopsNobody(t *testing.T) {
	l, _ := fileLog(t)
	l.file.file.Load().Close()
	j := New(Options{Log: l})
	a := of(j, Rejected)
	j.Begin(a)
	if trouble, ok := l.Trouble(); !ok || trouble.Waiting != 1 || !errors.Is(trouble.Error, os.ErrClosed) {
		t.Errorf("the trouble is %+v, want one line that waits for a closed file", trouble)
	}
	if got := sample(t, j, "wsinspect_log_failing"); got != 1 {
		t.Errorf("log_failing is %v, want 1", got)
	}
	l.Close()
	if j.Get(a.ID) == nil || l.Dropped() != 1 {
		t.Errorf("kept: %v, dropped: %d; want it kept and 1 dropped", j.Get(a.ID) != nil, l.Dropped())
	}
	if got := sample(t, j, "wsinspect_log_dropped_total"); got != 1 {
		t.Errorf("log_dropped_total is %v, want 1", got)
	}
}

// TestALineAfterATornOneIsWhole: when a full disk has cut a line short, the next one does
// not run into it.
func TestALineAfterATornOneIsWhole(t *testing.T) {
	l, read := fileLog(t)
	if _, err := l.file.file.Load().WriteString(`{"time":"20`); err != nil {
		t.Fatal(err)
	}
	l.file.torn.Store(true)
	l.closed(sampleClosed(), false)
	l.closed(sampleClosed(), false)
	l.Close()
	lines := strings.Split(read(), "\n")
	if len(lines) != 4 || !json.Valid([]byte(lines[1])) || !json.Valid([]byte(lines[2])) {
		t.Errorf("the file has\n%s", read())
	}
}

// TestAFileThatWorksAgainCatchesUp: what came meanwhile is in it, in order, as far as there
// was room to keep it, and what was not is counted.
func TestAFileThatWorksAgainCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan error, 8)
		l, read := fileLog(t)
		l.state.tell = func(err error) { told <- err }
		name := l.file.file.Load().Name()
		l.file.file.Load().Close()
		j := New(Options{Log: l})
		const more = 10
		var ids []string
		for range maxQueued + more {
			a := of(j, Rejected)
			j.Begin(a)
			ids = append(ids, a.ID)
		}
		if err := <-told; !errors.Is(err, os.ErrClosed) || len(told) > 0 {
			t.Errorf("told of %v, and of %d more; want the closed file, once", err, len(told))
		}
		trouble, _ := l.Trouble()
		if trouble.Waiting > maxQueued || trouble.Waiting+int(trouble.Dropped) != len(ids) || trouble.Dropped < more {
			t.Errorf("%d lines wait and %d are dropped, of %d", trouble.Waiting, trouble.Dropped, len(ids))
		}
		again, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		l.file.file.Store(again)
		time.Sleep(retryWait)
		synctest.Wait()
		if trouble, failing := l.Trouble(); failing || trouble.Waiting > 0 {
			t.Errorf("the trouble is %+v, although the file can be written", trouble)
		}
		i := 0
		for line := range strings.Lines(read()) {
			if !strings.Contains(line, ids[i]) {
				t.Fatalf("line %d is not of attempt %d: %s", i, i, line)
			}
			i++
		}
		if i != trouble.Waiting {
			t.Errorf("%d lines are in the file, want %d", i, trouble.Waiting)
		}
		l.Close()
		again.Close()
	})
}

// TestAFileThatEndsTorn: a process that was killed in a write leaves a line without its
// end, and the next process does not run into it.
func TestAFileThatEndsTorn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	for before, want := range map[string]int{"": 1, "{}\n": 2, "{}\n{\"ti": 3} {
		if err := os.WriteFile(name, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		l := NewLog(f, LogOptions{})
		l.begun(sampleClosed())
		l.Close()
		f.Close()
		after, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(after), "\n"), "\n")
		if len(lines) != want || !json.Valid([]byte(lines[want-1])) {
			t.Errorf("behind %q the file has\n%s", before, after)
		}
	}
}

// stuck is a sink that blocks until it is let go, then fails or works.
type stuck struct {
	release chan struct{}
	err     error
	bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.release
	if s.err != nil {
		return 0, s.err
	}
	return s.Buffer.Write(p)
}

func TestASinkThatBlocksStopsNobody(t *testing.T) {
	sink := &stuck{release: make(chan struct{})}
	l := NewLog(sink, LogOptions{})
	j := New(Options{Log: l})
	a := judged(j, chrome, epoch)
	const n = maxQueued + 100
	for range n {
		l.begun(a)
	}
	dropped := l.Dropped()
	if dropped < 99 {
		t.Errorf("%d lines were dropped of %d", dropped, n)
	}
	if queued := l.queued.Load(); queued > maxQueuedBytes {
		t.Errorf("%d bytes wait, the limit is %d", queued, maxQueuedBytes)
	}
	close(sink.release)
	l.Close()
	if got := int64(strings.Count(sink.String(), "\n")); got+dropped != n {
		t.Errorf("%d lines written and %d dropped make not %d", got, dropped, n)
	}
	l.begun(a)
	if l.Dropped() != dropped+1 {
		t.Error("a line after Close is not counted as dropped")
	}
	l.Close()
}

func TestASinkThatFailsIsCounted(t *testing.T) {
	sink := &stuck{release: make(chan struct{}), err: errors.New("broken pipe")}
	close(sink.release)
	l := NewLog(sink, LogOptions{})
	for range 3 {
		l.closed(sampleClosed(), false)
	}
	l.Close()
	if l.Dropped() != 3 {
		t.Errorf("%d lines are counted as dropped, want 3", l.Dropped())
	}
}

func TestCloseWaitsForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &stuck{release: make(chan struct{})}
		l := NewLog(sink, LogOptions{})
		l.closed(sampleClosed(), false)
		began := time.Now()
		l.Close()
		if waited := time.Since(began); waited != drainTime {
			t.Errorf("Close waited %s, want %s", waited, drainTime)
		}
		close(sink.release)
		<-l.done
	})
}

func TestFormats(t *testing.T) {
	for name, want := range map[string]Format{"auto": FormatAuto, "json": FormatJSON, "text": FormatText} {
		if got, err := ParseFormat(name); err != nil || got != want {
			t.Errorf("ParseFormat(%s) = %v, %v", name, got, err)
		}
	}
	if _, err := ParseFormat("xml"); err == nil || err.Error() != `log format "xml": use auto, json or text` {
		t.Errorf("the error is %v", err)
	}
	piped := NewLog(io.Discard, LogOptions{})
	defer piped.Close()
	if piped.format != FormatJSON {
		t.Error("what is no terminal gets no JSON")
	}
	if err := piped.Reopen(); err != nil {
		t.Errorf("Reopen of what is no file: %v", err)
	}
	tty, err := os.OpenFile("/dev/null", os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	l := NewLog(tty, LogOptions{})
	defer l.Close()
	if l.format != FormatText {
		t.Error("a terminal gets no text")
	}
}

// BenchmarkAttempt is the hot path: Begin and Answer of Chrome's handshake.
func BenchmarkAttempt(b *testing.B) {
	run := func(b *testing.B, l *Log) {
		j := New(Options{Log: l})
		a := judged(j, chrome, epoch)
		a.Took = time.Millisecond
		b.ReportAllocs()
		for b.Loop() {
			c := *a
			c.ID = j.NewID(epoch)
			j.Begin(&c)
			j.Answer(&c)
		}
	}
	b.Run("no log", func(b *testing.B) { run(b, nil) })
	b.Run("log to a file", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "log"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		run(b, NewLog(f, LogOptions{}))
	})
	b.Run("line alone", func(b *testing.B) {
		a := judged(New(Options{}), chrome, epoch)
		var line []byte
		b.ReportAllocs()
		for b.Loop() {
			line = appendBegunJSON(line[:0], epoch, a)
		}
	})
	b.Run("json", func(b *testing.B) {
		a := judged(New(Options{}), chrome, epoch)
		var line []byte
		b.ReportAllocs()
		for b.Loop() {
			line = a.AppendJSON(line[:0])
		}
	})
}
