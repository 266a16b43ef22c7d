package probe

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// message is what is kept of a message: not its body, which is a stranger's or the user's.
type message struct {
	kind       int // websocket.TextMessage or websocket.BinaryMessage
	size       int64
	digest     [sha256.Size]byte
	compressed bool // as it came
}

// sketch returns what is kept of a message.
func sketch(kind int, body []byte) message {
	return message{kind: kind, size: int64(len(body)), digest: sha256.Sum256(body)}
}

// echoes reports whether m is the same message as sent.
func (m message) echoes(sent message) bool {
	sent.compressed = m.compressed
	return m == sent
}

// String returns kind and length.
func (m message) String() string {
	kind := "text"
	if m.kind == websocket.BinaryMessage {
		kind = "binary"
	}
	return kind + " of " + size(m.size)
}

// heard are messages that nobody waited for. The first are kept, the others counted.
type heard struct {
	first []message
	more  int
}

// add keeps or counts a message.
func (h *heard) add(m message) {
	if len(h.first) < 3 {
		h.first = append(h.first, m)
	} else {
		h.more++
	}
}

// String names the first and counts the others; it is empty where there was none.
func (h *heard) String() string {
	var words []string
	for _, m := range h.first {
		words = append(words, m.String())
	}
	if h.more > 0 {
		words = append(words, fmt.Sprintf("and %d more", h.more))
	}
	return strings.Join(words, ", ")
}

// errNotUTF8 says that a text message is none.
var errNotUTF8 = errors.New("text is not UTF-8")

// readMessage reads a message to its end, of whatever length, and keeps nothing of it.
func readMessage(kind int, r io.Reader) (message, error) {
	m := message{kind: kind}
	digest := sha256.New()
	to := io.Writer(digest)
	var text textCheck
	if kind == websocket.TextMessage {
		to = io.MultiWriter(digest, &text)
	}
	var err error
	if m.size, err = io.Copy(to, r); err != nil {
		return m, err
	}
	if text.cut != nil {
		return m, errNotUTF8
	}
	digest.Sum(m.digest[:0])
	return m, nil
}

// textCheck fails when what is written to it is not UTF-8 (RFC 6455, section 8.1).
type textCheck struct {
	cut []byte // the beginning of a character at the end of what was written
}

// Write checks the characters that are whole by now.
func (c *textCheck) Write(p []byte) (int, error) {
	text := append(c.cut, p...)
	whole := len(text)
	for i := len(text) - 1; i >= max(0, len(text)-utf8.UTFMax); i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRune(text[i:]) {
				whole = i
			}
			break
		}
	}
	if !utf8.Valid(text[:whole]) {
		return 0, errNotUTF8
	}
	c.cut = append([]byte(nil), text[whole:]...)
	return len(p), nil
}
