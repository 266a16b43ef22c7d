package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// bench knows how to start every server.
type bench struct {
	dir  string // for the program, and for its logs
	ours string // the program
	self string // this program, which is the rivals
}

// newBench builds wsinspect as it is released, unless it is given a program.
func newBench(ctx context.Context, program string) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the bench's own program: %w", err)
	}
	dir, err := os.MkdirTemp("", "wsinspect-bench")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the logs: %w", err)
	}
	b := &bench{dir: dir, ours: program, self: self}
	if program == "" {
		b.ours = filepath.Join(dir, "wsinspect")
		build := exec.CommandContext(ctx, "make", "build", "PROGRAM="+b.ours)
		if out, err := build.CombinedOutput(); err != nil {
			b.close()
			return nil, fmt.Errorf("build wsinspect (from the checkout's top folder): %w\n%s", err, out)
		}
	}
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.dir) }

// server is a process under load.
type server struct {
	cmd     *exec.Cmd
	addr    string
	began   time.Time // before the exec
	program string    // the file, where its size is of interest; else empty
	log     string    // the log's file; empty: none
}

// start starts one of the columns.
func (b *bench) start(ctx context.Context, name string) (*server, error) {
	if name == oursName {
		return b.startOurs(ctx)
	}
	return start(exec.CommandContext(ctx, b.self, "-serve", name))
}

// startOurs starts wsinspect with everything on, and with further flags.
func (b *bench) startOurs(ctx context.Context, flags ...string) (*server, error) {
	log := filepath.Join(b.dir, "attempts.jsonl")
	s, err := start(exec.CommandContext(ctx, b.ours, append([]string{"--open", "--listen", "127.0.0.1:0", "--log", log}, flags...)...))
	if err != nil {
		return nil, err
	}
	s.program, s.log = b.ours, log
	return s, nil
}

// start runs a program and waits for the line that says where it listens.
func start(cmd *exec.Cmd) (*server, error) {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd, err)
	}
	s := &server{cmd: cmd, began: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd, err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		addr, ok := strings.CutPrefix(lines.Text(), "listening on http://")
		if ok {
			s.addr = addr
			go func() {
				for lines.Scan() { // else it would wait for us to read
				}
			}()
			return s, nil
		}
		fmt.Fprintf(&said, "\n%s", lines.Text())
	}
	return nil, fmt.Errorf("%s ended before it listened: %w%s", cmd, cmd.Wait(), &said)
}

// stop kills the process, waits for its end, and removes its log, which grows by gigabytes.
func (s *server) stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
	if s.log != "" {
		os.Remove(s.log)
	}
}

// cpu returns the CPU time that the threads of the process have used (Linux, schedstat: the
// first number, in nanoseconds; stat counts hundredths of a second). Go ends no threads.
func (s *server) cpu() (time.Duration, error) {
	tasks := fmt.Sprintf("/proc/%d/task", s.cmd.Process.Pid)
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return 0, fmt.Errorf("measure the CPU time: %w", err)
	}
	var sum time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(filepath.Join(tasks, thread.Name(), "schedstat"))
		if err != nil {
			return 0, fmt.Errorf("measure the CPU time: %w", err)
		}
		first, _, _ := bytes.Cut(text, []byte(" "))
		n, err := strconv.ParseInt(string(first), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("measure the CPU time: %w", err)
		}
		sum += time.Duration(n)
	}
	return sum, nil
}

// resident returns the process's resident memory in KiB (proc(5), status: VmRSS).
func (s *server) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("measure the resident memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	return 0, fmt.Errorf("measure the resident memory: no VmRSS for process %d", s.cmd.Process.Pid)
}
