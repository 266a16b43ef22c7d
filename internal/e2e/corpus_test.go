package e2e

import (
	"bytes"
	"flag"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wsinspect/internal/corpus"
)

var (
	otherNginx = flag.String("nginx", "", "run the corpus with the nginx at this path")
	slow       = flag.Bool("slow", false, "run the cases that hold a session for a minute, too")
	table      = flag.Bool("table", false, "print the table of the corpus")
	update     = flag.Bool("update", false, "record in the corpus what arrives and what the client sees")
)

// corpusFolder holds the cases.
const corpusFolder = "../diagnosis/testdata/corpus"

// patient is how long a session is held without -slow.
const patient = 10 * time.Second

// TestCorpus runs every case of the corpus: nginx with the broken configuration, the very
// bytes of the client, what arrived, what was concluded; then the lines of the fix pasted
// as they are, and the same client again.
func TestCorpus(t *testing.T) {
	cases, err := corpus.Read(corpusFolder)
	if err != nil {
		t.Fatal(err)
	}
	version := nginxVersion(t)
	results := make([]outcome, len(cases))
	var running sync.WaitGroup
	slots := make(chan struct{}, 6) // most of a case is waiting for processes to start
	for i, c := range cases {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			t.Run(c.Name, func(t *testing.T) {
				results[i] = outcome{Case: c, how: "broke off"}
				results[i] = runCase(t, c, version)
			})
		})
	}
	running.Wait()
	results = slices.DeleteFunc(results, func(o outcome) bool { return o.Case == nil }) // -run chose others
	if *update {
		return
	}
	if *table {
		writeTable(os.Stdout, results)
	}
	checkBars(t, results)
}

// outcome is what came of a case.
type outcome struct {
	*corpus.Case
	how    string // live, recorded, recorded session, or broke off
	found  []corpus.Conclusion
	result corpus.Result
	cured  string // "yes", or why not; empty where nothing was tried
	first  string // the same of the first conclusion, where that is another

	client, config []corpus.Conclusion // with what the client knows, and with the configuration besides
	lint           *linting            // the configuration alone
	linted         string              // as cured, of the diff that lint prints
}

// runCase runs a case with nginx, or as far as it can.
func runCase(t *testing.T, c *corpus.Case, version [3]int) outcome {
	o := outcome{Case: c}
	r := &caseRun{Case: c, sockets: socketFolder(t)}
	r.ws = startAlone(t, r.flags(t)...)
	if reason := r.recorded(version); reason != "" {
		o.how, o.found = reason, c.Diagnose()
	} else {
		o.how, o.found = "live", r.broken(t)
	}
	if *update {
		return o
	}
	o.result = c.Judge(o.found)
	o.client, o.config = r.client, r.config
	var file string
	o.lint, file = r.lint(t, r.Conf, r.Files)
	if o.how != "recorded" && !c.Control() {
		o.linted = r.cureByLint(t, o.lint, file)
	}
	if o.how == "live" && c.Control() && c.Asks() {
		lintWithoutPath(t, file)
	}
	if c.Control() || o.how == "recorded" {
		return o
	}
	if own, ok := c.Find(o.found); ok {
		o.cured = r.cure(t, own)
	}
	if *table && len(o.found) > 0 && o.found[0].ID != c.Cause {
		o.first = r.cure(t, o.found[0])
	}
	return o
}

// caseRun is a case while it runs: one wsinspect for all that is tried.
type caseRun struct {
	*corpus.Case
	ws      *inspector
	sockets string

	client, config []corpus.Conclusion
}

// flags returns those of wsinspect.
func (r *caseRun) flags(t *testing.T) []string {
	flags := slices.Clone(r.Flags)
	if r.TLS {
		flags = append(flags, startCertificate(t).flags()...)
	}
	if r.Socket() {
		flags = append(flags, "--listen", strings.Replace(corpus.Socket, "/tmp", r.sockets, 1))
	}
	for _, path := range r.Expects {
		flags = append(flags, "--expect-path", path)
	}
	return flags
}

// recorded says why a case does not run live; empty where it does.
func (r *caseRun) recorded(version [3]int) string {
	sign, needed, _ := strings.Cut(r.Needs, " ")
	limit := readVersion(needed)
	order := slices.Compare(version[:], limit[:])
	switch {
	case sign == ">=" && order < 0, sign == "<" && order >= 0:
		return "recorded"
	case !r.holds():
		return "recorded session"
	}
	return ""
}

// holds reports whether the session is really held until it is cut.
func (r *caseRun) holds() bool { return *slow || r.Session.Cut < patient }

// broken runs the client against the broken configuration, compares what it sees and what
// arrives with the case, and returns what wsinspect concludes.
func (r *caseRun) broken(t *testing.T) []corpus.Conclusion {
	if r.Sees == "nginx does not start" {
		if loads(t, r.Case, r.Conf, r.sockets) {
			t.Error("nginx loads this configuration")
		}
		return nil
	}
	nginx, w := startCase(t, r.Case, r.Conf, r.ws.port, r.sockets)
	defer nginx.end(syscall.SIGTERM)
	var before [][]byte
	for _, request := range r.Before {
		known := r.known(t)
		c := call(t, w.ports["8081"], request)
		if a := r.next(t, known, len(r.ArrivedBefore) > 0, c.open()); a != nil {
			before = append(before, w.recorded(a.Request.Raw))
		}
	}
	known := r.known(t)
	c := call(t, w.ports["8081"], r.Request)
	if c.open() {
		c.echo(t)
		r.hold(t, nginx, c, r.Session)
	}
	a := r.next(t, known, r.Arrived != nil, false)
	if !*update {
		id := ""
		if a != nil {
			id = a.ID
		}
		r.client, r.config = r.probe(t, w, id)
	}
	if *update {
		r.record(t, c.sees, before, a, w)
		return nil
	}
	if c.sees != r.Sees {
		t.Errorf("the client sees %s, want %s", c.sees, r.Sees)
	}
	if a == nil {
		return nil
	}
	if got := w.recorded(a.Request.Raw); !sameBytes(got, r.Arrived) {
		report := t.Errorf
		if *otherNginx != "" {
			report = t.Logf // the order of the lines is not the same in every version
		}
		report("at the backend arrived\n%s\nwant\n%s", got, r.Arrived)
	}
	return a.Causes
}

// sameBytes reports whether the same arrived. Behind a PROXY line net/http refuses what may
// not have come as a whole.
func sameBytes(got, want []byte) bool {
	if bytes.HasPrefix(got, []byte("PROXY ")) {
		return bytes.HasPrefix(got, want) || bytes.HasPrefix(want, got)
	}
	return bytes.Equal(got, want)
}

// record writes into the file of the case what the client saw and what arrived.
func (r *caseRun) record(t *testing.T, sees string, before [][]byte, a *attempt, w *wiring) {
	var arrived []byte
	if a != nil {
		arrived = w.recorded(a.Request.Raw)
	}
	if err := r.Record(sees, before, arrived); err != nil {
		t.Error(err)
	}
}

// known returns the IDs of the attempts so far.
func (r *caseRun) known(t *testing.T) map[string]bool {
	known := map[string]bool{}
	for _, a := range r.ws.attempts(t, url.Values{}) {
		known[a.ID] = true
	}
	return known
}

// next waits for an attempt that is not known yet, and for its end unless it may stay
// open. Where none is to come, it sees to it that none has.
func (r *caseRun) next(t *testing.T, known map[string]bool, comes, open bool) *attempt {
	t.Helper()
	fresh := func(a *attempt) bool { return !known[a.ID] && (open || a.State != "open") }
	switch {
	case *update: // nobody knows yet whether one comes
		return r.ws.within(t, time.Second, url.Values{}, fresh)
	case comes:
		return r.ws.until(t, url.Values{}, fresh)
	}
	for _, a := range r.ws.attempts(t, url.Values{}) {
		if !known[a.ID] {
			t.Errorf("something arrived: %q", a.Request.Raw)
			return &a
		}
	}
	return nil
}

// hold keeps a session as the case says, and ends it.
func (r *caseRun) hold(t *testing.T, nginx *process, c *caller, s corpus.Session) {
	t.Helper()
	const late = 3 * time.Second // how late a cut may come on a busy machine
	switch {
	case s.Reload:
		nginx.cmd.Process.Signal(syscall.SIGHUP)
		if _, ended := c.silence(t, patient); !ended {
			t.Error("the session has survived a reload")
		}
		return
	case s.Cut > 0:
		took, ended := c.silence(t, s.Cut+late)
		if !ended || took < s.Cut-time.Second/2 {
			t.Errorf("the session was cut: %t, after %v; want a cut after %v", ended, took, s.Cut)
		}
		return
	case s.Open > 0:
		if s.Speaks {
			stop := make(chan struct{})
			defer close(stop)
			go c.speak(s.Open/10, stop)
		}
		if took, ended := c.silence(t, s.Open); ended {
			t.Errorf("the session was cut after %v, want it open", took)
			return
		}
		c.echo(t)
	}
	c.close(t)
}

// socketFolder returns a folder for the sockets of a case. The path of a socket is short,
// and that of t.TempDir is long.
func socketFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "wsi-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}
