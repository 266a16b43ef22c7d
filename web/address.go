package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Address returns the address to open in a browser. The token rides behind the '#', which
// a browser keeps to itself: neither a proxy nor its log ever sees it. The sign-in screen
// takes it from there.
func Address(base, token string) string {
	if token == "" {
		return base + "/inspect"
	}
	return base + "/inspect#token=" + url.QueryEscape(token)
}

// root returns the way from the address of r to /inspect. Relative links hold under any
// path prefix, also one that a proxy cuts off and says nothing of.
func root(r *http.Request) string {
	depth := strings.Count(r.URL.EscapedPath(), "/") - 1
	return strings.Repeat("../", max(depth, 0)) + "inspect"
}

// prefix returns the path prefix under which a proxy shows the page, for addresses that
// are written out to be typed. Anything but a plain path is ignored: "//host" would be
// another server.
func prefix(r *http.Request) string {
	p := strings.TrimSuffix(r.Header.Get("X-Forwarded-Prefix"), "/")
	if !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		return ""
	}
	for _, c := range []byte(p) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/-._~", c) >= 0:
		default:
			return ""
		}
	}
	return p
}

// scheme returns "https" where the reader came over TLS, to us or to the proxy in front,
// and else "http".
func scheme(r *http.Request) string {
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return "https"
	}
	return "http"
}

// host returns the host that a client named, for lines to type, or the default address
// where what it sent is no plain host.
func host(r *http.Request) string {
	for _, c := range []byte(r.Host) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._:[]", c) >= 0:
		default:
			return "localhost:8080"
		}
	}
	if r.Host == "" {
		return "localhost:8080"
	}
	return r.Host
}

// redirect sends a browser to a place relative to where it is. http.Redirect would make
// the place absolute and lose a path prefix.
func redirect(w http.ResponseWriter, status int, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}

// withoutTrailingSlash leads "/inspect/x/" to "/inspect/x", so that relative links hold.
func withoutTrailingSlash(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.EscapedPath()
		trimmed := strings.TrimSuffix(p, "/")
		if trimmed == p || path.Clean(p) != trimmed || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		to := "../" + path.Base(trimmed)
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		redirect(w, http.StatusPermanentRedirect, to)
	})
}
