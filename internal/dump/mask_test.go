package dump

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
)

const (
	jwt    = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	opaque = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

// maskCases are heads, or their lines, and what is left readable of them. Between « and »
// stands what must be blanked.
var maskCases = []struct {
	name, law, head string
}{
	{"cookies", "names stay", "Cookie: session=«abc»; _ga=«GA1.1.17»; flag=; «bare»"},
	{"cookie in base64", "what fills it up is no value", "Cookie: «dXNlcjoxVll6cmo2ZzB2eUhCcU1hZmU=»; flag=; isLoggedIn=; «MjphYmNkZWYxMjM0NQ==»"},
	{"quoted cookie", "a semicolon within quotes ends nothing", `Cookie: a=«"x;y=z"»; b=«c»`},
	{"quote in a name", "only a value is quoted", `Cookie: a"x=«1»; y=«z"»; «"q»; r=«s"»`},
	{"unclosed quote", "it runs to the end of the line", `Cookie: a=«"x; b=c»`},
	{"authorization", "the scheme stays", "Authorization: Bearer «abc.def»"},
	{"proxy authorization", "the scheme stays", "proxy-AUTHORIZATION: Basic «dXNlcjpwYXNz»"},
	{"authorization without a scheme", "one word is the secret", "Authorization: «abc»"},
	{"digest", "all parameters are masked", `Authorization: Digest «username="a", response="b"»`},
	{"names of secrets", "a word in the name tells", "X-Api-Key: «a»\r\nX-Auth-Token: «b»\r\nX-Session-Id: «c»\r\nPassword: «d»\r\nX-Amz-Signature: «e»\r\nX-Goog-IAP-JWT-Assertion: «f»"},
	{"harmless names", "a part of a word tells nothing", "Authority: a\r\nX-Monkey: b\r\nAuthor: c\r\nAccess-Control-Allow-Credentials: true\r\nX-Keyboard: d"},
	{"what the checks read", "masking never touches it", "Host: a?token=b\r\nOrigin: http://u:p@h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; token=1"},
	{"query in Referer", "an address in a header is read like a target", "Referer: http://h/p?token=«abc»&page=2"},
	{"parameter of a path", "an address in a header is read like a target", "Referer: http://h/p;jsessionid=«1A2B3C»?page=2"},
	{"user in Referer", "RFC 3986, section 3.2.1: userinfo may hold a password", "Referer: http://«user:pass»@h/p@q"},
	{"identifiers", "tracing needs them, and they open nothing", "X-Request-Id: " + opaque + "\r\nCF-Ray: 8a1b2c3d4e5f6789-FRA\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\ntracestate: congo=t61rcWkgMzE\r\nX-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678;Sampled=1\r\nX-Cloud-Trace-Context: 105445aa7843bc8bf206b12000100000/1;o=1"},
	{"what a browser says of itself", "nothing in it is a secret", "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0\r\nSec-CH-UA: \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\nSec-Fetch-Mode: websocket\r\nUpgrade-Insecure-Requests: 1\r\nAccept: text/html;q=0.9,*/*;q=0.8"},
	{"two addresses", "each may have a user", "Link: <http://«u:p»@h/>, <http://«v:q»@h/>"},
	{"address with a user in a secret", "one mask covers both", "Referer: http://h/?token=«http://u:p@h»&next=http://«u:p»@h"},
	{"JWT in any header", "its shape tells", "X-Amzn-Oidc-Data: «" + jwt + "»"},

	{"subprotocols", "ordinary names stay readable", "Sec-WebSocket-Protocol: graphql-transport-ws, v12.stomp, mqtt, chat.v2, vnd.something-long.of.company.v1, v4.base64.channel.k8s.io, wamp.2.msgpack.batched, protobuf.reliable.webpubsub.azure.v1, ocpp2.0.1, auth.v1, com.microsoft.minecraft.wsencrypt, actioncable-v1-json"},
	{"Kubernetes", "the prefix stays", "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.«c2VjcmV0», base64.binary.k8s.io"},
	{"OpenAI", "a prefix that names a key stays", "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.«sk-abc», openai-beta.realtime-v1"},
	{"pair", "a name announces the token behind it", "Sec-WebSocket-Protocol: access_token, «hunter2», chat"},
	{"credentials in a name", "a scheme announces them", "Sec-WebSocket-Protocol: Basic «dXNlcjpwYXNz», chat"},
	{"pair over two lines", "two lines are one list", "Sec-WebSocket-Protocol: Bearer\r\nSec-WebSocket-Protocol: «hunter2», chat"},
	{"prefix", "a token behind a dot", "Sec-WebSocket-Protocol: bearer.«xxx», chat"},
	{"JWT as subprotocol", "its shape tells", "Sec-WebSocket-Protocol: chat, «" + jwt + "»"},
	{"JSON in base64", "AppSync sends headers so", "Sec-WebSocket-Protocol: graphql-ws, header-«eyJob3N0IjoiZXhhbXBsZS5jb20ifQ==»"},
	{"random token", "its shape tells", "Sec-WebSocket-Protocol: «" + opaque + "», v1.«Zm9vYmFyMTIzNDU2Nzg5MA»"},

	{"space before the colon", "the name is readable", "Authorization : Bearer «abc»"},
	{"no colon", "the nearest readable name rules", "Cookie session=«abc»\r\nUpgrade websocket\r\nAuthorization Bearer «abc»"},
	{"no colon and no name", "it is masked whole", "«session=abc»"},
	{"colon within the cookie", "the name is what stands before the space", "Cookie «session=abc; t=12»:«30»"},
	{"NUL in the name", "what is left of it is readable", "Coo\x00kie: session=«abc»\r\nHo\x00st: localhost"},
	{"unreadable name", "the name may be the secret", `«{"token"»: «"abc"}»`},
	{"empty name", "the name within the value rules", ": «abc»\r\n:authority: localhost\r\n:cookie: a=«b»"},
	{"folded cookie", "a pair may be cut anywhere, so the folded lines are masked whole", "Cookie: a=«b»;\r\n «session=abc»\r\n\t«c; d=e»"},
	{"folded authorization", "the scheme may stand alone", "Authorization:\r\n «Bearer»\r\n «abc»"},
	{"indented header", "a folded line may be a header line of its own", "X-Foo: a\r\n Cookie: session=«abc»\r\n «more»"},
	{"folded query", "a value goes on in the next line", "Referer: http://h/?token=«abc»\r\n «def»"},
	{"folded query, cut before the value", "a name announces it", "Referer: http://h/?token=\r\n «def»"},
	{"folded subprotocols", "a name in the next line stays readable", "Sec-WebSocket-Protocol: chat,\r\n mqtt, access_token\r\n «abc»"},
}

// startCases are request lines; the rest of the head is ordinary.
var startCases = []struct {
	name, law, line string
}{
	{"ordinary target", "nothing is a secret", "GET /ws?room=5&wsinspect-nonce=" + opaque + " HTTP/1.1"},
	{"token by name", "the name of a parameter tells", "GET /ws?token=«abc»&a=1&api_key=«def»&accessToken=«g»&X-Amz-Signature=«h»&code=«4» HTTP/1.1"},
	{"escaped name", "a name is read as a server reads it", "GET /ws?%74oken=«abc» HTTP/1.1"},
	{"JWT by shape", "whatever its name", "GET /ws?q=«" + jwt + "»&«" + jwt + "» HTTP/1.1"},
	{"random value", "whatever its name", "GET /ws?q=«" + opaque + "» HTTP/1.1"},
	{"bare token", "its shape tells, whatever words are in it", "GET /ws?«" + opaque + "-token-x» HTTP/1.1"},
	{"UUID", "it is rather the number of a thing", "GET /ws?room=123e4567-e89b-12d3-a456-426614174000 HTTP/1.1"},
	{"address in a value", "it may carry a token of its own", "GET /ws?next=«%2Fa%3Ftoken%3Dabc» HTTP/1.1"},
	{"user in an escaped address", "it is read as a server reads it", "GET /ws?next=«https%3A%2F%2Fu%3Ap%40h%2F» HTTP/1.1"},
	{"parameter of a path", "Java servers write the session there", "GET /ws;jsessionid=«1A2B3C»?room=5 HTTP/1.1"},
	{"Socket.IO", "the transport stays, the session goes", "GET /socket.io/?EIO=4&transport=websocket&sid=«lv_VI97HAXpY6yYWAAAC» HTTP/1.1"},
	{"Phoenix", "the version stays", "GET /socket/websocket?vsn=2.0.0&_csrf_token=«abc»&token=«SFMyNTY.g2gDYQ» HTTP/1.1"},
	{"SignalR", "the transport stays", "GET /hub/connect?transport=webSockets&clientProtocol=2.1&connectionToken=«AbC%2B»&tid=3 HTTP/1.1"},
	{"Jupyter", "the kernel's number stays", "GET /api/kernels/123e4567-e89b-12d3-a456-426614174000/channels?session_id=«9a8b»&token=«abc» HTTP/1.1"},
	{"PHP", "a session by its usual name", "GET /ws?PHPSESSID=«abc» HTTP/1.1"},
	{"JWT in the path", "its shape tells", "GET /ws/«" + jwt + "»/x HTTP/1.1"},
	{"absolute target", "user and password stand before the @", "GET http://«user:pass»@h/ws?key=«abc» HTTP/1.1"},
	{"CONNECT", "its target is an authority", "CONNECT «user:pass»@h:80 HTTP/1.1"},
	{"HTTP/0.9", "a line without a version has a target", "GET /ws?token=«abc»"},
	{"space in a token", "what follows belongs to it, up to the version", "GET /ws?token=«abc» «def» HTTP/1.1"},
	{"space in the path", "it stays readable", "GET /a b HTTP/1.1"},
	{"lower-case version", "it stays readable", "GET /ws?token=«abc» http/1.1"},
	{"header line first", "its name rules", "Cookie: «session=abc» «b=c»"},
	{"harmless header line first", "its name rules", "Host: «localhost:8080»"},
	{"other protocol", "the command stays", "PASS «hunter2»"},
	{"end of a body", "it is masked whole, but for its colon", `«{"password"»:«"x"}» «y»`},
	{"method is no token", "what stands before a target and a version is a method, unless it is long", "G(T /ws?token=«abc» HTTP/1.1"},
	{"body before the method", "it may hold anything", `«{"password"»:«"hunter2"}GET» «/ws» HTTP/1.1`},
	{"byte order mark", "the method behind it is readable", "\xef\xbb\xbfGET /ws?token=«abc» HTTP/1.1"},
}

// TestMask blanks what stands between the marks, and nothing else.
func TestMask(t *testing.T) {
	check := func(name, law, marked string) {
		t.Run(name, func(t *testing.T) {
			raw := strings.NewReplacer("«", "", "»", "").Replace(marked)
			h := Parse([]byte(raw))
			NewMasker(false).Request(h)
			if want := blankMarked(marked); string(h.Raw) != want {
				t.Errorf("masked %q\nwant   %q\n%s", h.Raw, want, law)
			}
			checkMasks(t, []byte(raw), h)
		})
	}
	for _, c := range maskCases {
		check(c.name, c.law, requestLine+c.head+"\r\nX-Last: readable\r\n\r\n")
	}
	for _, c := range startCases {
		check(c.name, c.law, c.line+"\r\n"+host+"\r\n")
	}
}

// blankMarked replaces what stands between « and ».
func blankMarked(marked string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(marked, "«")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		inner, after, _ := strings.Cut(rest, "»")
		b.WriteString(strings.Repeat("*", len(inner)))
		marked = after
	}
}

// checkMasks: every byte that a mask does not cover is unchanged, every other one is '*',
// and the masks are in order and within the bytes.
func checkMasks(t *testing.T, before []byte, h *Head) {
	t.Helper()
	want := bytes.Clone(before[:len(h.Raw)])
	end := 0
	for _, m := range h.Masks {
		if m.Span.Start < end || m.Span.Empty() || m.Span.End > len(want) {
			t.Fatalf("mask %v begins before %d, is empty, or ends behind %d", m.Span, end, len(want))
		}
		for end = m.Span.Start; end < m.Span.End; end++ {
			want[end] = '*'
		}
	}
	if !bytes.Equal(h.Raw, want) {
		t.Errorf("bytes changed outside of the masks:\n%q\nwant\n%q", h.Raw, want)
	}
}

// TestMaskAnswer: an answer carries cookies, and the subprotocol that was chosen.
func TestMaskAnswer(t *testing.T) {
	marked := "HTTP/1.1 101 Switching Protocols\r\nSet-Cookie: id=«abc»; Path=/; HttpOnly\r\nSet-Cookie: «abc»; Secure\r\n" +
		"Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\nSec-WebSocket-Protocol: bearer.«abc»\r\nLocation: /?token=«abc»\r\n" +
		"WWW-Authenticate: Basic realm=\"x\"\r\n\r\n"
	h := ParseAnswer([]byte(strings.NewReplacer("«", "", "»", "").Replace(marked)))
	NewMasker(false).Answer(h)
	if want := blankMarked(marked); string(h.Raw) != want {
		t.Errorf("masked %q\nwant   %q", h.Raw, want)
	}
	other := ParseAnswer([]byte("220 mail.example.com ready\r\n"))
	NewMasker(false).Answer(other)
	if got := string(other.Raw); got != "*** **************** *****\r\n" {
		t.Errorf("masked %q: what is no status line may be anything", got)
	}
}

// TestReveal: --reveal is an explicit choice, and then nothing is blanked.
func TestReveal(t *testing.T) {
	raw := requestLine + "Cookie: a=b\r\nSec-WebSocket-Protocol: bearer.x\r\n\r\n"
	h := Parse([]byte(raw))
	m := NewMasker(true)
	m.Request(h)
	if string(h.Raw) != raw || len(h.Masks) > 0 || m.Subprotocol("bearer.x") != "bearer.x" {
		t.Errorf("masked %q", h.Raw)
	}
}

// TestSubprotocol masks a name that stands alone.
func TestSubprotocol(t *testing.T) {
	m := NewMasker(false)
	for name, want := range map[string]string{"graphql-transport-ws": "graphql-transport-ws", "bearer.abc": "bearer.***", "": ""} {
		if got := m.Subprotocol(name); got != want {
			t.Errorf("Subprotocol(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestMaskPreface: of bytes that are no HTTP/1 only the fields that name the protocol stay.
func TestMaskPreface(t *testing.T) {
	v2 := proxyV2Start + "\x21\x11\x00\x13\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x01\xbb"
	for _, c := range []struct{ name, law, raw, want string }{
		{"PROXY v1", "addresses stay", "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 2\r\n\r\n", "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 2\r\n\r\n"},
		{"PROXY UNKNOWN", "anything may follow", "PROXY UNKNOWN hello secret\r\n", "PROXY UNKNOWN ***** ******\r\n"},
		{"PROXY v2", "addresses stay, TLVs go", v2 + "\x05\x00\x04abcd" + requestLine, v2 + "*******" + requestLine},
		{"PROXY v2, LOCAL", "no family, no address", proxyV2Start + "\x20\x00\x00\x02ab", proxyV2Start + "\x20\x00\x00\x02**"},
		{"PROXY v2, cut", "what is left stays", proxyV2Start + "\x20", proxyV2Start + "\x20"},
		{"PROXY v1, then binary", "what may be a signature stays", "PROXY UNKNOWN\r\n\x000123456789abcdefgh", "PROXY UNKNOWN\r\n\x00012***************"},
		{"binary", "what may be a signature stays", "\x80hunter2", "\x80hun****"},
		{"uwsgi", "the first name stays", "\x00\x9d\x01\x00\x0c\x00QUERY_STRING\x08\x00token=ab", "\x00\x9d\x01\x00\x0c\x00QUERY_STRI" + strings.Repeat("*", 12)},
		{"no uwsgi", "a name is in capitals", "\x00\x9d\x01\x00\x0c\x00hunter2", "\x00\x9d\x01\x00*********"},
		{"FastCGI", "the role stays", "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x04ab", "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00****"},
		{"AJP", "what names it stays", "\x12\x34\x00\x20\x02\x02\x00\x08HTTP/1.1\x00\x03/ws", "\x12\x34\x00\x20\x02\x02\x00\x08HTTP/1.1*****"},
		{"HTTP/2", "the preface is the same for everybody", http2Preface, http2Preface},
		{"TLS alert", "it is no ClientHello", "\x16\x03\x01\x00\x08\x02\x00\x00\x04\x03\x03abcd", "\x16\x03\x01\x00\x08\x02\x00\x00\x04\x03\x03****"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Parse([]byte(c.raw))
			NewMasker(false).Request(h)
			if string(h.Raw) != c.want {
				t.Errorf("masked %q\nwant   %q\n%s", h.Raw, c.want, c.law)
			}
			checkMasks(t, []byte(c.raw), h)
		})
	}
}

// TestMaskTLS: of a real ClientHello the versions, the server's name and the ALPN names
// stay; the random bytes, the session and the key shares go.
func TestMaskTLS(t *testing.T) {
	client, server := net.Pipe()
	go tls.Client(client, &tls.Config{ServerName: "ws.example.com", NextProtos: []string{"h2", "http/1.1"}}).Handshake()
	raw := make([]byte, 16<<10)
	n, err := io.ReadAtLeast(server, raw, 100)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	raw = raw[:n]

	h := Parse(bytes.Clone(raw))
	NewMasker(false).Request(h)
	checkMasks(t, raw, h)
	for _, want := range []string{"ws.example.com", "\x02h2", "\x08http/1.1", string(raw[:11])} {
		if !bytes.Contains(h.Raw, []byte(want)) {
			t.Errorf("%q is masked", want)
		}
	}
	if want := strings.Repeat("*", 32) + "\x20" + strings.Repeat("*", 32); string(h.Raw[11:11+65]) != want {
		t.Errorf("random and session are %q", h.Raw[11:11+65])
	}
	masked := 0
	for _, m := range h.Masks {
		masked += m.Span.Len()
	}
	if masked < n*3/4 {
		t.Errorf("%d of %d bytes are masked; the key shares alone are more", masked, n)
	}

	cut := Parse(bytes.Clone(raw[:60]))
	NewMasker(false).Request(cut)
	checkMasks(t, raw, cut)
}

// TestSameValue: two masked values can be compared, and only under one key.
func TestSameValue(t *testing.T) {
	m := NewMasker(false)
	value := func(m *Masker, cookie string) (*Head, Span) {
		h := Parse([]byte(requestLine + "Cookie: a=" + cookie + "\r\n\r\n"))
		m.Request(h)
		return h, h.Fields[0].Value
	}
	same := func(m2 *Masker, cookie string) bool {
		h, s := value(m, "secret")
		g, u := value(m2, cookie)
		return SameValue(h, s, g, u)
	}
	if !same(m, "secret") {
		t.Error("the same value is called another one")
	}
	if same(m, "Secret") {
		t.Error("another value of the same length is called the same")
	}
	if same(NewMasker(false), "secret") {
		t.Error("a hash under another key is called the same")
	}
	h, s := value(m, "secret")
	if !h.Masked(s) || h.Masked(h.Fields[0].Name) {
		t.Error("the value is masked, the name is not")
	}
}
