package probe

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what is said with the file of that name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is another; got\n%s", file, got)
	}
}

// hostile is what a stranger may write where words are expected.
const hostile = "\x1b[2J\u202e```\n# <b>@all</b>"

// reports returns one report of each kind, made by hand where the words of a diagnosis
// would change with it.
func reports() map[string]*Report {
	moment := time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)
	lines := []string{"GET /ws/ HTTP/1.1", "Host: localhost:8081", "Connection: Upgrade", "Upgrade: websocket", "Origin: http://localhost:8081", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Cookie: sid=secret"}
	sent := func() diagnosis.Client {
		return diagnosis.Client{URL: "ws://localhost:8081/ws/", Sent: head(lines...), Reach: diagnosis.NotReached}
	}
	answer := func(lines ...string) *dump.Head {
		return dump.ParseAnswer([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n"))
	}
	arrival := func(lines ...string) *Arrival {
		r := &dump.Request{Head: head(lines...), Time: moment}
		policy, _ := handshake.NewPolicy(nil, nil)
		v := handshake.Judge(r, policy)
		return &Arrival{ID: "0111111111122222222222ab", Request: r, Verdict: &v}
	}
	steps := []Step{
		{ID: "connect", Title: "Connection", Took: 312 * time.Microsecond, Says: "Connected to 127.0.0.1:8081."},
		{ID: "answer", Title: "Answer", Outcome: Failed, Took: 1200 * time.Millisecond, Says: "\"nginx\" answered 403 Forbidden with the words " + hostile + "."},
		{ID: "accept", Title: "Accept", Outcome: Skipped, Says: "It never came to that."},
	}
	all := make(map[string]*Report)

	seed := &Report{Options: &Options{}, Time: moment, Steps: steps, Client: sent(), Found: ByAttempt}
	seed.Client.Answer = answer("HTTP/1.1 403 Forbidden", "Server: nginx")
	seed.Arrived = arrival("GET /ws/ HTTP/1.1", "Upgrade: websocket", "Connection: upgrade", "Host: localhost:8080", "Origin: http://localhost:8081", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Cookie: sid=SECRET", "X-Real-IP: 127.0.0.1")
	seed.Changes = compare(seed.Client.Sent, seed.Arrived.Request.Head)
	seed.Hops = []diagnosis.Hop{{Name: "nginx", Confidence: diagnosis.Possible}}
	seed.Causes = []diagnosis.Conclusion{
		{Cause: diagnosis.Find("host-not-forwarded"), Confidence: diagnosis.Likely, Because: "nginx sent its own address as Host.",
			Fix: diagnosis.Fix{For: "nginx", Hop: 1, Steps: []diagnosis.Step{{Where: "location", Lines: []string{"proxy_set_header Host $http_host;"}, Remove: []string{"proxy_set_header Origin"}}}, Note: "It keeps the port."}},
		{Cause: diagnosis.Find("host-set-to-upstream"), Confidence: diagnosis.Possible, Because: "Or " + hostile + " did.", Fix: diagnosis.Fix{For: "nginx", Hop: 1}},
	}
	all["changed"] = seed

	clean := &Report{Options: &Options{}, Time: moment, Steps: steps[:1], Client: sent(), Found: ByKey}
	clean.Client.Answer, clean.Client.Accept = answer("HTTP/1.1 101 Switching Protocols"), true
	clean.Arrived = arrival(append(lines, "X-Forwarded-For: 127.0.0.1")...)
	clean.Changes = compare(clean.Client.Sent, clean.Arrived.Request.Head)
	clean.Idle = []IdleResult{{Kind: Silent, After: 60049 * time.Millisecond, Idle: 60 * time.Second, Code: 1006, Says: "It was cut."}}
	all["clean"] = clean

	missing := &Report{Options: &Options{}, Time: moment, Client: sent(), Found: NotArrived}
	missing.Steps = []Step{{ID: "arrival", Title: "Arrival", Outcome: Failed, Took: 810 * time.Millisecond, Says: "wsinspect at http://localhost:8080/inspect has not seen it."}}
	missing.Client.Answer = answer("HTTP/1.1 418 "+hostile[:4], "Server: "+hostile[:4], "Via: 1.1 cache", "CF-Ray: 1")
	missing.Client.Title = hostile
	all["not-arrived"] = missing

	other := &Report{Options: &Options{Inspect: &url.URL{Scheme: "http", Host: "localhost:8080"}}, Time: moment, Client: sent(), Found: OtherBackend}
	other.Steps = []Step{{ID: "arrival", Title: "Arrival", Outcome: Failed, Says: "wsinspect has not seen it."}}
	other.Client.Answer = answer("HTTP/1.1 101 Switching Protocols", "Server: uvicorn")
	all["other-backend"] = other
	return all
}

// What people read is read like prose in the golden files.
func TestTexts(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) {
			var b []byte
			for _, s := range r.Steps {
				b = s.AppendText(b)
			}
			b = append(r.AppendSentence(append(b, '\n')), '\n')
			b = r.AppendWay(b)
			harmless(t, b)
			golden(t, name+".txt", b)
		})
	}
}

// The report in Markdown stays within its fences, whatever stands in it.
func TestMarkdown(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) {
			b := r.AppendMarkdown(nil)
			harmless(t, b)
			fenced := false
			for line := range strings.Lines(string(b)) {
				if strings.HasPrefix(line, "```") {
					fenced = !fenced
				} else if !fenced && (strings.Contains(line, "<b>") || strings.Contains(line, " @all")) {
					t.Errorf("a stranger's Markdown is read as such: %s", line)
				}
			}
			if fenced {
				t.Error("a fence is left open")
			}
			golden(t, name+".md", b)
		})
	}
}

// The JSON has its names always, and a fault is one in every answer alike.
func TestJSON(t *testing.T) {
	for name, r := range reports() {
		t.Run(name, func(t *testing.T) {
			j := r.JSON()
			j.Causes, j.Hops = json.RawMessage("[]"), json.RawMessage("[]")
			if j.Failed != (name != "clean") {
				t.Errorf("failed is %v", j.Failed)
			}
			text, err := json.MarshalIndent(j, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".json", append(text, '\n'))
		})
	}
}

// What tells causes apart depends on what is known already.
func TestTellApart(t *testing.T) {
	r := reports()["changed"]
	if s := r.TellApart(); !strings.Contains(s, "nginx -T") {
		t.Errorf("it does not ask for the configuration: %q", s)
	}
	r.Options.Config = func(*diagnosis.Client) *diagnosis.Config { return nil }
	if s := r.TellApart(); s != "" {
		t.Errorf("it asks for what is known: %q", s)
	}
}
