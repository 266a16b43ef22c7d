package diagnosis

import (
	"cmp"
	"net/netip"
	"strings"

	"wsinspect/internal/dump"
)

// Fix is what cures a cause, in the language of one proxy. Pasted by the rule of Step, the
// steps alone cure it.
type Fix struct {
	For   string // "nginx", "Apache", …; "client", "backend" where no proxy is at fault
	Hop   int    // the proxy meant, counted from the backend, which is 0
	Steps []Step // empty where there is nothing to paste
	Note  string // what the lines do, what they cost, and what to do where they do not fit
}

// Step is lines for one block of a configuration. A line replaces what the same block sets
// with the same directive and, for proxy_set_header, the same header; all others are added.
type Step struct {
	Where  string   // main, http, server, location, client, backend, shell
	Lines  []string // each a whole directive
	Remove []string // directives to take out of the block: "proxy_set_header Origin"
}

// remedy names what has to be done, whatever the language.
type remedy uint8

const (
	noRemedy remedy = iota
	passUpgrade
	passHost
	passOrigin
	passSubprotocol
	keepPath
	waitLonger
	speakHTTP1
	noPreface
	biggerHead
)

// String says it in words, for a proxy whose language nobody tried.
func (m remedy) String() string {
	return [...]string{
		"see what the cause says",
		"pass Upgrade, Connection and Host on",
		"pass the Host on that the browser sent",
		"leave Origin as the browser sent it",
		"leave the Sec-WebSocket lines as the client sent them",
		"leave the path as the client sent it",
		"let idle sessions live for longer",
		"speak plain HTTP/1.1 to the backend",
		"send no PROXY line to the backend",
		"take larger heads",
	}[m]
}

// fixAt returns the cure of a conclusion, in the words of the configuration that shows it.
func (r *reading) fixAt(c *Conclusion) Fix {
	if c.hop < 2 {
		return r.fix(c.Cause)
	}
	outer := *r
	outer.steps, outer.local = nil, netip.AddrPort{}
	for range c.hop - 1 {
		outer.Evidence = &Evidence{Client: r.Client, Session: r.Session, Config: outer.Config.Outer}
	}
	f := outer.fix(c.Cause)
	f.Hop = c.hop
	return f
}

// fix returns the cure of c in the language of the proxy that was recognised, else in
// nginx's.
func (r *reading) fix(c *Cause) Fix {
	f := Fix{For: c.Party.String()}
	if c.nginx != nil {
		f = c.nginx(r)
		f.For = cmp.Or(f.For, nginx.name)
	}
	f.Hop = cmp.Or(f.Hop, 1)
	if f.For != nginx.name && c.remedy == noRemedy {
		return f // a client, or the application
	}
	p := r.proxyAt(f.Hop)
	switch {
	case p == nginx:
	case p == nil:
		if f.For == nginx.name && f.Steps != nil && r.Config == nil && r.Client == nil && r.head.Kind == dump.HTTP1 {
			f.also("No proxy was recognised, so these lines are a guess: they are nginx's.")
		}
	case p.cures[c.remedy] != nil && f.Hop == 1:
		f = p.cures[c.remedy](r)
		f.For, f.Hop = cmp.Or(f.For, p.name), 1
	case p.cures[c.remedy] != nil:
		f = Fix{For: p.name, Hop: f.Hop, Note: furtherOut(p.name, p.cures[c.remedy](r).Steps)}
	default:
		f = Fix{For: p.name, Hop: f.Hop}
		f.also(p.name + " was recognised here, and no lines for it were tried. What it has to do: " + c.remedy.String() + ".")
	}
	if f.Hop > 1 || len(r.way()) > 0 && r.way()[0].proxy != nil && r.way()[0].proxy.untried != nil {
		f.also(r.outerNote())
	}
	return f
}

// furtherOut puts the lines of a proxy further out into a note: to paste they lack the
// address of the next proxy, which only its owner knows.
func furtherOut(name string, steps []Step) string {
	var lines []string
	for _, s := range steps {
		lines = append(lines, s.Lines...)
	}
	return "These are " + name + "'s lines, in which the address of the next proxy has to stand where this server's does: " + strings.Join(lines, " ")
}

// proxyAt returns the proxy at that hop, counted from the backend; nil where it is not
// recognised.
func (r *reading) proxyAt(hop int) *proxy {
	switch {
	case hop == 1:
		return r.next()
	case hop <= len(r.way()):
		return r.way()[hop-1].proxy
	}
	return nil
}

// also adds a sentence to the note.
func (f *Fix) also(sentence string) {
	between := ""
	if f.Note != "" && sentence != "" {
		between = " "
	}
	f.Note = f.Note + between + sentence
}
