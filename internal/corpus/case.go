// Package corpus is the proof of the diagnosis: real failures of WebSockets behind nginx,
// one readable file each, with what must be concluded. Only tests use it. The files are in
// internal/diagnosis/testdata/corpus; those of package diagnosis read the recorded bytes,
// those of internal/e2e run each case with a real nginx. In the folder examples are those that
// document a cause, and are part of the program: diagnosis.Example.
package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Socket is the address of the backend where nginx reaches it through a UNIX socket.
const Socket = "unix:/tmp/app.sock"

// Case is one mistake behind nginx, or none at all, and what a diagnosis must make of it.
//
// A file begins with the story in sentences. After an empty line come header lines:
//
//	cause: ID                 what must be concluded; a control has none
//	also: ID, ID              causes that leave the very same bytes here: nobody can tell them apart
//	besides: ID               is true here too, and may be certain
//	shows: full               full: the bytes at the backend name the cause; partial: they narrow it; none
//	client sees: 400          the status; "101 unusable", which a browser drops; "closed"; "not http"; "nginx does not start"
//	session: cut after 2s     or "open after 3s", "open after 3s while the client speaks", "cut by a reload"
//	nginx: >= 1.29.7          the versions that behave so
//	expects: /ws              the path that the application serves
//	flags: --max-head 4KiB    of wsinspect
//	backend: TLS              it speaks TLS, and what arrives comes without
//	cured by: client          backend, client, shell; a configuration where this is left out
//	cured: 426                what the client sees then; 101 and an echo where this is left out
//	source: URL               who reported it
//
// Then come sections, each after a line "-- NAME --":
//
//	nginx.conf      the broken configuration
//	file NAME       another file beside it
//	before          a request that another connection has sent before; a WebSocket stays open
//	request         what the client sends
//	arrived before  the bytes at the backend of one of those
//	arrived         the bytes at the backend, recorded; masked as an attempt shows them
//	cured request   what the client sends after the cure, where that differs
//	still refused   a request that must be refused after the cure, too
//
// Addresses are the same in every file, and stand for ports of the machine's choice: the
// client dials 127.0.0.1:8081, a second nginx listens on 8082, the backend on 8080 or
// unix:/tmp/app.sock, nobody on 8089.
type Case struct {
	Name  string // of the file, without its ending
	Story string

	Cause   string // empty: a control
	Also    []string
	Besides []string
	Shows   string
	Sees    string
	Session Session
	Needs   string // of nginx's version; empty: any
	Expects []string
	Flags   []string
	TLS     bool   // the backend speaks TLS, and what arrives comes without
	CuredBy string // empty: a configuration
	Cured   string // what the client sees after the cure; empty: 101

	Conf          string
	Files         map[string]string
	Before        [][]byte
	Request       []byte
	ArrivedBefore [][]byte
	Arrived       []byte // nil: nothing arrives
	CuredRequest  []byte // Request where the file has none
	StillRefused  []byte

	path     string
	header   []field
	sections []field
}

// Session says how an upgraded connection goes on.
type Session struct {
	Cut    time.Duration // ends without a close frame after that much silence
	Open   time.Duration // lives at least that long
	Speaks bool          // while the client sends, and the backend does not
	Reload bool          // ends when nginx is reloaded
}

// field is a header line or a section.
type field struct{ name, text string }

// Control reports whether nothing is wrong in c.
func (c *Case) Control() bool { return c.Cause == "" }

// Accepts reports whether a conclusion of that cause is true for c.
func (c *Case) Accepts(cause string) bool {
	return cause == c.Cause || slices.Contains(c.Also, cause) || slices.Contains(c.Besides, cause)
}

// Socket reports whether the backend of c is reached through a UNIX socket of its own.
func (c *Case) Socket() bool {
	return strings.Contains(c.Conf, Socket) && !strings.Contains(c.Conf, "listen "+Socket)
}

// Read returns the cases of a folder and of its examples, in the order of their names.
func Read(folder string) ([]*Case, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	examples, err := filepath.Glob(filepath.Join(folder, "examples", "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 || len(examples) == 0 {
		return nil, fmt.Errorf("%s holds no case, or no example", folder)
	}
	paths = append(paths, examples...)
	slices.SortFunc(paths, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	var cases []*Case
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		c.Name, c.path = strings.TrimSuffix(filepath.Base(path), ".txt"), path
		cases = append(cases, c)
	}
	return cases, nil
}

// Record writes into the file of c what a run has shown. Nothing else of it changes.
func (c *Case) Record(sees string, arrivedBefore [][]byte, arrived []byte) error {
	for i := range c.header {
		if c.header[i].name == "client sees" {
			c.header[i].text = sees
		}
	}
	c.sections = slices.DeleteFunc(c.sections, func(s field) bool { return strings.HasPrefix(s.name, "arrived") })
	at := 1 + slices.IndexFunc(c.sections, func(s field) bool { return s.name == "request" })
	for _, b := range arrivedBefore {
		c.sections = slices.Insert(c.sections, at, field{"arrived before", spell(b)})
		at++
	}
	if arrived != nil {
		c.sections = slices.Insert(c.sections, at, field{"arrived", spell(arrived)})
	}
	return os.WriteFile(c.path, []byte(c.format()), 0o644)
}

// format returns the text of a file as parse reads it.
func (c *Case) format() string {
	var b strings.Builder
	b.WriteString(c.Story + "\n\n")
	for _, h := range c.header {
		fmt.Fprintf(&b, "%s: %s\n", h.name, h.text)
	}
	for _, s := range c.sections {
		fmt.Fprintf(&b, "\n-- %s --\n%s\n", s.name, s.text)
	}
	return b.String()
}

func parse(text string) (*Case, error) {
	c := &Case{Files: map[string]string{}}
	parts := strings.Split("\n"+text, "\n-- ")
	story, header, _ := strings.Cut(strings.TrimSpace(parts[0]), "\n\n")
	c.Story = story
	for line := range strings.Lines(header) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			return nil, fmt.Errorf("%q is no header line: write name: value", line)
		}
		c.header = append(c.header, field{name, value})
		if err := c.setHeader(name, value); err != nil {
			return nil, err
		}
	}
	for _, part := range parts[1:] {
		name, text, ok := strings.Cut(part, " --\n")
		if !ok {
			return nil, fmt.Errorf("%q begins no section: write -- name --", part)
		}
		text = strings.Trim(text, "\n")
		c.sections = append(c.sections, field{name, text})
		if err := c.setSection(name, text); err != nil {
			return nil, err
		}
	}
	if c.CuredRequest == nil {
		c.CuredRequest = c.Request
	}
	return c, c.problem()
}

func (c *Case) setHeader(name, value string) (err error) {
	switch name {
	case "cause":
		c.Cause = value
	case "also":
		c.Also = strings.Split(value, ", ")
	case "besides":
		c.Besides = strings.Split(value, ", ")
	case "shows":
		c.Shows = value
	case "client sees":
		c.Sees = value
	case "session":
		c.Session, err = readSession(value)
	case "nginx":
		c.Needs = value
	case "expects":
		c.Expects = append(c.Expects, value)
	case "flags":
		c.Flags = strings.Fields(value)
	case "backend":
		c.TLS = value == "TLS"
	case "cured by":
		c.CuredBy = value
	case "cured":
		c.Cured = value
	case "source":
	default:
		return fmt.Errorf("no header line is called %q", name)
	}
	return err
}

func (c *Case) setSection(name, text string) error {
	if file, ok := strings.CutPrefix(name, "file "); ok {
		c.Files[file] = text + "\n"
		return nil
	}
	if name == "nginx.conf" {
		c.Conf = text + "\n"
		return nil
	}
	bytes, err := wire(text)
	if err != nil {
		return fmt.Errorf("section %s: %w", name, err)
	}
	switch name {
	case "before":
		c.Before = append(c.Before, bytes)
	case "request":
		c.Request = bytes
	case "arrived before":
		c.ArrivedBefore = append(c.ArrivedBefore, bytes)
	case "arrived":
		c.Arrived = bytes
	case "cured request":
		c.CuredRequest = bytes
	case "still refused":
		c.StillRefused = bytes
	default:
		return fmt.Errorf("no section is called %q", name)
	}
	return nil
}

// problem says what a case lacks.
func (c *Case) problem() error {
	switch {
	case c.Story == "":
		return fmt.Errorf("the story is missing")
	case c.Conf == "" || c.Request == nil:
		return fmt.Errorf("nginx.conf or request is missing")
	case c.Sees == "":
		return fmt.Errorf("client sees is missing")
	case c.Control() != (c.Shows == ""):
		return fmt.Errorf("cause and shows belong together")
	case !slices.Contains([]string{"", "full", "partial", "none"}, c.Shows):
		return fmt.Errorf("shows is %q: write full, partial or none", c.Shows)
	case !slices.Contains([]string{"", "client", "backend", "shell"}, c.CuredBy):
		return fmt.Errorf("cured by is %q: write client, backend or shell", c.CuredBy)
	}
	return nil
}

func readSession(value string) (s Session, err error) {
	verb, rest, _ := strings.Cut(value, " ")
	limit, speaks := strings.CutSuffix(strings.TrimPrefix(rest, "after "), " while the client speaks")
	s.Speaks = speaks
	switch {
	case value == "cut by a reload":
		s.Reload = true
	case verb == "cut":
		s.Cut, err = time.ParseDuration(limit)
	case verb == "open":
		s.Open, err = time.ParseDuration(limit)
	default:
		err = fmt.Errorf("no session is %s", strconv.Quote(value))
	}
	return s, err
}
