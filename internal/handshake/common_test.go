package handshake

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"

	"wsinspect/internal/dump"
)

// FuzzCommon holds Common against net/http: what Common reads, net/http reads the same, and
// no rule of net/http refuses it.
func FuzzCommon(f *testing.F) {
	for _, c := range allCases(f) {
		f.Add(c.raw)
	}
	for _, c := range goodHeads(f) {
		f.Add(c.raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		head := dump.Parse(raw)
		r := &dump.Request{Head: head, After: len(raw) - len(head.Raw)}
		got, ok := Common(r)
		if !ok {
			return
		}
		rest := bufio.NewReader(bytes.NewReader(raw))
		want, err := http.ReadRequest(rest)
		if err != nil {
			t.Fatalf("net/http refuses it: %v\n%q", err, raw)
		}
		if left, _ := io.ReadAll(rest); len(left) > 0 || want.ContentLength != 0 || want.TransferEncoding != nil {
			t.Fatalf("net/http sees a body, or leaves %q", left)
		}
		if got.Method != want.Method || got.RequestURI != want.RequestURI || got.Proto != want.Proto || got.Host != want.Host {
			t.Errorf("read as %s %s %s for %q, by net/http as %s %s %s for %q",
				got.Method, got.RequestURI, got.Proto, got.Host, want.Method, want.RequestURI, want.Proto, want.Host)
		}
		for _, name := range read {
			if !slices.Equal(got.Header[name], want.Header[name]) {
				t.Errorf("%s is %q, to net/http %q", name, got.Header[name], want.Header[name])
			}
		}
		if v := Judge(r, &Policy{}); v.DecidedBy != nil && v.DecidedBy.By == ByNetHTTP {
			t.Errorf("%s decides, which is a rule of net/http", v.DecidedBy.ID)
		}
	})
}

// TestCommonReadsWhatBrowsersSend: the short way is for the many. Apache behind HTTP/2
// sends Content-Length: 0, which speaks of a body.
func TestCommonReadsWhatBrowsersSend(t *testing.T) {
	for _, c := range goodHeads(t) {
		if bytes.Contains(c.raw, []byte("Content-Length")) {
			continue
		}
		if _, ok := Common(&dump.Request{Head: dump.Parse(c.raw)}); !ok {
			t.Errorf("%s takes the long way", c.law)
		}
	}
}
