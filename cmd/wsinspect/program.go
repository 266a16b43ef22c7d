package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it was called rightly, and it failed
	exitWrong  = 2 // it was called wrongly
)

//go:embed usage.tmpl
var usageTemplate string

// run is the whole program, with nothing of the process but what it is given, so that it
// may run more than once in one. It returns the exit code.
func run(ctx context.Context, args []string, env environment, stdin io.Reader, stdout, stderr io.Writer) int {
	program := newProgram(env, stdin, stdout, stderr)
	err := program.Run(ctx, args)
	if err == nil {
		return exitOK
	}
	code := exitWrong
	var failed failure
	if errors.As(err, &failed) {
		code = exitFailed
		if failed.error == errFault || failed.error == errFindings {
			return code // the probe has said it at length
		}
	} else {
		err = lateError(program, err)
	}
	fmt.Fprintf(stderr, "wsinspect: %s\n", oneLine(err.Error()))
	return code
}

// oneLine escapes line ends and what else a terminal would obey.
func oneLine(s string) string {
	quoted := strconv.QuoteToGraphic(s)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted[1 : len(quoted)-1])
}

// failure is an error of a command that was called rightly. Every other error of a run is
// a wrong call.
type failure struct{ error }

// wrongCall is an error that a command's Action returns for its arguments.
type wrongCall string

func (w wrongCall) Error() string { return string(w) }

// newProgram returns the command line: its commands, and what they have in common.
func newProgram(env environment, stdin io.Reader, stdout, stderr io.Writer) *cli.Command {
	program := &cli.Command{
		Name:                            "wsinspect",
		Usage:                           "show why a WebSocket handshake is accepted or rejected",
		Version:                         thisBuild().Version,
		DefaultCommand:                  "serve",
		Commands:                        []*cli.Command{serveCommand(env), probeCommand(env), lintCommand(env), explainCommand(env), healthcheckCommand(), versionCommand()},
		CustomRootCommandHelpTemplate:   usageTemplate,
		EnableShellCompletion:           true,
		ConfigureShellCompletionCommand: configureCompletion,
		ShellComplete:                   completeProgram,
		ArgValidator:                    noArguments,
		OnUsageError:                    usageError,
		ExitErrHandler:                  func(context.Context, *cli.Command, error) {}, // run prints, main exits
		Reader:                          stdin,
		Writer:                          stdout,
		ErrWriter:                       stderr,
	}
	for _, c := range program.Commands {
		c.HideHelpCommand = true // "wsinspect help serve" is enough, and help may be an argument
		flags := c.Flags         // before the parser adds --help
		c.CustomHelpTemplate = "{{call .Metadata.usage}}"
		c.Metadata = map[string]any{"usage": func() string { return usageOf(c, flags) }}
		c.OnUsageError = usageError
		c.Action = separateFailures(c.Action)
	}
	return program
}

// separateFailures marks the errors of an Action that are no wrong call.
func separateFailures(act cli.ActionFunc) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		err := act(ctx, c)
		var wrong wrongCall
		if err == nil || errors.As(err, &wrong) {
			return err
		}
		return failure{err}
	}
}
