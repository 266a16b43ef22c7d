package handshake

import (
	"bytes"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// policies are those under which the fuzz tests judge.
var policies = []*Policy{
	{},
	{Origins: []string{"https://app.example", "http://localhost:3000"}},
	{Origins: []string{"*"}},
}

// FuzzVerdict gives any bytes to a real server with a real Upgrader and demands that the
// verdict says the same: accepted or not, status, and reason.
func FuzzVerdict(f *testing.F) {
	for _, c := range allCases(f) {
		f.Add(c.raw, uint8(c.ending), uint8(0))
	}
	f.Fuzz(func(t *testing.T, raw []byte, ending, policy uint8) {
		judgeBoth(t, raw, ending, policy)
	})
}

// FuzzMutated does the same with requests that are nearly good, so that acceptance and
// each of gorilla's refusals are met often.
func FuzzMutated(f *testing.F) {
	f.Add(uint8(0), []byte{}, "", uint8(0))
	f.Add(uint8(1), []byte{3, 1, 0}, "x", uint8(1))
	f.Add(uint8(2), []byte{4, 2, 9, 2, 4, 0}, ", Upgrade", uint8(2))
	good := goodHeads(f)
	f.Fuzz(func(t *testing.T, base uint8, script []byte, piece string, policy uint8) {
		raw := mutate(good[int(base)%len(good)].raw, script, piece)
		judgeBoth(t, raw, uint8(dump.EndRead), policy)
	})
}

func judgeBoth(t *testing.T, raw []byte, ending, policy uint8) {
	if len(raw) == 0 || len(raw) >= maxHead {
		return // no attempt; and of a head beyond the limit only the table speaks
	}
	p := policies[int(policy)%len(policies)]
	a := serve(t, raw, dump.Ending(ending)%(dump.EndReset+1), nil, p)
	a.check(t, raw)
	for _, finding := range a.verdict.Findings {
		for _, e := range finding.Evidence {
			if e.Empty() || e.Start < 0 || e.End > len(a.request.Head.Raw) {
				t.Errorf("%s: evidence %v does not lie in a head of %d bytes", finding.Check.ID, e, len(a.request.Head.Raw))
			}
		}
		if finding.Because == "" || strings.ContainsFunc(finding.Because, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%s: the sentence %q is empty or holds a byte that needs escaping", finding.Check.ID, finding.Because)
		}
		if len(finding.Because) > 4096 {
			t.Errorf("%s: the sentence has %d bytes", finding.Check.ID, len(finding.Because))
		}
	}
	// What is stored and shown is judged again from the masked head.
	dump.NewMasker(false).Request(a.request.Head)
	masked := Judge(a.request, p)
	if masked.Accepted != a.verdict.Accepted || masked.Status != a.verdict.Status {
		t.Errorf("masking changes the verdict from %d to %d: %q", a.verdict.Status, masked.Status, raw)
	}
}

// mutate changes lines of a good head by a script: three bytes name a deed, a line, and
// another line or a place in it.
func mutate(raw []byte, script []byte, piece string) []byte {
	lines := bytes.SplitAfter(raw, []byte("\r\n"))
	for ; len(script) >= 3 && len(lines) > 0; script = script[3:] {
		i, j := int(script[1])%len(lines), int(script[2])
		line := bytes.Clone(lines[i])
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch script[0] % 9 {
		case 0: // drop
			lines = append(lines[:i:i], lines[i+1:]...)
			continue
		case 1: // double
			lines = append(lines[:i+1:i+1], lines[i:]...)
			continue
		case 2: // exchange
			lines[i], lines[j%len(lines)] = lines[j%len(lines)], lines[i]
			continue
		case 3: // rename
			line = []byte(piece + ":" + string(value))
		case 4: // set
			line = []byte(string(name) + ": " + piece + "\r\n")
		case 5: // recase
			line = bytes.ToUpper(line)
		case 6: // insert
			at := j % (len(line) + 1)
			line = []byte(string(line[:at]) + piece + string(line[at:]))
		case 7: // flip a bit
			if len(line) > 0 {
				line[j%len(line)] ^= 1 << (j % 8)
			}
		case 8: // list with a neighbour
			line = bytes.Replace(line, []byte("\r\n"), []byte(", "+piece+"\r\n"), 1)
		}
		lines[i] = line
	}
	return bytes.Join(lines, nil)
}
