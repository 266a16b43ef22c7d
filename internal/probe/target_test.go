package probe

import (
	"strings"
	"testing"
)

// TestParseTarget holds each rule by itself. The same addresses are opened in a real
// Chromium in internal/e2e.
func TestParseTarget(t *testing.T) {
	for _, tt := range []struct{ url, host, origin, address, name, path string }{
		{"ws://example.com", "example.com", "http://example.com", "example.com:80", "example.com", "/"},
		{"wss://example.com/ws", "example.com", "https://example.com", "example.com:443", "example.com", "/ws"},
		{"ws://example.com:80", "example.com", "http://example.com", "example.com:80", "example.com", "/"},
		{"wss://example.com:443", "example.com", "https://example.com", "example.com:443", "example.com", "/"},
		{"ws://example.com:443", "example.com:443", "http://example.com:443", "example.com:443", "example.com", "/"},
		{"wss://example.com:80", "example.com:80", "https://example.com:80", "example.com:80", "example.com", "/"},
		{"ws://example.com:", "example.com", "http://example.com", "example.com:80", "example.com", "/"},
		{"ws://example.com:08080", "example.com:8080", "http://example.com:8080", "example.com:8080", "example.com", "/"},
		{"http://example.com", "example.com", "http://example.com", "example.com:80", "example.com", "/"},
		{"HTTPS://example.com", "example.com", "https://example.com", "example.com:443", "example.com", "/"},
		{"ws://EXAMPLE.Com/Ws", "example.com", "http://example.com", "example.com:80", "example.com", "/Ws"},
		{"wss://example.com./", "example.com.", "https://example.com.", "example.com.:443", "example.com", "/"},
		{"ws://[::1]:8080", "[::1]:8080", "http://[::1]:8080", "[::1]:8080", "::1", "/"},
		{"ws://[2001:DB8:0:0::1]", "[2001:db8::1]", "http://[2001:db8::1]", "[2001:db8::1]:80", "2001:db8::1", "/"},
		{"ws://[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "http://[::ffff:7f00:1]", "[::ffff:7f00:1]:80", "::ffff:7f00:1", "/"},
		{"ws://127.1:81", "127.0.0.1:81", "http://127.0.0.1:81", "127.0.0.1:81", "127.0.0.1", "/"},
		{"ws://0x7f.0.0.01", "127.0.0.1", "http://127.0.0.1", "127.0.0.1:80", "127.0.0.1", "/"},
		{"ws://bücher.example", "xn--bcher-kva.example", "http://xn--bcher-kva.example", "xn--bcher-kva.example:80", "xn--bcher-kva.example", "/"},
		{"ws://faß.example", "xn--fa-hia.example", "http://xn--fa-hia.example", "xn--fa-hia.example:80", "xn--fa-hia.example", "/"},
		{"ws://a_b.example", "a_b.example", "http://a_b.example", "a_b.example:80", "a_b.example", "/"},
		{"ws://user:secret@example.com/", "example.com", "http://example.com", "example.com:80", "example.com", "/"},
		{"ws://example.com?q", "example.com", "http://example.com", "example.com:80", "example.com", "/?q"},
		{"ws://example.com/?", "example.com", "http://example.com", "example.com:80", "example.com", "/?"},
		{`ws://example.com/a b"<>{}|^~%zz%41/ü`, "example.com", "http://example.com", "example.com:80", "example.com", "/a%20b%22%3C%3E%7B%7D%7C%5E~%zz%41/%C3%BC"},
		{`ws://example.com/?a b"<>{}|^'\%zz=ü`, "example.com", "http://example.com", "example.com:80", "example.com", `/?a%20b%22%3C%3E{}|^%27\%zz=%C3%BC`},
		{"ws://example.com/a/../b/./c/%2e%2E/d//e", "example.com", "http://example.com", "example.com:80", "example.com", "/b/d//e"},
		{"ws://example.com/a/..", "example.com", "http://example.com", "example.com:80", "example.com", "/"},
		{"ws://example.com/../..", "example.com", "http://example.com", "example.com:80", "example.com", "/"},
		{"ws://example.com//a", "example.com", "http://example.com", "example.com:80", "example.com", "//a"},
		{`ws:\\example.com\a`, "example.com", "http://example.com", "example.com:80", "example.com", "/a"},
		{" ws://example.com/\ta\n ", "example.com", "http://example.com", "example.com:80", "example.com", "/a"},
	} {
		target, err := ParseTarget(tt.url)
		if err != nil {
			t.Errorf("%q: %v", tt.url, err)
			continue
		}
		for _, part := range []struct{ name, got, want string }{
			{"Host", target.Host(), tt.host},
			{"Origin", target.Origin(), tt.origin},
			{"address", target.Address(), tt.address},
			{"server name", target.ServerName(), tt.name},
			{"path", target.Path, tt.path},
		} {
			if part.got != part.want {
				t.Errorf("%q: its %s is %q, want %q", tt.url, part.name, part.got, part.want)
			}
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for _, tt := range []struct{ url, says string }{
		{"", "no scheme"},
		{"example.com/ws", "write ws://example.com/ws"},
		{"localhost:8080/ws", "write ws://localhost:8080/ws"},
		{"ftp://example.com", "begins with ftp"},
		{"ws://example.com/#a", "fragment"},
		{"ws://example.com/#", "fragment"},
		{"ws://", "host is missing"},
		{"ws://:8080/", "host is missing"},
		{"ws://[fe80::1%25eth0]/", "zone"},
		{"ws://[::1/", "not closed"},
		{"ws://[12345::]/", "no IPv6 address"},
		{"ws://[127.0.0.1]/", "no IPv6 address"},
		{"ws://::1/", "in brackets"},
		{"ws://example.com:99999/", "above 65535"},
		{"ws://example.com:0/", "port 0"},
		{"ws://example.com:a/", "no number"},
		{"ws://" + strings.Repeat("ü", maxHost) + "/", "no name is that long"},
		{"ws://local host/", "no host can have"},
		{"ws://a%00b/", "no host can have"},
		{"ws://1.2.3.4.5/", "no IPv4 address"},
		{"ws://256.0.0.1/", "no IPv4 address"},
		{"ws://a.1/", "no IPv4 address"},
		{"ws://a\u200db.example/", "is no name"},
	} {
		if target, err := ParseTarget(tt.url); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q is %v, error %v; want one that says %q", tt.url, target, err, tt.says)
		}
	}
}

// A URL with a user shows it nowhere.
func TestTargetHidesUser(t *testing.T) {
	target := mustParse(t, "wss://us%40er:pa%20ss@example.com:8443/x")
	if got, want := target.String(), "wss://example.com:8443/x"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
	if password, _ := target.User.Password(); target.User.Username() != "us@er" || password != "pa ss" {
		t.Errorf("the user is %q with %q", target.User.Username(), password)
	}
}

// FuzzParseTarget: what is read from an address is read the same from its own spelling, and
// fits a request line.
func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"ws://example.com/a b?c d", "wss://[::1]:8080", "http://0x7f.1//\\", "ws://bücher.example./%2e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := ParseTarget(s)
		if err != nil {
			return
		}
		if strings.ContainsFunc(target.Path+target.Host(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q becomes %q at %q", s, target.Path, target.Host())
		}
		again, err := ParseTarget(target.String())
		if err != nil || again.String() != target.String() {
			t.Errorf("%q becomes %q, and that %v, %v", s, target, again, err)
		}
	})
}

func mustParse(t testing.TB, s string) *Target {
	t.Helper()
	target, err := ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return target
}
