package dump

import (
	"slices"
	"sort"
	"strings"
)

// ChangeKind says what became of a part of a head on its way.
type ChangeKind uint8

const (
	Kept    ChangeKind = iota // it arrived with the same value
	Changed                   // it arrived with another value
	Dropped                   // it did not arrive
	Added                     // it arrived and had not been there
)

// String returns the kind as it stands in JSON.
func (k ChangeKind) String() string {
	return [...]string{"kept", "changed", "dropped", "added"}[k]
}

// Change is what became of one header line, or of one part of the start line.
type Change struct {
	Kind      ChangeKind
	Respelled bool   // the name arrived in other capitals and small letters
	Moved     bool   // it arrived before or behind lines that it had stood behind or before
	Before    *Field // in the head before; nil of what was added
	After     *Field // in the head after; nil of what was dropped
}

// Comparison is what became of a head between two places, such as a client and the backend.
type Comparison struct {
	Before, After           *Head
	Method, Target, Version Change   // of the request line; these have a value and no name
	Fields                  []Change // every header line, in the order of After; the dropped ones where they were missed
}

// Compare compares two requests, header line by header line. Lines of the same name are
// paired in their order. Masked values are the same where the same Masker saw the same
// bytes.
func Compare(before, after *Head) *Comparison {
	c := &Comparison{Before: before, After: after}
	c.Method = c.part(before.Start.First, after.Start.First)
	c.Target = c.part(before.Start.Second, after.Start.Second)
	c.Version = c.part(before.Start.Third, after.Start.Third)
	c.fields()
	return c
}

// Same reports whether both heads say the same in the same order and spelling.
func (c *Comparison) Same() bool {
	same := func(d Change) bool { return d.Kind == Kept && !d.Respelled && !d.Moved }
	return same(c.Method) && same(c.Target) && same(c.Version) && !slices.ContainsFunc(c.Fields, func(d Change) bool { return !same(d) })
}

// part compares one part of the two start lines.
func (c *Comparison) part(before, after Span) Change {
	return c.change(
		&Field{Line: c.Before.Start.Line, Name: Span{before.Start, before.Start}, Value: before},
		&Field{Line: c.After.Start.Line, Name: Span{after.Start, after.Start}, Value: after},
	)
}

// change compares two fields of the same name.
func (c *Comparison) change(before, after *Field) Change {
	d := Change{
		Before:    before,
		After:     after,
		Respelled: c.Before.Name(*before) != c.After.Name(*after),
	}
	if !c.sameValue(before, after) {
		d.Kind = Changed
	}
	return d
}

// sameValue compares two values as they are read: a fold that was only straightened out is
// no change.
func (c *Comparison) sameValue(before, after *Field) bool {
	if SameValue(c.Before, before.Value, c.After, after.Value) {
		return true
	}
	folded := before.Folded || after.Folded
	return folded && !c.Before.Masked(before.Value) && !c.After.Masked(after.Value) &&
		c.Before.Value(*before) == c.After.Value(*after)
}

// fields pairs the lines, compares each pair and puts the rest between them.
func (c *Comparison) fields() {
	before, after := c.Before.Fields, c.After.Fields
	partner := c.pair()
	stays := longestRising(partner)

	c.Fields = make([]Change, 0, max(len(before), len(after)))
	arrived := make([]bool, len(before))
	for _, i := range partner {
		if i >= 0 {
			arrived[i] = true
		}
	}
	next := 0 // the first line before that may still have to be shown as dropped
	drop := func(end int) {
		for ; next < end; next++ {
			if !arrived[next] {
				c.Fields = append(c.Fields, Change{Kind: Dropped, Before: &before[next]})
			}
		}
	}
	for j, i := range partner {
		if i < 0 {
			c.Fields = append(c.Fields, Change{Kind: Added, After: &after[j]})
			continue
		}
		if stays[j] {
			drop(i)
		}
		d := c.change(&before[i], &after[j])
		d.Moved = !stays[j]
		c.Fields = append(c.Fields, d)
	}
	drop(len(before))
}

// pair returns for each line after the index of its line before, or -1.
func (c *Comparison) pair() []int {
	waiting := make(map[string][]int, len(c.Before.Fields))
	for i, f := range c.Before.Fields {
		name := strings.ToLower(c.Before.Name(f))
		waiting[name] = append(waiting[name], i)
	}
	partner := make([]int, len(c.After.Fields))
	for j, f := range c.After.Fields {
		partner[j] = -1
		name := strings.ToLower(c.After.Name(f))
		if same := waiting[name]; len(same) > 0 {
			partner[j], waiting[name] = same[0], same[1:]
		}
	}
	return partner
}

// longestRising marks a longest rising subsequence of the numbers that are not negative:
// the lines that kept their order, so that as few as possible are called moved.
func longestRising(numbers []int) []bool {
	var tails []int // of each length, the place of the smallest number that ends such a sequence
	previous := make([]int, len(numbers))
	for j, n := range numbers {
		if n < 0 {
			continue
		}
		length := sort.Search(len(tails), func(k int) bool { return numbers[tails[k]] >= n })
		previous[j] = -1
		if length > 0 {
			previous[j] = tails[length-1]
		}
		if length == len(tails) {
			tails = append(tails, j)
		} else {
			tails[length] = j
		}
	}
	stays := make([]bool, len(numbers))
	if len(tails) > 0 {
		for j := tails[len(tails)-1]; j >= 0; j = previous[j] {
			stays[j] = true
		}
	}
	return stays
}
