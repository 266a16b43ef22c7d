package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/corpus"
)

// runProgram runs the compiled program, and returns what it wrote and its exit code.
func runProgram(t *testing.T, args ...string) ([]byte, int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "WSINSPECT_") })
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		if len(exit.Stderr) > 0 {
			t.Logf("%v says: %s", args, exit.Stderr)
		}
		return out, exit.ExitCode()
	}
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out, 0
}

func versionText(v [3]int) string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// lint asks the compiled program about the configuration of the case alone, and about
// nothing of what happens with it.
func (r *caseRun) lint(t *testing.T, conf string, more files) (*linting, string) {
	t.Helper()
	file := confFile(t, conf, more)
	return runLint(t, append(r.lintArgs(t), file)...), file
}

// lintWithoutPath sees to it that a configuration that carries a WebSocket is not called wrong
// where nobody says which path is the socket's.
func lintWithoutPath(t *testing.T, file string) {
	t.Helper()
	found := runLint(t, "--nginx-version", versionText(nginxVersion(t)), file)
	if sure := found.sure(); len(sure) > 0 {
		t.Errorf("linted without a path, there is %s", corpus.Brief(sure))
	}
}

// lintArgs returns what a person knows who lints: the address that the client opens, what
// the application serves, and the version of nginx.
func (r *caseRun) lintArgs(t *testing.T) []string {
	h := r.Head()
	host, _ := h.Field("Host")
	version := versionText(nginxVersion(t))
	if sign, needed, _ := strings.Cut(r.Needs, " "); sign == ">=" {
		version = needed
	}
	args := []string{"--uri", h.Target(), "--host", h.Value(host), "--nginx-version", version}
	for _, path := range r.Expects {
		args = append(args, "--expect-path", path)
	}
	return args
}

// cureByLint applies the diff that lint prints for the cause of the case to the files, and
// says what comes of it: "yes", why not, or nothing where it prints none.
func (r *caseRun) cureByLint(t *testing.T, found *linting, file string) string {
	t.Helper()
	diff := found.diff(r.Cause)
	if diff == "" || r.CuredBy != "" {
		return ""
	}
	patch := exec.Command("patch", "-p0", "--silent", "-d", "/")
	patch.Stdin = strings.NewReader(diff)
	if said, err := patch.CombinedOutput(); err != nil {
		return fmt.Sprintf("no: patch does not take the diff: %s", said)
	}
	folder := filepath.Dir(file)
	conf, more := readBack(t, folder, "nginx.conf"), files{}
	for name := range r.Files {
		more[name] = readBack(t, folder, name)
	}
	why := r.tryCure(t, conf, more, r.Cause)
	if why != "yes" {
		return why
	}
	again, _ := r.lint(t, conf, more)
	if sure := again.sure(); len(sure) > 0 {
		return "no: linted again, there is " + corpus.Brief(sure)
	}
	return "yes"
}

func readBack(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
