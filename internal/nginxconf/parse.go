package nginxconf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What is beyond these is not read. Each is far more than the largest configurations have.
const (
	maxBytes      = 64 << 20 // of all files
	maxFiles      = 16 << 10 // read, counted as often as they are included
	maxDirectives = 1 << 20
	maxDepth      = 64 // of blocks
	maxIncludes   = 32 // of files that include each other
	maxFaults     = 100
)

// errTooLarge says that a configuration is beyond what is read.
var errTooLarge = errors.New("the configuration is too large to be read")

// parser reads the files of one configuration.
type parser struct {
	config *Config
	source source
	prefix string // the folder that relative includes begin in
	whole  bool   // it is no part of a configuration: what is missing is a fault

	files      map[string]*File
	bytes      int
	reads      int
	directives int
	rules      map[string][]rule
	modules    []string              // words of the names of modules that are loaded
	chosen     map[string]*Directive // default servers, by their address
	err        error                 // what ended the reading: errStop or errTooLarge
}

// errStop ends the reading after a fault of the syntax.
var errStop = errors.New("stop")

// fragment is one file, or a block of it, while it is read.
type fragment struct {
	lexer
	file    *File
	include *Directive
	depth   int // of blocks, those around the file included
	from    int // the depth that the file begins with
	nested  int // how many includes lead here
}

// parse reads the first file, and all that it includes.
func (p *parser) parse(first *File) error {
	p.files = map[string]*File{first.Name: first}
	p.rules = rules()
	p.chosen = map[string]*Directive{}
	p.config.Files = []*File{first}
	p.bytes = len(first.Text)
	if p.bytes > maxBytes {
		return errTooLarge
	}

	into, within := p.around(first)
	block := p.file(&fragment{file: first}, []*Directive{}, into, within)
	if into == nil {
		p.config.Main = block
	} else {
		into.Block = block
		if p.err == nil {
			p.checkHTTP(p.config.Main[0])
		}
	}
	if p.err != nil && !errors.Is(p.err, errStop) {
		return p.err
	}
	return nil
}

// around makes the blocks around a part of a configuration, and returns the innermost.
func (p *parser) around(first *File) (into *Directive, within context) {
	p.config.Context = contextOf(first.Text)
	p.whole = p.config.Context == "main"
	within = inMain
	if p.whole {
		return nil, within
	}
	for _, name := range []string{"http", "server", "location"} {
		d := &Directive{Name: name, File: first, End: len(first.Text), Parent: into}
		if name == "location" {
			d.Args, d.Raw = []string{"/"}, []string{"/"}
		}
		if into == nil {
			p.config.Main = []*Directive{d}
		} else {
			into.Block = []*Directive{d}
		}
		into, within = d, inside(name, within)
		if name == p.config.Context {
			break
		}
	}
	return into, within
}

// file reads a file to its end and adds what it says to the list of its block.
func (p *parser) file(f *fragment, list []*Directive, parent *Directive, within context) []*Directive {
	f.text, f.line = f.file.Text, 1
	f.file.reads++
	if p.reads++; p.reads > maxFiles {
		p.err = errTooLarge
		return list
	}
	return p.block(f, list, parent, within, false)
}

// block adds directives to a list up to a closing brace, or to the end of the file.
func (p *parser) block(f *fragment, list []*Directive, parent *Directive, within context, braces bool) []*Directive {
	for p.err == nil {
		words, end, err := f.next()
		switch {
		case err != nil:
			p.stop(f, err.Error())
		case end == 0 && braces:
			p.stop(f, `unexpected end of file, expecting "}"`)
		case end == '}' && !braces:
			p.stop(f, `unexpected "}"`)
		case end == 0 || end == '}':
			return list
		default:
			list = p.directive(f, list, words, end, parent, within)
		}
	}
	return list
}

// stop records a fault of the syntax, which ends the reading.
func (p *parser) stop(f *fragment, text string) {
	p.fault(f, nil, text)
	p.err = errStop
}

// fault records a fault where the reading stands: nginx names the line in which a directive
// ends.
func (p *parser) fault(f *fragment, d *Directive, text string) {
	if text == "" || len(p.config.Faults) == maxFaults {
		return
	}
	p.config.Faults = append(p.config.Faults, &Fault{Text: text, File: f.file, Line: f.line, Column: column(f.text, f.pos), Directive: d})
}

// column is the place in its line of the character that ends at a byte.
func column(text []byte, at int) int {
	return max(utf8.RuneCount(text[1+bytes.LastIndexByte(text[:at], '\n'):at]), 1)
}

// directive adds a directive, or what it includes, to the list of its block.
func (p *parser) directive(f *fragment, list []*Directive, words []word, end byte, parent *Directive, within context) []*Directive {
	if p.directives++; p.directives > maxDirectives || f.depth > maxDepth {
		p.err = errTooLarge
		return list
	}
	d := &Directive{
		Name: words[0].value, File: f.file, Line: words[0].line,
		Start: words[0].start, End: f.pos, Parent: parent, named: words[0].end,
	}
	if f.depth == f.from {
		d.Include = f.include
	}
	for _, w := range words[1:] {
		d.Args = append(d.Args, w.value)
		d.Raw = append(d.Raw, string(f.text[w.start:w.end]))
	}
	if end == '{' {
		d.Open = f.pos
	}
	p.fault(f, d, p.check(d, list, within))
	d.Name = strings.TrimPrefix(d.Name, byteOrderMark)
	switch {
	case d.Open > 0 && within == inData:
		p.stop(f, `unexpected "{"`)
	case d.Open > 0:
		p.braces(f, d, within)
	case d.Name == "include" && len(d.Args) == 1:
		return p.include(f, list, d, parent, within)
	}
	return append(list, d)
}

// byteOrderMark stands at the start of files that some editors of Windows have saved. nginx
// reads it as a part of the first name.
const byteOrderMark = "\ufeff"

// braces reads what stands between the braces of d.
func (p *parser) braces(f *fragment, d *Directive, within context) {
	d.Block = []*Directive{}
	if isCode(d.Name) {
		d.Code = true
		if !f.code() {
			p.stop(f, `unexpected end of file, expecting "}"`)
		}
	} else {
		f.depth++
		d.Block = p.block(f, d.Block, d, inside(d.Name, within), true)
		f.depth--
	}
	d.End = f.pos
	switch {
	case p.err != nil:
	case d.Name == "upstream" && within == inHTTP:
		p.fault(f, d, p.checkUpstream(d))
	case d.Name == "http" && within == inMain:
		p.checkHTTP(d)
	}
}

// isCode reports whether the braces of a directive hold lua.
func isCode(name string) bool { return strings.HasSuffix(name, "_by_lua_block") }

// include adds what d includes to the list of the block that d stands in.
func (p *parser) include(f *fragment, list []*Directive, d *Directive, parent *Directive, within context) []*Directive {
	files, err := p.open(d.Args[0])
	if err == nil && f.nested == maxIncludes && len(files) > 0 {
		err = fmt.Errorf(`open() "%s" failed (24: Too many open files)`, files[0].Name)
	}
	switch {
	case errors.Is(err, errTooLarge):
		p.err = err
	case err != nil:
		if p.whole && p.source != nil {
			p.fault(f, d, err.Error())
		}
		p.config.Unread = append(p.config.Unread, d)
		return append(list, d)
	}
	d.brings = files
	for _, file := range files {
		inner := &fragment{file: file, include: d, depth: f.depth, from: f.depth, nested: f.nested + 1}
		list = p.file(inner, list, parent, within)
	}
	return list
}
