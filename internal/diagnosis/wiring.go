package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/handshake"
)

// comesThrough reports whether a handshake keeps that token of one of its two lines in c:
// as the backend saw it, as the configuration was followed, or as its lines say.
func (r *reading) comesThrough(c *Config, n name, token string) bool {
	switch {
	case c == r.Config && r.Request != nil && r.asked():
		return r.lists(n, token)
	case c.followed() && c.receivesFor(n, token):
		return slices.ContainsFunc(c.Sends, func(h Header) bool {
			return strings.EqualFold(h.Name, n.String()) && inList(h.Value, token)
		})
	}
	return c.hands(n, token)
}

// receives reports whether the proxy in front of c, where it is known, passes the token on.
func (c *Config) receives(n name, token string) bool {
	if !c.Outer.followed() {
		return true
	}
	value, _ := c.Outer.sends(n.String())
	return inList(value, token)
}

// receivesFor reports whether c gets what its own line makes the token of. A variable that
// fills Connection looks at the Upgrade that comes, unless its map says Connection; then too
// its map is to blame where the proxy in front has the same one.
func (c *Config) receivesFor(n name, token string) bool {
	sets := c.sets(n.String())
	if n != connection || len(sets) == 0 || !strings.HasPrefix(sets[0].value(), "$") || sets[0].value() == "$http_connection" {
		return c.receives(n, token)
	}
	by := c.mapOf(sets[0].value())
	byUpgrade := by == nil || !strings.Contains(strings.ToLower(by.Args[0]), "$http_connection")
	shared := slices.ContainsFunc(c.Outer.sets("Connection"), func(d Directive) bool { return d.value() == sets[0].value() })
	return c.receives(upgrade, "websocket") && (byUpgrade || shared || c.receives(n, token))
}

// hands reports whether a line of c can make the token of what a handshake has.
func (c *Config) hands(n name, token string) bool {
	return slices.ContainsFunc(c.sets(n.String()), func(d Directive) bool {
		v := d.value()
		return inList(v, token) || v == "$http_"+strings.ToLower(n.String()) ||
			strings.HasPrefix(v, "$") && !strings.HasPrefix(v, "$http_") && (n != upgrade || !strings.HasPrefix(v, "$connection"))
	})
}

// upgradeFault returns why a handshake loses its Upgrade or its Connection next to the
// backend, nil where it does not: of the many causes that this can have, the one that the
// configuration names.
func (r *reading) upgradeFault(c *Config) *fault {
	if c != r.Config {
		return nil // of a proxy further out chain-outer-not-forwarding tells
	}
	f := r.dropped(c)
	if f == nil {
		f = c.displaced()
	}
	if f != nil {
		f.closeness = 2 // before what a handshake meets later
	}
	return f
}

// displaced returns the fault of a request that a block answers without asking a backend,
// although another one, which would pass it on, was meant for it.
func (c *Config) displaced() *fault {
	if c == nil || c.Answer == nil || len(c.Beaten) == 0 || c.Status >= 300 && c.Status < 400 {
		return nil
	}
	switch c.Answer.Name {
	case "return", "root", "alias", "try_files", "location", "server":
	default:
		return nil // it would answer in the other block too
	}
	switch meant, serves := c.Beaten[0], c.Block.Name == "location" && strings.HasPrefix(c.Block.Args[0], "~"); {
	case meant.Name == "server" && c.Host != "":
		return &fault{cause: "wrong-server-block", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s serves this host name and answers it without asking a backend; the server in %s passes it on, and its server_name does not list the name.", c.block(), meant.Where())}
	case meant.Name == "location" && serves && meant.covers(c.URI):
		return &fault{cause: "regex-location-wins", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s serves the request and answers it without asking a backend; %s in %s loses to its regular expression.", c.block(), plainWords(strings.TrimSuffix(meant.String(), ";")), meant.Where())}
	}
	return nil
}

// covers reports whether a location is one of a prefix of that target.
func (d Directive) covers(target string) bool {
	prefix := d.value()
	return strings.HasPrefix(prefix, "/") && !strings.HasPrefix(d.Args[0], "~") && strings.HasPrefix(target, prefix)
}

// dropped looks for that fault in any proxy of a chain.
func (r *reading) dropped(c *Config) *fault {
	if !r.passes(c) || !r.wants() || r.neverSent(upgrade) || c.withholds() != nil {
		return nil
	}
	up, con := r.comesThrough(c, upgrade, "websocket"), r.neverSent(connection) || r.comesThrough(c, connection, "upgrade")
	if up && con {
		return nil
	}
	ups, cons := c.sets("Upgrade"), c.sets("Connection")
	switch f := r.anotherPlace(c, up, con); {
	case f != nil:
		return f
	case len(ups) == 0 && len(cons) == 0:
		return r.bareBlock(c)
	case !up && len(ups) > 0:
		return c.wrongUpgrade(ups[0])
	case !up:
		return c.onlyConnection(cons[0])
	case len(cons) == 0:
		return &fault{cause: "connection-header-missing", confidence: Certain, at: ups[0], because: fmt.Sprintf("%s passes Upgrade on in %s and sets no Connection.", c.block(), ups[0].Where())}
	}
	return c.wrongConnection(cons[0])
}

// anotherPlace looks for the lines that are missing: further out, where they are cancelled,
// or in another block, which does not serve the request.
func (r *reading) anotherPlace(c *Config, up, con bool) *fault {
	for _, missing := range []struct {
		name name
		lost bool
	}{{upgrade, !up}, {connection, !con}} {
		if f := c.cancelled(missing.name); f != nil && missing.lost {
			return f
		}
	}
	if up || len(c.sets("Upgrade")) > 0 || len(c.Beaten) == 0 {
		return nil
	}
	meant := c.Beaten[0]
	block := plainWords(strings.TrimSuffix(meant.String(), ";"))
	switch served := strings.TrimPrefix(c.location(), "location "); {
	case meant.Name == "server":
		return &fault{cause: "wrong-server-block", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s serves this host name and passes no Upgrade on; the server in %s passes it on, and its server_name does not list the name.", c.block(), meant.Where())}
	case strings.HasPrefix(served, "~"):
		return &fault{cause: "regex-location-wins", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s serves the request and passes no Upgrade on; %s in %s loses to its regular expression.", c.block(), block, meant.Where())}
	}
	return &fault{cause: "ws-path-in-wrong-location", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s serves the request and passes no Upgrade on; %s in %s does not match it.", c.block(), block, meant.Where())}
}

// cancelled returns the fault of a header that is set further out and cancelled by a line
// of the block itself.
func (c *Config) cancelled(n name) *fault {
	lost := c.loses(n.String())
	by := c.about("proxy_set_header", func(*Directive) bool { return true })
	if len(lost) == 0 || by == nil || len(c.sets(n.String())) > 0 {
		return nil
	}
	return &fault{cause: "set-header-inheritance-lost", confidence: Certain, at: *by,
		because: fmt.Sprintf("%s sets %s further out, and %s in the block itself cancels it: nginx inherits proxy_set_header only where a block has none.", lost[0].Where(), n, by.Where())}
}

// bareBlock is the fault of a block that sets neither header.
func (r *reading) bareBlock(c *Config) *fault {
	if c == r.Config && c.Outer.passes() && r.dropped(c.Outer) == nil {
		return &fault{cause: "chain-inner-not-forwarding", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s sets neither Upgrade nor Connection, so nginx drops what the proxy in front of it, %s, has passed on.", c.block(), c.Outer.Block.Where())}
	}
	if version, ok := c.directive("proxy_http_version"); ok {
		return &fault{cause: "upgrade-headers-not-forwarded", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s sets proxy_http_version %s, and neither Upgrade nor Connection: nginx drops both.", c.block(), handshake.Quote(version.value()))}
	}
	return &fault{cause: "upgrade-not-configured", confidence: Certain, at: c.Block, because: fmt.Sprintf("%s sets neither Upgrade nor Connection, so nginx drops both.", c.block())}
}

// wrongUpgrade is the fault of a line that sets Upgrade and makes no websocket of it; nil
// where it passes on what nginx gets.
func (c *Config) wrongUpgrade(d Directive) *fault {
	if c.hands(upgrade, "websocket") && (d.value() == "$http_upgrade" || !c.receives(upgrade, "websocket")) {
		return nil
	}
	return &fault{cause: "upgrade-wrong-variable", confidence: Certain, at: d, because: fmt.Sprintf("%s fills Upgrade from %s. The client's value is in $http_upgrade.", d.Where(), handshake.Quote(d.value()))}
}

// onlyConnection is the fault of a block that sets Connection, and no Upgrade.
func (c *Config) onlyConnection(d Directive) *fault {
	if v := d.value(); !strings.Contains(v, "$") && !inList(v, "upgrade") {
		return c.wrongConnection(d)
	}
	return &fault{cause: "upgrade-header-missing", confidence: Certain, at: d, because: fmt.Sprintf("%s sets Connection in %s and no Upgrade, which nginx drops.", c.block(), d.Where())}
}

// wrongConnection is the fault of a line that sets Connection to what is not upgrade; nil
// where it passes on what nginx gets.
func (c *Config) wrongConnection(d Directive) *fault {
	switch v := d.value(); {
	case v == "":
		return &fault{cause: "connection-cleared", confidence: Certain, at: d, because: fmt.Sprintf("%s empties Connection, in the handshake too.", d.Where())}
	case !strings.Contains(v, "$"):
		return &fault{cause: "connection-hardcoded", confidence: Certain, at: d, because: fmt.Sprintf("%s sets Connection to the constant %s.", d.Where(), handshake.Quote(v))}
	case v == "$http_connection":
		return nil
	default:
		return c.wrongMap(d)
	}
}

// wrongMap is the fault of a map that fills Connection.
func (c *Config) wrongMap(d Directive) *fault {
	at, which := d, "its map is wrong."
	if m := c.mapOf(d.value()); m != nil {
		at, which = *m, fmt.Sprintf("its map in %s is wrong.", m.Where())
	}
	gives := "is not upgrade"
	if value, sent := c.sends("Connection"); sent {
		gives = "is " + handshake.Quote(value)
	}
	return &fault{cause: "map-wrong", confidence: Certain, at: at, because: fmt.Sprintf("%s fills Connection from %s, which %s for a handshake: %s", d.Where(), handshake.Quote(d.value()), gives, which)}
}

// mapOf returns the map that fills a variable; nil where none does.
func (c *Config) mapOf(variable string) *Directive {
	if c == nil {
		return nil
	}
	for i := range c.Maps {
		if m := &c.Maps[i]; m.value() == variable {
			return m
		}
	}
	return nil
}

// withholds returns the directive that withholds every line of the client; nil where none
// does.
func (c *Config) withholds() *Directive {
	return c.about("proxy_pass_request_headers", func(d *Directive) bool { return d.value() == "off" })
}

// restores reports whether both lines leave c whatever the proxy in front of it has made of
// them, such as a Connection that is filled by the Upgrade that comes.
func (c *Config) restores() bool {
	up, _ := c.sends("Upgrade")
	con, _ := c.sends("Connection")
	return inList(up, "websocket") && inList(con, "upgrade")
}

// chainFault returns the fault of a proxy before the one next to the backend, which makes
// that one lose the Upgrade or the Connection that it would pass on.
func (r *reading) chainFault(c *Config) *fault {
	if c != r.Config || !r.passes(c) || !r.wants() || r.dropped(c) != nil || r.unasked() && c.restores() {
		return nil
	}
	const cause = "chain-outer-not-forwarding"
	hop := 1
	for outer := c.Outer; outer != nil; outer = outer.Outer {
		hop++
		if f := r.dropped(outer); f != nil && !(r.Request != nil && r.passed()) {
			return &fault{cause: cause, confidence: Certain, at: f.at, hop: hop, because: "The proxy in front drops what the handshake asks for. " + f.because}
		}
	}
	for _, lost := range []struct {
		name name
		is   bool
	}{{upgrade, r.eaten()}, {connection, r.unlisted()}} {
		if all := c.sets(lost.name.String()); lost.is && len(all) > 0 && all[0].value() == "$http_"+strings.ToLower(lost.name.String()) {
			return &fault{cause: cause, confidence: Certain, at: all[0], because: fmt.Sprintf("%s passes on the %s that nginx gets, and what arrived asks for no upgrade: the hop before nginx has changed it.", all[0].Where(), lost.name)}
		}
	}
	return nil
}
