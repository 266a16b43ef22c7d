// Package nginxconf reads a configuration of nginx as evidence: which server and which
// location serve a request, what they really send to the backend once inheritance is
// resolved, and in which line of which file that is said. It changes nothing and asks
// nobody; what it cannot follow it says.
package nginxconf

// Config is a configuration as nginx reads it.
type Config struct {
	Main  []*Directive // of the main context; what a file includes stands in the place of its include
	Files []*File      // in the order in which they were read
}

// File is the text of one file.
type File struct {
	Name string // as nginx names it, or as it was given
	Text []byte
}

// Directive is one directive with the place where it stands.
type Directive struct {
	Name  string
	Args  []string     // as nginx understands them: quotation marks and escapes resolved
	Raw   []string     // the same as they are written
	Block []*Directive // what stands between its braces, includes resolved; nil where it has none
	Code  bool         // its braces hold another language (lua), which is not read

	File       *File
	Line       int // of its name, from 1
	Start, End int // in File.Text: from its name to behind its semicolon or brace
	Open       int // behind its opening brace; 0 where it has none
	Parent     *Directive
}
