package e2e

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"wsinspect/internal/corpus"
)

// cure pastes the fix of a conclusion into the broken configuration, runs the client
// again, and says what came of it: "yes", why not, or who has to do it.
func (r *caseRun) cure(t *testing.T, found corpus.Conclusion) string {
	t.Helper()
	conf := r.Conf
	if r.CuredBy == "" {
		pasted, err := paste(conf, r.Files, found.Fix, r.Request)
		if errors.Is(err, errElsewhere) {
			return err.Error()
		}
		if err != nil {
			return "no: " + err.Error()
		}
		conf = pasted
	}
	return r.tryCure(t, conf, r.Files, found.ID)
}

// tryCure runs a configuration that is said to be cured of a cause.
func (r *caseRun) tryCure(t *testing.T, conf string, more files, cause string) string {
	t.Helper()
	cured := *r.Case
	cured.Files = more
	if !loads(t, &cured, conf, r.sockets) {
		t.Logf("nginx does not load what was pasted:\n%s", conf)
		return "no: nginx does not load what was pasted"
	}
	nginx, w := startCase(t, &cured, conf, r.ws.port, r.sockets)
	defer nginx.end(syscall.SIGTERM)
	for _, request := range r.Before {
		call(t, w.ports["8081"], request)
	}
	if why := r.works(t, nginx, w, cause); why != "" {
		t.Logf("what was pasted does not cure: %s\n%s", why, conf)
		return "no: " + why
	}
	if r.StillRefused != nil {
		if c := call(t, w.ports["8081"], r.StillRefused); c.open() {
			return "no: a request that must be refused is accepted"
		}
	}
	return "yes"
}

// works runs the client of the cured case, and says what is still wrong.
func (r *caseRun) works(t *testing.T, nginx *process, w *wiring, cause string) string {
	t.Helper()
	known := r.known(t)
	c := call(t, w.ports["8081"], r.CuredRequest)
	want := r.Cured
	if want == "" {
		want = "101"
	}
	if c.sees != want {
		return fmt.Sprintf("the client sees %s", c.sees)
	}
	if c.open() {
		c.echo(t)
		if s := r.Session; s.Reload || s.Cut > 0 && r.holds() {
			if s.Reload {
				nginx.cmd.Process.Signal(syscall.SIGHUP)
			}
			if took, ended := c.silence(t, s.Cut+2*time.Second); ended {
				return fmt.Sprintf("the session is cut after %v", took.Round(time.Second))
			}
		}
		c.close(t)
	}
	a := r.next(t, known, true, false)
	if slices.ContainsFunc(a.Causes, func(f corpus.Conclusion) bool { return f.ID == cause || f.ID == r.Cause }) {
		return "it is still concluded: " + corpus.Brief(a.Causes)
	}
	return ""
}
