// Package nginxconf reads a configuration of nginx as evidence: which server and which
// location serve a request, what they really send to the backend once inheritance is
// resolved, and in which line of which file that is said. What it cannot follow it says.
// Config.Edit and Diff say how other lines would change the files; nothing is ever written.
package nginxconf

import "bytes"

// Config is a configuration as nginx reads it.
type Config struct {
	Main  []*Directive // of the main context; what a file includes stands in the place of its include
	Files []*File      // in the order in which they were read

	// Context is the block that the lines of the first file belong into: "main" for a whole
	// configuration; "http", "server" or "location" for a part of one, as it lies in
	// conf.d, sites-available or snippets. Main then holds the blocks around it, which
	// stand in no line.
	Context string
	// Faults are what keeps nginx from loading it, in the order in which nginx would meet
	// them; it names the first one only. After a fault of the syntax nothing is read.
	Faults []*Fault
	// Unread are includes whose files were not at hand.
	Unread []*Directive
}

// File is the text of one file.
type File struct {
	Name string // as nginx names it, or as it was given
	Text []byte

	reads int // how often it was included, or given
}

// Directive is one directive with the place where it stands.
type Directive struct {
	Name  string
	Args  []string     // as nginx understands them: quotation marks and escapes resolved
	Raw   []string     // the same as they are written
	Block []*Directive // what stands between its braces, includes resolved; nil where it has none
	Code  bool         // its braces hold another language (lua), which is not read

	File       *File
	Line       int // of its name, from 1; 0: a block around a part of a configuration
	Start, End int // in File.Text: from its name to behind its semicolon or brace
	Open       int // behind its opening brace; 0 where it has none
	Parent     *Directive
	Include    *Directive // that brought it into its block; nil: it stands between the braces itself

	named  int     // where its name ends
	brings []*File // of an include: what it has brought, in this order
}

// String returns d as it is written, without what stands between its braces.
func (d *Directive) String() string {
	end := d.End
	switch {
	case d.Line == 0:
		return d.Name
	case d.Open > 0:
		end = d.Open
	}
	return string(bytes.TrimRight(d.File.Text[d.Start:end], " \t\r\n;{"))
}

// Enclosing returns the nearest block of that name around d, or d itself; nil if none is.
func (d *Directive) Enclosing(name string) *Directive {
	for ; d != nil; d = d.Parent {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// walk calls visit for each directive of list and of their blocks, in the order of nginx.
// Where visit answers false it leaves the block out.
func walk(list []*Directive, visit func(*Directive) bool) {
	for _, d := range list {
		if visit(d) {
			walk(d.Block, visit)
		}
	}
}
