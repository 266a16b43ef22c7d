package lint

import (
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/nginxconf"
)

// OfArrival returns what the configuration does with a request of which only is known how it
// arrived: the block whose lines would arrive as these did.
func (n *Conf) OfArrival(r *dump.Request) *diagnosis.Config {
	if broken := n.unloadable(); broken != nil {
		return broken
	}
	hops, asked := n.wayTo(r)
	return n.evidence(hops, asked)
}

// wayTo returns the way on which a request most likely arrived, and what was asked for.
func (n *Conf) wayTo(r *dump.Request) (best []*nginxconf.Hop, asked *nginxconf.Request) {
	most := -1
	try := func(hop *nginxconf.Hop, of *nginxconf.Request) {
		hops := way(hop)
		if len(hops) == 0 || hops[0].Pass == nil {
			return
		}
		if n := likeness(hops[0], r.Head); n > most {
			best, asked, most = hops, of, n
		}
	}
	requests := askedRequests(r.Head)
	for _, of := range requests {
		try(n.route(of), of)
	}
	if len(best) > 0 && likeness(best[0], r.Head) == wholly(best[0], r.Head) {
		return best, asked
	}
	for _, l := range n.passes() {
		try(n.Within(l, requests[0], n.version), requests[0])
	}
	return best, asked
}

// askedRequests returns what a client may have asked for, by what arrived: proxies drop
// Upgrade and Connection, and write over Host.
func askedRequests(h *dump.Head) (all []*nginxconf.Request) {
	arrived := sentRequest(h)
	arrived.Headers = slices.DeleteFunc(arrived.Headers, func(l nginxconf.Header) bool {
		return strings.EqualFold(l.Name, "Upgrade") || strings.EqualFold(l.Name, "Connection")
	})
	if h.Has("Sec-WebSocket-Key") || h.Has("Sec-WebSocket-Version") {
		arrived.Headers = append(arrived.Headers, nginxconf.Header{Name: "Connection", Value: "Upgrade"}, nginxconf.Header{Name: "Upgrade", Value: "websocket"})
	}
	hosts := []string{}
	if f, ok := h.Field("X-Forwarded-Host"); ok {
		hosts = append(hosts, h.Value(f))
	}
	if f, ok := h.Field("Origin"); ok {
		if _, host, ok := strings.Cut(h.Value(f), "://"); ok {
			hosts = append(hosts, host)
		}
	}
	for _, host := range append(hosts, arrived.Host) {
		one := *arrived
		one.Host = host
		all = append(all, &one)
	}
	return all
}

// likeness counts the lines, from the first on, in which a hop sends what has arrived; one
// that sends another request line is less like it.
func likeness(h *nginxconf.Hop, arrived *dump.Head) (n int) {
	for i, f := range arrived.Fields {
		if i >= len(h.Sends) || !arrived.Is(f, h.Sends[i].Name) {
			break
		}
		n += 2
		if arrived.Value(f) == h.Sends[i].Value {
			n++
		}
	}
	if h.Version == arrived.Version() {
		n += 2
	}
	if h.Target == arrived.Target() {
		n += 2
	}
	return n
}

// wholly is the likeness of a hop that sends every line as it arrived.
func wholly(h *nginxconf.Hop, arrived *dump.Head) int {
	return 3*min(len(h.Sends), len(arrived.Fields)) + 4
}
