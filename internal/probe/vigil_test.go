package probe

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wsinspect/internal/dump"
	backend "wsinspect/internal/echo"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// serveWsinspect runs the real handler on a port of its own.
func serveWsinspect(t *testing.T) (address string, j *journal.Journal) {
	t.Helper()
	policy, err := handshake.NewPolicy(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	j = journal.New(journal.Options{Keep: 50, KeepBytes: 1 << 20, MaxSubscribers: 2})
	h := backend.New(backend.Options{Journal: j, Masker: dump.NewMasker(false), Policy: policy, MaxMessage: 1 << 20, WriteTimeout: patience})
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := dump.NewListener(inner, dump.Options{MaxHead: 64 << 10, HeadTimeout: patience, Refused: h.Refused, Take: h.Take})
	server := &http.Server{Handler: h, ConnContext: dump.ConnContext}
	go server.Serve(l)
	t.Cleanup(func() {
		h.Shutdown(t.Context())
		server.Close()
	})
	return inner.Addr().String(), j
}

// TestWatchOpensItsOwnSockets looks at what arrives at a real wsinspect, which is asked to
// ping one socket and no other.
func TestWatchOpensItsOwnSockets(t *testing.T) {
	address, j := serveWsinspect(t)
	r := run(t, t.Context(), &Options{Target: mustParse(t, "ws://"+address+"/ws?room=1"), Timeout: patience, Size: longMessage + 1, Idle: time.Millisecond, Nonce: "first"})
	for _, s := range r.Steps {
		if s.Outcome != Passed && s.ID != "arrival" { // no API is there
			t.Errorf("%s %s: %s", s.ID, s.Outcome, s.Says)
		}
	}
	kinds := map[string]bool{}
	for _, i := range r.Idle {
		kinds[i.Kind] = i.Open && i.After > 0
	}
	if !kinds[Silent] || !kinds[ClientPinged] || !kinds[ServerPinged] {
		t.Errorf("watched: %+v", r.Idle)
	}
	targets := map[string]int{}
	for _, a := range j.List(journal.Filter{Limit: 50}).Attempts {
		targets[a.Request.Head.Target()]++
	}
	if targets["/ws?room=1&wsinspect-nonce=first"] != 1 || targets["/ws?room=1"] != 2 || targets["/ws?room=1&wsinspect-ping=1s"] != 1 {
		t.Errorf("arrived: %v", targets)
	}
}

// TestWatchOfSocketsThatDoNotOpen has a backend that takes one socket alone.
func TestWatchOfSocketsThatDoNotOpen(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" && calls.Add(1) == 1 {
			gorillaEcho(w, r)
			return
		}
		http.Error(w, "full", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	r := run(t, t.Context(), &Options{Target: mustParse(t, server.URL), Timeout: patience, Idle: time.Millisecond})
	for _, i := range r.Idle {
		if i.Open || i.After != 0 || !strings.Contains(i.Says, "It did not open: ") || !strings.Contains(i.Says, "503") {
			t.Errorf("%+v", i)
		}
	}
	if s := r.Steps[len(r.Steps)-1]; s.ID != "idle" || s.Outcome != Advised || len(r.Idle) != 2 {
		t.Errorf("%s %s: %s", s.ID, s.Outcome, s.Says)
	}
}
