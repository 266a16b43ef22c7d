package probe

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// attemptJSON is the JSON of an attempt as journal's tests hold it.
func attemptJSON(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../journal/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What journal writes is read back: the bytes, the places that are masked, and the verdict.
func TestReadArrival(t *testing.T) {
	a, err := readArrival(attemptJSON(t, "rejected.json"))
	if err != nil {
		t.Fatal(err)
	}
	h := a.Request.Head
	if a.ID != "0111111111122222222222ab" || h.Target() != "/echo" || !h.Complete() || len(h.Fields) != 13 {
		t.Errorf("got %s %s with %d lines", a.ID, h.Target(), len(h.Fields))
	}
	cookie, _ := h.Field("Cookie")
	if host, _ := h.Field("Host"); !h.Masked(cookie.Value) || h.Masked(host.Line) {
		t.Errorf("masked are %v", h.Masks)
	}
	if v := a.Verdict; v.Accepted || v.Status != 403 || v.DecidedBy.ID != "origin-same-host" {
		t.Errorf("the verdict is %v %d by %v", v.Accepted, v.Status, v.DecidedBy)
	}
	if got, want := len(a.Verdict.Findings), len(handshake.Catalogue()); got == 0 || got > want {
		t.Errorf("%d findings of %d", got, want)
	}
	if a.Peer.String() != "127.0.0.1" || a.Client.String() != "203.0.113.7" || a.Request.Local.String() != "127.0.0.1:8080" {
		t.Errorf("peer %v, client %v, local %v", a.Peer, a.Client, a.Request.Local)
	}
}

// A session that is over is evidence; one that is open is none.
func TestReadArrivalSession(t *testing.T) {
	a, err := readArrival(attemptJSON(t, "closed.json"))
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Session; s == nil || !s.Ended.After(s.Opened) || s.Received == 0 || s.Idle <= 0 {
		t.Errorf("the session is %+v", s)
	}
	rejected, err := readArrival(attemptJSON(t, "rejected.json"))
	if err != nil || rejected.Session != nil {
		t.Errorf("a rejected attempt has the session %+v, %v", rejected.Session, err)
	}
}

// Secrets that a revealing wsinspect shows are blanked here.
func TestReadArrivalRevealed(t *testing.T) {
	a, err := readArrival([]byte(`{"id":"1","request":{"raw":"GET / HTTP/1.1\r\nCookie: sid=hunter2\r\n\r\n","headers":[{"masked":false}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if raw := string(a.Request.Head.Raw); strings.Contains(raw, "hunter2") {
		t.Errorf("a secret is kept: %q", raw)
	}
}

func TestReadArrivalRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":                    `<html>`,
		"another JSON":               `{}`,
		"an ID that is a path":       `{"id":"../livez"}`,
		"a character that's no byte": `{"id":"1","request":{"raw":"GET /€"}}`,
		"a list":                     `{"attempts":[]}`,
	} {
		if a, err := readArrival([]byte(text)); err == nil {
			t.Errorf("%s is read as %+v", name, a)
		}
	}
	if all, err := readArrivals([]byte(`{"message":"hello"}`)); err == nil {
		t.Errorf("what has no attempts is read as a list of %d", len(all))
	}
}

// Whatever an API says, it is read within its bounds: evidence lies in the bytes, masks
// are in order, and the comparison with it can be shown.
func FuzzArrival(f *testing.F) {
	for _, name := range []string{"rejected.json", "closed.json", "caused.json"} {
		f.Add(attemptJSON(f, name))
	}
	f.Add([]byte(`{"id":"1","request":{"raw":"\u0000\u00ff GET\r\n\r\n","headers":[{"masked":true}]},"verdict":{"findings":[{"check":"host-present","outcome":"failed","evidence":[{"start":-1,"end":9}]}]},"session":{"close":{}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := readArrival(text)
		if err != nil {
			return
		}
		h := a.Request.Head
		for _, finding := range a.Verdict.Findings {
			for _, s := range finding.Evidence {
				_ = h.Text(s)
			}
		}
		end := 0
		for _, m := range h.Masks {
			if m.Span.Start < end {
				t.Fatalf("masks overlap: %v", h.Masks)
			}
			end = m.Span.End
		}
		sent := dump.Parse([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		r := &Report{Options: &Options{}, Arrived: a, Found: ByAttempt, Changes: compare(sent, h), Time: time.Unix(0, 0)}
		r.Client.Sent = sent
		harmless(t, r.AppendWay(nil))
		if _, err := json.Marshal(r.JSON()); err == nil {
			return
		} else if !strings.Contains(err.Error(), "unexpected end of JSON input") { // causes are the caller's
			t.Fatal(err)
		}
	})
}

// harmless fails where a terminal would obey a byte of text.
func harmless(t *testing.T, text []byte) {
	t.Helper()
	for _, r := range string(text) {
		if r != '\n' && (r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u202e') {
			t.Fatalf("%q is shown raw in %q", r, text)
		}
	}
}
