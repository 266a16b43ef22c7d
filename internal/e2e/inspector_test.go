package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"wsinspect/internal/corpus"
)

// inspector is a running wsinspect.
type inspector struct {
	*process
	port   string
	url    string // of its root, dialled without a proxy
	client *http.Client
}

// startInspector runs wsinspect with its page open, on a free port of the loopback
// addresses, as it does on port 8080 when nothing else is said.
func startInspector(t *testing.T, args ...string) *inspector {
	t.Helper()
	return startGuarded(t, "", append([]string{"--open"}, args...)...)
}

// startGuarded runs wsinspect with a token for page and API, or with one that it makes
// itself where token is empty and args do not open it.
func startGuarded(t *testing.T, token string, args ...string) *inspector {
	t.Helper()
	port := freePort(t)
	for _, ip := range loopbacks(t) {
		args = append(args, "--listen", net.JoinHostPort(ip, port))
	}
	return startListening(t, token, args...)
}

// startAlone runs wsinspect with its page open on one address, whose port the kernel
// chooses: of hundreds that start at once no two ask for the same.
func startAlone(t *testing.T, args ...string) *inspector {
	t.Helper()
	return startListening(t, "", append([]string{"--open", "--listen", "127.0.0.1:0"}, args...)...)
}

// startListening runs wsinspect with args that say where it listens.
func startListening(t *testing.T, token string, args ...string) *inspector {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdout = newOutput() // a pipe, which is read
	return startCommand(t, cmd, token)
}

// startCommand runs a command that becomes wsinspect, with a token for page and API where
// it does not open them.
func startCommand(t *testing.T, cmd *exec.Cmd, token string) *inspector {
	t.Helper()
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "WSINSPECT_") })
	cmd.Env = append(inherited, "GORACE=halt_on_error=1 atexit_sleep_ms=0")
	if token != "" {
		cmd.Env = append(cmd.Env, "WSINSPECT_TOKEN="+token)
	}
	p := start(t, "wsinspect", cmd)
	said := p.await(t, `listening on (https?)://127\.0\.0\.1:(\d+)\n`)
	i := &inspector{process: p, port: said[2], url: said[1] + "://localhost:" + said[2], client: http.DefaultClient}
	if said[1] == "https" {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		t.Cleanup(transport.CloseIdleConnections)
		i.client = &http.Client{Transport: transport}
	}
	return i
}

// loopbacks returns the loopback addresses of this machine: ::1 is not everywhere.
func loopbacks(t *testing.T) []string {
	t.Helper()
	found := []string{"127.0.0.1"}
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return found
	}
	l.Close()
	return append(found, "::1")
}

// freePort returns a port that was free on every loopback address a moment ago. A port
// that is chosen here and not by the kernel is what one number on two addresses takes.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(first.Addr().String())
		free := true
		for _, ip := range loopbacks(t)[1:] {
			l, err := net.Listen("tcp", net.JoinHostPort(ip, port))
			if err != nil {
				free = false
				continue
			}
			l.Close()
		}
		first.Close()
		if free {
			return port
		}
	}
	t.Fatal("no port is free on every loopback address")
	return ""
}

// attempt is what the tests read of an attempt's JSON.
type attempt struct {
	ID, State, Outcome, Peer string

	Time time.Time

	Request struct {
		Raw     latin1
		Target  string
		Host    string
		Headers []struct{ Name, Value string }
	}
	Verdict struct {
		Accepted  bool
		Status    int
		DecidedBy string `json:"decided_by"`
		Findings  []finding
	}
	Causes   []corpus.Conclusion
	Hops     []struct{ Name, Confidence, Because string }
	Response struct {
		Status int
		Raw    latin1
	}
	Session *struct {
		Subprotocol string
		Idle        float64 `json:"idle_seconds"`
		Close       struct {
			Code       int
			Reason, By string
		}
	}
}

type finding struct {
	Check, Outcome, Because string
}

// latin1 is bytes as the API writes them: each is one character U+0000 to U+00FF.
type latin1 []byte

func (b *latin1) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*b = (*b)[:0]
	for _, r := range s {
		if r > 0xff {
			return errors.New("a character beyond U+00FF is no byte")
		}
		*b = append(*b, byte(r))
	}
	return nil
}

// header returns the values of the lines of this name, in order.
func (a *attempt) header(name string) []string {
	var values []string
	for _, h := range a.Request.Headers {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return values
}

// finding returns what a check found.
func (a *attempt) finding(t *testing.T, check string) finding {
	t.Helper()
	for _, f := range a.Verdict.Findings {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("attempt %s has no finding of %s", a.ID, check)
	return finding{}
}

// attempt returns the attempt with this ID, as it is now.
func (i *inspector) attempt(t *testing.T, id string) *attempt {
	t.Helper()
	a := new(attempt)
	if err := json.Unmarshal(i.get(t, "/inspect/"+id), a); err != nil {
		t.Fatal(err)
	}
	return a
}

// attempts returns those that match the filter, newest first.
func (i *inspector) attempts(t *testing.T, filter url.Values) []attempt {
	t.Helper()
	var page struct{ Attempts []attempt }
	if err := json.Unmarshal(i.get(t, "/inspect?"+filter.Encode()), &page); err != nil {
		t.Fatal(err)
	}
	return page.Attempts
}

// get returns the JSON at path.
func (i *inspector) get(t *testing.T, path string) []byte {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, i.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	resp, err := i.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v\n%s", path, resp.Status, err, body)
	}
	return body
}

// until waits for an attempt that matches the filter and for which ok is true, and
// returns it. It asks again at each event of the live feed, so it waits for no clock.
func (i *inspector) until(t *testing.T, filter url.Values, ok func(*attempt) bool) *attempt {
	t.Helper()
	a := i.within(t, patience, filter, ok)
	if a == nil {
		t.Fatalf("no attempt of %v came to what is awaited in %v", filter, patience)
	}
	return a
}

// within is until for an attempt that may not come: it returns nil when the limit is over.
func (i *inspector) within(t *testing.T, limit time.Duration, filter url.Values, ok func(*attempt) bool) *attempt {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, i.url+"/inspect/feed", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	feed, err := i.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Body.Close()
	if feed.StatusCode != http.StatusOK {
		t.Fatalf("GET /inspect/feed: %s", feed.Status)
	}

	events := bufio.NewScanner(feed.Body)
	events.Buffer(nil, 1<<20)
	for {
		for _, a := range i.attempts(t, filter) {
			if ok(&a) {
				return &a
			}
		}
		for events.Scan() && len(bytes.TrimSpace(events.Bytes())) > 0 {
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := events.Err(); err != nil {
			t.Fatalf("no attempt of %v came to what is awaited: %v", filter, err)
		}
	}
}

// kill ends wsinspect as kill -9 does.
func (i *inspector) kill(t *testing.T) {
	t.Helper()
	if err := i.end(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
