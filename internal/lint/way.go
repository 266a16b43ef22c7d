package lint

import (
	"cmp"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/nginxconf"
)

// way returns the proxies that a request goes through, that next to the backend first.
func way(hop *nginxconf.Hop) (hops []*nginxconf.Hop) {
	for ; hop != nil && hop.Server != nil; hop = hop.Next {
		hops = slices.Insert(hops, 0, hop)
	}
	return hops
}

// evidence returns what the proxies of a way do with a request, that next to the backend
// first; nil where no server takes it. Of asked the host may be empty: then it stands for no
// host in particular.
func (n *Conf) evidence(hops []*nginxconf.Hop, asked *nginxconf.Request) *diagnosis.Config {
	var outer *diagnosis.Config
	for _, hop := range slices.Backward(hops) {
		c := n.evidenceOf(hop)
		c.Host, c.URI, c.Outer = asked.Host, asked.URI, outer
		if block := hop.Location; block != nil && hop.Pass != nil {
			c.Plain = headersOf(n.Within(block, plainRequest(asked), n.version).Sends)
		}
		if !carries(hop) {
			c.Beaten = n.betterPlaces(hop, asked)
		}
		outer = c
	}
	return outer
}

// evidenceOf returns what one nginx does.
func (n *Conf) evidenceOf(h *nginxconf.Hop) *diagnosis.Config {
	c := &diagnosis.Config{
		Version: n.told(), Block: directiveOf(cmp.Or(h.Location, h.Server)),
		Stream:  h.Speaks == "tcp" || h.Speaks == "tls",
		Applies: directivesOf(h.Applies), Lost: directivesOf(h.Lost),
		Status: h.Status, Redirect: h.Redirect,
		Target: h.Target, Sends: headersOf(h.Sends),
	}
	if h.Listen != nil {
		c.Applies = append(c.Applies, directiveOf(h.Listen))
	}
	if h.Pass == nil && h.Answer != nil {
		d := directiveOf(h.Answer)
		c.Answer = &d
	}
	for _, s := range h.Skipped {
		c.Skipped = append(c.Skipped, directiveOf(s.Directive))
	}
	module := h.Server.Enclosing("http")
	if module == nil {
		return c
	}
	for _, m := range module.Block {
		if m.Name != "map" {
			continue
		}
		c.Maps = append(c.Maps, directiveOf(m))
		if v := upgradeVariable(m); v != "" && (c.UpgradeMap == "" || v == "$connection_upgrade") {
			c.UpgradeMap = v
		}
	}
	return c
}

// upgradeVariable returns the variable of a map that says upgrade for a handshake, and not
// for a request without Upgrade; empty where the map does something else.
func upgradeVariable(m *nginxconf.Directive) string {
	if len(m.Args) != 2 || m.Args[0] != "$http_upgrade" {
		return ""
	}
	value := func(key string) (value string) {
		for _, entry := range m.Block {
			if len(entry.Args) == 1 && (entry.Name == key || entry.Name == "default" && value == "") {
				value = entry.Args[0]
			}
			if entry.Name == key {
				break
			}
		}
		return value
	}
	if !strings.EqualFold(value("websocket"), "upgrade") || strings.EqualFold(value(""), "upgrade") {
		return ""
	}
	return m.Args[1]
}

// carries reports whether a handshake leaves a proxy with its Upgrade and its Connection.
func carries(h *nginxconf.Hop) bool {
	return h.Pass != nil && (h.Speaks == "tcp" || h.Speaks == "tls" || lists(h.Sends, "Upgrade", "websocket") && lists(h.Sends, "Connection", "upgrade"))
}

// carryAll reports whether a handshake gets through all proxies of a way.
func carryAll(hops []*nginxconf.Hop) bool {
	return len(hops) > 0 && !slices.ContainsFunc(hops, func(h *nginxconf.Hop) bool { return !carries(h) })
}

// lists reports whether a line of that name has the token among the elements of its value.
func lists(sent []nginxconf.Header, name, token string) bool {
	return slices.ContainsFunc(sent, func(h nginxconf.Header) bool {
		return strings.EqualFold(h.Name, name) && slices.ContainsFunc(strings.Split(h.Value, ","), func(element string) bool {
			return strings.EqualFold(strings.TrimSpace(element), token)
		})
	})
}

// plainRequest returns the request for the same address that asks for no WebSocket.
func plainRequest(r *nginxconf.Request) *nginxconf.Request {
	plain := *r
	plain.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h nginxconf.Header) bool {
		name := strings.ToLower(h.Name)
		return name == "upgrade" || name == "connection" || strings.HasPrefix(name, "sec-websocket-")
	})
	return &plain
}

func directiveOf(d *nginxconf.Directive) diagnosis.Directive {
	one := diagnosis.Directive{Name: d.Name, Args: d.Raw, Line: d.Line}
	if d.File != nil {
		one.File = d.File.Name
	}
	return one
}

func directivesOf(all []*nginxconf.Directive) (some []diagnosis.Directive) {
	for _, d := range all {
		some = append(some, directiveOf(d))
	}
	return some
}

func headersOf(all []nginxconf.Header) (some []diagnosis.Header) {
	for _, h := range all {
		some = append(some, diagnosis.Header{Name: h.Name, Value: h.Value})
	}
	return some
}
