package probe

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// TestProxy goes through a proxy that wants a name and a password.
func TestProxy(t *testing.T) {
	target := answers(t, right+"\r\n")
	asked := make(chan *dump.Head, 10)
	proxy := listenRaw(t, func(c net.Conn, request *dump.Head) {
		asked <- request
		if valueOf(request, "Proxy-Authorization") != "Basic dTpw" {
			io.WriteString(c, "HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n")
			return
		}
		through, err := net.Dial("tcp", request.Target())
		if err != nil {
			io.WriteString(c, "HTTP/1.1 502 x\r\n\r\n")
			return
		}
		defer through.Close()
		io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		go io.Copy(through, c)
		io.Copy(c, through)
	})
	with := func(user string) func(*Options) {
		u, err := url.Parse(strings.Replace(proxy, "ws://", "http://"+user, 1))
		if err != nil {
			t.Fatal(err)
		}
		return func(o *Options) { o.Proxy = http.ProxyURL(u) }
	}
	p, up := tryOpen(t, target, with("u:p@"))
	request := <-asked
	if up == nil || request.Method() != "CONNECT" || "ws://"+request.Target() != target || p.report.Client.From.IsValid() {
		t.Errorf("%s\n%s", p.outcomes(), request.Raw)
	}
	if strings.Contains(fmt.Sprint(p.report.Steps), "u:p") {
		t.Error("the password of the proxy is shown")
	}
	p, up = tryOpen(t, target, with(""))
	if s := p.step(t, "proxy"); up != nil || s.Outcome != Failed || !strings.Contains(s.Says, "asks for a name") || p.report.Client.Trouble != diagnosis.NotConnected {
		t.Errorf("%+v", s)
	}
	p, up = tryOpen(t, "ws://127.0.0.1:1", with("u:p@"))
	if s := p.step(t, "proxy"); up != nil || !strings.Contains(s.Says, "answered 502") {
		t.Errorf("%+v", s)
	}
	if got, want := p.outcomes(), "resolve passed, connect passed, proxy failed, request skipped, answer skipped, accept skipped, agreed skipped"; got != want {
		t.Error(got)
	}
	t.Setenv("HTTP_PROXY", strings.Replace(proxy, "ws", "http", 1))
	if p, _ = tryOpen(t, target, nil); strings.Contains(p.outcomes(), "proxy") {
		t.Error("a proxy of the environment was asked, which nobody wished")
	}
}
