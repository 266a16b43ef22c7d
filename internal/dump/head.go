package dump

import (
	"bytes"
	"iter"
	"reflect"
)

// Head is the start line and the header lines of one HTTP/1 message, as places in the
// bytes that carried them. Preface, Start.Line, the Line of each Field and End follow one
// another without a gap: joined, they are Raw.
//
// A Head is read-only once it is parsed and masked; it may then be shared freely.
type Head struct {
	Raw     []byte  // the bytes, up to and including the empty line; of other languages, all that is kept
	Kind    Kind    // what the first bytes speak
	Preface Span    // what came before the start line: a PROXY header, empty lines, or all of a language that is not HTTP/1
	Start   Start   // the request line or status line
	Fields  []Field // the header lines, in their order
	End     Span    // the empty line that ends the head; empty if it never came, CR alone if it was cut
	Faults  []Fault // what cannot be read, or only leniently, line by line; of each kind a bounded number
	Masks   []Mask  // what a Masker has blanked, in the order of the bytes
}

// Start is the first line of a message, cut at its first two spaces as net/http cuts it.
type Start struct {
	Line                 Span // with its line end
	First, Second, Third Span // method, target, version; or version, status, reason
}

// Field is one header line with the folded lines that continue it.
type Field struct {
	Line   Span // with its line end, and with the lines that are folded into it
	Name   Span // up to the first colon, without the white space before it; empty where there is none
	Value  Span // without the white space around it; of a folded field, from the first line to the last
	Folded bool // the value goes on over more than one line (RFC 9112, section 5.2: obs-fold)
}

// FaultKind says in which way some bytes break the grammar of RFC 9112.
type FaultKind uint8

const (
	FaultEmptyLineFirst   FaultKind = iota // an empty line before the request line
	FaultStartLine                         // the first line has not three parts
	FaultMethod                            // the method is no token
	FaultVersion                           // the version is not HTTP/digit.digit
	FaultTarget                            // the target is empty or holds control bytes
	FaultFoldFirst                         // the first header line begins with white space
	FaultFold                              // a header line is folded over more than one line
	FaultNoColon                           // a header line has no colon
	FaultEmptyName                         // a header line begins with its colon
	FaultSpaceBeforeColon                  // white space stands between name and colon
	FaultSpaceInName                       // the name is tokens with spaces between them
	FaultName                              // the name is no token
	FaultControl                           // a control byte (NUL and bare CR among them) in a value
	FaultBareLF                            // a line ends with LF alone
	FaultUnended                           // the head stops in the middle of a line, or the empty line never came

	faultKinds = iota // how many there are
)

// Fault is a place that breaks the grammar.
type Fault struct {
	Kind FaultKind
	Span Span
}

// Method returns the method of a request, as it was spelt.
func (h *Head) Method() string { return h.Text(h.Start.First) }

// Target returns the target of a request, as it was spelt.
func (h *Head) Target() string { return h.Text(h.Start.Second) }

// Version returns the version of a request, as it was spelt.
func (h *Head) Version() string { return h.Text(h.Start.Third) }

// Complete reports whether the empty line that ends a head has come.
func (h *Head) Complete() bool { return !h.End.Empty() && h.Raw[h.End.End-1] == '\n' }

// Text returns the bytes of s, unchanged.
func (h *Head) Text(s Span) string { return string(h.Raw[s.Start:s.End]) }

// Name returns the name of f as it was spelt.
func (h *Head) Name(f Field) string { return h.Text(f.Name) }

// Value returns the value of f; lines that are folded into it are joined by one space, as
// net/http joins them (RFC 9112, section 5.2).
func (h *Head) Value(f Field) string {
	if !f.Folded {
		return h.Text(f.Value)
	}
	var joined []byte
	for pos := f.Value.Start; pos < f.Line.End; {
		whole, text, _ := cutLine(h.Raw[:f.Line.End], pos)
		if pos > f.Value.Start {
			joined = append(joined, ' ')
		}
		text = trim(h.Raw, text)
		joined = append(joined, h.Raw[text.Start:text.End]...)
		pos = whole.End
	}
	return string(bytes.TrimLeft(joined, " \t"))
}

// Is reports whether f has that name; case does not matter (RFC 9110, section 5.1).
func (h *Head) Is(f Field, name string) bool {
	return equalFold(h.Raw[f.Name.Start:f.Name.End], name)
}

// equalFold is strings.EqualFold for ASCII alone, as names of headers are compared.
func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if lower(c) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// Field returns the first field of that name.
func (h *Head) Field(name string) (Field, bool) {
	for i := range h.Fields {
		if f := &h.Fields[i]; equalFold(h.Raw[f.Name.Start:f.Name.End], name) {
			return *f, true
		}
	}
	return Field{}, false
}

// All yields every field of that name, in the order of the wire.
func (h *Head) All(name string) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for i := range h.Fields {
			if f := &h.Fields[i]; equalFold(h.Raw[f.Name.Start:f.Name.End], name) && !yield(*f) {
				return
			}
		}
	}
}

// Has reports whether a field of that name is there.
func (h *Head) Has(name string) bool {
	_, ok := h.Field(name)
	return ok
}

// Over returns h with the same places over other bytes, and blanks in those what is masked
// in h. They are raw, as long as those of h, and must be cut alike.
func (h *Head) Over(raw []byte) *Head {
	over := *h
	over.Raw = raw
	for _, m := range h.Masks {
		for i := range raw[m.Span.Start:m.Span.End] {
			raw[m.Span.Start+i] = '*'
		}
	}
	return &over
}

// Size returns about how many bytes of memory h holds, for whoever keeps heads within a
// limit. A head of many short lines takes a multiple of its bytes.
func (h *Head) Size() int {
	return cap(h.Raw) + int(reflect.TypeFor[Head]().Size()) +
		cap(h.Fields)*int(reflect.TypeFor[Field]().Size()) +
		cap(h.Faults)*int(reflect.TypeFor[Fault]().Size()) +
		cap(h.Masks)*int(reflect.TypeFor[Mask]().Size())
}
