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
// to set all. Fixes share its steps: who changes one begins with own.
func (r *reading) recipe(more ...string) Fix {
	if r.steps == nil {
		r.steps = r.wholeSteps()
	}
	f := Fix{For: "nginx", Hop: 1, Steps: r.steps}
	if more != nil {
		location := f.own()
		location.Lines = slices.Concat(location.Lines, more)
	}
	return f
}

// own gives f steps of its own, and returns the last, which is the innermost block, so
// that it can be changed.
func (f *Fix) own() *Step {
	f.Steps = slices.Clone(f.Steps)
	return &f.Steps[len(f.Steps)-1]
}

// wholeSteps makes the steps of the recipe: the map where it is needed, and the location.
func (r *reading) wholeSteps() []Step {
	lines := make([]string, 0, 8)
	if !r.known11() {
		lines = append(lines, versionLine)
	}
	if r.passes(r.Config) {
		lines = append(lines, r.revised(r.Config)...)
	} else {
		lines = append(lines, upgradeLine, hopLine, hostLine)
		lines = append(lines, r.kept()...)
	}
	location := Step{Where: "location", Lines: lines}
	if r.lacksMap(lines) {
		return []Step{{Where: "http", Lines: mapLines}, location}
	}
	return []Step{location}
}

// strictRecipe is the recipe that leaves no constant where other requests than handshakes
// come too.
func (r *reading) strictRecipe() Fix {
	strict := *r
	strict.strict, strict.steps = true, nil
	return strict.recipe()
}

// lacksMap reports whether the line for Connection among those of a recipe needs a map that
// is not known to be there.
func (r *reading) lacksMap(lines []string) bool {
	c := r.Config
	if !r.passes(c) {
		return true
	}
	sets := c.sets("Connection")
	kept := len(sets) == 1 && sets[0].String() == hopLine && r.comesThrough(c, connection, "upgrade")
	return c.UpgradeMap == "" && slices.Contains(lines, hopLine) && !kept
}

// revised returns the lines of a configuration that is known, those that are right as they
// are, and in the place of the others those of the recipe: whatever block they are pasted
// into, it then has all of them.
func (r *reading) revised(c *Config) (lines []string) {
	right := func(n name, set []Directive) bool {
		constant := !strings.HasPrefix(set[0].value(), "$")
		switch {
		case n == upgrade:
			return r.comesThrough(c, n, "websocket") && !(constant && r.strict)
		case n == connection:
			plain, _ := c.line(c.Plain, n.String())
			return r.comesThrough(c, n, "upgrade") && !(r.strict && (constant || inList(plain, "upgrade")))
		}
		f := r.ownHost(c)
		return f == nil || f.confidence == Possible && len(set) > 0
	}
	hop := hopLine
	if c.UpgradeMap != "" {
		hop = "proxy_set_header Connection " + c.UpgradeMap + ";"
	}
	for _, l := range []struct {
		name name
		line string
	}{{upgrade, upgradeLine}, {connection, hop}, {host, hostLine}} {
		if set := c.sets(l.name.String()); len(set) == 1 && right(l.name, set) {
			lines = append(lines, set[0].String())
		} else {
			lines = append(lines, l.line)
		}
	}
	for _, d := range slices.Concat(c.Applies, c.Lost) {
		own := len(d.Args) > 0 && slices.ContainsFunc([]name{upgrade, connection, host}, func(n name) bool { return strings.EqualFold(unquoted(d.Args[0]), n.String()) })
		if d.Name == "proxy_set_header" && !own && !slices.Contains(lines, d.String()) {
			lines = append(lines, d.String())
		}
	}
	return lines
}

// mapLines is what the recipe has for the http block.
var mapLines = []string{mapLine}

// known11 reports whether the proxy is seen to speak HTTP/1.1 to the backend already:
// nobody needs the advice to do what he does.
func (r *reading) known11() bool {
	if r.passes(r.Config) {
		d, said := r.Config.directive("proxy_http_version")
		return said && d.value() == "1.1" || !said && r.Config.since(1, 29, 7)
	}
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
	location := f.own()
	location.Lines = slices.DeleteFunc(slices.Clone(location.Lines), func(line string) bool {
		return slices.ContainsFunc(directives, func(d string) bool {
			rest, ok := strings.CutPrefix(line, d)
			return ok && strings.HasPrefix(rest, " ")
		})
	})
	location.Remove = slices.Concat(location.Remove, directives)
	return f
}

// noted adds a note.
func (f Fix) noted(note string) Fix {
	f.Note = note
	return f
}

// recipeText is the recipe of nginx.go as the documentation of causes shows it.
const recipeText = `In the http block, once:

    ` + mapLine + `

In the location:

    ` + versionLine + `
    ` + upgradeLine + `
    ` + hopLine + `
    ` + hostLine + `

proxy_http_version 1.1 is the default from nginx 1.29.7 on. A location that sets one header inherits none, so these lines belong together.`

// locationText is a location for the socket alone, as the documentation of causes shows it.
const locationText = `    location /ws {
        proxy_pass http://localhost:8080;
        ` + versionLine + `
        ` + upgradeLine + `
        ` + hopLine + `
        ` + hostLine + `
    }`

// recipeNote says what the recipe does, beside the lines.
const recipeNote = "$http_host is the Host that the browser sent, with its port; $host would lose the port. " + wholeNote

// wholeNote is said of every recipe.
const wholeNote = "A location that sets one header has to set them all, so these lines are complete. If it includes a file that sets one of them too, such as Debian's proxy_params, one of the two has to go: nginx would send the line twice."
