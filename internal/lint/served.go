package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/nginxconf"
)

// Served is a block that serves the socket, or may.
type Served struct {
	Server   string // a name of it
	Location string // as it is written; empty: the server itself
	At       diagnosis.Directive
	Sends    []diagnosis.Header // that the configuration or nginx makes, as they reach the backend
	Carries  bool
	Why      string   // it carries no WebSocket; empty where it does
	Skipped  []string // what was not followed, with its place and why
}

// serve notes the block that serves a way.
func (l *look) serve(e *entry) {
	hops := way(e.hop(l.conf))
	if len(hops) == 0 {
		return
	}
	first, last := hops[len(hops)-1], hops[0]
	s := Served{Server: nameOf(first.Server), At: directiveOf(first.Server), Carries: carryAll(hops)}
	if block := cmp.Or(e.block, first.Location); block != nil && block.Name == "location" {
		s.Location, s.At = block.String(), directiveOf(block)
	}
	s.Sends = made(last)
	for _, h := range hops {
		for _, skip := range h.Skipped {
			if !matters(&skip) {
				continue
			}
			s.Skipped = append(s.Skipped, fmt.Sprintf("%s %s: %s", directiveOf(skip.Directive).Where(), skip.Directive, skip.Why))
		}
		if !carries(h) && s.Why == "" {
			s.Why = whyNot(h)
		}
	}
	l.Serves = append(l.Serves, s)
}

// matters reports whether a WebSocket may depend on what was not followed: the addresses of
// the client in other lines are known to nobody before it asks.
func matters(s *nginxconf.Skipped) bool {
	if s.Name != "proxy_set_header" || len(s.Args) == 0 {
		return !strings.HasPrefix(s.Why, "the value of ")
	}
	return slices.ContainsFunc([]string{"Upgrade", "Connection", "Host", "Origin"}, func(name string) bool { return strings.EqualFold(name, s.Args[0]) })
}

// whyNot says why a hop carries no WebSocket.
func whyNot(h *nginxconf.Hop) string {
	switch {
	case h.Answer != nil && h.Status > 0:
		return fmt.Sprintf("nginx answers %d itself", h.Status)
	case h.Pass == nil:
		return "nothing is passed on"
	case h.Speaks != "http" && h.Speaks != "https":
		return "the backend is spoken to in another language"
	case !lists(h.Sends, "Upgrade", "websocket"):
		return "Upgrade is not passed on"
	}
	return "Connection does not say upgrade"
}

// made returns the lines of a hop that its configuration or nginx makes: those that the
// client's own do not pass through.
func made(h *nginxconf.Hop) (lines []diagnosis.Header) {
	for _, line := range h.Sends {
		set := slices.ContainsFunc(h.Applies, func(d *nginxconf.Directive) bool {
			return d.Name == "proxy_set_header" && len(d.Args) > 0 && strings.EqualFold(d.Args[0], line.Name)
		})
		if set || strings.EqualFold(line.Name, "Host") || strings.EqualFold(line.Name, "Connection") {
			lines = append(lines, diagnosis.Header{Name: line.Name, Value: line.Value})
		}
	}
	return lines
}
