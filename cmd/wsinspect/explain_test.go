package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// What somebody pastes is recognised by its words, whatever stands around them.
func TestRecognise(t *testing.T) {
	for _, test := range []struct {
		name, text string
		says       []string
	}{
		{"gorilla v1.5, connection", "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header", []string{"'upgrade' token not found in 'Connection' header"}},
		{"gorilla v1.0, connection", "websocket: could not find connection header with token 'upgrade'", []string{"'upgrade' token not found in 'Connection' header"}},
		{"gorilla v1.5, upgrade", "websocket: the client is not using the websocket protocol: 'websocket' token not found in 'Upgrade' header", []string{"'websocket' token not found in 'Upgrade' header"}},
		{"gorilla v1.0, upgrade", "websocket: could not find upgrade header with token 'websocket'", []string{"'websocket' token not found in 'Upgrade' header"}},
		{"gorilla v1.5, method", "websocket: the client is not using the websocket protocol: request method is not GET", []string{"request method is not GET"}},
		{"gorilla v1.0, method", "websocket: method not GET", []string{"request method is not GET"}},
		{"gorilla v1.5, version", "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header", []string{"unsupported version: 13 not found in 'Sec-WebSocket-Version' header"}},
		{"gorilla v1.0, version", "websocket: version != 13", []string{"unsupported version: 13 not found in 'Sec-WebSocket-Version' header"}},
		{"gorilla v1.5, origin", "websocket: request origin not allowed by Upgrader.CheckOrigin", []string{"request origin not allowed by Upgrader.CheckOrigin"}},
		{"gorilla v1.2, origin", "websocket: 'Origin' header value not allowed", []string{"request origin not allowed by Upgrader.CheckOrigin"}},
		{"gorilla v1.0, origin", "websocket: origin not allowed", []string{"request origin not allowed by Upgrader.CheckOrigin"}},
		{"gorilla v1.5, key", "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length", []string{"'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"}},
		{"gorilla v1.4, key, with its own quotation marks", "websocket: not a websocket handshake: `Sec-WebSocket-Key' header is missing or blank", []string{"'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"}},
		{"gorilla's client", "websocket: bad handshake", []string{"Unexpected response code"}},
		{"gorilla's reader", "websocket: close 1006 (abnormal closure): unexpected EOF", []string{"Connection closed before receiving a handshake response", "1006"}},
		{"Chrome, with a status", "WebSocket connection to 'ws://localhost/ws' failed: Error during WebSocket handshake: Unexpected response code: 403", []string{"Unexpected response code", "403"}},
		{"Firefox, with a typographic apostrophe", "Firefox can’t establish a connection to the server at ws://localhost/ws.", []string{"can't establish a connection to the server at"}},
		{"Node's ws", "Error: Unexpected server response: 502", []string{"Unexpected response code", "502"}},
		{"Python's websockets", "server rejected WebSocket connection: HTTP 404", []string{"Unexpected response code", "404"}},
		{"nginx's error log: its date, process and connection are no codes", "2026/01/31 12:00:00 [error] 1006#1006: *403 upstream prematurely closed connection while reading response header from upstream", []string{"upstream prematurely closed connection"}},
		{"nginx, nothing listens", "connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1", []string{"Connection refused) while connecting to upstream"}},
		{"a status alone", "403", []string{"403"}},
		{"a close code alone", " 1006\n", []string{"1006"}},
		{"a status nobody knows", "299", nil},
		{"a port", "localhost:1006", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var says []string
			for _, e := range recognise(test.text) {
				says = append(says, e.says)
			}
			if !slices.Equal(says, test.says) {
				t.Errorf("got %q, want %q", says, test.says)
			}
		})
	}
}

// Every entry is found by each of its own spellings, says who and what, and leads to
// checks and causes that exist.
func TestErrorTexts(t *testing.T) {
	for _, e := range errorTexts {
		for _, words := range append([]string{e.says}, e.also...) {
			if !slices.ContainsFunc(recognise(words), func(found errorText) bool { return found.says == e.says }) {
				t.Errorf("%q does not lead to %q", words, e.says)
			}
		}
		if e.who == "" || !strings.HasSuffix(e.means, ".") {
			t.Errorf("%q lacks who says it or a whole sentence", e.says)
		}
		for _, id := range e.checks {
			if handshake.Find(id) == nil {
				t.Errorf("%q leads to the check %q, which does not exist", e.says, id)
			}
		}
		for _, id := range e.causes {
			if diagnosis.Find(id) == nil {
				t.Errorf("%q leads to the cause %q, which does not exist", e.says, id)
			}
		}
	}
}

// Whoever pastes what a deciding check answers is led to that check: by the status, and by
// gorilla's words.
func TestRefusalsLeadToTheirChecks(t *testing.T) {
	leadsTo := func(text, id string) bool {
		return slices.ContainsFunc(recognise(text), func(e errorText) bool { return slices.Contains(e.leads(), id) })
	}
	for _, check := range handshake.Catalogue() {
		if check.Decides && !leadsTo(strconv.Itoa(check.Status), check.ID) {
			t.Errorf("the status %d does not lead to %s", check.Status, check.ID)
		}
		if check.By == handshake.ByGorilla && !leadsTo(check.Reason, check.ID) {
			t.Errorf("%q does not lead to %s", check.Reason, check.ID)
		}
	}
}

// The list names every check and cause, with its deed, in both forms.
func TestExplainList(t *testing.T) {
	text, asJSON := call(t, nil, "explain"), call(t, nil, "explain", "--json")
	var list struct {
		Checks []struct {
			ID, Title string
			Decides   bool
		}
		Causes []struct{ ID, Title, Severity string }
	}
	if err := json.Unmarshal([]byte(asJSON.stdout), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Checks) == 0 || len(list.Checks) != len(handshake.Catalogue()) {
		t.Fatalf("got %d checks", len(list.Checks))
	}
	for _, c := range list.Checks {
		deed := map[bool]string{true: "decides", false: "advises"}[c.Decides]
		row := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(c.ID) + ` +` + deed + ` +` + regexp.QuoteMeta(c.Title) + `$`)
		if !row.MatchString(text.stdout) {
			t.Errorf("the text has no row for %s:\n%s", c.ID, text.stdout)
		}
	}
	if len(list.Causes) == 0 || len(list.Causes) != len(diagnosis.Catalogue()) {
		t.Fatalf("got %d causes", len(list.Causes))
	}
	for _, c := range list.Causes {
		deed := map[string]string{"reject": "rejects", "risk": "is a risk", "session": "cuts"}[c.Severity]
		row := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(c.ID) + ` +` + deed + ` +` + regexp.QuoteMeta(c.Title) + `$`)
		if !row.MatchString(text.stdout) {
			t.Errorf("the text has no row for %s:\n%s", c.ID, text.stdout)
		}
	}
}

// Each check is explained by its own ID, in any case, and the same way in both forms.
func TestExplainCheck(t *testing.T) {
	for _, check := range handshake.Catalogue() {
		text := call(t, nil, "explain", strings.ToUpper(check.ID))
		if text.code != exitOK || text.stdout != string(check.AppendText(nil)) {
			t.Errorf("%s: %+v", check.ID, text)
		}
		var doc documentation
		asJSON := call(t, nil, "explain", check.ID, "--json")
		if err := json.Unmarshal([]byte(asJSON.stdout), &doc); err != nil || doc.ID != check.ID || doc.Do != check.Doc.Do || doc.Decides != check.Decides {
			t.Errorf("%s: %v: %s", check.ID, err, asJSON.stdout)
		}
	}
}

// So is each cause. No check has its ID, so that one word means one thing.
func TestExplainCause(t *testing.T) {
	for _, cause := range diagnosis.Catalogue() {
		if handshake.Find(cause.ID) != nil {
			t.Errorf("%s is a check and a cause", cause.ID)
		}
		text := call(t, nil, "explain", strings.ToUpper(cause.ID))
		if text.code != exitOK || text.stdout != string(cause.AppendText(nil)) {
			t.Errorf("%s: %+v", cause.ID, text)
		}
		var doc dossier
		asJSON := call(t, nil, "explain", cause.ID, "--json")
		if err := json.Unmarshal([]byte(asJSON.stdout), &doc); err != nil || doc.ID != cause.ID || doc.Do != cause.Doc.Do || doc.Party != cause.Party.String() {
			t.Errorf("%s: %v: %s", cause.ID, err, asJSON.stdout)
		}
	}
}

// The words of one answer, golden; and without quotation marks a shell hands over the
// text in pieces.
func TestExplainErrorText(t *testing.T) {
	whole := call(t, nil, "explain", "Unexpected response code: 403")
	if whole.code != exitOK || whole.stderr != "" {
		t.Errorf("got %+v", whole)
	}
	golden(t, "testdata/explain-403.txt", whole.stdout)
	if pieces := call(t, nil, "explain", "Unexpected", "response", "code:", "403"); pieces != whole {
		t.Errorf("in pieces: %+v", pieces)
	}
	var answer struct {
		Texts []struct{ Says, Means string }
	}
	asJSON := call(t, nil, "explain", "--json", "Unexpected response code: 403")
	if err := json.Unmarshal([]byte(asJSON.stdout), &answer); err != nil || len(answer.Texts) != 2 || answer.Texts[1].Says != "403" {
		t.Errorf("%v: %s", err, asJSON.stdout)
	}
}

func TestExplanationInBold(t *testing.T) {
	_, text, err := explanation{bold: true}.of("1006")
	if err != nil || !strings.HasPrefix(string(text), "\x1b[1mclose code 1006\x1b[0m\n") {
		t.Errorf("%v: %q", err, text)
	}
}
