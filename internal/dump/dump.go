// Package dump holds the bytes of one connection: captured as they arrived, cut into
// lines, masked, compared and shown.
//
// net/http forgets the order, the spelling and the duplicates of header lines, and it
// answers some requests before any handler runs. So the bytes are copied at the
// connection, by a [Listener], into one [Capture] for each connection. [Parse] cuts them
// into a [Head] without losing a byte and without ever failing: what cannot be read is a
// marked [Fault]. A [Masker] blanks the secrets in place, at equal length, so that every
// [Span] stays true.
package dump

// Span is a half-open range of bytes, [Start, End), in the Raw of a Head. It is the
// currency between capture, finding and page: evidence is always a place in the bytes.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Len returns the number of bytes in s.
func (s Span) Len() int { return s.End - s.Start }

// Empty reports whether s holds no byte.
func (s Span) Empty() bool { return s.End <= s.Start }

// Contains reports whether inner lies within s.
func (s Span) Contains(inner Span) bool { return s.Start <= inner.Start && inner.End <= s.End }

// Overlaps reports whether s and t share a byte.
func (s Span) Overlaps(t Span) bool { return s.Start < t.End && t.Start < s.End }
