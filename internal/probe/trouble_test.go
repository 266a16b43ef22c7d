package probe

import (
	"net"
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// TestTroubles holds what keeps a client from an answer.
func TestTroubles(t *testing.T) {
	reset := listenRaw(t, func(c net.Conn, _ *dump.Head) { c.(*net.TCPConn).SetLinger(0) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "ws://" + l.Addr().String()
	l.Close()
	for _, tt := range []struct {
		name, url, step string
		trouble         diagnosis.Trouble
		says            string
		got             string
	}{
		{"nobody", nobody, "connect", diagnosis.NotConnected, "refuses connections: nobody listens there", ""},
		{"no such name", "ws://nobody.invalid", "resolve", diagnosis.NotResolved, "nobody.invalid", ""},
		{"closed", answers(t, ""), "answer", diagnosis.ClosedUnasked, "closed the connection without an answer", ""},
		{"reset", reset, "answer", diagnosis.ClosedUnasked, "reset the connection without an answer", ""},
		{"in the middle", answers(t, "HTTP/1.1 200 OK\r\nA"), "answer", diagnosis.ClosedUnasked, "after 18 bytes", ""},
		{"SSH", answers(t, "SSH-2.0-OpenSSH_9.2\r\n\r\n"), "answer", diagnosis.NotHTTP, "SSH-2.0", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
		{"HTTP/2", answers(t, "\x00\x00\x00\x04\x00\x00\x00\x00\x00"), "answer", diagnosis.NotHTTP, "HTTP/2 alone", "\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
		{"TLS alert", answers(t, "\x15\x03\x01\x00\x02\x02\x46"), "answer", diagnosis.NotHTTP, "wss://", "\x15\x03\x01\x00\x02\x02\x46"},
		{"escapes", answers(t, "\x1b[2J hello hello"), "answer", diagnosis.NotHTTP, `\x1b[2J`, "\x1b[2J hello hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, up := tryOpen(t, tt.url, nil)
			s, c := p.step(t, tt.step), p.report.Client
			if up != nil || s.Outcome != Failed || !strings.Contains(s.Says, tt.says) || c.Trouble != tt.trouble || string(c.Got) != tt.got || c.Answer != nil {
				t.Errorf("opened: %v, %s: %s\n%+v", up != nil, s.Outcome, s.Says, c)
			}
			if connected := tt.trouble > diagnosis.NotTrusted; (c.Sent != nil) != connected {
				t.Errorf("sent: %v", c.Sent)
			}
			if strings.Contains(s.Says, "\x1b") {
				t.Errorf("raw: %q", s.Says)
			}
		})
	}
}
