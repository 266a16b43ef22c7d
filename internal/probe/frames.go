package probe

import "io"

// frames passes frames on to gorilla, which can inflate none that refer back to earlier
// messages, as they may when the other side agreed to what browsers offer. So it is not told
// that a message is compressed, and the message is inflated behind it.
type frames struct {
	r       io.Reader
	deflate bool   // permessage-deflate was agreed on
	noted   []bool // of the messages that gorilla has yet to return: whether they are compressed

	header int    // bytes of the frame's header that have passed
	sized  int    // bytes of its longer length that are to come
	length uint64 // of its payload
	left   uint64 // bytes of its payload that are to come
}

// Bits of the first byte of a frame (RFC 6455, section 5.2).
const (
	compressedBit = 0x40 // RSV1, which permessage-deflate uses (RFC 7692, section 6)
	reservedBit   = 0x20 // RSV2, which nobody may use
	opcodeBits    = 0x0f
)

// Read reads frames and notes which are compressed.
func (f *frames) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if f.deflate {
		f.pass(p[:n])
	}
	return n, err
}

// compressed reports whether the message that begins was, or is, compressed.
func (f *frames) compressed() bool {
	if len(f.noted) == 0 {
		return false
	}
	first := f.noted[0]
	f.noted = f.noted[1:]
	return first
}

// pass walks over a piece of the stream.
func (f *frames) pass(p []byte) {
	for len(p) > 0 {
		if f.left > 0 {
			n := min(f.left, uint64(len(p)))
			f.left -= n
			p = p[n:]
			continue
		}
		f.pick(&p[0])
		p = p[1:]
	}
}

// pick reads one byte of a header. A masked frame needs no reading: gorilla ends there.
func (f *frames) pick(b *byte) {
	switch f.header {
	case 0:
		f.note(b)
		f.header = 1
		return
	case 1:
		f.header = 2
		f.length = uint64(*b &^ 0x80)
		f.sized = map[uint64]int{126: 2, 127: 8}[f.length]
		if f.sized > 0 {
			f.length = 0
			return
		}
	default:
		f.length = f.length<<8 | uint64(*b)
		if f.sized--; f.sized > 0 {
			return
		}
	}
	f.header, f.left = 0, f.length
}

// note takes the mark of compression from the first frame of a message. On any other frame
// it stands against the rules, and another bit makes gorilla say so.
func (f *frames) note(b *byte) {
	opcode := *b & opcodeBits
	first := opcode == 1 || opcode == 2
	switch {
	case first:
		f.noted = append(f.noted, *b&compressedBit != 0)
		*b &^= compressedBit
	case *b&compressedBit != 0:
		*b |= reservedBit
	}
}
