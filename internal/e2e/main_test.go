package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"sync"
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
		var flags []string
		if builtWithRace() {
			flags = append(flags, "-race")
		}
		if err := build(program, flags...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// build builds wsinspect with flags of go build.
func build(path string, flags ...string) error {
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), "wsinspect/cmd/wsinspect")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// released builds wsinspect as people run it, once: where figures are looked at, or thousands
// of goroutines are wanted, of which the race detector knows 8128.
var released = sync.OnceValues(func() (path string, err error) {
	path = program + "-released"
	cmd := exec.Command("make", "-C", "../..", "build", "PROGRAM="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return path, nil
})

// startReleased is startAlone for the program as people run it.
func startReleased(t *testing.T, args ...string) *inspector {
	t.Helper()
	path, err := released()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"--open", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Stdout = newOutput()
	return startCommand(t, cmd, "")
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
