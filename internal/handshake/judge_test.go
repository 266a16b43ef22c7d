package handshake

import (
	"slices"
	"testing"

	"wsinspect/internal/dump"
)

// TestEveryCheckRuns: all checks run, always. One that makes no sense says which other
// check it depends on.
func TestEveryCheckRuns(t *testing.T) {
	for _, c := range allCases(t) {
		v := Judge(&dump.Request{Head: dump.Parse(c.raw), Ending: c.ending}, &c.policy)
		if len(v.Findings) != len(catalogue) {
			t.Fatalf("%s: %d findings for %d checks", c.law, len(v.Findings), len(catalogue))
		}
		for i, f := range v.Findings {
			if f.Check != catalogue[i] || f.Because == "" {
				t.Errorf("%s: finding %d is of %s and says %q", c.law, i, f.Check.ID, f.Because)
			}
		}
		if v.Accepted != (v.DecidedBy == nil) || v.Accepted != (v.Status == 101) {
			t.Errorf("%s: accepted is %v, status %d, decided by %v", c.law, v.Accepted, v.Status, v.DecidedBy)
		}
	}
}

// TestOneCauseNotEightSymptoms: bytes that are no HTTP/1 fail one check; the others say
// that they make no sense for that reason.
func TestOneCauseNotEightSymptoms(t *testing.T) {
	hello := []byte("\x16\x03\x01\x00\x05hello\n")
	v := Judge(&dump.Request{Head: dump.Parse(hello)}, &Policy{})
	for _, f := range v.Findings {
		switch {
		case f.Check.ID == "tls-where-expected": // of this port, not of the bytes
			if f.Outcome != Passed {
				t.Errorf("tls-where-expected is %v", f.Outcome)
			}
		case f.Check.ID == "plain-http1":
			if f.Outcome != Failed {
				t.Errorf("plain-http1 is %v", f.Outcome)
			}
		case f.Outcome != Skipped || f.Because != "Makes no sense here: plain-http1 failed.":
			t.Errorf("%s is %v: %s", f.Check.ID, f.Outcome, f.Because)
		}
	}
}

// TestJudgeChangesNothing: a head is shared freely once it is captured.
func TestJudgeChangesNothing(t *testing.T) {
	for _, c := range allCases(t) {
		r := &dump.Request{Head: dump.Parse(slices.Clone(c.raw)), Ending: c.ending}
		raw, fields := slices.Clone(r.Head.Raw), slices.Clone(r.Head.Fields)
		Judge(r, &c.policy)
		if !slices.Equal(raw, r.Head.Raw) || !slices.Equal(fields, r.Head.Fields) {
			t.Errorf("%s: Judge changed the head", c.law)
		}
	}
}

// TestIsHandshake: proxies that drop Upgrade and Connection pass the key and the version
// on, so either tells a handshake from a plain request.
func TestIsHandshake(t *testing.T) {
	for head, want := range map[string]bool{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n":                                                false,
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n":   false,
		"GET / HTTP/1.1\r\nHost: a\r\nsec-websocket-key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n": true,
		"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Version: 8\r\n\r\n":                    true,
	} {
		if got := IsHandshake(dump.Parse([]byte(head))); got != want {
			t.Errorf("IsHandshake(%q) = %v", head, got)
		}
	}
}

// TestJudgeIsCheap: a good handshake is judged with few allocations: a copy of the head,
// the findings, and what net/url and base64 need.
func TestJudgeIsCheap(t *testing.T) {
	r := &dump.Request{Head: dump.Parse(readCases(t, "testdata/good/chrome.txt")[0].raw)}
	p := &Policy{}
	if n := testing.AllocsPerRun(100, func() { Judge(r, p) }); n > 12 {
		t.Errorf("Judge of a good head allocates %v times", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	for _, name := range []string{"good/chrome", "good/node-ws", "checks/origin-same-host"} {
		c := readCases(b, "testdata/"+name+".txt")[0]
		r := &dump.Request{Head: dump.Parse(c.raw)}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Judge(r, &c.policy)
			}
		})
	}
}
