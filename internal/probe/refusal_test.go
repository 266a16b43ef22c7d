package probe

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

// TestRefusals holds what is said of answers other than 101.
func TestRefusals(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, text)
		w.Close()
		return b.String()
	}
	for _, tt := range []struct{ name, answer, says, title string }{
		{"of wsinspect through nginx", "HTTP/1.1 403 Forbidden\r\nServer: nginx\r\nWsinspect-Attempt: abc\r\nContent-Type: text/plain\r\n\r\nWhy.", `wsinspect, through "nginx", answered 403 Forbidden.`, "Why."},
		{"of wsinspect itself", "HTTP/1.1 403 Forbidden\r\nWsinspect-Attempt: abc\r\nContent-Type: text/plain\r\n\r\nWhy.", "wsinspect answered 403 Forbidden.", "Why."},
		{"404 of nginx", "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Type: text/html\r\n\r\n<html><head><TITLE>404  Not\nFound</TITLE>", `"nginx" answered 404 Not Found. Nobody`, "404 Not Found"},
		{"TLS port", "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<title>400 The plain HTTP request was sent to HTTPS port</title>", "open wss://127.0.0.1:", "400 The plain HTTP request was sent to HTTPS port"},
		{"application", "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 20\r\n\r\n<title>A &amp; B</title>", "A page came", ""},
		{"application, whole", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>A &amp; B</title>", "A page came", "A & B"},
		{"chunked", "HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n4\r\n<tit\r\n9\r\nle>x</tit\r\n0\r\n\r\n", "no answer from the backend", ""},
		{"chunked, whole", "HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n4\r\n<tit\r\na\r\nle>x</titl\r\n2\r\ne>\r\n0\r\n\r\n", "no answer from the backend", "x"},
		{"gzip", "HTTP/1.1 503 x\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\n" + packed("<title>gone</title>"), `the words "gone"`, "gone"},
		{"gzip that is none", "HTTP/1.1 503 x\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\nnot packed", "503 Service Unavailable", ""},
		{"brotli", "HTTP/1.1 503 x\r\nContent-Encoding: br\r\nContent-Type: text/html\r\n\r\n<title>x</title>", "503 Service Unavailable", ""},
		{"TLS port of Go", "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "open wss://127.0.0.1:", "Client sent an HTTP request to an HTTPS server."},
		{"text", "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nwebsocket: no\nmore", `the words "websocket: no"`, "websocket: no"},
		{"redirect", "HTTP/1.1 301 x\r\nLocation: https://app.example/ws\r\n\r\n", "does not follow a redirect when it opens a WebSocket: it fails. Let the page open wss://app.example/ws", ""},
		{"redirect to nowhere", "HTTP/1.1 302 x\r\n\r\n", "without a Location", ""},
		{"login", "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\r\n", "A page cannot set Authorization", ""},
		{"login without words", "HTTP/1.1 401 x\r\n\r\n", "WWW-Authenticate is missing", ""},
		{"426", "HTTP/1.1 426 x\r\n\r\n", "did not see a WebSocket handshake", ""},
		{"unknown", "HTTP/1.1 799 x\r\n\r\n", "799. No WebSocket was opened", ""},
		{"no number", "HTTP/1.1 2OO OK\r\n\r\n", "status line cannot be read", ""},
		{"no status", "HTTP/1.1\r\n\r\n", "status line cannot be read", ""},
		{"escapes", "HTTP/1.1 403 x\r\nServer: \x1b[31mred\x00\r\nContent-Type: text/html\r\n\r\n<title>\x1b]0;a\x07</title>", `"\x1b[31mred\x00" answered 403`, "\x1b]0;a\x07"},
		{"too many interim", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim+1), "answered 100", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, up := tryOpen(t, answers(t, tt.answer), nil)
			s := p.step(t, "answer")
			if up != nil || s.Outcome != Failed || !strings.Contains(s.Says, tt.says) || p.report.Client.Title != tt.title {
				t.Errorf("opened: %v, title %q, %s: %s", up != nil, p.report.Client.Title, s.Outcome, s.Says)
			}
			if got, want := p.outcomes(), "resolve passed, connect passed, request passed, answer failed, accept skipped, agreed skipped"; got != want {
				t.Error(got)
			}
			for _, s := range p.report.Steps {
				if strings.ContainsAny(s.Says, "\x1b\x07\x00") {
					t.Errorf("raw: %q", s.Says)
				}
			}
		})
	}
}
