package journal

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
	"time"
)

// An ID is 24 characters of Crockford's base32 in lower case: 11 for the microseconds
// since 1970 (55 bits) and 13 from crypto/rand (65 bits). So IDs sort as strings by time,
// and nobody can guess the address of an attempt. The first character is a digit for the
// next three centuries, which keeps IDs clear of the words that stand in their place in an
// address, such as "latest".
const (
	idLength   = 24
	idTime     = 11
	idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
)

// clock gives each ID a microsecond of its own.
type clock struct {
	last atomic.Int64 // the latest microsecond that was given away
}

// tick returns the microsecond of t, or the next free one if that is taken: a clock that
// is set back does not set IDs back.
func (c *clock) tick(t time.Time) int64 {
	for {
		last := c.last.Load()
		next := max(t.UnixMicro(), last+1)
		if c.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// NewID returns a fresh ID for an attempt that began at t. IDs are strictly increasing
// within a process and unguessable.
func (j *Journal) NewID(t time.Time) string {
	var random [16]byte
	rand.Read(random[:]) // never fails: it ends the program instead

	var id [idLength]byte
	spell(id[:idTime], uint64(j.clock.tick(t)))
	spell(id[idTime:idTime+1], uint64(random[15]))
	spell(id[idTime+1:], binary.BigEndian.Uint64(random[:]))
	return string(id[:])
}

// spell fills dst with the low bits of n, five to a character.
func spell(dst []byte, n uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = idAlphabet[n&31]
		n >>= 5
	}
}

// isID reports whether s has the shape of an ID.
func isID(s string) bool {
	if len(s) != idLength || s[0] > '9' {
		return false
	}
	for i := range len(s) {
		if !isIDByte(s[i]) {
			return false
		}
	}
	return true
}

func isIDByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' && c != 'i' && c != 'l' && c != 'o' && c != 'u'
}
