package nginxconf

import "fmt"

// Fault is a reason why nginx does not load a configuration.
type Fault struct {
	Text string // in nginx's words, without the place
	File *File  // nil where it is not known
	Line int    // that nginx names: the one in which a directive ends, not where it begins
	// Column is the place in the line where nginx gives up, in characters from 1.
	Column    int
	Directive *Directive // that it is about; nil for one of the syntax
	// Unplaced says that nginx names no place for it.
	Unplaced bool
}

// Error returns what nginx says.
func (f *Fault) Error() string {
	if f.Unplaced || f.File == nil {
		return f.Text
	}
	return fmt.Sprintf("%s in %s:%d", f.Text, f.File.Name, f.Line)
}
