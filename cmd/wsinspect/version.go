package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v3"
)

// build says from which source, and by which Go, this program was built.
type build struct {
	Version  string `json:"version"`            // of the module; "(devel)" for a build in a checkout
	Go       string `json:"go"`                 // of the compiler: "go1.26.8"
	Platform string `json:"platform"`           // "linux/amd64"
	Revision string `json:"revision,omitempty"` // of the checkout; empty where Go did not stamp it
	Modified bool   `json:"modified"`           // the checkout held changes that were not committed
}

// thisBuild reads what Go stamped into the running program.
func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String puts the build in one line.
func (b build) String() string {
	line := fmt.Sprintf("wsinspect %s, %s %s", b.Version, b.Go, b.Platform)
	if b.Revision != "" {
		line += ", revision " + b.Revision
	}
	if b.Modified {
		line += " with local changes"
	}
	return line
}

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "say which version this is and how it was built",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.Bool("json") {
				return writeJSON(c.Root().Writer, thisBuild())
			}
			_, err := fmt.Fprintln(c.Root().Writer, thisBuild())
			return err
		},
	}
}

// jsonFlag returns the flag of the commands that answer programs too.
func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "answer in JSON", HideDefault: true}
}

// writeJSON writes v as people and programs can both read it.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
