package dump

import (
	"bufio"
	"bytes"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
)

// addSeeds gives a fuzz test all that the other tests send.
func addSeeds(f *testing.F, add func(raw []byte)) {
	add(firstReport(f))
	for _, c := range wireCases {
		add([]byte(c.send))
	}
	unmarked := strings.NewReplacer("«", "", "»", "")
	for _, c := range maskCases {
		add([]byte(unmarked.Replace(requestLine + c.head + "\r\n\r\n")))
	}
	for _, c := range startCases {
		add([]byte(unmarked.Replace(c.line + "\r\n" + host + "\r\n")))
	}
	add([]byte("\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00\x00\x09\x00\x00\x00\x05abcde"))
	add([]byte("PROXY UNKNOWN x\r\n\x16\x03\x01"))
}

// FuzzParse: the lines join to the bytes, every span lies within them, and what net/http
// reads is what is shown.
func FuzzParse(f *testing.F) {
	addSeeds(f, func(raw []byte) { f.Add(raw) })
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := Parse(raw)
		checkJoined(t, h, raw)
		checkSpans(t, h)
		checkNetHTTP(t, h, raw)
		if answer := ParseAnswer(raw); answer.Kind == HTTP1 {
			checkJoined(t, answer, raw)
			checkSpans(t, answer)
		}
	})
}

// checkJoined: parsing loses no byte.
func checkJoined(t *testing.T, h *Head, raw []byte) {
	joined := h.Text(h.Preface) + h.Text(h.Start.Line)
	for _, field := range h.Fields {
		joined += h.Text(field.Line)
	}
	joined += h.Text(h.End)
	if joined != string(h.Raw) || !bytes.HasPrefix(raw, h.Raw) {
		t.Fatalf("lines join to %q\nraw is        %q", joined, h.Raw)
	}
	if !h.Complete() && h.Kind != HTTP2 && len(h.Raw) != len(raw) {
		t.Fatalf("a head that never ended stops at %d of %d", len(h.Raw), len(raw))
	}
}

// checkSpans: each part lies where it belongs.
func checkSpans(t *testing.T, h *Head) {
	all := Span{0, len(h.Raw)}
	within := func(outer, inner Span) {
		if inner.Start > inner.End || !outer.Contains(inner) {
			t.Fatalf("span %v is not within %v of %q", inner, outer, h.Raw)
		}
	}
	for _, part := range []Span{h.Start.First, h.Start.Second, h.Start.Third} {
		within(h.Start.Line, part)
	}
	for _, field := range h.Fields {
		within(all, field.Line)
		within(field.Line, field.Name)
		within(field.Line, field.Value)
	}
	for _, fault := range h.Faults {
		within(all, fault.Span)
	}
	if !h.Complete() && h.Kind == HTTP1 && !slices.ContainsFunc(h.Faults, func(f Fault) bool { return f.Kind == FaultUnended }) {
		t.Fatalf("no fault tells that %q never ends", h.Raw)
	}
}

// checkNetHTTP: where net/http's server accepts a request, it has read the same.
func checkNetHTTP(t *testing.T, h *Head, raw []byte) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return
	}
	for name := range r.Header {
		if strings.Contains(name, " ") {
			return // ReadRequest reads these names, and the server refuses them
		}
	}
	if h.Kind == HTTP2 {
		return // net/http reads the preface as the method PRI
	}
	if h.Kind != HTTP1 || !h.Complete() {
		t.Fatalf("net/http accepts %q, which was read as %v, complete %v", raw, h.Kind, h.Complete())
	}
	for _, fault := range h.Faults {
		// Of all that breaks the grammar net/http lets two things pass.
		if fault.Kind != FaultFold && fault.Kind != FaultBareLF {
			t.Fatalf("net/http accepts %q in spite of %s", raw, faultNames[fault.Kind])
		}
	}
	if r.Method != h.Method() || r.RequestURI != h.Target() || r.Proto != h.Version() {
		t.Fatalf("net/http reads %q %q %q\nshown %q %q %q", r.Method, r.RequestURI, r.Proto, h.Method(), h.Target(), h.Version())
	}

	shown := http.Header{}
	for _, field := range h.Fields {
		name := textproto.CanonicalMIMEHeaderKey(h.Name(field))
		shown[name] = append(shown[name], h.Value(field))
	}
	// What net/http itself changes:
	// Host is moved out of the header; an absolute target goes before it.
	if len(shown["Host"]) > 0 && r.URL.Host == "" && r.Host != shown.Get("Host") {
		t.Fatalf("net/http reads the host %q, shown %q", r.Host, shown.Get("Host"))
	}
	for _, name := range []string{
		"Host",
		"Content-Length",    // doubled ones become one; beside a chunked body it is deleted
		"Transfer-Encoding", // moved out of the header
		"Trailer",           // moved out of the header
	} {
		delete(shown, name)
		delete(r.Header, name)
	}
	// Pragma: no-cache adds a Cache-Control.
	if _, ok := shown["Cache-Control"]; !ok && shown.Get("Pragma") == "no-cache" {
		delete(r.Header, "Cache-Control")
	}
	if len(shown) != len(r.Header) {
		t.Fatalf("net/http reads %q\nshown %q", r.Header, shown)
	}
	for name, values := range r.Header {
		if !slices.Equal(values, shown[name]) {
			t.Fatalf("%s: net/http reads %q, shown %q", name, values, shown[name])
		}
	}
}

// plants are the places where FuzzMask hides a secret; %s is the secret. Other lines stand
// before and behind them.
var plants = []string{
	"Cookie: session=%s; a=b", "Cookie: %s", `Cookie: a="b; %s"`, "Cookie: a=b;\r\n session=%s", "Cookie:\r\n\t%s", "Cookie session=%s", "Cookie : a=%s",
	"Coo\x00kie: a=%s", "cookie: a=b\r\n c=%s\r\n d", "Cookie: a=b; c; d=12:30:%s",
	"Authorization: Bearer %s", "Authorization: %s", "authorization\t: Basic %s", "Authorization Bearer %s", "Authorization:\r\n Bearer\r\n %s",
	"Proxy-Authorization: Digest a=b, c=\"%s\"", "Set-Cookie: a=%s; Path=/",
	"X-Api-Key: %s", "x-my-secret-thing: a b %s c", "X-Session:%s",
	"Referer: http://a/?token=%s", "Referer: http://a/?x=y&access_token=%s#z", "Referer: http://u:%s@a/", "Referer: /?token=\r\n %s", "X-Url: /?a=%%2Fws%%3Ftoken%%3D%s",
	"Sec-WebSocket-Protocol: bearer.%s", "Sec-WebSocket-Protocol: a, access_token, %s, b", "Sec-WebSocket-Protocol: access_token\r\nSec-WebSocket-Protocol: %s",
	"Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.%s", "Sec-WebSocket-Protocol: token\r\n %s",
	"X-Foo: eyJhbGciOiJIUzI1NiJ9.%s", "%s", "%s secret", "{%s: 1}", "a b: %s", ": %s",
}

// startPlants are the same, in place of the request line.
var startPlants = []string{
	"GET /?token=%s HTTP/1.1", "GET http://u:%s@h/ HTTP/1.1", "GET /?key=a %s HTTP/1.1", "CONNECT u:%s@h HTTP/1.1", "GET /?sig=%s",
	"PASS %s", "Cookie: a=%s", "Cookie a=%s", "%s{ x y", "POST{\"a\":\"%s\"} /x HTTP/1.1",
}

// FuzzMask: masking changes nothing but what it blanks, twice is once, and a secret in one
// of the known places is nowhere to be read.
func FuzzMask(f *testing.F) {
	i := uint8(0)
	addSeeds(f, func(raw []byte) {
		f.Add(raw, []byte("X-Before: a"), []byte("X-After: b"), i)
		i++
	})
	// An address that is only in a query makes no target; a quote in a name quotes nothing.
	f.Add([]byte("X: b/u:p@h/ws?key=a://u:bc HT"), []byte("a"), []byte("b"), uint8(0))
	f.Add([]byte("GET /ws HTTP/1.1\r\nCookie: a%\"x;y=z\";"), []byte("a"), []byte("b"), uint8(0))
	for i := range 256 {
		f.Add([]byte(requestLine), []byte("Sec-WebSocket-Protocol: a, token"), []byte(" folded"), uint8(i))
	}
	f.Fuzz(func(t *testing.T, raw, before, after []byte, place uint8) {
		checkMasking(t, raw, (*Masker).Request, Parse)
		checkMasking(t, raw, (*Masker).Answer, ParseAnswer)

		const secret = "hunter2Correct9Horse"
		start, plant := requestLine, plants[int(place)%len(plants)]
		if int(place) >= 256-len(startPlants) {
			start, plant = startPlants[255-place]+"\r\n", "X-Plant: none"
		}
		text := strings.NewReplacer("%s", secret, "%%", "%")
		head := []byte(text.Replace(start) + string(before) + "\r\n" + text.Replace(plant) + "\r\n" + string(after) + "\r\n\r\n")
		if bytes.Contains(before, []byte(secret)) || bytes.Contains(after, []byte(secret)) {
			return
		}
		h := checkMasking(t, head, (*Masker).Request, Parse)
		for _, shown := range [][]byte{h.Raw, h.AppendText(nil, "", nil)} {
			if bytes.Contains(shown, []byte(secret)) {
				t.Fatalf("the secret is to be read in %q", shown)
			}
		}
	})
}

// checkMasking masks raw and checks what is true of every head.
func checkMasking(t *testing.T, raw []byte, mask func(*Masker, *Head), parse func([]byte) *Head) *Head {
	h := parse(bytes.Clone(raw))
	checkMask := func(h *Head) {
		m := NewMasker(false)
		mask(m, h)
		masks := len(h.Masks)
		mask(m, h)
		if len(h.Masks) != masks {
			t.Fatalf("masked twice, %q has %d masks, then %d", h.Raw, masks, len(h.Masks))
		}
	}
	checkMask(h)
	checkMasks(t, raw, h)

	again := parse(bytes.Clone(h.Raw))
	if again.Kind != h.Kind || again.Preface != h.Preface || again.Start != h.Start || again.End != h.End || !slices.Equal(again.Fields, h.Fields) {
		t.Fatalf("masked, %q is cut into other parts:\n%+v\nwas\n%+v", h.Raw, again, h)
	}
	checkMask(again)
	if !bytes.Equal(again.Raw, h.Raw) {
		t.Fatalf("masked %q\nonce more %q", h.Raw, again.Raw)
	}
	return h
}
