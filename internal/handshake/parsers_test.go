package handshake

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// FuzzExtensions: what is said of a list of extensions is true of it wherever it stands. The
// rest that cannot be read is its end, two lists that can be read are one that can, and
// whatever else is put behind one that cannot does not make it readable.
func FuzzExtensions(f *testing.F) {
	for _, s := range []string{"permessage-deflate", "permessage-deflate; client_max_window_bits", "a; b=c; d=\"e\", f", "", ",", ";", "a;", "a; b=", `a; b="c`, `a; b="c d"`, "a b", "a;b=c=d",
		"x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=10\t;\tclient_no_context_takeover", "permessage-deflate; \xff"} {
		f.Add(s, "permessage-deflate")
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		rest, ok := readExtensions(one)
		if !strings.HasSuffix(one, rest) || ok && rest != "" {
			t.Errorf("of %q it cannot read %q, %t", one, rest, ok)
		}
		_, also := readExtensions(other)
		_, both := readExtensions(one + ", " + other)
		if ok && also && !both {
			t.Errorf("%q and %q can be read, and not together", one, other)
		}
		if both && !strings.Contains(one, `"`) && !ok {
			t.Errorf("%q cannot be read, and can with %q behind it", one, other)
		}
	})
}

// FuzzOrigin: without a list an Origin is allowed where gorilla's own rule allows it, at any
// Host; and one that can stand in the list is allowed at every Host as it stands there.
func FuzzOrigin(f *testing.F) {
	for _, s := range []string{"http://localhost", "https://app.example:8443", "null", "", "HTTP://LOCALHOST", "http://user@localhost", "http://[::1]:80", "http://localhost:80", "http://localhost/", "//localhost", "localhost",
		"http://loc%61lhost", "http://\xff", "http://\u212aelvin", "http://a b", "ws://localhost", "*", "http://localhost:99999", "http://localhost:"} {
		f.Add(s, "localhost")
		f.Add(s, "\xfe")
	}
	f.Fuzz(func(t *testing.T, origin, host string) {
		r := &http.Request{Method: http.MethodGet, Host: host, Header: http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Origin": {origin},
		}}
		w := httptest.NewRecorder()
		new(websocket.Upgrader).Upgrade(w, r, nil) // fails in any case: there is no connection to take over
		allowed := w.Code != http.StatusForbidden
		if got := new(Policy).AllowsOrigin(origin, host); got != allowed {
			t.Errorf("Origin %q at Host %q is allowed: %t, gorilla says %t", origin, host, got, allowed)
		}
		p, err := NewPolicy([]string{origin}, nil)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(c rune) bool { return c < ' ' || c > '~' && c < 0xa0 }) {
				t.Errorf("the error holds a byte that a terminal obeys: %q", err)
			}
			return
		}
		if !p.AllowsOrigin(origin, "elsewhere.invalid") && origin != "*" {
			t.Errorf("Origin %q is in the list, as %q, and is not allowed", origin, p.Origins)
		}
	})
}
