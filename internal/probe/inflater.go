package probe

import (
	"compress/flate"
	"io"
	"strings"
)

// window is how far back deflate refers at most, in bytes.
const window = 32 << 10

// deflateTail ends a message for flate: the four bytes that senders leave out (RFC 7692,
// section 7.2.2), and an empty last block.
const deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// inflater inflates messages one after the other, and keeps what the next may refer to.
type inflater struct {
	flate io.ReadCloser
	past  []byte // the last of what was inflated, at most a window
}

// message returns the message that r has compressed, to be read before the next is asked for.
func (f *inflater) message(r io.Reader) io.Reader {
	whole := io.MultiReader(r, strings.NewReader(deflateTail))
	if f.flate == nil {
		f.flate = flate.NewReader(whole)
	} else {
		f.flate.(flate.Resetter).Reset(whole, f.past) // fails never: the type says so
	}
	return f
}

// Read reads on in the message.
func (f *inflater) Read(p []byte) (int, error) {
	n, err := f.flate.Read(p)
	f.past = append(f.past, p[max(0, n-window):n]...)
	if over := len(f.past) - window; over > 0 {
		f.past = f.past[:copy(f.past, f.past[over:])]
	}
	return n, err
}
