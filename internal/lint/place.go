package lint

import (
	"slices"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/nginxconf"
)

// betterPlaces returns the blocks that would pass a handshake on which this hop does not:
// first those that the path or the host just misses, then the other locations of the server
// and, where it has not the name that is asked for, the servers on the same port.
func (n *Conf) betterPlaces(h *nginxconf.Hop, asked *nginxconf.Request) []diagnosis.Directive {
	candidates := slices.Concat(h.Beaten, h.Server.Locations())
	misnamed := !nginxconf.HasName(h.Server, asked.Host)
	if misnamed && h.Server.Parent != nil {
		candidates = append(candidates, h.Server.Parent.Block...)
	}
	seen := map[*nginxconf.Directive]bool{h.Server: true, h.Location: true}
	var found []*nginxconf.Directive
	for _, block := range candidates {
		server := block.Enclosing("server")
		if server == nil || seen[block] {
			continue
		}
		seen[block] = true
		if server != h.Server && !(misnamed && nginxconf.SharePort(server, h.Server)) {
			continue
		}
		places := []*nginxconf.Directive{block}
		if block.Name == "server" {
			places = append(places, block.Locations()...)
		}
		if !slices.ContainsFunc(places, func(p *nginxconf.Directive) bool { return carries(n.Within(p, asked, n.version)) }) {
			continue
		}
		if server != h.Server {
			block = server
		}
		if !slices.Contains(found, block) {
			found = append(found, block)
		}
	}
	return directivesOf(found)
}

// mostBlocks is how many blocks are looked at for one request.
const mostBlocks = 500

// passes returns the blocks that pass requests on, as many as are looked at.
func (n *Conf) passes() []*nginxconf.Directive {
	all := n.Passes()
	return all[:min(len(all), mostBlocks)]
}
