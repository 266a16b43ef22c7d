package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

// usageOf returns what "wsinspect COMMAND --help" prints, in 80 columns.
func usageOf(c *cli.Command, flags []cli.Flag) string {
	var text strings.Builder
	fmt.Fprintln(&text, strings.TrimSpace("wsinspect "+c.Name+" [flags] "+c.ArgsUsage))
	fmt.Fprintf(&text, "\n%s\n", wrap(capital(c.Usage)+".", ""))
	if c.Description != "" {
		fmt.Fprintf(&text, "\n%s\n", c.Description)
	}
	text.WriteString("\nFLAGS:\n")
	for _, f := range flags {
		text.WriteString(newFlagUsage(f).String())
	}
	return text.String()
}

// flagUsage is what there is to say about one flag, here and in the README.
type flagUsage struct {
	name     string // "--listen"
	value    string // what stands behind it: "ADDRESS"; empty for a switch
	meaning  string
	fallback string // the default; empty for none
	variable string // of the environment; empty for none
}

func newFlagUsage(f cli.Flag) flagUsage {
	doc := f.(cli.DocGenerationFlag)
	u := flagUsage{name: dashed(f.Names()[0]), meaning: strings.ReplaceAll(doc.GetUsage(), "`", "")}
	if vars := doc.GetEnvVars(); len(vars) > 0 {
		u.variable = vars[0]
	}
	if !doc.TakesValue() {
		return u
	}
	u.value = strings.ToUpper(doc.TypeName())
	if quoted := strings.SplitN(doc.GetUsage(), "`", 3); len(quoted) == 3 {
		u.value = quoted[1]
	}
	switch u.value {
	case "":
		u.value = "SIZE"
	case "INT":
		u.value = "NUMBER"
	case "STRING":
		u.value = "TEXT"
	}
	u.fallback = doc.GetDefaultText()
	if u.fallback == "" {
		u.fallback = strings.ReplaceAll(strings.ReplaceAll(doc.GetValue(), `"`, ""), ", ", " and ")
	}
	return u
}

// String puts the flag on a line, and what it does on the lines below.
func (u flagUsage) String() string {
	const indent = "       "
	text := strings.TrimRight("   "+u.name+" "+u.value, " ") + "\n" + wrap(u.meaning, indent) + "\n"
	if u.fallback != "" {
		text += indent + "default " + u.fallback + "\n"
	}
	if u.variable != "" {
		text += indent + "or in $" + u.variable + "\n"
	}
	return text
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// wrap breaks a paragraph into lines of at most 79 columns, each behind the indent.
func wrap(paragraph, indent string) string {
	const width = 79
	var text strings.Builder
	column := 0
	for _, word := range strings.Fields(paragraph) {
		switch {
		case column == 0:
			text.WriteString(indent)
			column = len(indent)
		case column+1+len(word) > width:
			text.WriteString("\n" + indent)
			column = len(indent)
		default:
			text.WriteByte(' ')
			column++
		}
		text.WriteString(word)
		column += len(word)
	}
	return text.String()
}
