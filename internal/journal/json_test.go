package journal

import (
	"bytes"
	"encoding/json"
	"net"
	"net/netip"
	"testing"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// decoded is what the outside may rely on, in the words of encoding/json.
type decoded struct {
	ID              string    `json:"id"`
	Time            time.Time `json:"time"`
	State           string    `json:"state"`
	Outcome         string    `json:"outcome"`
	Local           string    `json:"local"`
	Peer            string    `json:"peer"`
	Client          string    `json:"client"`
	ClientFrom      string    `json:"client_from"`
	ClientDisbelief []string  `json:"client_disbelief"`
	Nonce           string    `json:"nonce"`
	TookMS          float64   `json:"took_ms"`
	Request         struct {
		Raw       string `json:"raw"`
		Truncated bool   `json:"truncated"`
		AfterHead int    `json:"after_head"`
		Method    string `json:"method"`
		Target    string `json:"target"`
		Version   string `json:"version"`
		Host      string `json:"host"`
		Headers   []struct {
			Name   string `json:"name"`
			Value  string `json:"value"`
			Masked bool   `json:"masked"`
		} `json:"headers"`
	} `json:"request"`
	Verdict struct {
		Accepted  bool    `json:"accepted"`
		Status    int     `json:"status"`
		Reason    string  `json:"reason"`
		DecidedBy *string `json:"decided_by"`
		Findings  []struct {
			Check    string      `json:"check"`
			Outcome  string      `json:"outcome"`
			Decides  bool        `json:"decides"`
			Because  string      `json:"because"`
			Spec     string      `json:"spec"`
			Evidence []dump.Span `json:"evidence"`
		} `json:"findings"`
	} `json:"verdict"`
	Mismatch string `json:"mismatch"`
	Causes   []struct {
		ID         string      `json:"id"`
		Title      string      `json:"title"`
		Severity   string      `json:"severity"`
		Confidence string      `json:"confidence"`
		Party      string      `json:"party"`
		Because    string      `json:"because"`
		Explains   []string    `json:"explains"`
		Evidence   []dump.Span `json:"evidence"`
		Fix        struct {
			For   string `json:"for"`
			Hop   int    `json:"hop"`
			Steps []struct {
				Where  string   `json:"where"`
				Lines  []string `json:"lines"`
				Remove []string `json:"remove"`
			} `json:"steps"`
			Note string `json:"note"`
		} `json:"fix"`
	} `json:"causes"`
	Hops []struct {
		Name       string `json:"name"`
		Confidence string `json:"confidence"`
		Because    string `json:"because"`
	} `json:"hops"`
	Response struct {
		Status  int    `json:"status"`
		Failure string `json:"failure"`
		Raw     string `json:"raw"`
	} `json:"response"`
	Session *struct {
		Subprotocol string         `json:"subprotocol"`
		Compression bool           `json:"compression"`
		Opened      *time.Time     `json:"opened"`
		Closed      *time.Time     `json:"closed"`
		Received    map[string]int `json:"received"`
		Sent        map[string]int `json:"sent"`
		IdleSeconds float64        `json:"idle_seconds"`
		Close       *struct {
			Code   int    `json:"code"`
			Reason string `json:"reason"`
			By     string `json:"by"`
			Detail string `json:"detail"`
		} `json:"close"`
	} `json:"session"`
}

// decode reads JSON that may hold no name that decoded does not know.
func decode(t *testing.T, b []byte) (d decoded) {
	t.Helper()
	r := json.NewDecoder(bytes.NewReader(b))
	r.DisallowUnknownFields()
	if err := r.Decode(&d); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return d
}

// The checks of the golden files are made up: their words are not the matter here.
var (
	originCheck = &handshake.Check{
		ID: "origin-same-host", Spec: "RFC 6455 §4.2.2", Decides: true, By: handshake.ByGorilla,
		Doc: handshake.Doc{Do: "Let the proxy pass on the Host that the browser sent:\n\n    proxy_set_header Host $http_host;"},
	}
	hostCheck = &handshake.Check{
		ID: "host-names-upstream", Spec: "RFC 9110 §7.2",
		Doc: handshake.Doc{Do: "Look at proxy_pass."},
	}
	keyCheck = &handshake.Check{ID: "key-valid", Spec: "RFC 6455 §4.2.1", Decides: true, By: handshake.ByGorilla}
)

// sampleRejected is the story, with every field filled.
func sampleRejected() *Attempt {
	h := dump.Parse([]byte(chrome))
	dump.NewMasker(false).Request(h)
	host, _ := h.Field("Host")
	origin, _ := h.Field("Origin")
	return &Attempt{
		ID: "0111111111122222222222ab", Time: epoch, State: Rejected,
		Peer:    netip.MustParseAddrPort("127.0.0.1:51234"),
		Client:  Client{netip.MustParseAddr("203.0.113.7"), "x-forwarded-for", []string{"x-forwarded-for: 6.6.6.6\xff"}},
		Nonce:   "abc",
		Request: dump.Request{Head: h, Time: epoch, Local: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:8080")), After: 7, AfterKind: "frames"},
		Verdict: handshake.Verdict{
			Status: 403, Reason: "websocket: request origin not allowed by Upgrader.CheckOrigin", DecidedBy: originCheck,
			Findings: []handshake.Finding{
				{Check: originCheck, Outcome: handshake.Failed, Because: `Origin is "http://localhost", but Host is "localhost:8080".`, Evidence: []dump.Span{origin.Value, host.Value}},
				{Check: keyCheck, Because: "Sec-WebSocket-Key holds 16 bytes."},
				{Check: hostCheck, Outcome: handshake.Advised, Because: `Host is "localhost:8080", which looks like an upstream’s address.`, Evidence: []dump.Span{host.Value}},
			},
		},
		Response: Response{
			Status: 403,
			Raw:    []byte("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nOrigin is …\n"),
		},
		Took: 1500 * time.Microsecond,
	}
}

// The causes of the golden files are made up too.
var (
	hostCause = &diagnosis.Cause{
		ID: "host-lost", Title: "Host is not passed on", Severity: diagnosis.Rejects, Party: diagnosis.ByProxy,
		Tempting: "Removing Origin: it switches off the check against cross-site WebSocket hijacking.",
	}
	pageCause = &diagnosis.Cause{ID: "page-elsewhere", Title: "The page is on another host", Severity: diagnosis.Rejects, Party: diagnosis.ByClient}
	twinCause = &diagnosis.Cause{ID: "host-lost-inside", Title: "An inner location cancels Host", Severity: diagnosis.Rejects, Party: diagnosis.ByProxy}
	cutCause  = &diagnosis.Cause{ID: "cut-idle", Title: "The session is cut when it is silent", Severity: diagnosis.Cuts, Party: diagnosis.ByProxy}
)

// sampleCaused is the story with what it comes from.
func sampleCaused() *Attempt {
	a := sampleRejected()
	host, _ := a.Request.Head.Field("Host")
	origin, _ := a.Request.Head.Field("Origin")
	a.Causes = []diagnosis.Conclusion{
		{
			Cause: hostCause, Confidence: diagnosis.Likely, Because: `nginx sent its own upstream address "localhost:8080" as Host.`,
			Explains: []string{"origin-same-host", "host-names-upstream"}, Evidence: []dump.Span{host.Value},
			Fix: diagnosis.Fix{
				For: "nginx", Hop: 2, Note: "$http_host keeps the port.\n\n$host loses it.",
				Steps: []diagnosis.Step{
					{Where: "http", Lines: []string{"map $http_upgrade $connection_upgrade { default close; websocket upgrade; }"}},
					{Where: "location", Lines: []string{"proxy_set_header Host $http_host;"}, Remove: []string{"proxy_set_header Origin", "proxy_hide_header Upgrade"}},
				},
			},
		},
		{
			Cause: pageCause, Confidence: diagnosis.Possible, Because: `The page is on "http://localhost".`,
			Evidence: []dump.Span{origin.Value}, Fix: diagnosis.Fix{For: "client"},
		},
	}
	again := a.Causes[0]
	again.Cause, again.Confidence, again.Because = twinCause, diagnosis.Possible, "Another location serves this path."
	a.Causes = append(a.Causes, again)
	return a
}

// sampleClosed is an accepted handshake whose session was cut.
func sampleClosed() *Attempt {
	a := sampleRejected()
	a.State, a.Peer, a.Client, a.Nonce = Closed, netip.AddrPort{}, Client{From: "peer"}, ""
	a.Request.After = 0
	a.Verdict = handshake.Verdict{Accepted: true, Status: 101, Findings: []handshake.Finding{{Check: keyCheck, Because: "Sec-WebSocket-Key holds 16 bytes."}}}
	a.Response = Response{Status: 101, Raw: []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")}
	a.Session = &Session{
		Subprotocol: "chat", Compression: true, Opened: epoch, Closed: epoch.Add(72345 * time.Millisecond),
		Received: Traffic{Text: 3, Pong: 1, Bytes: 42}, Sent: Traffic{Text: 3, Ping: 1, Bytes: 42},
		Idle:  60004 * time.Millisecond,
		Close: Close{Code: 1006, By: ByNobody, Detail: "the connection was reset"},
	}
	return a
}

func TestJSONIsStable(t *testing.T) {
	for name, a := range map[string]*Attempt{"rejected.json": sampleRejected(), "caused.json": sampleCaused(), "closed.json": sampleClosed()} {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, a.AppendJSON(nil), "", "  "); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		golden(t, name, append(pretty.Bytes(), '\n'))
	}
}

func TestJSONIsReadAsItWasWritten(t *testing.T) {
	a := sampleRejected()
	d := decode(t, a.AppendJSON(nil))
	if d.ID != a.ID || !d.Time.Equal(epoch.Truncate(time.Microsecond)) || d.State != "rejected" || d.Outcome != "rejected" ||
		d.Client != "203.0.113.7" || d.TookMS != 1.5 || *d.Verdict.DecidedBy != originCheck.ID || d.Session != nil {
		t.Errorf("read back: %+v", d)
	}
	if d.Causes == nil || d.Hops == nil {
		t.Error("causes and hops are null; they are empty lists")
	}
	if want := latin1(a.Request.Head.Raw); d.Request.Raw != want {
		t.Errorf("raw is %q, want %q", d.Request.Raw, want)
	}
	if len(d.Request.Headers) != len(a.Request.Head.Fields) {
		t.Errorf("%d headers, want %d", len(d.Request.Headers), len(a.Request.Head.Fields))
	}
	for _, h := range d.Request.Headers {
		if h.Masked != (h.Name == "Cookie") {
			t.Errorf("%s: masked is %v", h.Name, h.Masked)
		}
	}
	if c := sampleClosed(); decode(t, c.AppendJSON(nil)).Session.Close.Code != 1006 {
		t.Error("the close code is lost")
	}
	open := sampleClosed()
	open.State, open.Session.Closed = Open, time.Time{}
	if s := decode(t, open.AppendJSON(nil)).Session; s.Close != nil || s.Closed != nil {
		t.Error("an open session has an end")
	}
	live := *open
	live.Live(func() Session { return Session{Opened: epoch, Received: Traffic{Text: 99}} })
	if s := decode(t, live.AppendJSON(nil)).Session; s.Received["text"] != 99 {
		t.Error("an open session is not read afresh")
	}
	viaJSON, err := json.Marshal(map[string]any{"attempt": a})
	if err != nil || !bytes.Contains(viaJSON, []byte(`"id":"0111111111122222222222ab"`)) {
		t.Errorf("json.Marshal: %v\n%s", err, viaJSON)
	}
}

func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// TestSpansIndexTheCharactersOfRaw, also behind bytes that are no ASCII.
func TestSpansIndexTheCharactersOfRaw(t *testing.T) {
	h := dump.Parse([]byte("GET /\xc3\xa9\xff HTTP/1.1\r\nX: \x80\x00\x9b\r\nHost: h\xe4llo\r\n\r\n"))
	host, _ := h.Field("Host")
	a := &Attempt{Request: dump.Request{Head: h}, Verdict: handshake.Verdict{
		Findings: []handshake.Finding{{Check: hostCheck, Outcome: handshake.Advised, Evidence: []dump.Span{host.Value}}},
	}}
	d := decode(t, a.AppendJSON(nil))
	s := d.Verdict.Findings[0].Evidence[0]
	if got := string([]rune(d.Request.Raw)[s.Start:s.End]); got != "hällo" || d.Request.Host != got {
		t.Errorf("the span points at %q and host is %q, want hällo", got, d.Request.Host)
	}
	if d.Request.Headers[0].Value != "\u0080\x00\u009b" {
		t.Errorf("the value is %q", d.Request.Headers[0].Value)
	}
}

func TestTimesAreAlwaysAsLong(t *testing.T) {
	day := time.Date(2026, 3, 4, 2, 21, 40, 0, time.FixedZone("", 3600))
	for _, nanos := range []int{0, 1, 999, 1000, 50_000_000, 123_456_789, 999_999_999} {
		at := day.Add(time.Duration(nanos))
		if got, want := string(appendJSONTime(nil, at)), at.UTC().Format(`"2006-01-02T15:04:05.000000Z"`); got != want {
			t.Errorf("%v is written %s, want %s", at, got, want)
		}
	}
}
