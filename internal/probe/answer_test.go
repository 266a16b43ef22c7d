package probe

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzAnswer: any answer is read within bounds, and the same in one piece as byte by byte.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{right + "\r\nabc", "HTTP/1.1 103 a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>a</title>", "HTTP", "SSH-2.0", "HTTP/1.1 200\n\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\n\x1f\x8b\x08\x00\x00\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var whole, bit answer
		r, one := bytes.NewReader(b), bytes.NewReader(b)
		err, errOne := whole.read(r), bit.read(oneByOne{one})
		if (err == nil) != (errOne == nil) || err == nil && !bytes.Equal(whole.head.Raw, bit.head.Raw) {
			t.Fatalf("%v and %v", err, errOne)
		}
		if len(whole.head.Raw) > maxHead+4<<10 || len(whole.got) > maxGot {
			t.Errorf("%d bytes of a head are kept", len(whole.head.Raw))
		}
		if err != nil {
			return
		}
		if title := whole.title(r); len(title) > maxTitle || title != bit.title(oneByOne{one}) {
			t.Errorf("the title is %q", title)
		}
		for b := Chrome; b <= NoBrowser; b += NoBrowser {
			u := &upgrade{sent: whole.head, answer: whole.head, browser: b}
			for _, j := range []judgement{u.switched(), u.accepted(), u.agreed()} {
				if strings.ContainsFunc(j.says, func(r rune) bool { return r < ' ' }) {
					t.Errorf("raw: %q", j.says)
				}
			}
		}
	})
}
