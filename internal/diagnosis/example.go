package diagnosis

import (
	"embed"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// examples holds, of the real failures that the diagnosis is proved on, one for each cause:
// the one that most people have reported. Package corpus says how they are written,
// internal/e2e runs each with a real nginx.
//
//go:embed testdata/corpus/examples/*.txt
var examples embed.FS

// Example is one real failure of the corpus.
type Example struct {
	Story   string // how it came about, in sentences
	Conf    string // the broken nginx.conf
	Sees    string // what the client sees: a status, "closed", "not http", "nginx does not start"
	Sent    string // what the client sends, a line each
	Arrived string // the bytes at the backend, a line each; empty: nothing arrives
	TLS     bool   // the backend speaks TLS; the bytes came without it
	Also    []*Cause
	Sources []string // public threads that report it
}

// Example returns the failure that documents c; nil where the corpus has none.
func (c *Cause) Example() *Example {
	const folder = "testdata/corpus/examples"
	files, err := examples.ReadDir(folder)
	if err != nil {
		panic(err) // the folder is embedded, or this does not compile
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), c.ID+"-") {
			continue
		}
		text, err := examples.ReadFile(path.Join(folder, f.Name()))
		if err != nil {
			panic(err)
		}
		if e, cause := readExample(string(text)); cause == c.ID {
			return e
		}
	}
	return nil
}

func readExample(text string) (e *Example, cause string) {
	head, sections, _ := strings.Cut(text, "\n-- ")
	story, header, _ := strings.Cut(head, "\n\n")
	e = &Example{Story: strings.ReplaceAll(strings.TrimSpace(story), "\n", " ")}
	for line := range strings.Lines(header) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ": "); name {
		case "cause":
			cause = value
		case "client sees":
			e.Sees = value
		case "backend":
			e.TLS = value == "TLS"
		case "source":
			if strings.HasPrefix(value, "https://") { // a few name a repository alone
				e.Sources = append(e.Sources, value)
			}
		case "also":
			for id := range strings.SplitSeq(value, ", ") {
				e.Also = append(e.Also, Find(id))
			}
		}
	}
	for section := range strings.SplitSeq(sections, "\n-- ") {
		name, text, _ := strings.Cut(section, " --\n")
		switch name {
		case "nginx.conf":
			e.Conf = strings.TrimSpace(strings.TrimPrefix(text, "events {}\n"))
		case "request":
			e.Sent = strings.Trim(text, "\n")
		case "arrived":
			e.Arrived = strings.Trim(text, "\n")
		}
	}
	return e, cause
}

// Cures returns what cures c in the language of each proxy for which lines were tried,
// nginx's first, as Diagnose gives them for its example.
func (c *Cause) Cures() []Fix {
	r := &reading{Evidence: c.exampleEvidence()}
	r.read()
	var all []Fix
	if c.nginx != nil {
		f := c.nginx(r)
		if f.For == "" {
			f.For = nginx.name
		}
		all = append(all, f)
	}
	for _, p := range proxies {
		if cure := p.cures[c.remedy]; cure != nil && c.remedy != noRemedy {
			f := cure(r)
			f.For = p.name
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all[min(len(all), 1):], func(a, b Fix) int { return strings.Compare(strings.ToLower(a.For), strings.ToLower(b.For)) })
	return all
}

// exampleEvidence returns what is known of the example of c: what arrives of it or, where
// nothing does, what the client sent and saw.
func (c *Cause) exampleEvidence() *Evidence {
	switch e := c.Example(); {
	case e == nil:
		return &Evidence{}
	case e.Arrived == "":
		return &Evidence{Client: &Client{
			URL:    "ws://app.example.com/",
			Sent:   parseLines(e.Sent),
			Answer: parseLines("HTTP/1.1 " + e.Sees),
		}}
	default:
		request := &dump.Request{
			Head: parseLines(e.Arrived), Time: time.Unix(0, 0),
			Local:  &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080},
			Remote: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000},
		}
		if e.TLS {
			request.Layer = dump.Clear
		}
		verdict := handshake.Judge(request, &handshake.Policy{})
		return &Evidence{Request: request, Verdict: &verdict}
	}
}

func parseLines(text string) *dump.Head {
	return dump.Parse([]byte(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n"))
}
