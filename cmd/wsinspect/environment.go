package main

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v3"
)

// environment looks up one variable of the environment, as os.LookupEnv does.
type environment func(key string) (value string, ok bool)

// source returns the variable as the source of a flag's value.
func (env environment) source(key string) cli.ValueSourceChain {
	return cli.NewValueSourceChain(variable{env, key})
}

// wantsBold reports whether what is written to w may be in bold: w is a terminal, and
// nobody asked for plain text (https://no-color.org).
func (env environment) wantsBold(w io.Writer) bool {
	if value, _ := env("NO_COLOR"); value != "" {
		return false
	}
	if value, _ := env("TERM"); value == "dumb" {
		return false
	}
	return isTerminal(w)
}

// isTerminal reports whether what is written to w goes to a terminal.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// variable is a cli.EnvValueSource that does not read the process's environment by itself.
type variable struct {
	env environment
	key string
}

func (v variable) Lookup() (string, bool) { return v.env(v.key) }
func (v variable) IsFromEnv() bool        { return true }
func (v variable) Key() string            { return v.key }
func (v variable) String() string         { return fmt.Sprintf("environment variable %q", v.key) }
func (v variable) GoString() string       { return fmt.Sprintf("variable{%q}", v.key) }
