package web

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// realHello returns what Go's own TLS client writes first.
func realHello(t *testing.T, server string) string {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close() })
	go tls.Client(theirs, &tls.Config{ServerName: server, InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}).Handshake()
	b := make([]byte, 4096)
	n, err := ours.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestLegend(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		says      []string
	}{
		{"TLS", realHello(t, "app.example"), []string{"16 03 01=TLS record: a handshake, TLS 1.0 on the outside", "01=ClientHello", "03 03=TLS 1.2, or later", "SNI=asks for the server app.example", "ALPN=offers h2, http/1.1"}},
		{"TLS, cut", clientHello, []string{"00 b7=183 bytes follow", "00 00 b3=of 179 bytes", "not found=the extensions"}},
		{"PROXY 1", "PROXY TCP4 192.0.2.1 192.0.2.2 51234 80\r\n" + sound, []string{"PROXY=PROXY protocol, version 1", "192.0.2.1=the client", "51234=the client’s port", "80=the port that it connected to"}},
		{"PROXY 2", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xc8\x22\x00\x50" + sound, []string{"21=version 2, PROXY", "11=TCP over IPv4", "00 0c=12 bytes", "c0 00 02 01=the client, 192.0.2.1", "c8 22=the client’s port, 51234"}},
		{"PROXY 2, cut", "\r\n\r\n\x00\r\nQUIT\n\x21", []string{"21=version 2, PROXY"}},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []string{"PRI * HTTP/2.0=the preface of HTTP/2", "SM=and its second half"}},
		{"uwsgi", "\x00\x69\x00\x00\x0c\x00QUERY_STRING\x00\x00", []string{"69 00=105 bytes of them, the low byte first", "0c 00=a name of 12 bytes", "QUERY_STRI=how the first name begins"}},
		{"FastCGI", "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", []string{"01=FastCGI, version 1", "00 08=8 bytes of content follow"}},
		{"AJP", "\x12\x34\x00\x02\x02\x02", []string{"12 34=AJP", "00 02=2 bytes follow"}},
		{"SCGI", "70:CONTENT_LENGTH\x000\x00", []string{"70:=SCGI: the length of the headers"}},
		{"something else", "\x7f\x45\x4c\x46\x02", []string{"7f 45 4c 46=no protocol that is known"}},
		{"HTTP", sound, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := dump.Parse([]byte(c.raw))
			dump.NewMasker(false).Request(h)
			var got strings.Builder
			for _, l := range legend(h) {
				got.WriteString(l.Bytes + "=" + l.Says + "\n")
			}
			for _, want := range c.says {
				if !strings.Contains(got.String(), want) {
					t.Errorf("the legend does not say %q:\n%s", want, got.String())
				}
			}
			if c.says == nil && got.Len() > 0 {
				t.Errorf("the legend of HTTP says %s", got.String())
			}
		})
	}
}

// FuzzLegend: whatever arrives, its legend is made.
func FuzzLegend(f *testing.F) {
	for _, raw := range []string{clientHello, "PROXY TCP4 ", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c", "\x00\x01\x00\x00\xff\xffA", "\x12\x34", "1:CONTENT_LENGTH\x00"} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := dump.Parse(raw)
		dump.NewMasker(false).Request(h)
		for _, l := range legend(h) {
			if l.Bytes == "" || l.Says == "" {
				t.Errorf("a line of the legend is %+v", l)
			}
		}
	})
}
