package diagnosis

import (
	"strconv"
	"strings"

	"wsinspect/internal/handshake"
)

// AppendText appends the documentation of c as plain text for a terminal: title, what it
// is, how to see it, what to do, the cure that people find first, who has to change
// something, the checks that it breaks, and where it is written.
func (c *Cause) AppendText(b []byte) []byte {
	return c.Doc.AppendText(b, c.ID+": "+c.Title, c.Spec+", "+c.SpecURL,
		handshake.Part{Title: "The cure that people find first", Text: c.Tempting},
		handshake.Part{Title: "Who has to change something", Text: c.Party.words()},
		handshake.Part{Title: "The checks that it breaks", Text: strings.Join(c.Explains, ", ")})
}

// words names the party in a sentence.
func (p Party) words() string {
	return [...]string{
		"The proxy: its configuration.",
		"The client: the page or program that opens the socket.",
		"The backend: the application, or its policy.",
	}[p]
}

// Heading says where the lines of a step go, as it stands above them: "In the http block
// of nginx". Of a proxy that is not the one next to the backend it says which one is meant.
func (f *Fix) Heading(s Step) string {
	whose := f.For
	if f.Hop > 1 {
		whose += ", proxy " + strconv.Itoa(f.Hop) + " counted from the backend"
	}
	switch s.Where {
	case "client", "backend":
		return "In the " + s.Where
	case "shell":
		return "In a shell"
	case "main":
		return "Outside every block of " + whose
	case "http", "server", "location":
		if f.For == "nginx" {
			return "In the " + s.Where + " block of " + whose
		}
	}
	return "In the configuration of " + whose
}
