package probe

import (
	"net/url"
	"testing"
)

// The address of the page may be named with /inspect or without, below any prefix, and as
// serve prints it, with the token.
func TestInspectAddress(t *testing.T) {
	target := mustParse(t, "wss://Example.com/ws?a=b")
	for _, test := range []struct{ named, address, token string }{
		{"", "https://example.com/inspect", ""},
		{"http://localhost:8080", "http://localhost:8080/inspect", ""},
		{"http://localhost:8080/", "http://localhost:8080/inspect", ""},
		{"http://localhost:8080/inspect", "http://localhost:8080/inspect", ""},
		{"https://example.com/tools/inspect/", "https://example.com/tools/inspect", ""},
		{"http://localhost:8080/inspect#token=a%2Bb", "http://localhost:8080/inspect", "a+b"},
	} {
		o := &Options{Target: target}
		if test.named != "" {
			var err error
			if o.Inspect, err = url.Parse(test.named); err != nil {
				t.Fatal(err)
			}
		}
		if address, token := inspectAddress(o); address != test.address || token != test.token {
			t.Errorf("%q leads to %s with the token %q", test.named, address, token)
		}
	}
}
