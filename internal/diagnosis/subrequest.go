package diagnosis

import "strings"

// subrequest reports whether the request may be one that nginx makes for auth_request, with
// the client's own lines: its path is one for that, or the same key arrived at another path.
func (r *reading) subrequest() bool {
	path := strings.ToLower(r.path())
	for _, word := range []string{"auth", "verify", "validate", "authenticate", "authorize", "check"} {
		if strings.TrimLeft(path[strings.LastIndexByte(path, '/')+1:], "_") == word {
			return true
		}
	}
	return r.sighted(r.sameKey)
}

// sameKey reports whether another request has the key of this one and another path: a
// client makes a new key for every handshake, so the proxy made two requests of one.
func (r *reading) sameKey(o *reading) bool {
	key := r.value(secKey)
	return key != "" && key != sampleKey && o.value(secKey) == key && o.path() != r.path()
}

// sampleKey is the example of RFC 6455 §1.3, which people send again and again.
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="
