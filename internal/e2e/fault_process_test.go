package e2e

import (
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSecondSignal: the first SIGTERM asks for an orderly end, which a client that does not
// answer holds up; the second ends at once.
func TestSecondSignal(t *testing.T) {
	cmd := exec.Command(program, "--open", "--listen", "127.0.0.1:0", "--shutdown-timeout", "1h")
	cmd.Stdout = newOutput()
	p := launch(t, "wsinspect", cmd)
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	port := p.await(t, `listening on http://127\.0\.0\.1:(\d+)\n`)[1]
	conn := dial(t, port)
	defer conn.Close()
	io.WriteString(conn, head(handshake("/stays", "localhost")))
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}

	p.cmd.Process.Signal(syscall.SIGTERM)
	p.await(t, "shutting down")
	if _, err := dialOnly(port); err == nil {
		deadline := time.Now().Add(patience)
		for err == nil { // the listener closes a moment later
			if _, err = dialOnly(port); time.Now().After(deadline) {
				t.Fatal("it goes on to listen")
			}
		}
	}
	select {
	case <-p.ended:
		t.Fatal("it has ended although a session is open")
	default:
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatal("the second signal does not end it")
	}
	if status := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended by %v, want the signal itself", p.cmd.ProcessState)
	}
}

// TestPortInUse: a second wsinspect on the same address ends with 1 and says why, on one
// line, and leaves the first one alone.
func TestPortInUse(t *testing.T) {
	ws := startAlone(t)
	address := "127.0.0.1:" + ws.port
	out, err := exec.Command(program, "--open", "--listen", "127.0.0.1:0", "--listen", address).CombinedOutput()
	exit, ok := err.(*exec.ExitError)
	if !ok || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit code 1", err)
	}
	want := "wsinspect: listen on " + address + ": another program has this address; stop it, or choose another one with --listen\n"
	if string(out) != want {
		t.Errorf("it said\n%s\nwant\n%s", out, want)
	}
	if _, id := echo(t, "ws://"+address+"/first", "still here"); id == "" || strings.Contains(ws.said.String(), "error") {
		t.Errorf("the first one is disturbed: %s", ws.said)
	}
}
