package dump

import (
	"os"
	"slices"
	"testing"
)

// firstReport is the request of the first report about the problem that wsinspect is for.
func firstReport(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/first-report.http")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestFirstReport reads a browser's whole head.
func TestFirstReport(t *testing.T) {
	raw := firstReport(t)
	h := Parse(raw)
	if h.Method() != "GET" || h.Target() != "/echo" || h.Version() != "HTTP/1.1" {
		t.Errorf("request line %q %q %q", h.Method(), h.Target(), h.Version())
	}
	if len(h.Fields) != 13 || !h.Complete() || len(h.Faults) > 0 || string(h.Raw) != string(raw) {
		t.Errorf("%d fields, complete %v, faults %v; want 13, complete and none", len(h.Fields), h.Complete(), h.Faults)
	}
	key, ok := h.Field("sec-websocket-KEY")
	if !ok || h.Name(key) != "Sec-Websocket-Key" || h.Value(key) != "03SvnEbGeWQjug0BmxXzaw==" {
		t.Errorf("key %q: %q, found %v", h.Name(key), h.Value(key), ok)
	}
	if h.Has("Sec-WebSocket-Protocol") {
		t.Error("a subprotocol was found")
	}
	if size := h.Size(); size < len(raw) || size > 8<<10 {
		t.Errorf("size %d for %d bytes", size, len(raw))
	}
}

// TestFieldSpans: evidence is a place in the bytes, so each part of a field is that place.
func TestFieldSpans(t *testing.T) {
	for _, c := range []struct {
		name, law, line        string
		wantName, value, fault string
	}{
		{"white space around a value", "it is no part of the value", "A: \t b c \t\r\n", "A", "b c", "[]"},
		{"empty value", "a value may be empty", "A:\r\n", "A", "", "[]"},
		{"two colons", "the first one ends the name", "A: b: c\r\n", "A", "b: c", "[]"},
		{"space before the colon", "it is no part of the name", "A \t: b\r\n", "A", "b", "[SpaceBeforeColon]"},
		{"no colon", "all of it is a value without a name", "A b \r\n", "", "A b", "[NoColon]"},
		{"folded", "net/http joins the lines with one space", "A: b \r\n\t c\r\n", "A", "b c", "[Fold]"},
		{"folded from the start", "the value begins in the second line", "A:\r\n b\r\n", "A", "b", "[Fold]"},
		{"folded into nothing", "net/http keeps the joining space at the end", "A: b\r\n \r\n", "A", "b ", "[Fold]"},
		{"bad name with a space behind it", "both are faults", "A( : b\r\n", "A(", "b", "[Name SpaceBeforeColon]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Parse([]byte(requestLine + c.line + "\r\n"))
			if len(h.Fields) != 1 {
				t.Fatalf("%d fields, want one", len(h.Fields))
			}
			f := h.Fields[0]
			if h.Name(f) != c.wantName || h.Value(f) != c.value || h.Text(f.Line) != c.line || faultsOf(h) != c.fault {
				t.Errorf("name %q, value %q, line %q, faults %s\nwant %q, %q, %q, %s: %s",
					h.Name(f), h.Value(f), h.Text(f.Line), faultsOf(h), c.wantName, c.value, c.line, c.fault, c.law)
			}
		})
	}
}

// TestFaultsAreBounded: a head of empty garbage does not cost a multiple of its bytes, and
// each kind of fault is still found.
func TestFaultsAreBounded(t *testing.T) {
	raw := []byte(requestLine)
	for range 10_000 {
		raw = append(raw, "a\n"...)
	}
	h := Parse(append(raw, ": x\r\n\r\n"...))
	var kinds [faultKinds]int
	for _, f := range h.Faults {
		kinds[f.Kind]++
	}
	if kinds[FaultNoColon] != maxFaults || kinds[FaultBareLF] != maxFaults || kinds[FaultEmptyName] != 1 {
		t.Errorf("%d without a colon, %d bare LF, %d empty names; want %d, %d, 1",
			kinds[FaultNoColon], kinds[FaultBareLF], kinds[FaultEmptyName], maxFaults, maxFaults)
	}
}

// TestAll yields fields of one name in the order of the wire.
func TestAll(t *testing.T) {
	h := Parse([]byte(requestLine + "A: 1\r\nB: 2\r\na: 3\r\n\r\n"))
	var values []string
	for f := range h.All("A") {
		values = append(values, h.Value(f))
	}
	if !slices.Equal(values, []string{"1", "3"}) {
		t.Errorf("values %q, want 1 and 3", values)
	}
}

// TestParseAnswer cuts a status line into version, status and reason.
func TestParseAnswer(t *testing.T) {
	h := ParseAnswer([]byte("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\r\nbody"))
	if h.Text(h.Start.First) != "HTTP/1.1" || h.Text(h.Start.Second) != "426" || h.Text(h.Start.Third) != "Upgrade Required" {
		t.Errorf("status line %q %q %q", h.Text(h.Start.First), h.Text(h.Start.Second), h.Text(h.Start.Third))
	}
	if len(h.Faults) > 0 || !h.Complete() || !h.Has("Upgrade") {
		t.Errorf("faults %s, complete %v", faultsOf(h), h.Complete())
	}
}

// TestKinds: a language is told by its first bytes, and a request that only resembles one
// stays a request.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		kind      Kind
	}{
		{"no byte", "", HTTP1},
		{"method PROXY", "PROXY /x HTTP/1.1\r\n\r\n", HTTP1},
		{"method PROXY with a word that begins like a family", "PROXY UNKNOWN:/x HTTP/1.1\r\n\r\n", HTTP1},
		{"PROXY UNKNOWN", "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n\r\n", ProxyV1},
		{"PROXY v2 that is cut", proxyV2Start, ProxyV2},
		{"PROXY v2, then TLS", proxyV2Start + "\x20\x00\x00\x00\x16\x03\x01", ProxyV2},
		{"HTTP/2 preface that is cut", http2Start + "SM", HTTP2},
		{"method PRI with a header", "PRI * HTTP/2.0\r\nA: b\r\n\r\n", HTTP1},
		{"TLS", "\x16\x03\x01\x02\x00", TLS},
		{"first byte of TLS", "\x16", Binary},
		{"uwsgi", "\x00\x10\x00\x00", Binary},
		{"SCGI", "70:CONTENT_LENGTH\x000\x00HTTP_COOKIE\x00a=b\x00", Binary},
		{"a request line that looks like SCGI", "70:CONTENT_LENGTH / HTTP/1.1\r\n", HTTP1},
		{"a netstring of another protocol", "70:HTTP_HOST\x00", HTTP1},
		{"byte order mark", "\xef\xbb\xbfGET / HTTP/1.1\r\n\r\n", HTTP1},
		{"tab", "\tGET / HTTP/1.1\r\n\r\n", HTTP1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Parse([]byte(c.raw))
			if h.Kind != c.kind || string(h.Raw) != c.raw {
				t.Errorf("kind %v, raw %q; want %v, %q", h.Kind, h.Raw, c.kind, c.raw)
			}
		})
	}
}

// TestEveryFaultAndEndingHasACase: whoever adds a kind shows it on a real connection.
func TestEveryFaultAndEndingHasACase(t *testing.T) {
	var faults [faultKinds]bool
	endings := map[Ending]string{EndCancelled: "TestServerCloses"}
	kinds := map[Kind]string{TLS: "TestTLS"}
	for _, c := range wireCases {
		for _, f := range c.faults {
			faults[f] = true
		}
		endings[c.ending] = c.name
		kinds[c.kind] = c.name
	}
	for kind, found := range faults {
		if !found {
			t.Errorf("no case of TestWire has the fault %s", faultNames[kind])
		}
	}
	for e := EndRead; e <= EndCancelled; e++ {
		if endings[e] == "" {
			t.Errorf("no test ends with %d", e)
		}
	}
	for k := HTTP1; k <= Binary; k++ {
		if kinds[k] == "" {
			t.Errorf("no test sends %v", k)
		}
	}
}
