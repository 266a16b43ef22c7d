package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
)

// selftestView is the browser's own test. Its script runs it.
type selftestView struct {
	shell
	Path, Protocols, Minutes, Ping string // what to test, as the query says it
	Steps                          []testStep
	Sockets                        []testSocket
	Try                            try // for those who have no script
}

// testStep is one step of the test, and what it will do.
type testStep struct{ ID, Title, Will string }

// testSteps are the steps in their order; the script knows them by their IDs.
var testSteps = []testStep{
	{"plain", "Plain request", "to the same address, without an upgrade"},
	{"opened", "Opened", "a WebSocket, as the browser sees it"},
	{"arrived", "Arrived", "the same handshake, as it came here"},
	{"text", "Text", "a message, there and back"},
	{"binary", "Binary", "64 KiB, there and back"},
	{"closed", "Closed", "with 1000, and both sides know it"},
	{"idle", "Idle cut", "three sockets, silent and pinged"},
}

// testSocket is one bar of the idle-cut finder; behind "every" follows the time.
type testSocket struct{ ID, Title string }

var testSockets = []testSocket{
	{"silent", "Silent"},
	{"client", "A message every"},
	{"server", "Pinged by wsinspect every"},
}

func (p *page) selftest(w http.ResponseWriter, r *http.Request) {
	curl := lines(scheme(r), host(r), prefix(r))[2]
	switch negotiate(r, asText, asHTML, asJSON) {
	case asHTML:
		q := r.URL.Query()
		p.render(w, http.StatusOK, "selftest", selftestView{
			shell: p.shell(r, "selftest", "Self-test"),
			Path:  q.Get("path"), Protocols: q.Get("protocols"),
			Minutes: cmp.Or(q.Get("minutes"), "2"), Ping: cmp.Or(q.Get("ping"), "20"),
			Steps: testSteps, Sockets: testSockets, Try: curl,
		})
	case asJSON:
		if q := r.URL.Query(); q.Has("nonce") {
			body, _ := json.Marshal(p.judgeTest(q))
			writeJSON(w, http.StatusOK, body)
			return
		}
		writeJSON(w, http.StatusOK, plainRequest(r))
	default:
		writeText(w, http.StatusOK, "The self-test runs in a browser: open this address there. In a terminal, test with curl:\n\n    "+curl.Line+"\n")
	}
}

// told are the headers by which proxies tell of a request, and none of them a secret.
var told = []string{"Connection", "Upgrade", "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip"}

// plainRequest is r as far as proxies change it, in the names of an attempt: requests for
// the page itself are no attempts, so its own test would not find them in the journal.
func plainRequest(r *http.Request) []byte {
	type header struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	var is struct {
		Method  string   `json:"method"`
		Target  string   `json:"target"`
		Version string   `json:"version"`
		Host    string   `json:"host"`
		Headers []header `json:"headers"`
	}
	is.Method, is.Target, is.Version, is.Host = r.Method, r.RequestURI, r.Proto, r.Host
	is.Headers = []header{}
	for _, name := range told {
		if values := r.Header.Values(name); values != nil {
			is.Headers = append(is.Headers, header{name, strings.Join(values, ", ")})
		}
	}
	body, _ := json.Marshal(map[string]any{"request": is})
	return body
}
