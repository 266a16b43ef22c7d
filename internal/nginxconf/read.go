package nginxconf

import (
	"fmt"
	"io"
	"io/fs"
	"path"
)

// Load reads the configuration in the file name, and all that it includes, as nginx does
// with its option -c. Paths are absolute and mean files below the root of fsys; relative
// includes begin in the folder of the file. A file that holds the output of nginx -T has
// them in itself. The error says why the file cannot be read; what nginx refuses in it is no
// error but a Fault.
func Load(fsys fs.FS, name string) (*Config, error) {
	source := folder{fsys}
	name = path.Clean("/" + name)
	text, err := source.read(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if isDump(text) {
		return readDump(text)
	}
	first := &File{Name: name, Text: text}
	return parse(source, prefixOf(source, first), first)
}

// Read reads a configuration from r: the output of nginx -T, each file after its marker and
// before them what nginx says about them, or else the text of one file of that name, whose
// includes are not at hand.
func Read(name string, r io.Reader) (*Config, error) {
	text, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if isDump(text) {
		return readDump(text)
	}
	return parse(nil, "", &File{Name: name, Text: text})
}

func parse(source source, prefix string, first *File) (*Config, error) {
	p := &parser{config: &Config{}, source: source, prefix: prefix}
	if err := p.parse(first); err != nil {
		return nil, fmt.Errorf("reading %s: %w", first.Name, err)
	}
	return p.config, nil
}

// readAll reads a file that is not too large.
func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = errTooLarge
	}
	return text, err
}
