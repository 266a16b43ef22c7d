package nginxconf

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// marker begins the line before each file.
const marker = "# configuration file "

// isDump reports whether a text is the output of nginx -T: a file's marker stands in it
// before any directive, or nginx speaks.
func isDump(text []byte) bool {
	for line := range bytes.Lines(text) {
		switch line = bytes.TrimSpace(line); {
		case isMarker(line), isSaid(line):
			return true
		case len(line) > 0 && line[0] != '#':
			return false
		}
	}
	return false
}

func isMarker(line []byte) bool {
	return bytes.HasPrefix(line, []byte(marker)) && bytes.HasSuffix(line, []byte(":"))
}

// isSaid reports whether a line was written by nginx itself as it starts: by its name, or as
// into its log, which begins with a date.
func isSaid(line []byte) bool {
	return bytes.HasPrefix(line, []byte("nginx: ")) ||
		len(line) > 0 && line[0] >= '0' && line[0] <= '9' && bytes.Contains(line, []byte(" [")) && bytes.Contains(line, []byte("#"))
}

// dump is a source of the files that nginx -T has printed.
type dump map[string][]byte

func (d dump) read(name string) ([]byte, error) {
	text, ok := d[path.Clean(name)]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return text, nil
}

func (d dump) glob(pattern string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(d)) {
		if ok, _ := path.Match(globbed(path.Clean(pattern)), name); ok && !hides(pattern, name) {
			names = append(names, name)
		}
	}
	return names
}

// readDump reads the output of nginx -T. Includes mean files of it.
func readDump(text []byte) (*Config, error) {
	files := dump{}
	var first, name string
	var said []byte
	from, at := 0, 0 // of the text of the file, and of the line
	end := func(at int) {
		if name != "" {
			files[name] = bytes.TrimSuffix(text[from:at], []byte("\n")) // nginx adds one
		}
	}
	for line := range bytes.Lines(text) {
		next := at + len(line)
		switch line = bytes.TrimSpace(line); {
		case isMarker(line):
			end(at)
			name, from = path.Clean(string(line[len(marker):len(line)-1])), next
			if first == "" {
				first = name
			}
		case first == "" && bytes.Contains(line, []byte("[emerg] ")):
			said = line
		}
		at = next
	}
	end(at)
	switch {
	case first != "":
		return parse(files, path.Dir(first), &File{Name: first, Text: files[first]})
	case said != nil:
		return &Config{Context: "main", Faults: []*Fault{faultSaid(string(said))}}, nil
	}
	return nil, errors.New("reading the output of nginx -T: no file is in it")
}

// faultSaid returns the fault that nginx has written in a line.
func faultSaid(line string) *Fault {
	_, text, _ := strings.Cut(line, "[emerg] ")
	if id, rest, ok := strings.Cut(text, ": "); ok && strings.Trim(id, "0123456789#") == "" {
		text = rest // the process that a log names
	}
	fault := &Fault{Text: text}
	if i := strings.LastIndex(text, " in "); i >= 0 {
		name, number, _ := strings.Cut(text[i+len(" in "):], ":")
		if n, err := strconv.Atoi(number); err == nil {
			fault.Text, fault.File, fault.Line, fault.Column = text[:i], &File{Name: name}, n, 1
		}
	}
	return fault
}
