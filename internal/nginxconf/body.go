package nginxconf

import (
	"bytes"
	"slices"
	"strings"
)

// body is what stands between the braces of a block, while it is edited.
type body struct {
	*editor
	layout
	block     *Directive // nil: a whole file
	all       []*Directive
	own       []item // what stands in the file of the block itself, includes unresolved
	open, end int
	removed   []*Directive
}

// item is a directive between the braces, or an include.
type item struct {
	*Directive
	blocks bool // it has braces, or brings directives that have; types are mere settings
}

// put lets lines take the place of what sets the same.
func (b *body) put(key string, lines []*Directive) {
	var olds []*Directive
	for _, d := range b.all {
		if sets(d) == key && !slices.Contains(b.removed, d) {
			olds = append(olds, d)
		}
	}
	if len(olds) == 0 {
		for _, d := range lines {
			b.add(d)
		}
		return
	}
	first := olds[0]
	for _, d := range olds[1:] {
		b.remove(d)
	}
	if len(lines) == 1 && equal(first, lines[0]) {
		return
	}
	l := layoutOf(first.File)
	indent := l.indent(first.Start)
	var text []string
	for _, d := range lines {
		text = append(text, format(d, indent, l.unit, l.feed))
	}
	b.patch(first.Include, first.File, patch{first.Start, first.End, strings.Join(text, l.feed+indent)})
}

// remove takes a directive out, and its line where it stands alone in it.
func (b *body) remove(d *Directive) {
	b.removed = append(b.removed, d)
	l := layoutOf(d.File)
	start, end := d.Start, d.End
	if l.beginsLine(start) && l.endsLine(end) {
		start, end = l.lineStart(start), l.lineEnd(end)
	} else {
		for start > 0 && (l.text[start-1] == ' ' || l.text[start-1] == '\t') {
			start--
		}
	}
	b.patch(d.Include, d.File, patch{start, end, ""})
}

// add puts a directive where a careful person would: beside its kin, else behind the simple
// directives and before the blocks; a location at the end; a map, or the like, before the
// first server.
func (b *body) add(d *Directive) {
	indent := b.inner()
	text := format(d, indent, b.unit, b.feed)
	after, before := b.neighbours(d)
	switch {
	case after != nil && b.endsLine(after.End):
		b.insert(b.lineEnd(after.End), b.newLine(after.End)+gap(d, b.feed)+indent+text+b.feed)
	case after != nil:
		b.insert(after.End, b.feed+indent+text)
	case before != nil && b.beginsLine(before.Start):
		at, space := b.aboveComments(before.Start), gap(d, b.feed)
		if b.apart(at) {
			b.insert(at, indent+text+b.feed+space)
		} else {
			b.insert(at, space+indent+text+b.feed+space)
		}
	case before != nil:
		b.insert(before.Start, text+b.feed+indent)
	case b.open == 0:
		b.insert(b.end, b.newLine(b.end)+text+b.feed)
	case b.endsLine(b.open):
		b.insert(b.lineEnd(b.open), indent+text+b.feed)
	default:
		b.insert(b.open, b.feed+indent+text)
	}
}

func (b *body) insert(at int, text string) { b.patch(nil, b.file, patch{at, at, text}) }

// gap is the empty line between blocks.
func gap(d *Directive, feed string) string {
	if d.Open > 0 && d.Name != "if" {
		return feed
	}
	return ""
}

// neighbours returns the item behind which a directive belongs, or the one before which.
func (b *body) neighbours(d *Directive) (after, before *item) {
	var kin, family, simple, first, last *item
	prefix, _, _ := strings.Cut(d.Name, "_")
	for i := range b.own {
		o := &b.own[i]
		if slices.Contains(b.removed, o.Directive) {
			continue
		}
		last = o
		switch word, _, _ := strings.Cut(o.Name, "_"); {
		case o.blocks && o.Name == d.Name:
			kin = o
		case o.blocks:
			if first == nil {
				first = o
			}
		case o.Name == d.Name:
			kin = o
		case word == prefix:
			family = o
		case first == nil:
			simple = o
		}
	}
	switch {
	case d.Name == "location" || d.Name == "server":
		return last, nil
	case d.Open > 0 && d.Name != "if":
		for i := range b.own {
			if o := &b.own[i]; o.blocks && o.Name != d.Name && !slices.Contains([]string{"map", "geo", "upstream", "types", "events"}, o.Name) {
				return nil, o
			}
		}
		return last, nil
	}
	for _, o := range []*item{kin, family, simple} {
		if o != nil {
			return o, nil
		}
	}
	return nil, first
}

// inner is how directives between the braces are indented.
func (b *body) inner() string {
	for _, o := range b.own {
		if b.beginsLine(o.Start) {
			return b.indent(o.Start)
		}
	}
	if b.open == 0 {
		return ""
	}
	return b.indent(b.block.Start) + b.unit
}

// breakUp gives each directive of a block that stands on one line a line of its own, where
// the block has changed.
func (b *body) breakUp() {
	if b.open == 0 || !b.changed() || bytes.ContainsRune(b.text[b.block.Start:b.end], '\n') {
		return
	}
	before := func(at int, text string) {
		start := at
		for start > b.open && isSpace(b.text[start-1]) {
			start--
		}
		b.patch(nil, b.file, patch{start, at, text})
	}
	for _, o := range b.own {
		if !slices.Contains(b.removed, o.Directive) {
			before(o.Start, b.feed+b.inner())
			b.indents[o.Directive] = b.inner()
		}
	}
	before(b.end-1, b.feed+b.indent(b.block.Start))
}

// changed reports whether anything between the braces has changed.
func (b *body) changed() bool {
	for _, p := range b.pieces[piece{nil, b.file}] {
		if p.start >= b.open && p.end < b.end {
			return true
		}
	}
	return slices.ContainsFunc(b.order, func(include *Directive) bool {
		for include.Include != nil {
			include = include.Include
		}
		return slices.ContainsFunc(b.own, func(o item) bool { return o.Directive == include })
	})
}
