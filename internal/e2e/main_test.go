package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"
)

// patience is how long a test waits for anything that must happen. Each wait ends with
// its event; this is only how late it is called missing on a busy machine.
const patience = 30 * time.Second

// program is the path of the wsinspect under test.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "wsinspect-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)

		program = filepath.Join(dir, "wsinspect")
		build := exec.Command("go", "build", "-o", program)
		if builtWithRace() {
			build.Args = append(build.Args, "-race")
		}
		build.Args = append(build.Args, "wsinspect/cmd/wsinspect")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", build, err, out)
			return 1
		}
		return m.Run()
	}())
}

func builtWithRace() bool {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}
