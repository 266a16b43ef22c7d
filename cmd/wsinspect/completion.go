package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// configureCompletion shows the parser's completion command among ours.
func configureCompletion(c *cli.Command) {
	c.Hidden = false
	c.Usage = "print the completion script of a shell: bash, zsh, fish or pwsh"
	c.HideHelpCommand = true
	c.OnUsageError = usageError
}

// completeProgram offers the commands and the flags of the default command.
func completeProgram(_ context.Context, c *cli.Command) {
	if typed := lastArgument(c); strings.HasPrefix(typed, "-") {
		offerFlags(c.Writer, typed, c.Command(c.DefaultCommand).Flags)
		return
	}
	for _, sub := range c.Commands {
		fmt.Fprintf(c.Writer, "%s:%s\n", sub.Name, sub.Usage)
	}
}

// completeExplain offers the IDs of the checks and causes.
func completeExplain(_ context.Context, c *cli.Command) {
	out := c.Root().Writer
	if typed := lastArgument(c); strings.HasPrefix(typed, "-") {
		offerFlags(out, typed, c.Flags)
		return
	}
	for _, check := range handshake.Catalogue() {
		fmt.Fprintf(out, "%s:%s\n", check.ID, check.Title)
	}
	for _, cause := range diagnosis.Catalogue() {
		fmt.Fprintf(out, "%s:%s\n", cause.ID, cause.Title)
	}
}

// offerFlags writes the flags that begin with what was typed, as the shells' scripts read
// them: name, colon, description.
func offerFlags(out io.Writer, typed string, flags []cli.Flag) {
	for _, f := range flags {
		if name := dashed(f.Names()[0]); strings.HasPrefix(name, typed) {
			fmt.Fprintf(out, "%s:%s\n", name, f.(cli.DocGenerationFlag).GetUsage())
		}
	}
}

func lastArgument(c *cli.Command) string {
	args := c.Args().Slice()
	if len(args) == 0 {
		return ""
	}
	return args[len(args)-1]
}
