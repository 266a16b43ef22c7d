package probe

import (
	"compress/flate"
	"errors"
	"io"
	"strconv"
	"strings"
	"syscall"

	"github.com/gorilla/websocket"
)

// ending is how a connection ended.
type ending struct {
	code   int    // of the other side's close frame, 1005 for one without a code; 0: none came
	broken string // what the other side did against the protocol; empty: nothing
	reset  bool   // by a TCP reset
	inside bool   // in the middle of a message
}

// endingOf reads the error that ended the reading.
func endingOf(err error, inside bool) ending {
	e := ending{inside: inside, reset: errors.Is(err, syscall.ECONNRESET)}
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	frame, closed := errors.AsType[*websocket.CloseError](err)
	switch {
	case closed && frame.Code != websocket.CloseAbnormalClosure: // gorilla's word for the end of the connection
		e.code = frame.Code
	case err == errNotUTF8:
		e.broken = "sent a text message that is not UTF-8 (RFC 6455, section 8.1)"
	case corrupt || err == io.ErrUnexpectedEOF:
		e.broken = "sent a compressed message that cannot be inflated (RFC 7692, section 7.2.2)"
	case err == websocket.ErrReadLimit: // no limit is set, so the length itself is meant
		e.broken = "sent a frame whose length has its highest bit set (RFC 6455, section 5.2)"
	default:
		e.broken = brokenFrame(err.Error())
	}
	return e
}

// brokenFrame says in words what gorilla says of a frame: it has no types for that. The
// first that fits is the one that explains the others.
func brokenFrame(text string) string {
	text, ours := strings.CutPrefix(text, "websocket: ")
	for _, b := range []struct{ says, means string }{
		{"RSV1 set", "sent a frame marked as compressed, though compression was not agreed (RFC 6455, section 5.2)"},
		{"RSV", "set a reserved bit of a frame that no extension uses (RFC 6455, section 5.2)"},
		{"bad opcode", "sent a frame of an unknown kind (RFC 6455, section 5.2)"},
		{"bad MASK", "masked a frame, which only clients do (RFC 6455, section 5.1)"},
		{"len > 125", "sent a control frame of more than 125 bytes (RFC 6455, section 5.5)"},
		{"FIN not set", "fragmented a control frame (RFC 6455, section 5.5)"},
		{"data before FIN", "began a message in the middle of another (RFC 6455, section 5.4)"},
		{"continuation after", "continued a message that it had not begun (RFC 6455, section 5.4)"},
		{"bad close code", "closed with a code that may not be sent (RFC 6455, section 7.4)"},
		{"invalid utf8", "closed with a reason that is not UTF-8 (RFC 6455, section 5.5.1)"},
	} {
		if ours && strings.Contains(text, b.says) {
			return b.means
		}
	}
	return ""
}

// cut reports whether the connection was lost without a close frame.
func (e *ending) cut() bool { return e.code == 0 && e.broken == "" }

// outcome is that of a step which the ending broke off: to close is the backend's right.
func (e *ending) outcome() Outcome {
	if e.code != 0 {
		return Advised
	}
	return Failed
}

// String says who ended it and how, without a capital and a stop.
func (e *ending) String() string {
	switch {
	case e.code != 0:
		return "the other side closed with " + codeWords(e.code)
	case e.broken != "":
		return "the other side " + e.broken
	}
	words := "the connection was cut"
	if e.reset {
		words = "the connection was reset"
	}
	if e.inside {
		words += " in the middle of a message"
	}
	return words + " without a close frame, which a browser shows as 1006"
}

// codeWords writes a close code with its name (RFC 6455, section 7.4.1, and the registry
// of IANA).
func codeWords(code int) string {
	name := map[int]string{
		1000: "normal closure", 1001: "going away", 1002: "protocol error", 1003: "unsupported data",
		1007: "invalid payload", 1008: "policy violation", 1009: "message too big", 1010: "mandatory extension",
		1011: "internal error", 1012: "service restart", 1013: "try again later", 1014: "bad gateway",
	}[code]
	switch {
	case code == websocket.CloseNoStatusReceived:
		return "no code, which a browser shows as 1005"
	case name == "" && code < 4000:
		name = "a code of a library"
	case name == "":
		name = "a code of the application"
	}
	return strconv.Itoa(code) + " (" + name + ")"
}
