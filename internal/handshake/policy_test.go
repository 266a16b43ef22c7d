package handshake

import (
	"slices"
	"strings"
	"testing"
)

// TestNewPolicySaysWhatToWrite: a value that cannot be used is refused at start, with the
// value to write in its place.
func TestNewPolicySaysWhatToWrite(t *testing.T) {
	for _, c := range []struct {
		law                   string
		origins, subprotocols []string
		says                  string
	}{
		{"an origin has a scheme", []string{"example.com"}, nil, `write "https://example.com"`},
		{"a port does not replace the scheme", []string{"localhost:3000"}, nil, `write "https://localhost:3000"`},
		{"an origin has no path", []string{"https://example.com/app"}, nil, `"https://example.com"`},
		{"a slash is a path", []string{"https://example.com/"}, nil, `"https://example.com"`},
		{"an origin has no query", []string{"https://example.com?x"}, nil, `"https://example.com"`},
		{"an origin has no fragment", []string{"https://example.com#"}, nil, `"https://example.com"`},
		{"an origin is the page's, not the socket's", []string{"wss://example.com"}, nil, `"https://example.com"`},
		{"ws belongs to http", []string{"ws://example.com:81"}, nil, `"http://example.com:81"`},
		{"there are no wildcards inside", []string{"https://*.example.com"}, nil, "* alone"},
		{"a star stands alone", []string{"*", "https://example.com"}, nil, "write * alone"},
		{"null is nobody's origin", []string{"null"}, nil, "sandboxed frames"},
		{"an empty value is none", []string{""}, nil, "https://example.com"},
		{"one flag holds one origin", []string{"https://a.example https://b.example"}, nil, "more than one value"},
		{"a host is needed", []string{"file://"}, nil, "names no host"},
		{"a port ends at 65535", []string{"https://example.com:70000"}, nil, "does not exist"},
		{"a name beyond ASCII is sent as punycode", []string{"https://zoë.example"}, nil, "xn--"},
		{"a subprotocol is a token", nil, []string{"chat, superchat"}, "one name for each flag"},
		{"an empty subprotocol is none", nil, []string{""}, "no token"},
		{"a subprotocol stands once in the order", nil, []string{"a", "b", "a"}, "twice"},
	} {
		_, err := NewPolicy(c.origins, c.subprotocols)
		if err == nil {
			t.Errorf("%s: %q %q are taken", c.law, c.origins, c.subprotocols)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the error %q does not say %s", c.law, err, c.says)
		}
	}
}

// TestNewPolicyWritesOriginsAsBrowsersDo: what is equal to a browser is equal here.
func TestNewPolicyWritesOriginsAsBrowsersDo(t *testing.T) {
	p, err := NewPolicy([]string{"HTTPS://Example.COM:443", "https://example.com", "http://[::1]:80", "http://localhost:3000", "chrome-extension://abc"}, []string{"b", "a"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"https://example.com", "http://[::1]", "http://localhost:3000", "chrome-extension://abc"}
	if !slices.Equal(p.Origins, want) {
		t.Errorf("origins are %q, want %q", p.Origins, want)
	}
	if !slices.Equal(p.Spoken, []string{"b", "a"}) {
		t.Errorf("the order of subprotocols is the order of preference, and it is %q", p.Spoken)
	}
}

// TestAllowsOrigin: gorilla's same-origin rule, and a list that adds to it.
func TestAllowsOrigin(t *testing.T) {
	list := []string{"https://page.example", "http://localhost:3000"}
	for _, c := range []struct {
		law          string
		list         []string
		origin, host string
		want         bool
	}{
		{"the same host", nil, "http://a.example", "a.example", true},
		{"the same host and port", nil, "http://a.example:81", "a.example:81", true},
		{"the case of ASCII does not matter", nil, "http://A.example", "a.EXAMPLE", true},
		{"another port", nil, "http://localhost", "localhost:8080", false},
		{"another host", nil, "http://b.example", "a.example", false},
		{"gorilla does not know whose port 443 is", nil, "https://a.example", "a.example:443", false},
		{"null", nil, "null", "a.example", false},
		{"an origin that cannot be read", nil, "http://[::1", "[::1", false},
		{"a list keeps the same origin", list, "http://a.example", "a.example", true},
		{"an origin of the list", list, "https://page.example", "a.example", true},
		{"an origin of the list with its own port", list, "https://PAGE.example:443", "a.example", true},
		{"an origin of the list with another scheme", list, "http://page.example", "a.example", false},
		{"an origin of the list with another port", list, "http://localhost", "a.example", false},
		{"an origin that ends in one of the list", list, "https://evilpage.example", "a.example", false},
		{"an origin that begins with one of the list", list, "https://page.example.evil.example", "a.example", false},
		{"an origin of the list with a user in front", list, "https://page.example@evil.example", "a.example", false},
		{"a path behind an origin of the list", list, "https://page.example/x", "a.example", false},
		{"null is not in a list", list, "null", "a.example", false},
		{"a star", []string{"*"}, "https://evil.example", "a.example", true},
		{"a star and null", []string{"*"}, "null", "a.example", true},
	} {
		p, err := NewPolicy(c.list, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.AllowsOrigin(c.origin, c.host); got != c.want {
			t.Errorf("%s: AllowsOrigin(%q, %q) = %v", c.law, c.origin, c.host, got)
		}
	}
}

// TestSubprotocols: with a list only those of the list are spoken, without one whatever is
// offered first.
func TestSubprotocols(t *testing.T) {
	for _, c := range []struct {
		law                    string
		spoken, offered, wants []string
	}{
		{"the first that is offered", nil, []string{"chat", "superchat"}, []string{"chat"}},
		{"what is no token cannot be chosen", nil, []string{"", "a b", "chat"}, []string{"chat"}},
		{"nothing is offered", nil, nil, nil},
		{"the list", []string{"mqtt", "chat"}, []string{"chat"}, []string{"mqtt", "chat"}},
	} {
		p, err := NewPolicy(nil, c.spoken)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Subprotocols(c.offered); !slices.Equal(got, c.wants) {
			t.Errorf("%s: %q, want %q", c.law, got, c.wants)
		}
	}
}
