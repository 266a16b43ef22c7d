package lint

import (
	"cmp"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/nginxconf"
)

// diff returns the change of the files that the lines of a fix make, pasted where they are
// for, as a unified diff. It is empty where they are for no configuration that is at hand.
func (n *Conf) diff(hops []*nginxconf.Hop, fix *diagnosis.Fix) (string, error) {
	if fix.For != "nginx" || fix.Hop > len(hops) && len(hops) > 0 {
		return "", nil
	}
	hop := &nginxconf.Hop{} // of a configuration that does not load
	if len(hops) > 0 {
		hop = hops[max(fix.Hop, 1)-1]
	}
	var edits []nginxconf.Edit
	for _, s := range fix.Steps {
		e := nginxconf.Edit{Lines: s.Lines, Remove: s.Remove}
		switch s.Where {
		case "location":
			e.Block = cmp.Or(hop.Location, hop.Server)
		case "server":
			e.Block = hop.Server
		case "http":
			e.Block = n.module(hop)
		case "main":
		default:
			return "", nil
		}
		if e.Block == nil && s.Where != "main" {
			return "", nil
		}
		edits = append(edits, e)
	}
	after, err := n.Edit(edits...)
	if err != nil {
		return "", err
	}
	return nginxconf.Diff(n.Files, after), nil
}

// module returns the http block of a hop, of no hop the first that there is.
func (n *Conf) module(h *nginxconf.Hop) *nginxconf.Directive {
	if h.Server != nil {
		return h.Server.Enclosing("http")
	}
	for _, d := range n.Main {
		if d.Name == "http" {
			return d
		}
	}
	return nil
}
