package dump

import (
	"bytes"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	raw := firstReport(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(raw)
	}
}

func BenchmarkClaim(b *testing.B) {
	raw := firstReport(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		c := &Capture{limit: maxHead}
		c.read(raw, nil)
		c.Claim()
	}
}

func BenchmarkMask(b *testing.B) {
	raw := firstReport(b)
	m := NewMasker(false)
	h := Parse(bytes.Clone(raw))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		copy(h.Raw, raw)
		h.Masks = nil
		m.Request(h)
	}
}
