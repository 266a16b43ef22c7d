package nginxconf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Edit is what shall change in one block.
type Edit struct {
	Block *Directive // nil: the main context
	// Lines are directives. One replaces what the block sets with the same directive (and
	// the same header, the same variables); others are added where they fit.
	Lines []string
	// Remove names directives to take out: "proxy_set_header Origin".
	Remove []string
}

// Edit returns the files as they are after some edits; everything else stays byte for byte.
//
// What a block has from an include is changed in the included file where nothing else
// includes that. Otherwise the change is for this block alone, and a line beside the
// include would be sent twice or refused as a duplicate: what the file says takes the place
// of the include, with the change.
func (c *Config) Edit(edits ...Edit) ([]*File, error) {
	e := &editor{config: c, pieces: map[piece][]patch{}, indents: map[*Directive]string{}}
	for _, edit := range edits {
		if err := e.plan(edit); err != nil {
			return nil, err
		}
	}
	e.inline()
	var after []*File
	for _, file := range c.Files {
		if patches := e.pieces[piece{nil, file}]; len(patches) > 0 {
			file = &File{Name: file.Name, Text: apply(file.Text, patches), reads: file.reads}
		}
		after = append(after, file)
	}
	return after, nil
}

// editor collects patches.
type editor struct {
	config  *Config
	pieces  map[piece][]patch
	order   []*Directive          // includes of which a piece has changed
	indents map[*Directive]string // of what gets a line of its own
}

// piece is a file as one include brings it; without an include, the file itself.
type piece struct {
	include *Directive
	file    *File
}

// patch is a run of bytes and what takes its place.
type patch struct {
	start, end int
	text       string
}

func (e *editor) patch(include *Directive, file *File, p patch) {
	if file.reads <= 1 {
		include = nil
	}
	key := piece{include, file}
	if include != nil && !slices.Contains(e.order, include) {
		e.order = append(e.order, include)
	}
	if !slices.Contains(e.pieces[key], p) {
		e.pieces[key] = append(e.pieces[key], p)
	}
}

// inline puts what shared files say in the place of their includes.
func (e *editor) inline() {
	for i := 0; i < len(e.order); i++ { // it grows where an include came through another
		d := e.order[i]
		if slices.ContainsFunc(e.order[i+1:], func(inner *Directive) bool { return inner.Include == d }) {
			e.order = append(e.order, d) // what it includes itself comes first
			continue
		}
		l := layoutOf(d.File)
		indent, alone := e.indents[d]
		if !alone {
			indent = l.indent(d.Start)
		}
		var said []string
		for _, file := range d.brings {
			said = append(said, e.said(d, file, l.feed+indent))
		}
		if !alone && !l.endsLine(d.End) {
			said = append(said, "")
		}
		e.patch(d.Include, d.File, patch{d.Start, d.End, strings.Join(said, l.feed+indent)})
	}
}

// said is what takes the place of an include for one of its files; feed begins a new line.
func (e *editor) said(include *Directive, file *File, feed string) string {
	patches := e.pieces[piece{include, file}]
	if len(patches) == 0 {
		return "include " + quoted(file.Name) + ";"
	}
	text := bytes.TrimSpace(apply(file.Text, patches))
	if !quotesLines(text) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		text = bytes.ReplaceAll(text, []byte("\n"), []byte(feed))
	}
	return "# from " + file.Name + ", changed for this block" + feed + string(text)
}

// quoted writes a value, in quotation marks where it needs them.
func quoted(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\r\n;{}\"'\\#$") {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// quotesLines reports whether a value of several lines stands in a text, which an indent
// would change.
func quotesLines(text []byte) bool {
	for l := (lexer{text: text}); ; {
		words, end, err := l.next()
		if err != nil || end == 0 {
			return false
		}
		for _, w := range words {
			if bytes.ContainsRune(text[w.start:w.end], '\n') {
				return true
			}
		}
	}
}

// apply returns a text with patches in it, which do not overlap.
func apply(text []byte, patches []patch) []byte {
	patches = slices.Clone(patches)
	slices.SortStableFunc(patches, func(a, b patch) int { // what is added before what is taken away
		return cmp.Or(a.start-b.start, min(a.end-a.start, 1)-min(b.end-b.start, 1))
	})
	var b bytes.Buffer
	at := 0
	for _, p := range patches {
		if p.start < at {
			continue // inside of what another has taken away
		}
		b.Write(text[at:p.start])
		b.WriteString(p.text)
		at = p.end
	}
	b.Write(text[at:])
	return b.Bytes()
}

// plan collects the patches of one edit.
func (e *editor) plan(edit Edit) error {
	b, err := e.body(edit.Block)
	if err != nil {
		return err
	}
	lines, err := readLines(edit.Lines)
	if err != nil {
		return err
	}
	for _, old := range b.all {
		if slices.ContainsFunc(edit.Remove, func(name string) bool { return names(name, old) }) {
			b.remove(old)
		}
	}
	slices.SortStableFunc(lines, func(a, b *Directive) int { // blocks behind the others
		return len(gap(a, "\n")) - len(gap(b, "\n"))
	})
	for len(lines) > 0 {
		key := sets(lines[0])
		var same []*Directive
		rest := lines[:0:0]
		for _, d := range lines {
			if sets(d) == key {
				same = append(same, d)
			} else {
				rest = append(rest, d)
			}
		}
		lines = rest
		b.put(key, same)
	}
	b.breakUp()
	return nil
}

// readLines reads the lines of an edit.
func readLines(text []string) ([]*Directive, error) {
	file := &File{Text: []byte(strings.Join(text, "\n") + "\n")}
	p := &parser{config: &Config{}}
	list := p.file(&fragment{file: file}, nil, nil, 0)
	switch {
	case len(p.config.Faults) > 0:
		return nil, fmt.Errorf("reading the lines of an edit: %w", p.config.Faults[0])
	case p.err != nil:
		return nil, p.err
	}
	return list, nil
}

// errNoBlock says that an edit is for a block that is not in the files.
var errNoBlock = errors.New("the block to change stands in none of the files")

// body returns what stands between the braces of a block, or in a whole file.
func (e *editor) body(block *Directive) (*body, error) {
	b := &body{editor: e, block: block}
	if block == nil {
		if e.config.Context != "main" || len(e.config.Files) == 0 {
			return nil, errNoBlock
		}
		b.all, b.file, b.end = e.config.Main, e.config.Files[0], len(e.config.Files[0].Text)
	} else {
		b.all, b.file, b.open, b.end = block.Block, block.File, block.Open, block.End
	}
	if slices.ContainsFunc(b.all, func(d *Directive) bool { return d.Line == 0 }) {
		return nil, errNoBlock
	}
	b.layout = layoutOf(b.file)
	for _, d := range b.all {
		in := d
		for in.Include != nil {
			in = in.Include
		}
		if n := len(b.own); n == 0 || b.own[n-1].Directive != in {
			b.own = append(b.own, item{Directive: in})
		}
		last := &b.own[len(b.own)-1]
		last.blocks = last.blocks || d.Open > 0 && d.Name != "types"
	}
	return b, nil
}

// sets names what a directive sets: two with the same name replace each other.
func sets(d *Directive) string {
	switch d.Name {
	case "proxy_set_header", "grpc_set_header", "add_header", "set":
		return d.Name + " " + strings.ToLower(d.arg(0))
	case "listen":
		l := readListen(d)
		return d.Name + " " + l.name + l.String()
	case "map", "location", "upstream", "server", "if":
		return d.Name + " " + strings.Join(d.Args, " ")
	}
	return d.Name
}

// names reports whether a name such as "proxy_set_header Origin" means d.
func names(name string, d *Directive) bool {
	words := strings.Fields(strings.TrimSuffix(name, ";"))
	if len(words) == 0 || words[0] != d.Name || len(words)-1 > len(d.Args) {
		return false
	}
	for i, w := range words[1:] {
		if !strings.EqualFold(strings.Trim(w, `"'`), d.Args[i]) {
			return false
		}
	}
	return true
}
