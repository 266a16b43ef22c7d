package diagnosis

import "strings"

// websocketNames are the names that a handshake carries beside Host, Upgrade, Connection
// and Origin, for cures that take out whatever a configuration does to them.
var websocketNames = []string{"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"}

// backend returns the address that the proxy dialled, for lines that name it; where that
// is not known, the default of wsinspect.
func (r *reading) backend() string {
	if a := r.local; a.IsValid() {
		return a.String()
	}
	return "127.0.0.1:8080"
}

// servedPath returns the path that the application serves; / where that is not known.
func (r *reading) servedPath() string {
	if len(r.Expect) == 0 {
		return "/"
	}
	return plainPath(r.Expect[0])
}

// plainPath returns path, or / where a line of a configuration would have to quote what a
// stranger wrote.
func plainPath(path string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"
	const longest = 200
	odd := func(c rune) bool { return !strings.ContainsRune(plain, c) }
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || len(path) > longest || strings.ContainsFunc(path, odd) {
		return "/"
	}
	return path
}

// directives returns each of the verbs with each of the names behind it, separated by a
// space: what a cure takes out.
func directives(names []string, verbs ...string) (all []string) {
	for _, verb := range verbs {
		for _, name := range names {
			all = append(all, verb+" "+name)
		}
	}
	return all
}
