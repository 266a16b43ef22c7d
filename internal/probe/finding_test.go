package probe

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// asking returns a probe that has sent a handshake and is to ask at address.
func asking(t *testing.T, address, answer string) *probe {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := newProbe(&Options{Target: mustParse(t, "ws://127.0.0.1:1/ws"), Inspect: u, Token: "right", Timeout: patience}, Watch{})
	p.report.Client = diagnosis.Client{
		Sent:   head("GET /echo?wsinspect-nonce=abc HTTP/1.1", "Host: a", "Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw=="),
		Answer: dump.ParseAnswer([]byte(answer)),
	}
	return p
}

// find lets p ask, in a time of its own: it waits between its looks, and the server, which
// stands outside, answers in real time.
func find(t *testing.T, p *probe) *Report {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { p.find(t.Context()) })
	return p.report
}

// answersJSON writes a JSON text, as an API does.
func answersJSON(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, text)
}

// answersRaw writes text in place of an answer, and closes.
func answersRaw(t *testing.T, w http.ResponseWriter, text string) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	io.WriteString(c, text)
	c.Close()
}

const attemptID = "0111111111122222222222ab" // of rejected.json

// The request is found by the ID of the answer, else by its key, else by its nonce; an ID
// that a cache has from another request does not count.
func TestFind(t *testing.T) {
	known := attemptJSON(t, "rejected.json")
	other := bytes.ReplaceAll(known, []byte("03SvnEbGeWQjug0BmxXzaw=="), []byte("AAAAAAAAAAAAAAAAAAAAAA=="))
	keyless := bytes.ReplaceAll(known, []byte("Sec-Websocket-Key"), []byte("X-Another-Key-Too"))
	list := func(text []byte) string { return fmt.Sprintf(`{"attempts":[%s],"next":""}`, text) }
	for _, test := range []struct {
		name, status, id string
		says             map[string]string // by path and parameter
		found            Finding
	}{
		{"by the ID", "403 Forbidden", attemptID, map[string]string{"/p/inspect/" + attemptID: string(known)}, ByAttempt},
		{"by the key, where a cache answered", "403 Forbidden", attemptID, map[string]string{"/p/inspect/" + attemptID: string(other), "key": list(known)}, ByKey},
		{"by the key, where a cache answered with the words for a page load", "403 Forbidden", attemptID, map[string]string{"/p/inspect/" + attemptID: string(keyless), "key": list(known)}, ByKey},
		{"by the nonce", "403 Forbidden", "", map[string]string{"key": list(nil), "nonce": list(known)}, ByNonce},
		{"not at all", "502 Bad Gateway", "", map[string]string{"key": list(nil), "nonce": list(nil)}, NotArrived},
		{"another backend opened it", "101 Switching Protocols", "", map[string]string{"key": list(nil), "nonce": list(nil)}, OtherBackend},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer right" || r.Header.Get("Accept") != "application/json" {
					t.Errorf("asked with %v", r.Header)
				}
				says := test.says[r.URL.Path]
				for _, name := range []string{"key", "nonce"} {
					if r.URL.Query().Has(name) {
						says = test.says[name]
					}
				}
				if says == "" {
					http.NotFound(w, r)
					return
				}
				answersJSON(w, says)
			}))
			defer server.Close()
			answer := "HTTP/1.1 " + test.status + "\r\n"
			if test.id != "" {
				answer += "Wsinspect-Attempt: " + test.id + "\r\n"
			}
			p := asking(t, server.URL+"/p/inspect", answer+"\r\n")
			r := find(t, p)
			if r.Found != test.found || (r.Arrived != nil) != (test.found >= ByAttempt) || (r.Changes != nil) != (r.Arrived != nil) {
				t.Errorf("found %v, arrived %v", r.Found, r.Arrived)
			}
			if want := test.found < ByAttempt; (r.Steps[0].Outcome == Failed) != want || want != (r.Client.Reach == diagnosis.NotReached) {
				t.Errorf("the step is %+v, reach %v", r.Steps[0], r.Client.Reach)
			}
		})
	}
}

// Where nobody can be asked, a sentence says why, and what to pass.
func TestFindNobody(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		says   string
	}{
		{"another backend's page", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "--inspect http://localhost:8080"},
		{"a single-page application", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<!doctype html><title>App</title>") }, "No wsinspect answers"},
		{"another's JSON", func(w http.ResponseWriter, r *http.Request) {
			answersJSON(w, `{"message":"hello"}`)
		}, "No wsinspect answers"},
		{"another token", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="wsinspect"`)
			w.WriteHeader(401)
		}, "takes another token"},
		{"a redirect, which is not followed", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("the redirect was followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, "leads on to"},
		{"a list of something else", func(w http.ResponseWriter, r *http.Request) {
			answersJSON(w, `[{"id":null}]`)
		}, "what comes from there is no list of attempts"},
		{"no HTTP", func(w http.ResponseWriter, r *http.Request) {
			answersRaw(t, w, "220 mail.example ESMTP\r\n")
		}, "/inspect cannot be asked: what comes back is no HTTP/1."},
		{"nothing", func(w http.ResponseWriter, r *http.Request) {
			answersRaw(t, w, "")
		}, "/inspect closed the connection."},
		{"more than an attempt can be", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			block := bytes.Repeat([]byte(" "), 1<<20)
			for range maxLook>>20 + 1 {
				w.Write(block)
			}
		}, "too much"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.answer)
			defer server.Close()
			p := asking(t, server.URL, "HTTP/1.1 403 Forbidden\r\n\r\n")
			r := find(t, p)
			if s := r.Steps[0]; r.Found != NotAsked || s.Outcome != Advised || !strings.Contains(s.Says, test.says) {
				t.Errorf("found %v; %v: %s", r.Found, s.Outcome, s.Says)
			}
			if r.Client.Reach != diagnosis.ReachUnknown {
				t.Errorf("it is said to know whether it arrived: %v", r.Client.Reach)
			}
		})
	}
}

// What else a wsinspect has seen is no evidence about another backend.
func TestFindOtherBackend(t *testing.T) {
	var queries []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		answersJSON(w, `{"attempts":[]}`)
	}))
	defer server.Close()
	p := asking(t, server.URL, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
	find(t, p)
	p.report.Session = &diagnosis.Session{Idle: time.Minute, Cut: true}
	p.diagnose(t.Context())
	if r := p.report; r.Found != OtherBackend || strings.Contains(strings.Join(queries, " "), fmt.Sprintf("limit=%d", diagnosis.MostOthers)) {
		t.Errorf("found %v, asked for %q", r.Found, queries)
	}
}

// Whoever filters by nothing, such as another release, has no request of ours to show.
func TestFindForeign(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answersJSON(w, `{"attempts":[{"id":"abc","request":{"raw":"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"}}]}`)
	}))
	defer server.Close()
	p := asking(t, server.URL, "HTTP/1.1 403 Forbidden\r\n\r\n")
	if r := find(t, p); r.Found != NotArrived || r.Arrived != nil {
		t.Errorf("found %v: %+v", r.Found, r.Arrived)
	}
}
