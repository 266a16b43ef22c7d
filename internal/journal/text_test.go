package journal

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

func TestTheVerdictInWords(t *testing.T) {
	for name, a := range map[string]*Attempt{
		"rejected.txt": sampleRejected(),
		"caused.txt":   sampleCaused(),
		"possible.txt": possible(sampleCaused()),
		"closed.txt":   sampleClosed(),
		"hostile.txt":  hostile(),
		"tls.txt":      sampleTLS(),
	} {
		golden(t, name, a.AppendText(nil))
	}
}

// possible returns a when none of its causes is sure.
func possible(a *Attempt) *Attempt {
	a.Causes[0].Confidence = diagnosis.Possible
	return a
}

// hostile is a request whose author wants to paint on the reader's terminal.
func hostile() *Attempt {
	const evil = "\x1b[2J\x1b]0;x\x07\x9b"
	h := dump.Parse([]byte("GET /" + evil + " HTTP/1.1\nHost: a\r\nX: " + evil + strings.Repeat("y", 300) + "\r\n\r\n"))
	x, _ := h.Field("X")
	return &Attempt{
		ID: "0111111111122222222222cd", Time: epoch, State: Refused,
		Client:  Client{From: "peer", Disbelief: []string{"x-forwarded-for: " + evil}},
		Request: dump.Request{Head: h, Truncated: true},
		Verdict: handshake.Verdict{Status: 400, Reason: evil, DecidedBy: keyCheck, Findings: []handshake.Finding{
			{Check: keyCheck, Outcome: handshake.Failed, Because: "X is " + evil + "\u202e.", Evidence: []dump.Span{x.Value, {Start: 4, End: 9}, {Start: x.Value.End - 1, End: x.Value.End}}},
		}},
		Took: time.Second,
	}
}

func sampleTLS() *Attempt {
	return &Attempt{
		ID: "0111111111122222222222ef", Time: epoch, State: Refused, Peer: netip.MustParseAddrPort("[2001:db8::7]:443"), Client: Client{From: "peer"},
		Request:  dump.Request{Head: dump.Parse([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))},
		Verdict:  handshake.Verdict{Status: 400, DecidedBy: keyCheck, Findings: []handshake.Finding{{Check: keyCheck, Outcome: handshake.Failed, Because: "The first bytes are a TLS record."}}},
		Response: Response{Status: 400, Raw: []byte("HTTP/1.0 400 Bad Request\r\n\r\n")},
	}
}

func TestTextHoldsNoControlByte(t *testing.T) {
	for line := range strings.Lines(string(hostile().AppendText(nil))) {
		obeyed(t, []byte(strings.TrimSuffix(line, "\n")))
	}
}

func TestTextIsBounded(t *testing.T) {
	a := judged(New(Options{}), "GET / HTTP/1.1\r\n"+strings.Repeat("X: "+strings.Repeat("\x01", 500)+"\r\n", 5000)+"\r\n", epoch)
	if n := len(a.AppendText(nil)); n > 1<<20 {
		t.Errorf("the text has %d bytes", n)
	}
}

func TestSentence(t *testing.T) {
	session := func(c Close) func(*Attempt) {
		return func(a *Attempt) {
			a.State, a.Verdict = Closed, handshake.Verdict{Accepted: true}
			a.Session = &Session{Opened: epoch, Closed: epoch.Add(time.Hour), Idle: 60 * time.Second, Close: c}
		}
	}
	accepted := func(findings ...handshake.Finding) func(*Attempt) {
		return func(a *Attempt) { a.State, a.Verdict = Open, handshake.Verdict{Accepted: true, Findings: findings} }
	}
	because := func(c *diagnosis.Cause, sure diagnosis.Confidence) func(*Attempt) {
		return func(a *Attempt) {
			a.Causes = []diagnosis.Conclusion{{Cause: c, Confidence: sure, Because: "The proxy did it."}}
		}
	}
	advice := handshake.Finding{Check: hostCheck, Outcome: handshake.Advised, Because: "No Origin line arrived."}
	for name, c := range map[string]struct {
		change func(*Attempt)
		want   string
	}{
		"rejected":      {func(*Attempt) {}, `Origin is "http://localhost", but Host is "localhost:8080".`},
		"accepted":      {accepted(), "The handshake is right. Nothing to change."},
		"one_advice":    {accepted(advice), "Accepted, but no Origin line arrived."},
		"two_advices":   {accepted(advice, advice), "Accepted, but no Origin line arrived. That is the first of 2 things to know."},
		"plain":         {func(a *Attempt) { a.State, a.Request.Head = Answered, headOf() }, "A plain request. No key and no Upgrade came, so do not blame the proxy."},
		"plain_upgrade": {func(a *Attempt) { a.State, a.Request.Head = Answered, headOf("Upgrade: websocket") }, "A plain request. It carries Upgrade, but no key came, so no WebSocket client sent it."},
		"early_data":    {func(a *Attempt) { a.Response.Failure = EarlyData }, "The handshake is right, but bytes came behind its head before the answer, so gorilla closed the connection without one."},
		"hijack_failed": {func(a *Attempt) { a.Response.Failure = HijackError }, "The handshake is right, but the connection could not be taken over from net/http."},
		"write_failed":  {func(a *Attempt) { a.Response.Failure = WriteError }, "The handshake is right, but its 101 could not be written: the connection was gone."},
		"mismatch":      {func(a *Attempt) { a.Mismatch = "bad key" }, "The verdict and gorilla disagree; gorilla said: bad key."},
		"closed":        {session(Close{Code: 1001, By: ByClient}), "The handshake is right. Nothing to change."},
		"cut":           {session(Close{Code: 1006, By: ByNobody, Detail: "the connection was reset"}), "The handshake is right. The session was cut after 60.0 s of silence."},
		"cut_advised": {func(a *Attempt) {
			session(Close{Code: 1006, By: ByNobody})(a)
			a.Verdict.Findings = []handshake.Finding{advice}
		}, "Accepted, but no Origin line arrived. The session was cut after 60.0 s of silence."},
		"caused":         {because(hostCause, diagnosis.Likely), `The proxy did it.`},
		"perhaps_caused": {because(hostCause, diagnosis.Possible), `Origin is "http://localhost", but Host is "localhost:8080".`},
		"plain_caused": {func(a *Attempt) {
			because(hostCause, diagnosis.Certain)(a)
			a.State = Answered
		}, "The proxy did it."},
		"accepted_at_a_risk": {func(a *Attempt) {
			accepted(advice)(a)
			because(&diagnosis.Cause{Severity: diagnosis.Risks}, diagnosis.Certain)(a)
		}, "Accepted, but the proxy did it."},
		"cut_at_a_risk": {func(a *Attempt) {
			session(Close{Code: 1006, By: ByNobody})(a)
			because(&diagnosis.Cause{Severity: diagnosis.Risks}, diagnosis.Certain)(a)
		}, "Accepted, but the proxy did it. The session was cut after 60.0 s of silence."},
		"cut_for_a_cause": {func(a *Attempt) {
			session(Close{Code: 1006, By: ByNobody})(a)
			because(cutCause, diagnosis.Likely)(a)
		}, "The proxy did it."},
		"early_data_caused": {func(a *Attempt) {
			because(hostCause, diagnosis.Certain)(a)
			a.Response.Failure = EarlyData
		}, "The handshake is right, but bytes came behind its head before the answer, so gorilla closed the connection without one."},
		"refused_unknown": {func(a *Attempt) { a.State, a.Verdict = Refused, handshake.Verdict{} }, "net/http refused the request before any handler ran."},
	} {
		t.Run(name, func(t *testing.T) {
			if got := then(sampleRejected(), c.change).Sentence(); got != c.want {
				t.Errorf("the sentence is\n%s, want\n%s", got, c.want)
			}
		})
	}
}

// TestEvidenceHasOneLetterForEachPlace: the text and the page show the same letters.
func TestEvidenceHasOneLetterForEachPlace(t *testing.T) {
	a := *sampleRejected()
	host, origin, key := dump.Span{Start: 1, End: 2}, dump.Span{Start: 3, End: 4}, dump.Span{Start: 5, End: 6}
	a.Verdict.DecidedBy = originCheck
	a.Verdict.Findings = []handshake.Finding{
		{Check: hostCheck, Outcome: handshake.Advised, Evidence: []dump.Span{host, key}},
		{Check: keyCheck, Outcome: handshake.Failed, Evidence: []dump.Span{key}},
		{Check: originCheck, Outcome: handshake.Failed, Evidence: []dump.Span{origin, host}},
	}
	want := []Evidence{
		{dump.Evidence{Span: origin, Letter: 'a'}, originCheck.ID},
		{dump.Evidence{Span: host, Letter: 'b'}, originCheck.ID},
		{dump.Evidence{Span: key, Letter: 'c'}, keyCheck.ID},
	}
	if got := a.Evidence(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	a.Verdict.Findings[1].Evidence = make([]dump.Span, 100)
	for i := range a.Verdict.Findings[1].Evidence {
		a.Verdict.Findings[1].Evidence[i] = dump.Span{Start: i + 10, End: i + 11}
	}
	caused := sampleCaused()
	hostSpan, originSpan := caused.Causes[0].Evidence[0], caused.Causes[1].Evidence[0]
	want = []Evidence{
		{dump.Evidence{Span: hostSpan, Letter: 'a'}, hostCause.ID},
		{dump.Evidence{Span: originSpan, Letter: 'b'}, pageCause.ID},
	}
	if got := caused.Evidence(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v: what is said first comes first", got, want)
	}
	want = []Evidence{
		{dump.Evidence{Span: originSpan, Letter: 'a'}, originCheck.ID},
		{dump.Evidence{Span: hostSpan, Letter: 'b'}, originCheck.ID},
	}
	if got := possible(caused).Evidence(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v: what is said first comes first", got, want)
	}
	if n := len(a.Evidence()); n != 26 {
		t.Errorf("%d places have a letter, want 26", n)
	}
}

func TestWhyFitsARow(t *testing.T) {
	for _, because := range []string{"short.", strings.Repeat("word ", 100), strings.Repeat("é", 500)} {
		a := sampleRejected()
		a.Verdict.Findings[0].Because = because
		why := a.Why()
		obeyed(t, []byte(why))
		if len(why) > 125 || why == "" {
			t.Errorf("why has %d bytes: %s", len(why), why)
		}
	}
}

// TestAnOpenSessionCountsOn: its text is as of now.
func TestAnOpenSessionCountsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := time.Now()
		a := sampleClosed()
		a.Live(func() Session { return Session{Opened: opened, Idle: time.Since(opened)} })
		a.State = Open
		time.Sleep(1500 * time.Millisecond)
		if text := string(a.AppendText(nil)); !strings.Contains(text, "Open for 1.5 s; silent for 1.5 s.") {
			t.Errorf("the text is\n%s", text)
		}
	})
}

func TestCloseCodesInWords(t *testing.T) {
	var b []byte
	for _, code := range []int{0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 2999, 3000, 3999, 4000, 4999, 5000} {
		b = fmt.Appendf(b, "%4d %-6s %s: %s\n", code, codeLabel(code), handshake.CloseName(code), handshake.CloseMeaning(code))
	}
	golden(t, "closecodes.txt", b)
}

// BenchmarkText is the body of a refusal.
func BenchmarkText(b *testing.B) {
	for name, raw := range map[string]string{"BareProxyPass": bareProxyPass, "CrossOrigin": crossOrigin} {
		b.Run(name, func(b *testing.B) {
			j := New(Options{})
			a := judged(j, raw, epoch)
			j.Begin(a)
			a.settled = nil // as if none like it had come before
			var text []byte
			b.ReportAllocs()
			for b.Loop() {
				text = a.AppendText(text[:0])
			}
		})
	}
}

const crossOrigin = "GET /ws/echo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n" +
	"User-Agent: wsinspect-bench/1.0 (a program whose name is as long as that of a browser and its engine, for equal work)\r\n" +
	"Upgrade: websocket\r\nOrigin: http://elsewhere.example\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// The words that attempts of one request have in common are for those who come next: what is
// kept does not hold them.
func TestKeptAttemptsHoldNoWords(t *testing.T) {
	j := New(Options{})
	a := judged(j, "GET /ws HTTP/1.1\r\nHost: app.example\r\n\r\n", time.Now())
	a.State = Answered
	j.Begin(a)
	if !a.Settled() {
		t.Fatal("the causes of the test's request rest on more than it")
	}
	said := string(a.AppendText(nil))
	answered := *a
	j.Answer(&answered)
	kept := j.Get(a.ID)
	if kept.settled != nil {
		t.Error("a kept attempt holds the words for others")
	}
	if again := string(kept.AppendText(nil)); again != said {
		t.Errorf("it says\n%s\nafter\n%s", again, said)
	}
}
