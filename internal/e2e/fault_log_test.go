package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestKilledInABurst kills wsinspect while it answers handshakes as fast as it can: every
// attempt whose answer somebody got is in the log file, and every line but the last, which
// may be torn, is JSON by itself. A wsinspect that goes on in that file leaves it readable.
func TestKilledInABurst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	ws := startInspector(t, "--log", file)
	const workers, enough = 16, 1500
	var answered sync.Map
	var count atomic.Int64
	var burst sync.WaitGroup
	full := make(chan struct{})
	for i := range workers {
		burst.Go(func() {
			origin := []string{"http://localhost", "http://elsewhere.example"}[i%2]
			for {
				id, ok := attemptOf(ws.port, handshake("/burst", "localhost", "Origin: "+origin))
				if !ok {
					return // it is dead
				}
				answered.Store(id, true)
				if count.Add(1) == enough {
					close(full)
				}
			}
		})
	}
	select {
	case <-full:
	case <-time.After(patience):
		t.Errorf("only %d handshakes were answered in %v", count.Load(), patience)
	}
	ws.kill(t)
	burst.Wait()

	logged := loggedIn(t, file, true)
	answered.Range(func(id, _ any) bool {
		if !logged[id.(string)] {
			t.Errorf("attempt %v was answered and is not in the log", id)
		}
		return true
	})

	// As if the last line had been torn.
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, `{"time":"2026-`)
	f.Close()
	again := startInspector(t, "--log", file)
	id, ok := attemptOf(again.port, handshake("/again", "localhost"))
	if !ok || !loggedIn(t, file, false)[id] {
		t.Errorf("attempt %s is not readable behind a torn line", id)
	}
}

// attemptOf makes a handshake and returns the ID in its answer, if one came.
func attemptOf(port, raw string) (id string, ok bool) {
	conn, err := dialOnly(port)
	if err != nil {
		return "", false
	}
	defer conn.Close()
	io.WriteString(conn, head(raw))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", false
	}
	resp.Body.Close()
	return resp.Header.Get("Wsinspect-Attempt"), true
}

// loggedIn returns the IDs in a log file of which each line is JSON by itself. At most one
// line may be torn: the last, or one before it where a program has gone on behind it.
func loggedIn(t *testing.T, file string, last bool) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found, torn := map[string]bool{}, 0
	for line := range strings.Lines(string(text)) {
		var entry struct {
			ID string `json:"wsinspect.attempt.id"`
		}
		whole := strings.HasSuffix(line, "\n")
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			if torn++; torn > 1 || last && whole {
				t.Errorf("no JSON: %.200q", line)
			}
			continue
		}
		found[entry.ID] = true
	}
	return found
}

// startLimited runs wsinspect as start does, behind a command of the shell that limits it.
func startLimited(t *testing.T, limit string, args ...string) *inspector {
	t.Helper()
	return startCommand(t, exec.Command("sh", append([]string{"-c", limit + ` && exec "$0" "$@"`, program, "--open", "--listen", "127.0.0.1:0"}, args...)...), "")
}

// metric returns the value of a metric without labels.
func (i *inspector) metric(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(string(i.get(t, "/metrics"))) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return number
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// comesTo waits until a metric has a value. Nothing tells when a log works again.
func (i *inspector) comesTo(t *testing.T, name string, want float64) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for i.metric(t, name) != want {
		if time.Now().After(deadline) {
			t.Fatalf("%s is %v after %v, want %v", name, i.metric(t, name), patience, want)
		}
	}
}

// page returns the list as a browser gets it.
func (i *inspector) page(t *testing.T) string {
	t.Helper()
	got := request(t, i.port, "GET /inspect HTTP/1.1\nHost: localhost\nAccept: text/html")
	if got.status != http.StatusOK {
		t.Fatalf("the page answers %d", got.status)
	}
	return got.body
}

// TestFullDisk: a file that takes no more stops nobody, is told of on the page, in a metric
// and on standard error, and gets every line when there is room again. The limit is
// RLIMIT_FSIZE, at which a write is cut short and then fails, as on a full disk.
func TestFullDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	ws := startLimited(t, "ulimit -f 64", "--log", file) // 32 or 64 KiB, as the shell counts
	var ids []string
	attempts := func(n int) {
		t.Helper()
		for range n {
			id, ok := attemptOf(ws.port, handshake("/full", "localhost", "Origin: http://elsewhere.example"))
			if !ok {
				t.Fatal("a handshake is not answered")
			}
			ids = append(ids, id)
		}
	}
	if strings.Contains(ws.page(t), "The log cannot be written") {
		t.Fatal("the page complains before there is a reason")
	}
	for ws.metric(t, "wsinspect_log_failing") == 0 {
		if attempts(10); len(ids) > 1000 {
			t.Fatal("the file has no limit")
		}
	}
	attempts(5)
	if page := ws.page(t); !strings.Contains(page, "The log cannot be written") || !strings.Contains(page, "file too large") {
		t.Error("the page does not say that the log cannot be written, and why")
	}
	ws.await(t, "the log of the attempts.*file too large")

	early, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(kept, early, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 0); err != nil { // room again
		t.Fatal(err)
	}
	ws.comesTo(t, "wsinspect_log_failing", 0)
	if strings.Contains(ws.page(t), "The log cannot be written") {
		t.Error("the page complains although the log is written")
	}
	first, then := loggedIn(t, kept, true), loggedIn(t, file, false)
	for _, id := range ids {
		if !first[id] && !then[id] {
			t.Errorf("attempt %s is not in the log", id)
		}
	}
	if n := ws.metric(t, "wsinspect_log_dropped_total"); n != 0 {
		t.Errorf("%v lines were dropped", n)
	}
}

// TestRotatedLog: after a rename and SIGHUP the lines go into a new file; until then into
// the old one. None is lost.
func TestRotatedLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	ws := startAlone(t, "--log", file)
	attempt := func() string {
		t.Helper()
		id, ok := attemptOf(ws.port, handshake("/rotated", "localhost"))
		if !ok {
			t.Fatal("a handshake is not answered")
		}
		return id
	}
	old := file + ".1"
	before := attempt()
	if err := os.Rename(file, old); err != nil {
		t.Fatal(err)
	}
	between := attempt()
	ws.cmd.Process.Signal(syscall.SIGHUP)
	deadline := time.Now().Add(patience)
	for { // the name is there before the file is in use
		after := attempt()
		if _, err := os.Stat(file); err == nil && loggedIn(t, file, true)[after] {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is written into the new file")
		}
	}
	if first := loggedIn(t, old, true); !first[before] || !first[between] {
		t.Error("the old file lacks what came before the signal")
	}
}

// TestRemovedLog: whoever removes the file gets a new one of the same name, and standard
// error says so.
func TestRemovedLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	ws := startAlone(t, "--log", file)
	ws.remakes(t, file)
	ws.await(t, "the log was removed")
}

// remakes removes the file of the log and waits until there is a new one.
func (i *inspector) remakes(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(patience)
	for {
		id, ok := attemptOf(i.port, handshake("/removed", "localhost", "Origin: http://elsewhere.example")) // crowds out no accepted one
		if !ok {
			t.Fatal("a handshake is not answered")
		}
		if _, err := os.Stat(file); err == nil && loggedIn(t, file, true)[id] {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no new file is made")
		}
	}
}

// TestStdout: a standard output that nobody reads stops nobody, and is told of; when
// somebody reads again he gets all but what was counted as dropped. One that is closed is
// told of, too.
func TestStdout(t *testing.T) {
	start := func(t *testing.T) (*inspector, *os.File) {
		t.Helper()
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { reader.Close() })
		cmd := exec.Command(program, "--open", "--listen", "127.0.0.1:0")
		cmd.Stdout = writer
		ws := startCommand(t, cmd, "")
		writer.Close()
		return ws, reader
	}
	t.Run("stuck", func(t *testing.T) {
		ws, reader := start(t)
		large := "X-Large: " + strings.Repeat("x", 32<<10) // a pipe holds 64 KiB
		sent := 0
		for ws.metric(t, "wsinspect_log_dropped_total") == 0 {
			for range 20 {
				attemptOf(ws.port, handshake("/stuck", "localhost", "Origin: http://elsewhere.example", large))
				sent++
			}
			if sent > 2000 {
				t.Fatal("the queue has no limit")
			}
		}
		if page := ws.page(t); !strings.Contains(page, "The log cannot be written") || !strings.Contains(page, "nobody reads") {
			t.Error("the page does not say that nobody reads the log")
		}
		if got := ws.metric(t, "wsinspect_log_failing"); got != 1 {
			t.Errorf("log_failing is %v, want 1", got)
		}
		dropped := int(ws.metric(t, "wsinspect_log_dropped_total"))
		lines := make(chan int)
		go func() {
			n := 0
			for in := bufio.NewReader(reader); ; n++ {
				if _, err := in.ReadBytes('\n'); err != nil {
					lines <- n
					return
				}
			}
		}()
		ws.comesTo(t, "wsinspect_log_failing", 0)
		ws.end(syscall.SIGTERM)
		if got := <-lines; got+dropped != sent {
			t.Errorf("%d lines were read and %d dropped, want %d", got, dropped, sent)
		}
	})
	t.Run("closed", func(t *testing.T) {
		ws, reader := start(t)
		reader.Close()
		if _, ok := attemptOf(ws.port, handshake("/closed", "localhost")); !ok {
			t.Fatal("a handshake is not answered")
		}
		ws.comesTo(t, "wsinspect_log_failing", 1)
		if page := ws.page(t); !strings.Contains(page, "The log cannot be written") || !strings.Contains(page, "broken pipe") {
			t.Error("the page does not say that the log's pipe is broken")
		}
		if _, ok := attemptOf(ws.port, handshake("/closed", "localhost")); !ok {
			t.Error("a handshake is not answered")
		}
	})
}

// TestLogThatCannotBeOpened is a wrong call that is found before anything listens.
func TestLogThatCannotBeOpened(t *testing.T) {
	out, err := exec.Command(program, "--open", "--listen", "127.0.0.1:0", "--log", t.TempDir()).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || strings.Count(string(out), "\n") != 1 {
		t.Errorf("a folder for a log: %v\n%s", err, fmt.Sprint(string(out)))
	}
}
