package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"wsinspect/internal/diagnosis"
)

// fault is a location of deploy/faults.conf. A cause names it.
type fault struct {
	Cause string
	Title string // what somebody wrote, in a few words
	Sees  string // what the client sees
	Tone  string // of that: "bad", "ok", "warn" or "refuse"
}

// faults are those that a demo server has, by what they have in common.
var faults = []struct {
	Title  string
	Faults []fault
}{
	{"Lost on the way", []fault{
		{"upgrade-not-configured", "Only proxy_pass", "426", "bad"},
		{"upgrade-headers-not-forwarded", "The version, but not the headers", "426", "bad"},
		{"connection-hardcoded", "Connection is always keep-alive", "400", "bad"},
		{"connection-cleared", "Connection is emptied", "400", "bad"},
		{"set-header-inheritance-lost", "One header cancels the others", "426", "bad"},
		{"sec-websocket-header-lost", "A version that is always empty", "400", "bad"},
		{"duplicate-set-header", "Upgrade stands twice", "101, advised", "warn"},
		{"http-version-missing", "An upgrade in HTTP/1.0", "101, advised", "warn"},
	}},
	{"Host and Origin", []fault{
		{"host-not-forwarded", "Host is what nginx dials", "403", "bad"},
		{"host-port-dropped", "Host loses its port", "403", "bad"},
		{"host-hardcoded", "Host is always the same", "403", "bad"},
		{"x-forwarded-host-only", "Host under another name", "403", "bad"},
		{"origin-overwritten", "Origin is always the same", "403", "bad"},
		{"origin-stripped", "Origin is removed", "101, at risk", "warn"},
	}},
	{"Before HTTP, and after 101", []fault{
		{"tls-to-plain-backend", "TLS to the plain port", "refused", "refuse"},
		{"redirect-on-handshake", "A redirect, so nothing arrives", "301", "bad"},
		{"upstream-unreachable", "Nobody listens, so nothing arrives", "502", "bad"},
		{"path-double-slash", "A slash too many in the path", "101, here", "warn"},
		{"read-timeout", "5 s of silence cut the session", "101, cut", "warn"},
		{"", "Nothing is wrong", "101", "ok"},
	}},
}

// path returns where the demo server has the fault.
func (f fault) path() string {
	if f.Cause == "" {
		return "/ws/"
	}
	return "/faults/" + f.Cause + "/"
}

// galleryView is the faults of a demo server, each to be made happen.
type galleryView struct {
	Root   string
	At     string // the demo server: http://localhost:8081
	Here   bool   // this page came through it, so that its Origin is the one that the faults are made for
	Groups []faultGroup
}

type faultGroup struct {
	Title  string
	Faults []faultView
}

type faultView struct {
	fault
	Root, Path string
	Socket     string // the address to open; empty: not from this page
	Hold       bool   // it stays open until the server cuts it
	Find       string // the query that finds what arrived
	Curl       string
}

// gallery returns what r is shown of the demo server; nil: none is known.
func (p *page) gallery(r *http.Request) *galleryView {
	if p.Faults == "" {
		return nil
	}
	v := &galleryView{Root: root(r), At: p.Faults, Here: p.throughDemo(r)}
	for _, g := range faults {
		group := faultGroup{Title: g.Title}
		for _, f := range g.Faults {
			group.Faults = append(group.Faults, p.fault(r, f))
		}
		v.Groups = append(v.Groups, group)
	}
	return v
}

// throughDemo reports whether r came through the demo server.
func (p *page) throughDemo(r *http.Request) bool {
	_, host, _ := strings.Cut(p.Faults, "://")
	return r.Host == host
}

func (p *page) fault(r *http.Request, f fault) faultView {
	v := faultView{fault: f, Root: root(r), Path: f.path(), Hold: f.Cause == "read-timeout", Curl: handshakeLine(p.Faults+f.path(), p.Faults)}
	v.Find = "?path=" + url.QueryEscape(v.Path)
	if f.Cause != "" {
		v.Find = "?cause=" + f.Cause // TLS has no path
	}
	if p.throughDemo(r) {
		v.Socket = socketAddress(p.Faults) + f.path()
	}
	return v
}

// faultOf returns the fault that shows a cause, if there is one and the demo server runs.
func (p *page) faultOf(r *http.Request, c *diagnosis.Cause) *faultView {
	if p.Faults == "" {
		return nil
	}
	for _, g := range faults {
		for _, f := range g.Faults {
			if f.Cause == c.ID {
				v := p.fault(r, f)
				return &v
			}
		}
	}
	return nil
}

// socketAddress turns http: into ws:, and https: into wss:.
func socketAddress(address string) string { return "ws" + strings.TrimPrefix(address, "http") }

// handshakeLine is a handshake as a browser sends it, to be typed.
func handshakeLine(address, origin string) string {
	return fmt.Sprintf(`curl -i --http1.1 %s -A Mozilla/5.0 -H "Connection: Upgrade" -H "Upgrade: websocket" `+
		`-H "Origin: %s" -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="`, address, origin)
}

// faultsView is the gallery on a page of its own.
type faultsView struct {
	shell
	Gallery *galleryView
}

// faults shows the gallery, as a page or as lines to type.
func (p *page) faults(w http.ResponseWriter, r *http.Request) {
	v := faultsView{p.shell(r, "reference", "Known faults"), p.gallery(r)}
	switch {
	case v.Gallery == nil:
		p.refuse(w, r, http.StatusNotFound, refusal{
			shell:    v.shell,
			Sentence: "No demo server is known here.",
			Advice:   "Its known faults are there to be tried where wsinspect was started together with it, in a checkout of its source:",
			Line:     "make run",
		})
	case negotiate(r, asText, asHTML) == asHTML:
		p.render(w, http.StatusOK, "faults", v)
	default:
		var b strings.Builder
		for _, g := range v.Gallery.Groups {
			for _, f := range g.Faults {
				fmt.Fprintf(&b, "# %s: %s\n%s\n\n", f.Title, f.Sees, f.Curl)
			}
		}
		writeText(w, http.StatusOK, b.String())
	}
}
