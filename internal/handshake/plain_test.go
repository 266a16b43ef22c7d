package handshake

import (
	"net/url"
	"reflect"
	"testing"
)

// FuzzPlainReadings holds the two shortcuts against the library: what they read, url reads
// the same.
func FuzzPlainReadings(f *testing.F) {
	for _, s := range []string{"http://localhost", "https://a-b.example:8443", "http://h:", "http://:80", "http://h:0x1", "null",
		"https://A.example", "/ws?room=1&x=~", "/", "//host/ws", "/a b", "/%zz", "/a#b", "http://h/", "/..", "/a?b?c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := plainOrigin(s); got != nil {
			if want, err := url.Parse(s); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("the origin %q is read as %#v, by url.Parse as %#v, %v", s, got, want, err)
			}
		}
		if isPlainPath(s) {
			if u, err := url.ParseRequestURI(s); err != nil || u.Host != "" {
				t.Errorf("the target %q is taken for a plain path; url.ParseRequestURI says %#v, %v", s, u, err)
			}
		}
	})
}
