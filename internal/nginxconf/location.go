package nginxconf

import (
	"slices"
	"strings"
)

// place is how a location says what it is for.
type place struct {
	kind string // "", "=", "^~", "~", "~*", "@"
	name string
}

// placeOf reads the arguments of a location.
func placeOf(d *Directive) place {
	if len(d.Args) >= 2 {
		return place{d.Args[0], d.Args[1]}
	}
	text := d.arg(0)
	for _, kind := range []string{"=", "^~", "~*", "~"} {
		if name, ok := strings.CutPrefix(text, kind); ok {
			return place{kind, name}
		}
	}
	if strings.HasPrefix(text, "@") {
		return place{"@", text}
	}
	return place{"", text}
}

// regex reports whether it is a regular expression.
func (p place) regex() bool { return p.kind == "~" || p.kind == "~*" }

// prefix reports whether it is a prefix.
func (p place) prefix() bool { return p.kind == "" || p.kind == "^~" }

// finding says how a location was found.
type finding int

const (
	open    finding = iota // a regular expression further out may still beat it
	settled                // nothing beats it
	slash                  // the path lacks only the slash at its end: a redirect is meant
)

// find returns the location inside of a block that serves the path, or the block itself.
func (v *visit) find(block *Directive) (*Directive, finding) {
	static, how := v.static(block)
	if how != open {
		return static, how
	}
	found, regexes := block, true
	if static != nil {
		regexes = placeOf(static).kind != "^~"
		if found, how = v.find(static); how != open || v.ended {
			return found, how
		}
	}
	for _, l := range named(v.conf.block(block), "location") {
		p := placeOf(l)
		if !p.regex() || !regexes {
			continue
		}
		matched, why := v.match(p.name, p.kind == "~*", v.uri)
		if why != "" {
			v.lose(l, why)
			return found, open
		}
		if matched {
			found, _ = v.find(l)
			return found, settled
		}
	}
	return found, open
}

// static returns the location of a block that the path equals, else the longest that it
// begins with, else nil. Where only a slash is missing at the end of the path for a
// location that hands requests on, it returns that.
func (v *visit) static(block *Directive) (found *Directive, how finding) {
	var redirect *Directive
	longest := -1
	for _, l := range named(v.conf.block(block), "location") {
		p := placeOf(l)
		switch {
		case p.kind == "=" && p.name == v.uri:
			return l, settled
		case (p.prefix() || p.kind == "=") && p.name == v.uri+"/" && handlerOf(l, passes) != nil:
			redirect = l
		case p.prefix() && strings.HasPrefix(v.uri, p.name) && len(p.name) > longest:
			found, longest = l, len(p.name)
		}
	}
	if redirect != nil && longest < len(v.uri) {
		return redirect, slash
	}
	return found, open
}

// beatLocations notes the locations whose authors may have thought that they serve the
// path: in this server what matches and is beaten, or misses by little, or is made for
// WebSockets where the chosen one is not; in others what is made for the path.
func (v *visit) beatLocations() {
	chosen := v.hop.Location
	forgotten := v.hop.Pass != nil && !v.upgrades(v.level)
	for _, l := range v.server.Locations() {
		if l != chosen && !encloses(l, chosen) && (v.meant(l, chosen) || forgotten && v.upgrades(l)) {
			v.hop.Beaten = append(v.hop.Beaten, l)
		}
	}
	for _, other := range v.conf.listeners() {
		if other.server == v.server || other.stream {
			continue
		}
		for _, l := range other.server.Locations() {
			if len(v.hop.Beaten) >= maxBeaten {
				return
			}
			if p := placeOf(l); p.name != "/" && v.matches(p) && !slices.Contains(v.hop.Beaten, l) {
				v.hop.Beaten = append(v.hop.Beaten, l)
			}
		}
	}
}

// maxBeaten bounds what is said of other servers: some machines have a thousand alike.
const maxBeaten = 20

// upgrades reports whether a block hands on what asks for a WebSocket.
func (v *visit) upgrades(block *Directive) bool {
	set, _ := v.conf.inherited(block, "proxy_set_header")
	return slices.ContainsFunc(set, func(d *Directive) bool { return strings.EqualFold(d.arg(0), "Upgrade") })
}

// meant reports whether the author of a location of this server may have meant the path.
func (v *visit) meant(l, chosen *Directive) bool {
	p := placeOf(l)
	byRegex := chosen != nil && placeOf(chosen).regex()
	switch {
	case p.kind == "@" || p.name == "":
		return false
	case p.regex():
		return v.matches(p)
	case strings.HasPrefix(v.uri, p.name):
		return byRegex || p.kind == "=" && p.name != "/"
	}
	// A slash too many, or other capitals.
	return strings.HasPrefix(p.name, v.uri) && len(v.uri) > 1 ||
		len(p.name) > 1 && len(v.uri) >= len(p.name) && strings.EqualFold(v.uri[:len(p.name)], p.name)
}

// matches reports whether a location takes the path, if no other takes it first. It leaves
// no captures.
func (v *visit) matches(p place) bool {
	switch {
	case p.regex():
		probe := *v
		probe.set = map[string]string{}
		matched, _ := probe.match(p.name, p.kind == "~*", v.uri)
		return matched
	case p.kind == "=":
		return p.name == v.uri
	}
	return p.kind != "@" && strings.HasPrefix(v.uri, p.name)
}

// Locations returns those in the block of d, each before the locations in it.
func (d *Directive) Locations() (all []*Directive) {
	for _, l := range named(d.Block, "location") {
		all = append(append(all, l), l.Locations()...)
	}
	return all
}

// encloses reports whether inner stands in outer.
func encloses(outer, inner *Directive) bool {
	for ; inner != nil; inner = inner.Parent {
		if inner.Parent == outer {
			return true
		}
	}
	return false
}
