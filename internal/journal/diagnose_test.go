package journal

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/diagnosis"
)

// bareProxyPass is what nginx before 1.29.7 makes of a handshake where the location has
// nothing but proxy_pass.
const bareProxyPass = "GET /bare HTTP/1.0\r\n" +
	"Host: 127.0.0.1:9000\r\n" +
	"Connection: close\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
	"Origin: http://app.example\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// cleanHandshake is a handshake with nothing to say about it.
const cleanHandshake = "GET /ws HTTP/1.1\r\n" +
	"Host: app.example\r\n" +
	"Connection: Upgrade\r\n" +
	"Upgrade: websocket\r\n" +
	"Origin: http://app.example\r\n" +
	"Sec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// TestACauseIsInAllThatTheOutsideSees: in the sentence, the text with its lines to paste,
// the JSON, the log and the metrics.
func TestACauseIsInAllThatTheOutsideSees(t *testing.T) {
	const id = "upgrade-not-configured"
	var log strings.Builder
	l := NewLog(&log, LogOptions{Format: FormatJSON})
	j := New(Options{Log: l})
	a := judged(j, bareProxyPass, epoch)
	j.Begin(a)
	j.Answer(then(a, func(a *Attempt) { a.Response.Status = a.Verdict.Status }))
	l.Close()

	c := a.Leading()
	if c == nil || c.Cause.ID != id {
		t.Fatalf("the causes are %+v, want %s first", a.Causes, id)
	}
	if a.Sentence() != c.Because {
		t.Errorf("the sentence is %q, want that of the cause", a.Sentence())
	}
	text := string(a.AppendText(nil))
	wants := []string{c.Because, id, c.Confidence.String() + "; proxy\n"}
	for _, step := range c.Fix.Steps {
		wants = append(wants, c.Fix.Heading(step))
		for _, line := range step.Lines {
			wants = append(wants, "\n          "+line+"\n")
		}
	}
	at := 0
	for _, want := range append(wants, "\nOutcome  rejected") {
		found := strings.Index(text[at:], want)
		if found < 0 {
			t.Fatalf("the text lacks %q, or has it in another order:\n%s", want, text)
		}
		at += found
	}
	d := decode(t, a.AppendJSON(nil)).Causes
	if len(d) != len(a.Causes) || d[0].ID != id || d[0].Fix.For != "nginx" || len(d[0].Fix.Steps) != len(c.Fix.Steps) || !slices.Equal(d[0].Explains, c.Explains) {
		t.Errorf("the JSON has %+v", d)
	}
	var line struct {
		Causes []string `json:"wsinspect.causes"`
	}
	if err := json.Unmarshal([]byte(log.String()), &line); err != nil || len(line.Causes) != len(a.Causes) || line.Causes[0] != id {
		t.Errorf("the log has %v, %v: %s", line.Causes, err, log.String())
	}
	for _, sure := range []diagnosis.Confidence{diagnosis.Possible, diagnosis.Likely, diagnosis.Certain} {
		want := 0.0
		if sure == c.Confidence {
			want = 1
		}
		if got := sample(t, j, "wsinspect_handshake_causes_total", "cause="+id, "confidence="+sure.String()); got != want {
			t.Errorf("%s is counted %v times as %s, want %v", id, got, sure, want)
		}
	}
}

func TestACleanHandshakeHasNoCause(t *testing.T) {
	j := New(Options{})
	a := judged(j, cleanHandshake, epoch)
	j.Begin(a)
	j.Close(a.Trace(), *closed(a).Session)
	if kept := j.Get(a.ID); len(kept.Causes) != 0 || kept.State != Closed {
		t.Errorf("%s, with the causes %+v", kept.State, kept.Causes)
	}
}

// TestOthersAreWhatADiagnosisMayCompare: those of one peer or client, the newest first, of
// each state some, so that no health check hides a handshake.
func TestOthersAreWhatADiagnosisMayCompare(t *testing.T) {
	sum := 0
	for _, n := range sightings {
		sum += n
	}
	if sum != diagnosis.MostOthers || len(sightings) != int(Closed)+1 {
		t.Errorf("%d attempts of %d states, want %d of every state", sum, len(sightings), diagnosis.MostOthers)
	}

	j := New(Options{})
	from := func(s State, peer, client string, at time.Time) *Attempt {
		a := of(j, s)
		a.ID, a.Time, a.Peer, a.Client.Addr = j.NewID(at), at, netip.MustParseAddrPort(peer+":1"), netip.MustParseAddr(client)
		if s == Closed {
			a.Session.Closed, a.Session.Idle, a.Session.Close = at.Add(time.Minute), time.Minute, Close{Code: 1006, By: ByNobody}
		}
		j.Begin(a)
		return a
	}
	for i := range 40 {
		at := epoch.Add(time.Duration(i) * time.Second)
		for s := range State(len(sightings)) {
			from(s, "10.0.0.1", "192.0.2.9", at)
		}
		from(Rejected, "10.9.9.9", "192.0.2.66", at) // another proxy, another client
	}
	elsewhere := from(Rejected, "10.9.9.9", "192.0.2.1", epoch.Add(time.Hour)) // the same client by another proxy
	a := from(Rejected, "10.0.0.1", "192.0.2.1", epoch.Add(2*time.Hour))

	others := j.others(a)
	if len(others) != diagnosis.MostOthers {
		t.Errorf("%d others, want %d", len(others), diagnosis.MostOthers)
	}
	if others[0].Request.Head != elsewhere.Request.Head || !others[0].SameClient || others[0].Age != time.Hour {
		t.Errorf("the newest is %+v, want the attempt of the same client by another proxy", others[0])
	}
	ended := 0
	for i, o := range others {
		if i > 0 && (o.Age < others[i-1].Age || o.SameClient || o.Peer != a.Peer.Addr()) {
			t.Errorf("%d: %+v is of another proxy, or newer than the one before it", i, o)
		}
		if o.Session != nil {
			ended++
			if !o.Session.Cut || o.Session.Idle != time.Minute {
				t.Errorf("%d: the session is %+v", i, o.Session)
			}
		}
	}
	if ended != sightings[Closed] {
		t.Errorf("%d sessions that ended, want %d", ended, sightings[Closed])
	}
}

// TestWhichEndsAreDiagnosed: what a client or the service ended properly tells of nothing.
func TestWhichEndsAreDiagnosed(t *testing.T) {
	for name, c := range map[string]struct {
		lasted time.Duration
		close  Close
		cut    bool
	}{
		"cut":                 {time.Minute, Close{Code: 1006, By: ByNobody}, true},
		"gone at once":        {time.Millisecond, Close{Code: 1006, By: ByNobody}, true},
		"left at once":        {time.Millisecond, Close{Code: 1000, By: ByClient}, false},
		"closed by the page":  {time.Minute, Close{Code: 1001, By: ByClient}, false},
		"sent away at once":   {time.Millisecond, Close{Code: 1009, By: ByServer}, false},
		"a write that stalls": {time.Minute, Close{Code: 1006, By: ByNobody, Detail: Stalled}, false},
	} {
		s := Session{Opened: epoch, Closed: epoch.Add(c.lasted), Close: c.close}
		if s.evidence().Cut != c.cut {
			t.Errorf("%s: cut is %v", name, !c.cut)
		}
	}
	s := Session{Received: Traffic{Text: 1, Binary: 2, Ping: 3, Pong: 4, Bytes: 500}, Sent: Traffic{Text: 1}, Idle: time.Second}
	if e := s.evidence(); e.Received != 10 || e.Sent != 1 || e.Idle != time.Second {
		t.Errorf("the evidence is %+v", e)
	}
}

// TestTheEndOfASessionIsDiagnosed: an idle cut is a cause of its own, in the attempt, its
// sentence, the log and the metrics.
func TestTheEndOfASessionIsDiagnosed(t *testing.T) {
	const id = "read-timeout"
	for _, kept := range []bool{true, false} {
		var log strings.Builder
		l := NewLog(&log, LogOptions{Format: FormatJSON})
		j := New(Options{Log: l, Keep: 1})
		a := judged(j, cleanHandshake, epoch)
		j.Begin(a)
		j.Answer(a)
		if !kept {
			j.Begin(judged(j, cleanHandshake, epoch))
		}
		j.Close(a.Trace(), Session{
			Opened: epoch, Closed: epoch.Add(61 * time.Second), Received: Traffic{Text: 1}, Sent: Traffic{Text: 1},
			Idle: 60004 * time.Millisecond, Close: Close{Code: 1006, By: ByNobody, Detail: "the connection was closed"},
		})
		l.Close()
		if !strings.Contains(log.String(), `"wsinspect.causes":["`+id+`"`) {
			t.Errorf("kept %v: the line of the close lacks the cause:\n%s", kept, log.String())
		}
		counted := 0.0
		for _, sure := range []string{"possible", "likely", "certain"} {
			counted += sample(t, j, "wsinspect_handshake_causes_total", "cause="+id, "confidence="+sure)
		}
		if counted != 1 {
			t.Errorf("kept %v: the cause is counted %v times", kept, counted)
		}
		if !kept {
			continue
		}
		ended := j.Get(a.ID)
		if c := ended.Leading(); c == nil || c.Cause.ID != id || ended.Sentence() != c.Because {
			t.Errorf("the causes are %+v, the sentence %q; want %s first", ended.Causes, ended.Sentence(), id)
		}
	}
}

// TestOnlyNewCausesOfASessionAreCounted, and the line of its close has them where they
// changed.
func TestOnlyNewCausesOfASessionAreCounted(t *testing.T) {
	one, same := diagnosis.Conclusion{Cause: hostCause, Confidence: diagnosis.Likely}, diagnosis.Conclusion{Cause: hostCause, Confidence: diagnosis.Certain}
	other := diagnosis.Conclusion{Cause: cutCause, Confidence: diagnosis.Likely}
	list := func(c ...diagnosis.Conclusion) []diagnosis.Conclusion { return c }
	if got := added(list(one), list(other, same)); len(got) != 1 || got[0].Cause != cutCause {
		t.Errorf("added is %+v, want the one that was not there", got)
	}
	if sameCauses(list(one), list(same)) || sameCauses(list(one, other), list(other, one)) || !sameCauses(list(one), list(one)) {
		t.Error("what is surer or in another order has changed")
	}
	a := sampleClosed()
	a.Causes = list(other)
	if got := string(appendClosedJSON(nil, epoch, a, true)); !strings.Contains(got, `,"wsinspect.causes":["cut-idle"],`) {
		t.Errorf("the line lacks the cause: %s", got)
	}
	if got := string(appendClosedJSON(nil, epoch, a, false)); strings.Contains(got, "wsinspect.causes") {
		t.Errorf("the line repeats the causes: %s", got)
	}
}

func BenchmarkBegin(b *testing.B) {
	for name, raw := range map[string]string{"accepted": cleanHandshake, "rejected": bareProxyPass} {
		b.Run(name, func(b *testing.B) {
			j := New(Options{})
			attempts := make([]*Attempt, 1000)
			for i := range attempts {
				attempts[i] = judged(j, raw, epoch)
				j.Begin(attempts[i])
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				j.Begin(attempts[i%len(attempts)])
			}
		})
	}
}

// BenchmarkClose ends sessions that are cut at once, which is the dearest end.
func BenchmarkClose(b *testing.B) {
	j := New(Options{})
	attempts := make([]*Attempt, 1000)
	for i := range attempts {
		attempts[i] = judged(j, cleanHandshake, epoch.Add(time.Duration(i)*time.Millisecond))
		j.Begin(attempts[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a := attempts[i%len(attempts)]
		j.Close(a.Trace(), Session{Opened: a.Time, Closed: a.Time.Add(time.Millisecond), Close: Close{Code: 1006, By: ByNobody}})
	}
}

// TestCausesHoldNoControlByte: a cause quotes what strangers wrote.
func TestCausesHoldNoControlByte(t *testing.T) {
	const evil = "\x1b[2J\x9b\u202e"
	a := sampleCaused()
	c := &a.Causes[0]
	c.Because, c.Fix.Note = "Host is "+evil, evil
	c.Fix.Steps[0].Lines, c.Fix.Steps[1].Remove = []string{evil}, []string{evil}
	for line := range strings.Lines(string(a.AppendText(nil)) + string(a.AppendJSON(nil))) {
		obeyed(t, []byte(strings.TrimSuffix(line, "\n")))
	}
	if n := strings.Count(fmt.Sprintf("%q", a.AppendText(nil)), `x1b`); n < 4 {
		t.Errorf("%d of 4 values are shown", n)
	}
}
