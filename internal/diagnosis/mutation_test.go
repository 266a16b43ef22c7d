package diagnosis

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// goodHeads returns what browsers, libraries and proxies that do nothing wrong send: the
// same heads that no check may blame.
func goodHeads(t testing.TB) (heads []string) {
	t.Helper()
	files, err := filepath.Glob("../handshake/testdata/good/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no good heads", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq("\n"+string(text), "\n=== ") {
			if input, _, ok := strings.Cut(part, "\n---\n"); ok {
				_, head, _ := strings.Cut(input, "\n")
				if !strings.HasPrefix(head, "@") {
					heads = append(heads, head)
				}
			}
		}
	}
	return heads
}

// mutant is a good request with lines changed at random, and which of them.
type mutant struct {
	lines   []string // without line ends; the last one, empty, ends the head
	touched []bool
	removed bool // a line is gone, under its old name at least
}

func newMutant(head string) *mutant {
	lines := strings.Split(strings.TrimRight(head, "\n")+"\n", "\n")
	return &mutant{lines: lines, touched: make([]bool, len(lines))}
}

// pieces are what a mutation writes: values that proxies write by mistake, and nonsense.
var pieces = []string{
	"", "close", "keep-alive", "upgrade", "Upgrade", "websocket", "h2c", "null", "_", "localhost", "localhost:8080",
	"127.0.0.1:8080", "app_pool", "https://app.example.com", "app.example.com", "app.example.com:8443", "backend.internal",
	"13", "8", "$http_upgrade", "file://", "X-Forwarded-For", "Host", "Origin", "Connection", "\x00", "<script>", "HTTP/1.0",
	"10.0.0.1, 10.0.0.2", "PROXY TCP4 127.0.0.1", "1.1 Caddy", strings.Repeat("a", 9000),
}

// mutate changes lines by a script: three bytes name a deed, a line, and another line or
// a piece.
func (m *mutant) mutate(script []byte) {
	for ; len(script) >= 3 && len(m.lines) > 1; script = script[3:] {
		i, j := int(script[1])%(len(m.lines)-1), int(script[2])
		piece := pieces[j%len(pieces)]
		name, value, _ := strings.Cut(m.lines[i], ": ")
		switch script[0] % 7 {
		case 0: // drop
			m.lines, m.touched = slices.Delete(m.lines, i, i+1), slices.Delete(m.touched, i, i+1)
			m.removed = true
			continue
		case 1: // double
			m.lines, m.touched = slices.Insert(m.lines, i, m.lines[i]), slices.Insert(m.touched, i, true)
		case 2: // exchange
			k := j % (len(m.lines) - 1)
			m.lines[i], m.lines[k] = m.lines[k], m.lines[i]
			m.touched[k] = true
		case 3: // rename
			m.lines[i] = piece + ": " + value
			m.removed = true
		case 4: // set
			m.lines[i] = name + ": " + piece
		case 5: // alter within
			at := j % (len(m.lines[i]) + 1)
			m.lines[i] = m.lines[i][:at] + piece + m.lines[i][at:]
			m.removed = true // the name may have gone
		case 6: // another line before it
			m.lines, m.touched = slices.Insert(m.lines, i, piece+": "+value), slices.Insert(m.touched, i, true)
		}
		m.touched[i] = true
	}
}

// evidence returns the mutant as it arrives.
func (m *mutant) evidence() *Evidence {
	raw := strings.Join(m.lines, "\r\n") + "\r\n"
	e := &Evidence{Request: &dump.Request{
		Head:  dump.Parse([]byte(raw)),
		Local: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080},
	}}
	v := handshake.Judge(e.Request, &handshake.Policy{})
	e.Verdict = &v
	return e
}

// inTouched reports whether any of the spans lies in a line that was changed.
func (m *mutant) inTouched(spans []dump.Span) bool {
	start := 0
	for i, line := range m.lines {
		whole := dump.Span{Start: start, End: start + len(line) + 2}
		start = whole.End
		if m.touched[i] && slices.ContainsFunc(spans, whole.Overlaps) {
			return true
		}
	}
	return false
}

// check demands what holds of every diagnosis, and of a certain conclusion that what it
// shows was mutated.
func (m *mutant) check(t *testing.T) {
	t.Helper()
	e := m.evidence()
	found := Diagnose(e)
	checkConclusions(t, e, found)
	for _, c := range found {
		if c.Confidence == Certain && !m.inTouched(c.Evidence) && !(len(c.Evidence) == 0 && m.removed) {
			t.Errorf("certain of %s by bytes that nobody changed: %s\n%q", c.Cause.ID, c.Because, e.Request.Head.Raw)
		}
	}
}

// checkConclusions demands what holds of every diagnosis, whatever the evidence.
func checkConclusions(t *testing.T, e *Evidence, found []Conclusion) {
	t.Helper()
	if len(found) > most {
		t.Errorf("%d causes are no diagnosis", len(found))
	}
	for i, c := range found {
		if i > 0 && c.Confidence > found[i-1].Confidence {
			t.Errorf("%s is %s and stands behind one that is only %s", c.Cause.ID, c.Confidence, found[i-1].Confidence)
		}
		if c.Because == "" || len(c.Because) > 1000 || strings.ContainsFunc(c.Because, func(r rune) bool { return r < ' ' || r > '~' && r < 0xa0 }) {
			t.Errorf("%s: the sentence %q is empty, too long, or holds a control byte", c.Cause.ID, c.Because)
		}
		for _, s := range c.Evidence {
			if e.Request == nil || s.Empty() || s.Start < 0 || s.End > len(e.Request.Head.Raw) {
				t.Errorf("%s: the evidence %v does not lie in the head", c.Cause.ID, s)
			}
		}
		if c.Fix.For == "" || c.Fix.Steps == nil && c.Fix.Note == "" {
			t.Errorf("%s: the fix says nothing", c.Cause.ID)
		}
		for _, step := range c.Fix.Steps {
			for _, line := range append(step.Lines, step.Remove...) {
				if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("%s: the line to paste %q holds bytes that a stranger may have sent", c.Cause.ID, line)
				}
			}
		}
	}
}

// TestGoodHandshakesHaveNoCause: whoever looks for a fault finds none where there is none.
func TestGoodHandshakesHaveNoCause(t *testing.T) {
	for _, head := range goodHeads(t) {
		m := newMutant(head)
		for _, c := range Diagnose(m.evidence()) {
			t.Errorf("%s (%s): %s\n%s", c.Cause.ID, c.Confidence, c.Because, head)
		}
	}
}

// TestMutants: lines of a good request dropped, doubled, renamed, reordered and altered at
// random break many rules, and never make the diagnosis sure of what nobody did.
func TestMutants(t *testing.T) {
	const rounds = 20_000
	random := rand.New(rand.NewPCG(6455, 2011))
	heads := goodHeads(t)
	script := make([]byte, 3*4)
	for range rounds {
		m := newMutant(heads[random.IntN(len(heads))])
		for i := range script {
			script[i] = byte(random.UintN(256))
		}
		m.mutate(script[:3*(1+random.IntN(4))])
		if m.check(t); t.Failed() {
			return
		}
	}
}

// FuzzMutants looks for the mutants that chance does not find.
func FuzzMutants(f *testing.F) {
	f.Add(uint8(0), []byte{0, 1, 0})
	f.Add(uint8(1), []byte{1, 2, 0, 4, 5, 9})
	heads := goodHeads(f)
	f.Fuzz(func(t *testing.T, base uint8, script []byte) {
		m := newMutant(heads[int(base)%len(heads)])
		m.mutate(script[:min(len(script), 3*8)])
		m.check(t)
	})
}

// FuzzDiagnose gives it any bytes: it has an answer, or none, and never panics.
func FuzzDiagnose(f *testing.F) {
	for _, file := range caseFiles(f, "causes") {
		for _, c := range readCases(f, file) {
			if c.evidence.Request != nil {
				f.Add(c.evidence.Request.Head.Raw, true)
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, expects bool) {
		e := (&mutant{}).evidence()
		e.Request.Head = dump.Parse(raw)
		if expects {
			e.Expect = []string{"/ws"}
		}
		v := handshake.Judge(e.Request, &handshake.Policy{})
		e.Verdict = &v
		checkConclusions(t, e, Diagnose(e))
		for _, h := range Hops(e.Request.Head) {
			for _, s := range h.Evidence {
				if s.Empty() || s.Start < 0 || s.End > len(e.Request.Head.Raw) {
					t.Errorf("%s: the evidence %v does not lie in the head", h.Name, s)
				}
			}
		}
	})
}
