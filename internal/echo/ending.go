package echo

import (
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/gorilla/websocket"

	"wsinspect/internal/journal"
)

// refusal is why we end a session, as a close code and the reason in its frame.
type refusal struct {
	code   int
	reason string
}

func (r *refusal) Error() string { return fmt.Sprintf("close %d: %s", r.code, r.reason) }

// ending turns the error that ended the reading into words, and sends our close frame
// where that error is the peer's fault.
func (s *session) ending(err error) journal.Close {
	if why := refusalOf(err); why != nil {
		s.leave(why) // where gorilla has sent a close frame already, this one is dropped
	}
	if why := s.leaving.Load(); why != nil {
		return journal.Close{Code: why.code, Reason: why.reason, By: journal.ByServer}
	}
	if frame, ok := errors.AsType[*websocket.CloseError](err); ok && isCloseFrame(err) {
		return journal.Close{Code: frame.Code, Reason: frame.Text, By: journal.ByClient}
	}
	return journal.Close{Code: websocket.CloseAbnormalClosure, By: journal.ByNobody, Detail: lossOf(err)}
}

// isCloseFrame reports whether err says that the peer's close frame has come. gorilla uses
// code 1006 for a connection that ended without one.
func isCloseFrame(err error) bool {
	frame, ok := errors.AsType[*websocket.CloseError](err)
	return ok && frame.Code != websocket.CloseAbnormalClosure
}

// refusalOf says for which fault of the peer a session ends; nil: the connection ended, or
// the peer closed it.
func refusalOf(err error) *refusal {
	if why, ok := errors.AsType[*refusal](err); ok {
		return why
	}
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok || err == io.ErrUnexpectedEOF {
		return &refusal{websocket.CloseInvalidFramePayloadData, "compressed data cannot be read"}
	}
	_, lost := errors.AsType[net.Error](err)
	_, closed := errors.AsType[*websocket.CloseError](err)
	if lost || closed || err == websocket.ErrCloseSent || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	// gorilla has no type for what is left: its errors about the peer's frames.
	return &refusal{websocket.CloseProtocolError, strings.TrimPrefix(err.Error(), "websocket: ")}
}

// lossOf says in plain words how a connection was lost.
func lossOf(err error) string {
	lost, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case strings.HasSuffix(err.Error(), syscall.ETIMEDOUT.Error()): // gorilla leaves nothing of it but its words
		return "the peer no longer answered"
	case ok && lost.Timeout():
		return journal.Stalled
	}
	return "the connection was closed"
}
