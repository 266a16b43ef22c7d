package journal

import (
	"reflect"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// AppendCauses appends who did it and the lines that cure it, the likeliest cause first,
// and in apart what would tell several apart. The sentence of a leading cause is left out:
// it has been said already. Where evidence is given, a cause has the letters of its places.
func AppendCauses(b []byte, causes []diagnosis.Conclusion, evidence []dump.Evidence, apart string) []byte {
	if len(causes) == 0 {
		return b
	}
	b = slices.Grow(b, 1<<10*len(causes)) // mostly enough
	leading := diagnosis.Leading(causes)
	title := "Cause"
	switch {
	case len(causes) > 1 && leading == nil:
		title = "Several configurations make these bytes, the commonest first"
	case len(causes) > 1:
		title = "Causes, the likeliest first"
	}
	b = append(b, title+"\n"...)
	for i := range causes {
		c := &causes[i]
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, "  "+c.Cause.ID...)
		b = appendLetters(b, c.Evidence, evidence)
		b = append(b, "  "+c.Confidence.String()+"; "+c.Cause.Party.String()...)
		if c.At != nil {
			b = dump.AppendWords(b, ", according to "+c.At.Where())
		}
		b = append(b, '\n')
		text := c.Because
		if c == leading { // its sentence stands above
			text = c.Cause.Title + "."
		}
		b = handshake.AppendWrapped(b, "      ", words(text))
		if other := curedWith(causes, i); other != nil {
			b = append(b, "      The lines of "+other.ID+" cure it.\n"...)
		} else {
			b = handshake.AppendWrapped(b, "      ", CureText(c))
		}
	}
	if apart != "" {
		b = append(b, '\n')
		b = handshake.AppendWrapped(b, "  ", apart)
	}
	return append(b, '\n')
}

// CuredWith returns the cause before the one at i that the same lines cure; nil where none
// does.
func (a *Attempt) CuredWith(i int) *diagnosis.Cause { return curedWith(a.Causes, i) }

func curedWith(causes []diagnosis.Conclusion, i int) *diagnosis.Cause {
	fix := &causes[i].Fix
	for _, c := range causes[:i] {
		if len(fix.Steps) > 0 && c.Fix.Hop == fix.Hop && reflect.DeepEqual(c.Fix.Steps, fix.Steps) {
			return c.Cause
		}
	}
	return nil
}

// CureText writes the fix of c, and the cure that is none, as documentation is written:
// lines to paste are indented by four spaces.
func CureText(c *diagnosis.Conclusion) string {
	f := &c.Fix
	b := make([]byte, 0, 2<<10) // mostly enough
	for _, step := range f.Steps {
		heading := f.Heading(step)
		if len(step.Lines) > 0 {
			b = append(b, heading+":\n\n"...)
			for _, line := range step.Lines {
				b = appendLines(b, "    ", line)
			}
			b = append(b, '\n')
		}
		if len(step.Remove) > 0 {
			if len(step.Lines) > 0 {
				heading = "There"
			}
			b = append(b, heading+", take out: "...)
			b = dump.AppendWords(b, strings.Join(step.Remove, ", "))
			b = append(b, "\n\n"...)
		}
	}
	b = appendLines(b, "", f.Note)
	if c.Cause.Tempting != "" {
		b = append(b, "\nThe cure that people find first: "+c.Cause.Tempting...)
	}
	return strings.TrimRight(string(b), "\n")
}

// appendLines is dump.AppendWords for text of several lines.
func appendLines(b []byte, indent, text string) []byte {
	for line := range strings.Lines(text) {
		b = append(b, indent...)
		b = dump.AppendWords(b, strings.TrimSuffix(line, "\n"))
		b = append(b, '\n')
	}
	return b
}

// explained reports whether a cause explains a broken check, so that its fix is what to do.
func (a *Attempt) explained(check string) bool {
	return slices.ContainsFunc(a.Causes, func(c diagnosis.Conclusion) bool { return slices.Contains(c.Explains, check) })
}

// appendWay appends the proxies that were recognised, from the client's side to ours, and
// by what.
func (a *Attempt) appendWay(b []byte) []byte {
	hops := diagnosis.Hops(a.Request.Head)
	if len(hops) == 0 {
		return b
	}
	b = append(b, "\nWay      client"...)
	for _, hop := range slices.Backward(hops) {
		b = append(b, " -> "+hop.Name+" ("+hop.Confidence.String()+")"...)
	}
	b = append(b, " -> wsinspect"...)
	for _, hop := range slices.Backward(hops) {
		if hop.Because != "" {
			b = append(b, '\n')
			b = handshake.AppendWrapped(b, "         ", words(hop.Name+": "+hop.Because))
			b = b[:len(b)-1]
		}
	}
	return b
}
