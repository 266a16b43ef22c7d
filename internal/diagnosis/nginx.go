package diagnosis

import (
	"slices"
	"strings"
)

// The lines that pass a WebSocket on. The map makes upgrade of Connection only for those
// who ask for a WebSocket: a constant would send it with every page load, and passing any
// Upgrade on lets clients ask the backend for other protocols, such as h2c.
const (
	mapLine     = `map $http_upgrade $connection_upgrade { default close; websocket upgrade; }`
	versionLine = `proxy_http_version 1.1;`
	upgradeLine = `proxy_set_header Upgrade $http_upgrade;`
	hopLine     = `proxy_set_header Connection $connection_upgrade;`
	hostLine    = `proxy_set_header Host $http_host;`
)

// recipe returns the lines that let nginx pass a WebSocket on, whole: one proxy_set_header
// in a location cancels all those that it would inherit, so a location that sets one has
// to set all.
func (r *reading) recipe(more ...string) Fix {
	if r.lines == nil {
		r.lines = make([]string, 0, 8)
		if !r.known11() {
			r.lines = append(r.lines, versionLine)
		}
		r.lines = append(r.lines, upgradeLine, hopLine, hostLine)
		r.lines = append(r.lines, r.kept()...)
	}
	return Fix{
		For: "nginx",
		Hop: 1,
		Steps: []Step{
			{Where: "http", Lines: mapLines},
			{Where: "location", Lines: append(r.lines[:len(r.lines):len(r.lines)], more...)},
		},
	}
}

// mapLines is what the recipe has for the http block.
var mapLines = []string{mapLine}

// known11 reports whether the proxy is seen to speak HTTP/1.1 to the backend already:
// nobody needs the advice to do what he does.
func (r *reading) known11() bool {
	return r.Request != nil && strings.HasPrefix(r.head.Version(), "HTTP/1.1")
}

// kept returns the lines for what the proxy is seen to send besides, so that whoever pastes
// the recipe into a location that inherited them does not lose them.
func (r *reading) kept() (lines []string) {
	proto, public := "$scheme", "$http_host"
	if r.forwarded() > 1 {
		proto = "$http_x_forwarded_proto" // the outer proxy knows; this one may be plain behind it
	}
	if r.passedBoth() {
		public = "$http_x_forwarded_host" // the only line with the page's name
	}
	for _, k := range []struct {
		name  name
		value string
	}{
		{xRealIP, "$remote_addr"},
		{xForwardedFor, "$proxy_add_x_forwarded_for"},
		{xForwardedHost, public},
		{xForwardedProto, proto},
	} {
		if r.has(k.name) && r.first[k.name] <= r.written {
			lines = append(lines, "proxy_set_header "+k.name.String()+" "+k.value+";")
		}
	}
	return lines
}

// without adds directives to take out of the location.
func (f Fix) without(directives ...string) Fix {
	i := slices.IndexFunc(f.Steps, func(s Step) bool { return s.Where == "location" })
	f.Steps[i].Remove = append(f.Steps[i].Remove, directives...)
	return f
}

// noted adds a note.
func (f Fix) noted(note string) Fix {
	f.Note = note
	return f
}
