package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What the program may weigh, as a file and when it has answered its first handshake.
const (
	mostProgram  = 16_000_000 // bytes
	mostResident = 15 << 20
)

func TestProgramWeight(t *testing.T) {
	path, err := released()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if size := file.Size(); size >= mostProgram {
		t.Errorf("the program has %d bytes, want less than %d", size, mostProgram)
	}
}

// TestStartWeight takes the median of a few starts, which differ by some 5 %.
func TestStartWeight(t *testing.T) {
	var all []int
	for range 5 {
		ws := startReleased(t, "--log", filepath.Join(t.TempDir(), "attempts.jsonl"))
		session, _ := echo(t, "ws://127.0.0.1:"+ws.port, "hello")
		all = append(all, ws.resident(t))
		session.Close()
		ws.kill(t)
	}
	slices.Sort(all)
	if median := all[len(all)/2]; median >= mostResident {
		t.Errorf("%d KiB are resident after the first handshake, want less than %d (all: %d)", median>>10, mostResident>>10, all)
	}
}

// resident returns the resident memory in bytes (proc(5), smaps_rollup) without huge pages:
// into these the kernel may put a few kilobytes, where it is set to.
func (i *inspector) resident(t *testing.T) int {
	t.Helper()
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", i.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var rss, huge int
	for line := range strings.Lines(string(rollup)) {
		fmt.Sscanf(line, "Rss: %d kB", &rss)
		fmt.Sscanf(line, "AnonHugePages: %d kB", &huge)
	}
	if rss == 0 {
		t.Fatalf("the system does not tell what is resident:\n%s", rollup)
	}
	return (rss - huge) << 10
}
