package dump

import (
	"bytes"
	"testing"
)

// FuzzSniff: of what begins a connection the kind is told by its first bytes, whatever else
// may come; a head in the clear on a port that speaks TLS is not waited for when it is whole,
// in whatever pieces it came; and no PROXY header reaches beyond its bytes.
func FuzzSniff(f *testing.F) {
	addSeeds(f, func(raw []byte) { f.Add(raw, 7) })
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"), 13)
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x31\xff\xff"), 16)
	f.Add([]byte("PROXY TCP6 ::1 ::1 1 2\r\nGET / HTTP/1.1\r\n\r\n"), 24)
	f.Add([]byte("GET / HTTP/1.1\n\r\n"), 16)
	f.Fuzz(func(t *testing.T, raw []byte, cut int) {
		kind := kindOf(raw)
		for _, more := range []string{"\x00", "GET / HTTP/1.1\r\n\r\n"} {
			const decided = 64 // longer than every signature
			if got := kindOf(append(bytes.Clone(raw), more...)); len(raw) >= decided && got != kind {
				t.Errorf("%q is %v, and with more behind it %v", raw, kind, got)
			}
		}
		if n := proxyLen(kind, raw); n < 0 || n > len(raw) {
			t.Errorf("the PROXY header of %q ends at %d", raw, n)
		}
		cut = min(max(cut, 0), len(raw))
		c := &Capture{limit: 1 << 20}
		waits := true
		for _, piece := range [][]byte{raw[:cut], raw[cut:]} {
			if c.read(piece, nil); len(piece) > 0 && waits {
				waits = c.unended(len(piece))
			}
		}
		if h := Parse(raw); len(raw) > 0 && waits && (h.Complete() || h.Kind != HTTP1) {
			t.Errorf("%q is whole and waited for, cut at %d", raw, cut)
		}
	})
}
