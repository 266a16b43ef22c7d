package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// ended is what is said of a step in which ctx has ended the probe.
const ended = "The probe was ended."

// fail makes s a failed step that kept the client from an answer. Where the probe itself
// was ended, nobody else is to blame.
func (p *probe) fail(ctx context.Context, s *Step, trouble diagnosis.Trouble, err error) {
	if ctx.Err() != nil {
		s.Outcome, s.Says = Skipped, ended
		return
	}
	s.Outcome = Failed
	p.report.Client.Trouble = trouble
	if err != nil {
		p.report.Client.Why = err.Error()
	}
}

// unanswered says what came in place of an answer, as far as it is kept, and which trouble
// that is.
func unanswered(got []byte, err error, limit time.Duration) (string, diagnosis.Trouble) {
	late := errors.Is(err, os.ErrDeadlineExceeded)
	switch {
	case errors.Is(err, errNotHTTP):
		return "What came back is no HTTP/1: " + protocolOf(got) + ".", diagnosis.NotHTTP
	case late && len(got) == 0:
		return fmt.Sprintf("No answer came within %s. The connection is open, and nobody speaks: a proxy waits for a backend, or the backend for more.", duration(limit)), diagnosis.NothingInTime
	case late:
		return fmt.Sprintf("The head of the answer was not whole within %s: %d bytes came.", duration(limit), len(got)), diagnosis.NothingInTime
	case strings.Contains(err.Error(), "certificate required"):
		return "The server asks for a certificate of the client. A browser sends one only where it is installed.", diagnosis.NoTLS
	case len(got) == 0:
		return sentence("The other side " + why(err, limit) + " without an answer"), diagnosis.ClosedUnasked
	}
	return sentence(fmt.Sprintf("In the middle of the head, after %d bytes, the other side %s", len(got), why(err, limit))), diagnosis.ClosedUnasked
}

// protocolOf names what the first bytes speak, where they tell.
func protocolOf(got []byte) string {
	switch {
	case len(got) >= 9 && got[3] == 4 && got[0] == 0 && bytes.Equal(got[5:9], make([]byte, 4)):
		return "a SETTINGS frame of HTTP/2. The port speaks HTTP/2 alone, and a browser opens a WebSocket with HTTP/1.1"
	case len(got) >= 2 && (got[0] == 0x15 || got[0] == 0x16) && got[1] == 3:
		return "it is TLS. Open the address with wss://"
	}
	return "it begins with " + handshake.Quote(string(got))
}

// why says in plain words what became of a connection; it follows upon an address.
func why(err error, limit time.Duration) string {
	network, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses connections: nobody listens there"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return "cannot be reached from here: there is no way to that network"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset the connection"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "cannot be reached from here: a firewall on this machine forbids it"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed the connection"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), ok && network.Timeout():
		return fmt.Sprintf("did not answer within %s: perhaps a firewall drops what is sent there", duration(limit))
	}
	return "failed: " + err.Error()
}

// maxGot is how many bytes of something that is not HTTP are kept.
const maxGot = 256
