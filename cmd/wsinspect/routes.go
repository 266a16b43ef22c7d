package main

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"wsinspect/internal/dump"
)

// routes says who gets what. A handshake is judged and echoed on every path, the reserved
// ones included: where a proxy maps it is part of the question. Any other request goes to
// a reserved address or is plain, which echo answers too.
func (v *service) routes(page, metrics http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Group(func(r chi.Router) {
		r.Use(v.unrecorded)
		r.Mount("/inspect", page)
		r.Method(http.MethodGet, "/metrics", metrics)
		r.Get("/livez", sayOK)
		r.Get("/readyz", v.readyz)
	})
	r.Get("/", v.root)
	r.NotFound(v.echo.ServeHTTP)
	r.MethodNotAllowed(v.echo.ServeHTTP)

	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header()["Connection"] = oneRequest
		if isHandshake(req) || req.ProtoMajor != 1 {
			v.echo.ServeHTTP(w, req)
			return
		}
		r.ServeHTTP(w, req)
	})
}

// oneRequest ends HTTP keep-alive with each answer: one connection is one capture.
// SetKeepAlivesEnabled(false) would delete the Upgrade token of a 426.
var oneRequest = []string{"close"}

// isHandshake is handshake.IsHandshake before the capture is claimed: proxies that eat
// Upgrade and Connection pass these two lines on.
func isHandshake(r *http.Request) bool {
	return r.Header["Sec-Websocket-Key"] != nil || r.Header["Sec-Websocket-Version"] != nil
}

// unrecorded is for looks at wsinspect itself: they are no attempts. Their reading and
// writing is bounded here, since the sessions' is not to be.
func (v *service) unrecorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump.From(r.Context()).Discard()
		c := http.NewResponseController(w)
		c.SetReadDeadline(time.Now().Add(v.headTimeout))
		c.SetWriteDeadline(time.Now().Add(v.writeTimeout))
		next.ServeHTTP(w, r)
	})
}

// root leads a browser to the page; to anybody else it is a plain request.
func (v *service) root(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		v.echo.ServeHTTP(w, r)
		return
	}
	v.unrecorded(http.RedirectHandler("inspect", http.StatusFound)).ServeHTTP(w, r)
}

func sayOK(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "ok\n")
}

// readyz says whether new handshakes are served.
func (v *service) readyz(w http.ResponseWriter, r *http.Request) {
	if !v.ready.Load() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	sayOK(w, r)
}
