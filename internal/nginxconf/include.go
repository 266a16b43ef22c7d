package nginxconf

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// source is where files come from, by their cleaned absolute paths.
type source interface {
	read(name string) ([]byte, error)
	glob(pattern string) []string // the names that match, sorted as nginx sorts them
}

// folder is a source of the files in a file system.
type folder struct{ fs.FS }

func (f folder) read(name string) ([]byte, error) {
	file, err := f.Open(rooted(name))
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err // who asks knows the name
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file)
}

// glob lists as glob(3) does: an asterisk meets no leading dot, and ! negates as ^ does.
func (f folder) glob(pattern string) []string {
	names, err := fs.Glob(f.FS, rooted(globbed(pattern)))
	if err != nil {
		return nil // nginx, too, finds nothing with a pattern that cannot be read
	}
	names = slices.DeleteFunc(names, func(name string) bool { return hides(pattern, name) })
	for i := range names {
		names[i] = "/" + names[i]
	}
	slices.Sort(names)
	return names
}

// rooted returns a path as a file system of the standard library names it.
func rooted(name string) string {
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name != "" {
		return name
	}
	return "."
}

// globbed returns a pattern of glob(3) as the standard library writes it.
func globbed(pattern string) string { return strings.ReplaceAll(pattern, "[!", "[^") }

// hides reports whether a part of name begins with a dot that the pattern does not name.
func hides(pattern, name string) bool {
	patterns := strings.Split(rooted(pattern), "/")
	for i, part := range strings.Split(rooted(name), "/") {
		if strings.HasPrefix(part, ".") && i < len(patterns) && !strings.HasPrefix(patterns[i], ".") {
			return true
		}
	}
	return false
}

// open returns the files that the argument of an include means. Errors are in nginx's words.
func (p *parser) open(name string) ([]*File, error) {
	if p.source == nil {
		return nil, fmt.Errorf("%q is not at hand", name)
	}
	if !path.IsAbs(name) {
		name = path.Join(p.prefix, name)
	}
	if strings.ContainsAny(name, "*?[") {
		var files []*File
		for _, name := range p.source.glob(name) {
			file, err := p.load(name)
			if err != nil {
				return files, err
			}
			files = append(files, file)
		}
		return files, nil
	}
	file, err := p.load(name)
	if err != nil {
		return nil, err
	}
	return []*File{file}, nil
}

// load reads a file, once however often it is included.
func (p *parser) load(name string) (*File, error) {
	if file := p.files[name]; file != nil {
		return file, nil
	}
	text, err := p.source.read(name)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, err
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf(`open() "%s" failed (2: No such file or directory)`, name)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf(`open() "%s" failed (13: Permission denied)`, name)
	case err != nil:
		return nil, fmt.Errorf(`read() "%s" failed`, name)
	}
	if p.bytes += len(text); p.bytes > maxBytes {
		return nil, errTooLarge
	}
	file := &File{Name: name, Text: text}
	p.files[name] = file
	p.config.Files = append(p.config.Files, file)
	return file, nil
}

// prefixOf returns the folder that the includes of a file are relative to: its own, and for
// a part of a configuration the nearest above that holds an nginx.conf.
func prefixOf(source source, first *File) string {
	own := path.Dir(first.Name)
	if contextOf(first.Text) == "main" {
		return own
	}
	for dir := own; dir != "/" && dir != "."; dir = path.Dir(dir) {
		if len(source.glob(path.Join(dir, "nginx.con[f]"))) > 0 {
			return dir
		}
	}
	return own
}
