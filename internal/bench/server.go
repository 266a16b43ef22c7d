package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// serveBare is the yardstick: gorilla's echo as its own example writes it, on net/http
// with its defaults.
func serveBare(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var upgrader websocket.Upgrader
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			if c.WriteMessage(kind, message) != nil {
				return
			}
		}
	})}
	context.AfterFunc(ctx, func() { s.Close() })
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", l.Addr())
	if err := s.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// bench knows how to start both sides.
type bench struct {
	dir    string // for the program, and for its log
	ours   string // the program
	length time.Duration
}

func newBench(binary string, length time.Duration) (*bench, error) {
	dir, err := os.MkdirTemp("", "wsinspect-bench")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, ours: binary, length: length}
	if binary == "" {
		b.ours = filepath.Join(dir, "wsinspect")
		out, err := exec.Command("go", "build", "-o", b.ours, "./cmd/wsinspect").CombinedOutput()
		if err != nil {
			b.close()
			return nil, fmt.Errorf("build wsinspect (from the checkout's top folder): %w\n%s", err, out)
		}
	}
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.dir) }

// server is a process under load.
type server struct {
	cmd  *exec.Cmd
	addr string
}

func (b *bench) startBare(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, self, "-serve-bare")
}

func (b *bench) startOurs(ctx context.Context) (*server, error) {
	return start(ctx, b.ours, "--open", "--listen", "127.0.0.1:0", "--log", filepath.Join(b.dir, "attempts.jsonl"))
}

// start runs a program and waits for the line that says where it listens.
func start(ctx context.Context, name string, args ...string) (*server, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening on http://"); ok {
			go func() {
				for lines.Scan() {
				}
			}()
			return &server{cmd: cmd, addr: addr}, nil
		}
	}
	cmd.Wait()
	return nil, fmt.Errorf("%s ended before it listened", filepath.Base(name))
}

func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGKILL)
	s.cmd.Wait()
}

// cpu returns the CPU time that the process has used (proc(5), stat: utime and stime).
func (s *server) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const tick = 10 * time.Millisecond // USER_HZ is 100 on Linux
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, err
}

// resident returns the process's resident memory in KiB (proc(5), status: VmRSS).
func (s *server) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	return 0, fmt.Errorf("no VmRSS for process %d", s.cmd.Process.Pid)
}
