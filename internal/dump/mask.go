package dump

import (
	"bytes"
	"hash/maphash"
	"sort"
)

// Mask is a place whose bytes a Masker has replaced by '*', at equal length.
type Mask struct {
	Span Span
	hash uint64 // of what stood there, under the Masker's key; compared, never shown
}

// Masker blanks what may be a secret. Its key lives only in the process, so that the
// hashes of two masked values can be compared by nobody else. It may be used concurrently.
type Masker struct {
	key    maphash.Seed
	reveal bool
}

// NewMasker returns a Masker with a fresh key. With reveal it blanks nothing.
func NewMasker(reveal bool) *Masker {
	return &Masker{key: maphash.MakeSeed(), reveal: reveal}
}

// Request blanks the secrets of a captured request in place and records them in Masks. No
// length, line end or name of a readable header changes, so every Span stays true; Faults
// may point at blanked bytes. A head that was masked before is left as it is.
func (m *Masker) Request(h *Head) { m.mask(h, (*blanker).requestLine) }

// Answer blanks the secrets of a captured answer in place, as Request does.
func (m *Masker) Answer(h *Head) { m.mask(h, (*blanker).statusLine) }

// Subprotocol returns name with the token blanked that rides in it, if there is one.
func (m *Masker) Subprotocol(name string) string {
	if m.reveal {
		return name
	}
	b := blanker{raw: []byte(name)}
	b.subprotocol(Span{0, len(name)})
	return string(b.raw)
}

func (m *Masker) mask(h *Head, startLine func(*blanker, Start)) {
	if m.reveal || h.Masks != nil {
		return
	}
	b := blanker{raw: h.Raw, key: m.key}
	b.preface(h)
	startLine(&b, h.Start)
	for _, f := range h.Fields {
		b.field(f)
	}
	h.Masks = b.masks
}

// Masked reports whether any byte of s is masked.
func (h *Head) Masked(s Span) bool {
	i := h.firstMask(s)
	return i < len(h.Masks) && h.Masks[i].Span.Overlaps(s)
}

// firstMask returns the index of the first mask that ends within s or behind it.
func (h *Head) firstMask(s Span) int {
	return sort.Search(len(h.Masks), func(i int) bool { return h.Masks[i].Span.End > s.Start })
}

// SameValue reports whether the places s in h and t in g carry the same bytes. Where a
// Masker has blanked them it compares what stood there; both heads must then come from the
// same Masker.
func SameValue(h *Head, s Span, g *Head, t Span) bool {
	if !bytes.Equal(h.Raw[s.Start:s.End], g.Raw[t.Start:t.End]) {
		return false
	}
	a, b := h.masksIn(s), g.masksIn(t)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Span.Start-s.Start != b[i].Span.Start-t.Start || a[i].Span.Len() != b[i].Span.Len() || a[i].hash != b[i].hash {
			return false
		}
	}
	return true
}

// masksIn returns the masks within s.
func (h *Head) masksIn(s Span) []Mask {
	first := h.firstMask(s)
	last := first
	for last < len(h.Masks) && h.Masks[last].Span.End <= s.End {
		last++
	}
	return h.Masks[first:last]
}

// blanker blanks the secrets of one head, in the order of its bytes. Its methods that
// return open tell that a secret reaches the end of what they were given, so that it may
// go on behind it.
type blanker struct {
	raw   []byte
	key   maphash.Seed
	masks []Mask

	announced bool // the subprotocol before says that its token comes next
}

func (b *blanker) blank(s Span) {
	if s.Empty() {
		return
	}
	text := b.bytes(s)
	if b.key != (maphash.Seed{}) {
		b.masks = append(b.masks, Mask{s, maphash.Bytes(b.key, text)})
	}
	for i := range text {
		text[i] = '*'
	}
}

func (b *blanker) bytes(s Span) []byte { return b.raw[s.Start:s.End] }

// cut cuts s at the first of the bytes in any; without one, all of s is before it.
func (b *blanker) cut(s Span, any string) (before, after Span) {
	if i := bytes.IndexAny(b.bytes(s), any); i >= 0 {
		return Span{s.Start, s.Start + i}, Span{s.Start + i + 1, s.End}
	}
	return s, Span{s.End, s.End}
}
