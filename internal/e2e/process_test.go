package e2e

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that a test started and that ends with the test.
type process struct {
	name  string
	cmd   *exec.Cmd
	said  *output       // its standard error
	ended chan struct{} // closed when it is gone; err says how
	err   error
}

// start runs cmd until it is ended, at the latest when t is over. What it wrote to
// standard error is shown when t fails.
func start(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := launch(t, name, cmd)
	t.Cleanup(func() {
		if err := p.end(syscall.SIGTERM); err != nil {
			t.Errorf("%s did not end well: %v", name, err)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", name, p.said)
		}
	})
	return p
}

// launch runs cmd; the caller ends it.
func launch(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{name: name, cmd: cmd, said: newOutput(), ended: make(chan struct{})}
	cmd.Stderr = p.said
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p
}

// end sends sig, unless the process is gone already, and waits for the end. Whoever
// killed it knows how it ended: that is nil.
func (p *process) end(sig syscall.Signal) error {
	p.cmd.Process.Signal(sig) // the only error is that it is gone
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("it was killed, %v after %v", patience, sig)
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return nil
	}
	return p.err
}

// await returns the submatches of the first match of pattern in what p has said, and
// fails t if p ends without it.
func (p *process) await(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	late := time.After(patience)
	for {
		text, more := p.said.read()
		if match := re.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-more:
		case <-p.ended:
			if text, _ := p.said.read(); !re.MatchString(text) {
				t.Fatalf("%s ended (%v) before it said %q", p.name, p.err, pattern)
			}
		case <-late:
			t.Fatalf("%s has not said %q in %v", p.name, pattern, patience)
		}
	}
}

// output is what a process has written so far. It can be waited for.
type output struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed and replaced at each write
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.more)
	o.more = make(chan struct{})
	return o.text.Write(p)
}

// read returns the text so far, and a channel that is closed when there is more.
func (o *output) read() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.more
}

func (o *output) String() string {
	text, _ := o.read()
	return text
}
