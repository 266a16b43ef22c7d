package journal

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// worstHeads are heads of 64 KiB that strangers have made as dear as they can.
var worstHeads = map[string]string{
	"header lines":      worst("GET / HTTP/1.1\r\n", "a:\r\n", "\r\n"),
	"hosts":             worst("GET / HTTP/1.1\r\n", "Host:a\r\n", "\r\n"),
	"origins":           worst("GET / HTTP/1.1\r\nHost: a\r\n", "Origin:b\r\n", "\r\n"),
	"lists":             worst("GET / HTTP/1.1\r\nHost: a\r\n", "Connection:a\r\n", "\r\n"),
	"keys and versions": worst("GET / HTTP/1.1\r\nHost: a\r\n", "Sec-WebSocket-Key:a\r\nSec-WebSocket-Version:1\r\n", "\r\n"),
	"folds":             worst("GET / HTTP/1.1\r\nHost: a\r\nOrigin: b\r\nConnection: c", "\r\n a", "\r\n\r\n"),
	"faults":            worst("GET / HTTP/1.1\r\nHost: a\r\n", ":\x01\n", "\r\n"),
	"control bytes":     worst("GET / HTTP/1.1\r\nHost: a\r\nX: ", "\x01a", "\r\n\r\n"),
	"bare LF":           worst("GET / HTTP/1.1\n", "a:\n", "\n"),
	"empty lines":       worst("", "\n", ""),
	"commas":            worst("GET / HTTP/1.1\r\nHost: a\r\nConnection: ", ",", "\r\n\r\n"),
	"subprotocols":      worst("GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: ", "#,", "a\r\n\r\n"),
	"subprotocol lines": worst("GET / HTTP/1.1\r\nHost: a\r\n", "Sec-WebSocket-Protocol: #\r\n", "\r\n"),
	"extensions":        worst("GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Extensions: ", "a;b=\"c\",", "a\r\n\r\n"),
	"cookies":           worst("GET / HTTP/1.1\r\nHost: a\r\n", "Cookie:a\r\n", "\r\n"),
	"pairs, then lines": worst("GET / HTTP/1.1\r\nHost: a\r\n"+worst("Cookie: ", "=a;", "\r\n")[:32<<10]+"\r\n", "a:\r\n", "\r\n"),
	"lines, then pairs": worst("GET / HTTP/1.1\r\nHost: a\r\n"+strings.Repeat("a:\r\n", 8<<10)+"Cookie: ", "=a;", "\r\n\r\n"),
	"escapes":           worst("GET /?a=a=a=a=a=a=a=a=a=a=a=", "%25252525252525252525a", " HTTP/1.1\r\nHost: a\r\n\r\n"),
	"parameters":        worst("GET /", "?a", " HTTP/1.1\r\nHost: a\r\n\r\n"),
	"addresses":         worst("GET /", "://@", " HTTP/1.1\r\nHost: a\r\n\r\n"),
	"user":              worst("GET ", "a@", " HTTP/1.1\r\nHost: a\r\n\r\n"),
	"tokens":            worst("GET /", "eyJ", " HTTP/1.1\r\nHost: a\r\n\r\n"),
	"words":             worst("", "a ", ""),
	"forwarded":         worst("GET / HTTP/1.1\r\nHost: a\r\nForwarded: ", "for=a,", "for=a\r\n\r\n"),
	"forwarded lines":   worst("GET / HTTP/1.1\r\nHost: a\r\n", "Forwarded:,\r\n", "\r\n"),
	"binary":            worst("", "\x00", ""),
	"TLS":               worst("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\x00", 36)+"\xff\xff", "\x00\x01\x00\x01a", ""),
	"escaped names":     worst("GET /?", "%61&", " HTTP/1.1\r\nHost: a\r\n\r\n"),
	"high bytes":        worst("GET / HTTP/1.1\r\nHost: a\r\nX: ", "\xff", "\r\n\r\n"),
}

// worst repeats middle until the head has 64 KiB; each # in it becomes another number.
func worst(start, middle, end string) string {
	b := []byte(start)
	for n := 0; len(b)+len(middle)+len(end)+8 < 64<<10; n++ {
		b = append(b, strings.ReplaceAll(middle, "#", strconv.FormatInt(int64(n), 36))...)
	}
	return string(append(b, end...))
}

// BenchmarkWorstHeads does all that is done with one head. What it shows is to grow with
// the bytes alone: a few milliseconds for each.
func BenchmarkWorstHeads(b *testing.B) {
	m, j, p := dump.NewMasker(false), New(Options{}), &handshake.Policy{}
	for name, raw := range worstHeads {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				a := worstAttempt(m, j, p, raw)
				a.AppendJSON(nil)
				a.AppendText(nil)
				appendBegunJSON(nil, epoch, a)
			}
		})
	}
}

// TestWorstHeadsAreBounded: what is shown of a head, and what it is said to weigh, grows
// with its bytes alone.
func TestWorstHeadsAreBounded(t *testing.T) {
	m, j, p := dump.NewMasker(false), New(Options{}), &handshake.Policy{}
	for name, raw := range worstHeads {
		a := worstAttempt(m, j, p, raw)
		for shown, n := range map[string][2]int{
			"JSON":   {len(a.AppendJSON(nil)), 1 << 20},
			"text":   {len(a.AppendText(nil)), 32 << 10},
			"line":   {len(appendBegunJSON(nil, epoch, a)), 512 << 10},
			"memory": {int(a.size()), 4 << 20},
		} {
			if n[0] > n[1] {
				t.Errorf("%s: the %s has %d bytes, more than %d", name, shown, n[0], n[1])
			}
		}
	}
}

func worstAttempt(m *dump.Masker, j *Journal, p *handshake.Policy, raw string) *Attempt {
	h := dump.Parse([]byte(raw))
	m.Request(h)
	a := &Attempt{
		ID: j.NewID(epoch), Time: epoch, State: Rejected, Request: dump.Request{Head: h},
		Client: j.Client(netip.MustParseAddrPort("127.0.0.1:1"), h),
	}
	a.Verdict = handshake.Judge(&a.Request, p)
	return a
}
