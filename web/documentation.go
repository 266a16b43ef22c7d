package web

import (
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// sections are the three parts of a documentation.
func sections(d *handshake.Doc, what, do string) []section {
	return []section{
		{ID: "what", Title: what, Blocks: blocks(d.What)},
		{ID: "see", Title: "How to see it", Blocks: blocks(d.See)},
		{ID: "do", Title: do, Blocks: blocks(d.Do)},
	}
}

// causeSections are everything there is to read about a cause.
func causeSections(c *diagnosis.Cause, f *faultView) []section {
	all := sections(&c.Doc, "What happens", "The cure")
	cures := c.Cures()
	do := &all[len(all)-1]
	if len(cures) > 0 && cures[0].For == "nginx" && !strings.Contains(c.Doc.Do, "\n    ") {
		do.Blocks = append(do.Blocks, cureBlocks(cures[0])...)
	}
	if c.Tempting != "" {
		all = append(all, section{ID: "tempting", Title: "The cure that people find first", Blocks: blocks(c.Tempting)})
	}
	all = append(all, example(c, f)...)
	elsewhere := section{ID: "elsewhere", Title: "In other proxies"}
	for _, cure := range cures {
		if cure.For != "nginx" && cure.For != "client" && cure.For != "backend" {
			elsewhere.Blocks = append(elsewhere.Blocks, block{Text: cure.For, Heading: true})
			elsewhere.Blocks = append(elsewhere.Blocks, cureBlocks(cure)...)
		}
	}
	if elsewhere.Blocks != nil {
		all = append(all, elsewhere)
	}
	return all
}

// cureBlocks writes a cure out: what the lines do and where they go, the lines, and what
// to take out.
func cureBlocks(f diagnosis.Fix) []block {
	all := blocks(f.Note)
	for _, step := range f.Steps {
		if len(step.Lines) > 0 {
			if f.For == "nginx" {
				all = append(all, block{Text: f.Heading(step) + ":"})
			}
			all = append(all, block{Text: strings.Join(step.Lines, "\n"), Code: true})
		}
		if len(step.Remove) > 0 {
			all = append(all, block{Text: "Take out, where it stands: " + strings.Join(step.Remove, ", ") + "."})
		}
	}
	return all
}

// example shows the failure that documents a cause, and what other causes leave the same
// bytes.
func example(c *diagnosis.Cause, f *faultView) []section {
	shown := section{ID: "example", Title: "The example that produces it", Fault: f}
	e := c.Example()
	if e == nil {
		for _, id := range c.Explains {
			if broken := handshake.Find(id).Example(); broken != nil {
				return []section{brokenBy(broken)}
			}
		}
		return nil
	}
	shown.Blocks = append(blocks(e.Story), block{Text: e.Conf, Name: "The configuration that is wrong"})
	if e.Arrived == "" {
		shown.Blocks = append(shown.Blocks, block{Text: "Nothing arrives, and the client sees " + sees(e.Sees) + "."})
	} else {
		shown.Blocks = append(shown.Blocks, block{Text: "This arrives, and the client sees " + sees(e.Sees) + ":"}, block{Text: e.Arrived, Name: "What arrives"})
	}
	all := []section{shown}
	if len(e.Also) > 0 {
		same := section{ID: "same", Title: "What looks the same", Blocks: blocks("Other mistakes can leave the very same bytes. The configuration tells them apart.")}
		for _, also := range e.Also {
			same.Entries = append(same.Entries, entry{also.ID, also.Title})
		}
		all = append(all, same)
	}
	return all
}

// sees says what a client sees; the word is a status, or one of these.
func sees(word string) string {
	switch word {
	case "closed":
		return "the connection closed without an answer"
	case "not http":
		return "bytes that are no HTTP"
	case "101 unusable":
		return "a 101 that a browser drops"
	case "nginx does not start":
		return "whatever was there before, for nginx does not start"
	}
	return word
}

// brokenBy shows a request that breaks the rule of a check.
func brokenBy(e *handshake.Example) section {
	return section{ID: "example", Title: "The example that produces it", Blocks: []block{
		{Text: e.Story}, {Text: e.Request, Name: "What arrives"}, {Text: e.Because},
	}}
}

// evidenceOf says what has to be known to find a cause.
func evidenceOf(c *diagnosis.Cause) string {
	var words []string
	for _, each := range []struct {
		source diagnosis.Source
		word   string
	}{
		{diagnosis.Refusal, "the head of what is refused"},
		{diagnosis.Acceptance, "the head of what is accepted"},
		{diagnosis.Plain, "a plain request"},
		{diagnosis.Expectation, "the path, with --expect-path"},
		{diagnosis.ClientSide, "what the client saw"},
		{diagnosis.SessionEnd, "the end of the session"},
		{diagnosis.Configuration, "the configuration"},
	} {
		if c.Shows&each.source != 0 {
			words = append(words, each.word)
		}
	}
	text := strings.Join(words, ", or ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// blocks cuts a documentation into paragraphs and, where lines are indented by four
// spaces, into lines to paste.
func blocks(doc string) []block {
	var all []block
	fresh := true // the next line begins a block
	for line := range strings.Lines(doc) {
		line = strings.TrimRight(line, "\r\n ")
		code, isCode := strings.CutPrefix(line, "    ")
		last := len(all) - 1
		switch {
		case line == "":
			fresh = true
			continue
		case isCode && last >= 0 && all[last].Code:
			all[last].Text += "\n" + code
		case isCode:
			all = append(all, block{Text: code, Code: true})
		case fresh || last < 0 || all[last].Code:
			all = append(all, block{Text: line})
		default:
			all[last].Text += " " + line
		}
		fresh = false
	}
	return all
}

// shortURL names an address without its scheme.
func shortURL(address string) string { return strings.TrimPrefix(address, "https://") }
