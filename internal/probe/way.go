package probe

import (
	"strings"

	"wsinspect/internal/dump"
)

// change is what the way did to one line or to one part of the request line.
type change struct {
	What    string   // "method", "target", "version", "header"
	Name    string   // of a header, as it arrived, or as it was sent if it did not
	Kind    string   // "kept", "reordered", "respelled", "rewritten", "dropped", "added": what weighs most
	Also    []string // what else, in the words of Kind
	Before  string   // the value that was sent
	After   string   // the value that arrived
	Masked  bool     // the values are masked, and known by their length alone
	Spelled string   // the name as it was sent
}

// compare compares what was sent with what arrived. What is masked on either side was so by
// another process, and is compared as it stands there: by its length.
func compare(sent, arrived *dump.Head) *dump.Comparison {
	bare := func(h *dump.Head) *dump.Head {
		c := *h
		c.Masks = nil
		return &c
	}
	c := dump.Compare(bare(sent), bare(arrived))
	c.Before, c.After = sent, arrived
	return c
}

// way returns what became of each line, in the order of what arrived; nil where that is not
// known.
func (r *Report) way() []change {
	if r.Changes == nil {
		return nil
	}
	c := r.Changes
	all := []change{newChange(c, "method", &c.Method), newChange(c, "target", &c.Target), newChange(c, "version", &c.Version)}
	for i := range c.Fields {
		all = append(all, newChange(c, "header", &c.Fields[i]))
	}
	return all
}

// newChange tells d, a change within c, in words and values.
func newChange(c *dump.Comparison, what string, d *dump.Change) change {
	n := change{What: what}
	if d.Before != nil {
		n.Spelled, n.Before = c.Before.Name(*d.Before), c.Before.Value(*d.Before)
		n.Name, n.Masked = n.Spelled, c.Before.Masked(d.Before.Value)
	}
	if d.After != nil {
		n.Name, n.After = c.After.Name(*d.After), c.After.Value(*d.After)
		n.Masked = n.Masked || c.After.Masked(d.After.Value)
	}
	deeds := deeds(d)
	n.Kind, n.Also = deeds[0], deeds[1:]
	return n
}

// deeds names what became of a line, what weighs most first.
func deeds(d *dump.Change) (all []string) {
	switch d.Kind {
	case dump.Dropped, dump.Added:
		return []string{d.Kind.String()}
	case dump.Changed:
		all = append(all, "rewritten")
	}
	if d.Respelled {
		all = append(all, "respelled")
	}
	if d.Moved {
		all = append(all, "reordered")
	}
	if all == nil {
		return []string{"kept"}
	}
	return all
}

// requestLine returns the three parts of a request line as one change.
func requestLine(parts []change) change {
	n := change{What: "request line", Kind: "kept"}
	var before, after []string
	for _, part := range parts {
		before, after = append(before, part.Before), append(after, part.After)
		n.Masked = n.Masked || part.Masked
		if part.Kind != "kept" {
			n.Kind = part.Kind
		}
	}
	n.Before, n.After = strings.Join(before, " "), strings.Join(after, " ")
	return n
}

// count returns how many changes of the way are of that kind.
func count(way []change, kind string) (n int) {
	for _, c := range way {
		if c.Kind == kind {
			n++
		}
	}
	return n
}
