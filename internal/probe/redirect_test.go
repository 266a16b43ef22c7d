package probe

import (
	"io"
	"net"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// redirecting returns a server that leads on until it has done so times times.
func redirecting(t *testing.T, times int, to func(url string) string) (url string, requests chan *dump.Head) {
	requests = make(chan *dump.Head, 100)
	url = listenRaw(t, func(c net.Conn, request *dump.Head) {
		requests <- request
		if len(requests) > times {
			io.WriteString(c, answerTo(request, right+"\r\n"))
			return
		}
		io.WriteString(c, "HTTP/1.1 307 x\r\nLocation: "+to(url)+"\r\n\r\n")
	})
	return url, requests
}

func TestRedirects(t *testing.T) {
	follow := func(o *Options) {
		o.Follow = true
		o.Headers = []Header{{"Authorization", "Bearer hidden"}, {"X-Plain", "kept"}}
	}
	for _, tt := range []struct{ location, path string }{
		{"/b?c", "/b?c"}, {"b", "/dir/b"}, {"?x", "/dir/a?x"}, {"../b#d", "/b"}, {"//HOST/b", "/b"}, {"http://HOST/b", "/b"},
	} {
		url, requests := redirecting(t, 1, func(url string) string {
			return strings.ReplaceAll(tt.location, "HOST", strings.TrimPrefix(url, "ws://"))
		})
		p, up := tryOpen(t, url+"/dir/a?q", follow)
		<-requests
		if second := <-requests; up == nil || second.Target() != tt.path || valueOf(second, "Authorization") == "" || p.step(t, "redirect").Outcome != Advised {
			t.Errorf("%s: %s\n%s", tt.location, p.outcomes(), second.Raw)
		}
	}

	url, _ := redirecting(t, 1, func(string) string { return "/b" })
	if p, up := tryOpen(t, url, nil); up != nil || strings.Contains(p.outcomes(), "redirect") {
		t.Errorf("nobody asked to follow: %s", p.outcomes())
	}
	url, requests := redirecting(t, 1000, func(string) string { return "/b" })
	if p, up := tryOpen(t, url, follow); up != nil || p.step(t, "redirect").Outcome != Failed || len(requests) != maxRedirects+1 {
		t.Errorf("%d requests: %s", len(requests), p.outcomes())
	}

	elsewhere, requests := redirecting(t, 0, nil)
	url, _ = redirecting(t, 1, func(string) string { return strings.Replace(elsewhere, "ws", "http", 1) + "/b" })
	_, up := tryOpen(t, url, func(o *Options) { follow(o); o.Host, o.CookieBytes = "app.example", 100 })
	second := <-requests
	if up == nil || second.Has("Authorization") || second.Has("Cookie") || valueOf(second, "X-Plain") != "kept" ||
		"ws://"+valueOf(second, "Host") != elsewhere || valueOf(second, "Origin") != strings.Replace(url, "ws", "http", 1) {
		t.Errorf("to another origin went\n%s", second.Raw)
	}
}

// A redirect to another origin that asks for a login there gets the user that it names
// itself, and nothing that was meant for the first.
func TestRedirectToLogin(t *testing.T) {
	requests := make(chan *dump.Head, 10)
	elsewhere := listenRaw(t, func(c net.Conn, request *dump.Head) {
		requests <- request
		io.WriteString(c, "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=a\r\n\r\n")
	})
	url, _ := redirecting(t, 1, func(string) string { return strings.Replace(elsewhere, "ws://", "http://user:password@", 1) })
	tryOpen(t, url, func(o *Options) {
		o.Follow, o.Host, o.CookieBytes = true, "app.example", 100
		o.Headers = []Header{{"X-Api-Key", "hidden"}}
	})
	for _, authorized := range []bool{false, true} {
		if r := <-requests; r.Has("Cookie") || r.Has("X-Api-Key") || "ws://"+valueOf(r, "Host") != elsewhere || r.Has("Authorization") != authorized {
			t.Errorf("to another origin went\n%s", r.Raw)
		}
	}
}

// The user of a URL is sent when a 401 asks for it, as browsers do; a plain program sends it
// at once.
func TestUser(t *testing.T) {
	for _, tt := range []struct {
		browser  Browser
		requests int
	}{{Chrome, 2}, {NoBrowser, 1}} {
		requests := make(chan string, 10)
		url := listenRaw(t, func(c net.Conn, request *dump.Head) {
			got := valueOf(request, "Authorization")
			requests <- got
			if got != "Basic dXNlcjpwYTpzcw==" {
				io.WriteString(c, "HTTP/1.1 401 x\r\nWWW-Authenticate: basic realm=a\r\n\r\n")
				return
			}
			io.WriteString(c, answerTo(request, right+"\r\n"))
		})
		p, up := tryOpen(t, strings.Replace(url, "//", "//user:pa:ss@", 1), func(o *Options) { o.Browser = tt.browser })
		if up == nil || len(requests) != tt.requests || p.report.Failed() {
			t.Errorf("%s: %d requests: %s", tt.browser, len(requests), p.outcomes())
		}
	}
	p, up := tryOpen(t, strings.Replace(answers(t, "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=a\r\n\r\n"), "//", "//user@", 1), nil)
	if s := p.step(t, "answer"); up != nil || !strings.Contains(s.Says, "not taken") {
		t.Errorf("%s", s.Says)
	}
}
