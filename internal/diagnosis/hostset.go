package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/handshake"
)

// hostFault returns why the Host that the browser sent does not reach the backend, nil
// where it does or where no line for it is a part of a larger fault.
func (r *reading) hostFault(c *Config) *fault {
	if c == nil || c != r.Config || !r.passes(c) || !r.wants() || c.withholds() != nil || r.Request != nil && !r.wrongHost() {
		return nil
	}
	if r.bareHost(c) {
		return nil
	}
	if f := r.ownHost(c); f != nil {
		return f
	}
	hop := 1
	for outer := c.Outer; outer.passes(); outer = outer.Outer {
		hop++
		if r.bareHost(outer) {
			continue
		}
		f := r.ownHost(outer)
		if f == nil {
			continue
		}
		if f.hop = hop; !strings.HasPrefix(f.cause, "host-port-") {
			f.cause = "chain-outer-host-lost"
			f.because = "The proxy in front sends another Host, and this one passes on what it gets. " + f.because
		}
		return f
	}
	return nil
}

// wrongHost reports whether the Host that arrived is missing, doubled, or not the page's.
func (r *reading) wrongHost() bool {
	return slices.ContainsFunc([]string{"host-present", "host-readable", "host-single", "origin-same-host"}, r.is)
}

// wrongHostToo reports whether Host is wrong besides, as it arrived or as the configuration
// makes it.
func (r *reading) wrongHostToo() bool {
	f := r.hostFault(r.Config)
	return r.differ || f != nil && f.confidence > Possible
}

// hostFor returns the Host that c gets: that of the client, or of the proxy in front of it.
// Where a page asked, it is the page's own.
func (r *reading) hostFor(c *Config) string {
	if value, sent := c.Outer.sends("Host"); sent {
		return value
	}
	if value, known := r.sent(host); known && value != "" {
		return value
	}
	if c.Host == "" && r.origin.web() {
		return strings.TrimPrefix(r.origin.text, r.origin.scheme+"://")
	}
	return c.Host
}

// bareHost reports whether the missing line for Host is a part of a larger fault: the block
// sets no Upgrade either, or another one was meant.
func (r *reading) bareHost(c *Config) bool {
	return len(c.sets("Host")) == 0 && len(c.sets("Upgrade")) == 0 && r.dropped(c) != nil
}

// ownHost returns the fault by which c makes another Host of the one that it gets.
func (r *reading) ownHost(c *Config) *fault {
	made, _ := c.sends("Host")
	known := c.followed()
	if c == r.Config && r.Request != nil {
		made, known = r.value(host), true
	}
	return c.hostMade(r.hostFor(c), made, known)
}

// hostMade returns the fault by which c makes another Host of the one that is asked for, of
// which nothing may be known, nor of what is made.
func (c *Config) hostMade(asked, made string, known bool) *fault {
	sets := c.sets("Host")
	if len(sets) == 0 {
		return c.hostUnset()
	}
	d := sets[len(sets)-1]
	f := &fault{confidence: Certain, at: d, because: "The Host that the backend gets is not the one that the browser asks for: " + d.says() + "."}
	if len(c.sets("Origin")) > 0 {
		f.confidence = Likely // nothing compares the two
	}
	if c.hostLines() > 1 && !c.since(1, 31, 4) {
		f.cause, f.because = "duplicate-host", fmt.Sprintf("%s and %s both set Host, and nginx before 1.31.4 sends two lines.", sets[0].Where(), d.Where())
		return f
	}
	if known && asked != "" && readAuthority(made).same(readAuthority(asked)) {
		return nil
	}
	if f.cause = c.hostCause(d.value(), asked); f.cause == "" {
		return nil
	}
	if asked == "" || !known {
		f.confidence = min(f.confidence, hostUnasked(d.value()))
		if c.mapOf(d.value()) != nil {
			f.confidence = Possible // it may have the right one for every name
		}
	} else if f.cause != "host-cleared" {
		f.because = fmt.Sprintf("The browser asks for Host %s, and the backend gets %s: %s.", handshake.Quote(asked), handshake.Quote(made), d.says())
	}
	return f
}

// hostLines returns how many Host lines c sends.
func (c *Config) hostLines() (n int) {
	if c.followed() {
		for _, h := range c.Sends {
			if strings.EqualFold(h.Name, "Host") {
				n++
			}
		}
		return n
	}
	for _, d := range c.sets("Host") {
		if d.value() != "" {
			n++
		}
	}
	return n
}

// hostUnset is the fault of a block in which no line sets Host.
func (c *Config) hostUnset() *fault {
	if f := c.cancelled(host); f != nil {
		return f
	}
	pass, _ := c.directive("proxy_pass")
	f := &fault{cause: "host-not-forwarded", confidence: Certain, at: pass, because: "The Host that the backend gets is not the one that the browser asks for, and a browser's Origin will not match it: no line sets Host, and " + pass.says() + "."}
	for _, beside := range []string{"X-Forwarded-Host", "X-Original-Host", "Forwarded"} {
		if sets := c.sets(beside); len(sets) > 0 && (beside != "Forwarded" || strings.Contains(sets[0].value(), "host=")) {
			f.cause, f.at = "x-forwarded-host-only", sets[0]
			f.because = fmt.Sprintf("%s tells the name that the browser asks for in %s only, and no line sets Host, which Origin is compared with.", sets[0].Where(), beside)
			break
		}
	}
	if len(c.sets("Origin")) > 0 {
		f.confidence = Likely
	}
	return f
}

// hostCause returns the cause of a line that sets Host to that value; empty where it may as
// well be right.
func (c *Config) hostCause(value, asked string) string {
	port := readAuthority(asked).port != ""
	switch {
	case value == "":
		return "host-cleared"
	case value == "$http_host":
		return ""
	case value == "$host" && (port || asked == ""):
		return "host-port-dropped"
	case value == "$host":
		return ""
	case strings.HasPrefix(value, "$host:") && port:
		return "host-port-wrong"
	case strings.HasPrefix(value, "$host:"), strings.HasPrefix(value, "$http_host:"):
		return "host-port-added"
	case strings.HasPrefix(value, "$proxy_host"):
		return "host-set-to-upstream"
	case strings.HasPrefix(value, "$http_"):
		return "host-cleared"
	}
	return "host-hardcoded"
}

// hostUnasked returns how sure such a line is wrong where it is not known for which Host
// clients ask.
func hostUnasked(value string) Confidence {
	switch {
	case value == "", strings.HasPrefix(value, "$proxy_host"):
		return Certain
	case value == "$host", value == "$server_name", !strings.HasPrefix(value, "$") && !readAuthority(value).internal():
		return Possible // wrong only for a port that is not the usual one, or another name
	}
	return Likely
}

// outsideHost returns the statement of a cause whose line may stand in a proxy further out,
// which the configuration does not hold: what the bytes say, where this one is faithful.
func outsideHost(cause string, find func(*reading) sign) statement {
	return func(r *reading, c *Config) sign {
		if f := r.hostFault(c); f != nil {
			return f.sign(cause)
		}
		if c == r.Config && c.Outer == nil && r.faithful() && r.Request != nil {
			return r.changed(host, find(r))
		}
		return none()
	}
}

// faithful reports whether the configuration passes on the Host that it gets.
func (r *reading) faithful() bool {
	return r.passes(r.Config) && slices.ContainsFunc(r.Config.sets("Host"), func(d Directive) bool {
		return d.value() == "$http_host" || d.value() == "$host"
	})
}

// makesHost reports whether the configuration makes a Host by itself.
func (r *reading) makesHost() bool { return r.passes(r.Config) && !r.faithful() }
