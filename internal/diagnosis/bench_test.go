package diagnosis

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// BenchmarkDiagnose shows what a diagnosis costs beside the answer that it explains: of a
// handshake in which nothing is wrong, of the commonest refusals, and of the end of a
// session whose client went at once, where other clients did too.
func BenchmarkDiagnose(b *testing.B) {
	for _, c := range []struct{ name, head string }{
		{"Clean", goodHeads(b)[0]}, {"BareProxyPass", bare}, {"CrossOrigin", crossOrigin},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, newMutant(c.head).evidence()) })
	}
	b.Run("DroppedAtOnce", func(b *testing.B) { benchmark(b, droppedAtOnce(b)) })
}

func benchmark(b *testing.B, e *Evidence) {
	b.ReportAllocs()
	for b.Loop() {
		Diagnose(e)
	}
}

// TestDiagnoseIsCheap: what is found of a refusal takes few allocations, and nothing but the
// reading and a copy of the head where there is nothing to find.
func TestDiagnoseIsCheap(t *testing.T) {
	for _, c := range []struct {
		name, head string
		most       float64
	}{{"clean", goodHeads(t)[0], 2}, {"bare proxy_pass", bare, 45}, {"cross-origin", crossOrigin, 33}} {
		e := newMutant(c.head).evidence()
		if n := testing.AllocsPerRun(100, func() { Diagnose(e) }); n > c.most {
			t.Errorf("%s: Diagnose allocates %v times, want %v at most", c.name, n, c.most)
		}
	}
}

// sameOrigin is the handshake of crossOrigin from a page of this server.
var sameOrigin = strings.Replace(crossOrigin, "http://elsewhere.example", "http://127.0.0.1:8080", 1)

// droppedAtOnce is the end of a session that lasted a millisecond, after many others of the
// same program.
func droppedAtOnce(t testing.TB) *Evidence {
	e := newMutant(sameOrigin).evidence()
	end := func() *Session { return &Session{Opened: now.Add(-time.Millisecond), Ended: now, Cut: true} }
	e.Session = end()
	others := make([]Sighting, 10)
	for i := range others {
		others[i] = Sighting{
			Request: newMutant(sameOrigin).evidence().Request, Accepted: true, Handshake: true, SameClient: true,
			Age: time.Duration(i+1) * time.Millisecond, Peer: netip.MustParseAddr("127.0.0.1"), Session: end(),
		}
	}
	e.Others = func() []Sighting { return others }
	if !e.Verdict.Accepted {
		t.Fatal("the handshake is refused:", e.Verdict.Reason)
	}
	return e
}

// crossOrigin is what a program sends straight to this server, from a page that it makes up.
const crossOrigin = `GET /ws/echo HTTP/1.1
Host: 127.0.0.1:8080
Connection: Upgrade
Pragma: no-cache
Cache-Control: no-cache
User-Agent: wsinspect-bench/1.0 (a program whose name is as long as that of a browser and its engine, for equal work)
Upgrade: websocket
Origin: http://elsewhere.example
Sec-WebSocket-Version: 13
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9
Cookie: session=0123456789abcdef0123456789abcdef
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
`

// bare is what nginx 1.22 sends for Chrome from a location with nothing but proxy_pass.
const bare = `GET /ws HTTP/1.0
Host: 127.0.0.1:8080
Connection: close
Pragma: no-cache
Cache-Control: no-cache
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
Origin: https://app.example.com
Sec-WebSocket-Version: 13
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9
Cookie: session=0123456789abcdef; theme=dark
Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
`
