package e2e

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// wallClock is a program whose wall clock can be set, while its other clock, which counts
// from the start of the machine, goes on: as NTP or an administrator sets a machine's.
type wallClock struct {
	program string
	offset  *os.File // how many seconds the clock is off
}

// clockSource is added to Go's package time: the wall clock is off by what a file says.
const clockSource = `package time

import (
	"syscall"
	"unsafe"
)

var wallClock = mapWallClock()

// mapWallClock maps the file: Now is called where nothing can be read.
func mapWallClock() *int64 {
	name, _ := syscall.Getenv("WALL_CLOCK_OFFSET")
	file, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	bytes, err := syscall.Mmap(file, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	return (*int64)(unsafe.Pointer(&bytes[0]))
}
`

// newWallClock builds wsinspect with that clock, by an overlay over Go's own source.
func newWallClock(t *testing.T) *wallClock {
	t.Helper()
	folder := t.TempDir()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	now, err := os.ReadFile(filepath.Join(source, "time.go"))
	if err != nil {
		t.Fatal(err)
	}
	const reads = "\tsec, nsec, mono := runtimeNow()\n"
	replaced := files{
		"time.go":       replaceOnce(t, string(now), reads, reads+"\tif wallClock != nil {\n\t\tsec += *wallClock\n\t}\n"),
		"wall_clock.go": clockSource,
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range replaced {
		overlay.Replace[filepath.Join(source, name)] = filepath.Join(folder, name)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, _ := json.Marshal(overlay)
	if err := os.WriteFile(filepath.Join(folder, "overlay.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &wallClock{program: filepath.Join(folder, "wsinspect")}
	if err := build(c.program, "-overlay", filepath.Join(folder, "overlay.json")); err != nil {
		t.Fatal(err)
	}
	if c.offset, err = os.Create(filepath.Join(folder, "offset")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.offset.Close() })
	c.set(t, 0)
	return c
}

// set sets the clock, counted from the right time.
func (c *wallClock) set(t *testing.T, offset time.Duration) {
	t.Helper()
	seconds := binary.NativeEndian.AppendUint64(nil, uint64(offset/time.Second))
	if _, err := c.offset.WriteAt(seconds, 0); err != nil {
		t.Fatal(err)
	}
}

// TestClockJumps: however the wall clock is set, back or far ahead, what comes later stands
// later, with the feed and on the page; sessions live, and their silence and age are right;
// heads are let go in time, and a log that is removed is made again. Only the times that are
// written are those of the clock.
func TestClockJumps(t *testing.T) {
	clock := newWallClock(t)
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	t.Setenv("WALL_CLOCK_OFFSET", clock.offset.Name())
	cmd := exec.Command(clock.program, "--open", "--listen", "127.0.0.1:0", "--log", file, "--head-timeout", "500ms", "--write-timeout", "1s")
	cmd.Stdout = newOutput()
	ws := startCommand(t, cmd, "")
	const year = 365 * 24 * time.Hour
	began := time.Now()
	last, count := "", 0
	old, oldID := echo(t, "ws://127.0.0.1:"+ws.port+"/old", "before the jumps")
	for _, c := range []struct {
		name   string
		offset time.Duration
	}{
		{"right", 0},
		{"an hour back", -time.Hour},
		{"ten years ahead", 10 * year},
		{"to 1970", -56 * year},
		{"a century ahead", 100 * year},
		{"right again", 0},
	} {
		if !t.Run(c.name, func(t *testing.T) {
			young, _ := echo(t, "ws://127.0.0.1:"+ws.port+"/young", "before the jump")
			clock.set(t, c.offset)
			answers(t, young, "after the jump")
			answers(t, old, "after the jump")

			conn, id := echo(t, "ws://127.0.0.1:"+ws.port+"/new", "after the jump")
			if id <= last {
				t.Errorf("attempt %s does not come after %s", id, last)
			}
			last = id
			if newest := ws.attempts(t, url.Values{"limit": {"1"}})[0]; newest.ID != id {
				t.Errorf("the newest of the list is %s, want %s", newest.ID, id)
			}
			if a := ws.attempt(t, id); a.Time.Sub(time.Now().Add(c.offset)).Abs() > time.Minute {
				t.Errorf("it is said to have come at %v, and the clock is set by %v", a.Time, c.offset)
			}
			for _, session := range []*websocket.Conn{young, conn} {
				session.Close()
			}
			for _, path := range []string{"/young", "/new"} {
				a := ws.until(t, url.Values{"path": {path}}, func(a *attempt) bool { return a.State == "closed" }) // by the feed
				if silent := a.Session.Idle; silent < 0 || silent > time.Since(began).Seconds() {
					t.Errorf("a session was silent for %v s", silent)
				}
			}
			if a := ws.attempt(t, oldID); a.State != "open" || a.Session.Idle < 0 || a.Session.Idle > time.Since(began).Seconds() {
				t.Errorf("the old session is %s, silent for %v s", a.State, a.Session.Idle)
			}

			unended := dial(t, ws.port)
			defer unended.Close()
			io.WriteString(unended, "GET /unended HTTP/1.1\r\n")
			if _, err := io.ReadAll(unended); os.IsTimeout(err) {
				t.Errorf("a head that does not end is waited for")
			}
			count++
			ws.comesTo(t, `wsinspect_handshakes_total{outcome="refused",reason="head-complete"}`, float64(count))
			ws.remakes(t, file)
			if page := ws.page(t); strings.Contains(page, "The log cannot be written") {
				t.Error("the page says that the log cannot be written")
			}
		}) {
			break
		}
	}
	old.Close()
	ws.until(t, url.Values{"path": {"/old"}}, func(a *attempt) bool { return a.State == "closed" })
	if sum := ws.metric(t, "wsinspect_session_duration_seconds_sum"); sum < 0 || sum > 20*time.Since(began).Seconds() {
		t.Errorf("all sessions together lived for %v s", sum)
	}
}
