package web

import (
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// chromeThroughNginx is the story with the lines that Chrome sends.
var chromeThroughNginx = request("GET /ws/ HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Host: localhost:8080",
	"Pragma: no-cache", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
	"Origin: http://localhost", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==", "Sec-WebSocket-Extensions: permessage-deflate")

// foreignPage opens a socket at another site than its own, without a proxy.
var foreignPage = request("GET /ws/ HTTP/1.1", "Host: shop.example", "Connection: Upgrade", "User-Agent: Mozilla/5.0 Chrome/141", "Upgrade: websocket",
	"Origin: https://other.example", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==")

// TestWay reads the wire of every kind of attempt: its places from the client on, with what
// is wrong there, and for each leg whether it was seen.
func TestWay(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"Host replaced", chromeThroughNginx, "Browser ...Host localhost,Origin http://localhost... nginx! ---Host localhost:8080,Origin http://localhost--- wsinspect"},
		{"Upgrade dropped", bareProxyPass, "Browser ...Upgrade websocket,Connection Upgrade... nginx! ---Upgrade missing,Connection close--- wsinspect"},
		{"accepted", strings.ReplaceAll(chromeThroughNginx, "localhost:8080", "localhost"), "Browser ...Origin http://localhost... nginx ---Host localhost,Origin http://localhost--- wsinspect"},
		{"a foreign page, no proxy to be seen", foreignPage, "Browser ---Host shop.example,Origin https://other.example--- wsinspect!"},
		{"no WebSocket", plain, "Client ---Host localhost,Origin missing--- wsinspect"},
		{"TLS", clientHello, "Client ...... A proxy! ------ wsinspect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(Options{})
			a := s.arrives(c.raw)
			var got []string
			for _, stop := range newWayView(a, gather(a)).Stops {
				name := stop.Name
				if stop.Broke != "" {
					name += "!"
				}
				got = append(got, name)
				if l := stop.Leg; l != nil {
					var lines []string
					for _, line := range l.Lines {
						lines = append(lines, line.Name+" "+line.Value)
					}
					edge := "..."
					if l.Seen {
						edge = "---"
					}
					got = append(got, edge+strings.Join(lines, ",")+edge)
				}
			}
			if way := strings.Join(got, " "); way != c.want {
				t.Errorf("the way is\n%s\nwant\n%s", way, c.want)
			}
		})
	}
}

// TestCaptions: who wrote which lines is said where their order proves it, and only there.
func TestCaptions(t *testing.T) {
	s := newSite(Options{})
	read := func(raw string) (captions []string) {
		for _, n := range all(id(t, s.look(t, "/inspect/"+s.arrives(raw).ID), "arrived").Parent.Parent, class("caption")) {
			captions = append(captions, text(n)+" before "+text(n.NextSibling))
		}
		return captions
	}
	want := "nginx wrote these before 19Upgrade: websocket; passed on as the browser sent them before 82Pragma: no-cache"
	if got := strings.Join(read(chromeThroughNginx), "; "); got != want {
		t.Errorf("the captions are %s, want %s", got, want)
	}
	if got := read(plain); got != nil {
		t.Errorf("nothing proves who wrote these lines, and it says %s", got)
	}
	if got := diagnosis.Written(dump.Parse([]byte(chromeThroughNginx))); got != 3 {
		t.Errorf("nginx wrote %d lines, want 3", got)
	}
}

func TestUserAgent(t *testing.T) {
	for _, c := range []struct{ value, kind, name string }{
		{"Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36", "browser", "Chrome 141."},
		{"Mozilla/5.0 AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "browser", "Edge 141."},
		{"Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0", "browser", "Firefox 140."},
		{"Mozilla/5.0 (Macintosh) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.1 Safari/605.1", "browser", "Safari 18."},
		{"Mozilla/5.0 Chrome/\u202e", "browser", "Chrome."},
		{"curl/8.5.0", "client", "curl/8.5.0."},
		{"Go-http-client/1.1 x", "client", "Go-http-client/1.1."},
	} {
		got := agent(dump.Parse([]byte(request("GET / HTTP/1.1", "User-Agent: "+c.value))))
		if got.kind != c.kind || got.name != c.name {
			t.Errorf("%s is %+v, want %s, %s", c.value, got, c.kind, c.name)
		}
	}
}
