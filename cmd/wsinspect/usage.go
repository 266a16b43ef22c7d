package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"wsinspect/internal/handshake"
)

// usageError puts the parser's words for a wrong call into ours: what is wrong, then what
// to type. The parser has quoted the values in them. What it does not know it passes on.
func usageError(_ context.Context, c *cli.Command, err error, _ bool) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return wrongCall(fmt.Sprintf("%s has no flag %s; %s", c.Name, dashed(name),
			didYouMean(dashed(name), flagNames(c), c.FullName()+" --help lists them")))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		return wrongCall(fmt.Sprintf("%s needs a value; %s --help says which", name, c.FullName()))
	}
	if m := regexp.MustCompile(`(?s)^invalid value "(.*)" for flag -(.*?): (.*)$`).FindStringSubmatch(text); m != nil {
		return wrongCall(fmt.Sprintf(`%s cannot be "%s": %s`, dashed(m[2]), m[1], whyNot(c, m[2], m[3])))
	}
	return wrongCall(text)
}

// whyNot says what a flag takes, where the parser only names the function that failed. The
// words of our own validators stay as they are.
func whyNot(c *cli.Command, flag, why string) string {
	known := []string{"strconv.", "time: ", "parse error"}
	if !slices.ContainsFunc(known, func(s string) bool { return strings.Contains(why, s) }) {
		return why
	}
	i := slices.IndexFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), flag) })
	if i < 0 {
		return why
	}
	switch f := c.Flags[i].(cli.DocGenerationFlag); f.TypeName() {
	case "duration":
		return "it takes a duration, such as 500ms, 20s or 1h"
	case "bool":
		return "it takes true or false"
	default:
		return fmt.Sprintf("it takes a number, such as %s", f.GetValue())
	}
}

// lateError does what usageError does for the two mistakes that the parser finds after it:
// a variable of the environment that its flag cannot take, and help for what is no command.
func lateError(program *cli.Command, err error) error {
	text := err.Error()
	if m := regexp.MustCompile(`(?s)^could not parse "(.*)" as .* value from environment variable "(.*?)" for flag (.*?): (.*)$`).FindStringSubmatch(text); m != nil {
		serve := program.Command(program.DefaultCommand)
		return wrongCall(fmt.Sprintf(`%s cannot be "%s": %s`, m[2], m[1], whyNot(serve, m[3], m[4])))
	}
	if m := regexp.MustCompile(`(?s)^No help topic for '(.*)'$`).FindStringSubmatch(text); m != nil {
		return noCommand(program, m[1])
	}
	return err
}

// noArguments refuses arguments where a command takes none. A word that no command has for
// its name arrives here too, as an argument of the default command.
func noArguments(_ context.Context, c *cli.Command) error {
	if c.ArgsUsage != "" || !c.Args().Present() {
		return nil
	}
	program, word := c.Root(), c.Args().First()
	switch {
	case c.Name != program.DefaultCommand:
		return wrongCall(fmt.Sprintf("%s takes no %q; %s --help says what it takes", c.Name, word, c.FullName()))
	case program.Command(word) != nil:
		return wrongCall(fmt.Sprintf("a command stands first: wsinspect %s", word))
	default:
		return noCommand(program, word)
	}
}

func noCommand(program *cli.Command, word string) error {
	return wrongCall(fmt.Sprintf("there is no command %q; %s", word,
		didYouMean(word, commandNames(program), "wsinspect --help lists them")))
}

// didYouMean returns the question to ask after a word that is not among names, or
// otherwise where none of them is like it.
func didYouMean(word string, names []string, otherwise string) string {
	near := handshake.Nearest(word, names, 3)
	if len(near) == 0 {
		return otherwise
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

func commandNames(c *cli.Command) []string {
	var names []string
	for _, sub := range c.Commands {
		names = append(names, sub.Name)
	}
	return names
}

func flagNames(c *cli.Command) []string {
	var names []string
	for _, f := range c.Flags {
		names = append(names, dashed(f.Names()[0]))
	}
	return names
}

// dashed returns a flag as one types it.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
