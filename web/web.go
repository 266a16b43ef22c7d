// Package web is the page at /inspect: what has arrived, why each handshake was accepted or
// rejected, and the bytes that show it, for a browser, for curl and for programs.
//
// A handler fills one plain struct, a view, and executes one template. Everything that a
// stranger wrote is escaped by html/template, and by [visible] before that.
package web

import (
	"bytes"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// Options say what the page shows and who may see it.
type Options struct {
	Journal      *journal.Journal
	Policy       *handshake.Policy // the one in force, shown beside each attempt; nil: the zero Policy
	Token        string            // asked of everybody; empty: nobody is asked, and the Host rule holds (--open)
	AllowedHosts []string          // hosts beside the loopback names that the Host rule lets pass
	Listening    []string          // the addresses that are listened on, for the empty page
	Started      time.Time
	Version      string
	Revealed     bool   // secrets are not masked; every screen says so
	Faults       string // the address of a demo server with known faults, such as http://localhost:8081; empty: none is offered
}

// page serves every screen.
type page struct {
	Options
	guard guard
	// Both are made for the first browser: a service that only curl and Prometheus ask needs
	// neither, and making them takes more memory than all the rest of its start.
	assets    func() *assets
	templates func() *template.Template
	scenes    scenes
}

// New returns the page, to be mounted at /inspect of a chi router.
func New(o Options) http.Handler {
	p := newPage(o)
	r := chi.NewRouter()
	r.Use(secure(o.Faults), withoutTrailingSlash)
	get(r, "/static/{name}", p.asset)
	r.With(sameSite).Post("/signin", p.signIn)
	r.With(sameSite).Post("/signout", p.signOut)
	r.Group(func(r chi.Router) {
		r.Use(fromElsewhere, p.guarded)
		get(r, "/", p.list)
		get(r, "/signin", p.toList)
		get(r, "/feed", p.feed)
		get(r, "/keys", p.keys)
		get(r, "/latest", p.latest)
		get(r, "/checks", p.checks)
		get(r, "/checks/{id}", p.check)
		get(r, "/causes", p.causes)
		get(r, "/causes/{id}", p.cause)
		get(r, "/faults", p.faults)
		get(r, "/compare", p.compare)
		get(r, "/selftest", p.selftest)
		get(r, "/{id}", p.attempt)
		get(r, "/{id}/report", p.report)
		r.NotFound(p.notFound)
		r.MethodNotAllowed(p.methodNotAllowed)
	})
	return r
}

func newPage(o Options) *page {
	if o.Policy == nil {
		o.Policy = &handshake.Policy{}
	}
	p := &page{Options: o, guard: newGuard(o.Token, o.AllowedHosts), assets: sync.OnceValue(loadAssets)}
	p.templates = sync.OnceValue(p.parseTemplates)
	return p
}

func (p *page) parseTemplates() *template.Template {
	return template.Must(template.New("").
		Funcs(template.FuncMap{"asset": p.assets().hashed, "plural": plural, "shortURL": shortURL, "icon": newIcon}).
		ParseFS(files, "templates/*.html"))
}

// get serves HEAD beside GET; net/http leaves the body out.
func get(r chi.Router, pattern string, h http.HandlerFunc) {
	r.Get(pattern, h)
	r.Head(pattern, h)
}

// secure sets the headers that every answer carries. There is no inline script and no
// inline style anywhere, so that bytes from a stranger could not run even unescaped. The
// script opens sockets to this server, and to a demo server if there is one.
func secure(demo string) func(http.Handler) http.Handler {
	connect := "connect-src 'self'; "
	if demo != "" {
		connect = "connect-src 'self' " + socketAddress(demo) + "; "
	}
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " + connect +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cache-Control", "no-store")
			h.Add("Vary", "Accept, Cookie, Authorization")
			next.ServeHTTP(w, r)
		})
	}
}

// shell is what surrounds every screen.
type shell struct {
	Title    string
	Section  string // "attempts" or "reference": the current word of the navigation; empty: none is shown
	Feed     string // where live changes come from; empty: nothing on this screen is live
	Root     string // the way from here to /inspect, relative
	Version  string
	Started  stamp
	Now      stamp
	Revealed bool
	SignOut  bool      // there is something to sign out of
	Log      *logState // nil: the log is written
}

func (p *page) shell(r *http.Request, section, title string) shell {
	return shell{
		Title: title, Section: section, Root: root(r), Version: p.Version,
		Started: stamp{p.Started}, Now: stamp{time.Now()},
		Revealed: p.Revealed, SignOut: p.Token != "", Log: newLogState(p.Journal),
	}
}

// render executes a template whole before it writes, so that no reader gets half a page.
func (p *page) render(w http.ResponseWriter, status int, name string, view any) {
	var b bytes.Buffer
	if err := p.templates().ExecuteTemplate(&b, name, view); err != nil {
		http.Error(w, "wsinspect could not write this page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// fragment executes a template into a string, for the feed.
func (p *page) fragment(name string, view any) (string, error) {
	var b bytes.Buffer
	err := p.templates().ExecuteTemplate(&b, name, view)
	return b.String(), err
}

// icon is a picture of the sprite, with what it stands beside, if anything.
type icon struct {
	Name, Root string
	Of         any
}

func newIcon(name, root string, of ...any) icon {
	i := icon{Name: name, Root: root}
	if len(of) > 0 {
		i.Of = of[0]
	}
	return i
}
