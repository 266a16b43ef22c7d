package probe

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"wsinspect/internal/dump"
)

// Bounds of the head of an answer, which a stranger has written.
const (
	maxHead    = 64 << 10 // bytes of a head
	maxInterim = 10       // heads with a status below 200 that come before it
)

const (
	startsHTTP   = "HTTP/" // as every answer does
	enoughToTell = 9       // bytes by which another protocol can be recognised: the head of a frame of HTTP/2
)

// Why there is no head.
var (
	errNotHTTP = errors.New("what came back is no HTTP/1")
	errTooLong = errors.New("the head of the answer does not end within 64 KiB")
)

// answer is what came back for a handshake.
type answer struct {
	head    *dump.Head
	interim []int  // statuses that went before it, 103 for instance
	rest    []byte // what was read behind the head
	got     []byte // what came in place of a whole head, as far as it is kept
}

// read reads the head. Those with a status below 200 but 101 are passed over, as browsers
// do.
func (a *answer) read(r io.Reader) error {
	for {
		raw, rest, err := readHead(r, a.rest)
		a.head, a.rest = dump.ParseAnswer(raw), rest
		if err != nil {
			a.got = raw[:min(len(raw), maxGot)]
			return err
		}
		status := statusOf(a.head)
		if status < 100 || status > 199 || status == http.StatusSwitchingProtocols || len(a.interim) == maxInterim {
			return nil
		}
		a.interim = append(a.interim, status)
	}
}

// readHead reads up to the empty line that ends a head; read was read before. With an error
// comes what there is of a head.
func readHead(r io.Reader, read []byte) (head, rest []byte, err error) {
	b := bytes.Clone(read)
	line, scanned := 0, 0 // where the last line begins, and up to where it is known not to end
	chunk := make([]byte, 4<<10)
	for {
		if !bytes.HasPrefix(b, []byte(startsHTTP)[:min(len(b), len(startsHTTP))]) {
			return readOn(r, b), nil, errNotHTTP
		}
		for scanned < len(b) {
			i := bytes.IndexByte(b[scanned:], '\n')
			if i < 0 {
				scanned = len(b)
				break
			}
			scanned += i + 1
			if text := bytes.TrimSuffix(b[line:scanned-1], []byte{'\r'}); len(text) == 0 {
				return b[:scanned:scanned], b[scanned:], nil
			}
			line = scanned
		}
		if len(b) >= maxHead {
			return b[:maxHead], nil, errTooLong
		}
		if err != nil {
			return b, nil, err
		}
		var n int
		n, err = r.Read(chunk)
		b = append(b, chunk[:n]...)
	}
}

// readOn reads a little more of what is no HTTP, so that it can be recognised.
func readOn(r io.Reader, b []byte) []byte {
	for len(b) < enoughToTell {
		more := make([]byte, maxGot)
		n, err := r.Read(more)
		b = append(b, more[:n]...)
		if err != nil {
			break
		}
	}
	return b
}
