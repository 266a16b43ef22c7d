package nginxconf

import (
	"net/netip"
	"strings"
)

// verdict is what one kind of access control says.
type verdict struct {
	by     *Directive
	status int    // 0: it lets the request in, or has nothing to say
	says   bool   // it has something to say
	why    string // it cannot be said what
}

// access answers a request that is not let in. Limits are taken as not reached.
func (v *visit) access() {
	for _, family := range []string{"limit_req", "limit_conn"} {
		if d := v.setting(family); d != nil {
			v.skip(d, "how much is going on is not known here")
		}
	}
	anyOf := false
	if d := v.setting("satisfy"); d != nil {
		anyOf = d.arg(0) == "any"
	}
	var refused verdict
	passed := false
	for _, check := range []func() verdict{v.addresses, v.password, v.permission} {
		c := check()
		switch {
		case !c.says:
		case c.why != "":
			v.skip(c.by, c.why)
			passed = passed || anyOf
		case c.status == 0:
			passed = true
		case refused.status == 0 || anyOf && refused.status != 401:
			refused = c
		}
		if refused.status != 0 && !anyOf || passed && anyOf {
			break
		}
	}
	if refused.status == 0 || passed && anyOf {
		return
	}
	v.execute(refused.by)
	v.answer(refused.by, refused.status)
	v.errorPage(refused.status)
}

// addresses applies allow and deny.
func (v *visit) addresses() verdict {
	rules, _ := v.conf.inherited(v.level, "allow", "deny")
	if len(rules) == 0 {
		return verdict{}
	}
	known := v.in.From.IsValid() && len(v.trusted()) == 0
	for _, d := range rules {
		if d.arg(0) != "all" {
			if !known && v.in.Socket == "" {
				return verdict{by: d, says: true, why: "the address that the request comes from is not known here"}
			}
			if !within(d.arg(0), v.in.From, v.in.Socket != "") {
				continue
			}
		}
		if d.Name == "deny" {
			return verdict{by: d, says: true, status: 403}
		}
		return verdict{by: d, says: true}
	}
	return verdict{}
}

// within reports whether an address is in a network as allow and deny write it.
func within(network string, addr netip.Addr, socket bool) bool {
	if socket || network == "unix:" {
		return socket && network == "unix:"
	}
	if prefix, err := netip.ParsePrefix(network); err == nil {
		return prefix.Contains(addr.Unmap())
	}
	one, err := netip.ParseAddr(network)
	return err == nil && one == addr.Unmap()
}

// password applies auth_basic.
func (v *visit) password() verdict {
	d := v.setting("auth_basic")
	if d == nil || d.arg(0) == "off" {
		return verdict{}
	}
	realm, err := v.expand(d.arg(0))
	switch {
	case err != nil:
		return verdict{by: d, says: true, why: err.Error()}
	case realm == "off":
		return verdict{}
	case len(v.line("authorization")) > 6 && strings.EqualFold(v.line("authorization")[:6], "basic "):
		return verdict{by: d, says: true, why: "passwords are not looked at, this one is taken as right"}
	}
	return verdict{by: d, says: true, status: 401}
}

// permission applies auth_request: it asks another location.
func (v *visit) permission() verdict {
	d := v.setting("auth_request")
	if d == nil || d.arg(0) == "off" {
		return verdict{}
	}
	to, err := v.expand(d.arg(0))
	if err != nil {
		return verdict{by: d, says: true, why: err.Error()}
	}
	sub := *v
	sub.hop, sub.subrequest, sub.internal, sub.whole, sub.executed = &Hop{}, true, true, false, nil
	sub.uri, sub.args, _ = strings.Cut(to, "?")
	sub.level = v.server
	sub.serve()
	switch status := sub.hop.Status; {
	case status == 401 || status == 403:
		return verdict{by: d, says: true, status: status}
	case status >= 200 && status < 300:
		return verdict{by: d, says: true}
	case status != 0:
		return verdict{by: d, says: true, status: 500}
	}
	return verdict{by: d, says: true, why: "what the other address answers is not known here, it is taken as yes"}
}
