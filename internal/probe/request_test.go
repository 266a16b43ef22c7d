package probe

import (
	"encoding/base64"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// written returns the head that the options write.
func written(t *testing.T, o *Options) *dump.Head {
	t.Helper()
	o.Timeout = patience
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	raw := o.handshakeRequest(o.Target, false)
	h := dump.Parse(raw)
	if len(h.Faults) > 0 || !h.Complete() || len(h.Raw) != len(raw) {
		t.Fatalf("the head cannot be read: %+v\n%s", h.Faults, raw)
	}
	return h
}

func TestNewKeyEachTime(t *testing.T) {
	o := &Options{Target: mustParse(t, "ws://app.example")}
	first, second := valueOf(written(t, o), "Sec-WebSocket-Key"), valueOf(written(t, o), "Sec-WebSocket-Key")
	if b, err := base64.StdEncoding.DecodeString(first); err != nil || len(b) != 16 || first == second {
		t.Errorf("the keys are %q and %q", first, second)
	}
}

func TestUsersHeaders(t *testing.T) {
	h := written(t, &Options{Target: mustParse(t, "ws://app.example/?a"), Browser: NoBrowser, Nonce: "n 1", Headers: []Header{
		{"upgrade", "WebSocket"}, {"X-One", "1"}, {"X-One", "2"}, {"HOST", "other"}, {"X-Empty", ""},
	}})
	key := valueOf(h, "Sec-WebSocket-Key")
	want := "GET /?a&wsinspect-nonce=n+1 HTTP/1.1\r\nHOST: other\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
		"\r\nSec-WebSocket-Version: 13\r\nX-One: 1\r\nX-One: 2\r\nX-Empty: \r\n\r\n"
	if got := string(h.Raw); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOrigin(t *testing.T) {
	for _, tt := range []struct {
		browser      Browser
		origin, want string
	}{
		{Chrome, "", "https://app.example"},
		{Chrome, "http://elsewhere.example", "http://elsewhere.example"},
		{Chrome, NoOrigin, ""},
		{NoBrowser, "", ""},
		{NoBrowser, "http://elsewhere.example", "http://elsewhere.example"},
	} {
		h := written(t, &Options{Target: mustParse(t, "wss://app.example"), Browser: tt.browser, Origin: tt.origin})
		if got := valueOf(h, "Origin"); got != tt.want {
			t.Errorf("%s with %q sends %q, want %q", tt.browser, tt.origin, got, tt.want)
		}
	}
}

// A Cookie line has exactly the length that is asked for, and is one that browsers write.
func TestCookieBytes(t *testing.T) {
	for _, n := range []int{0, shortestCookie, 13, 100, 4103, 4104, 4105, 4110, 4111, 4112, 4113, 4114, 4200, 8200, 8212, 8213, 40000, maxCookieBytes} {
		h := written(t, &Options{Target: mustParse(t, "ws://app.example"), CookieBytes: n})
		f, ok := h.Field("Cookie")
		if n == 0 {
			if ok {
				t.Error("a cookie was sent, and none was asked for")
			}
			continue
		}
		line := strings.TrimRight(h.Text(f.Line), "\r\n")
		if len(line) != n {
			t.Errorf("asked for %d bytes, got %d: %.40s", n, len(line), line)
		}
		for cookie := range strings.SplitSeq(h.Value(f), "; ") {
			if name, value, ok := strings.Cut(cookie, "="); !ok || !dump.IsToken(name) || value == "" || len(cookie) > maxCookie {
				t.Errorf("with %d bytes there is a cookie of %d bytes: %.40q", n, len(cookie), cookie)
			}
		}
	}
}
