package web

import (
	"os/exec"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// argumentsOf lets a shell run a line in which the program has become a function that prints its
// arguments, each ended by a NUL.
func argumentsOf(t *testing.T, program, line string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", program+"() { printf '%s\\0' \"$@\"; }\n"+line).Output()
	if err != nil {
		t.Fatalf("the shell does not run %s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// TestCopyAs runs the lines in a real shell: what it makes of them is what was sent.
func TestCopyAs(t *testing.T) {
	s := newSite(Options{})
	const nasty = `it's "$(touch /tmp/x)" \ ` + "`id`" + ` %s !! $HOME ; & | > <`
	raw := request("GET /ws/?a='$(id)'&b=%20 HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Origin: http://localhost",
		"X-Odd: "+nasty, "X-Empty:", "Sec-WebSocket-Protocol: a, b", "Cookie: session=0123456789abcdef",
		"Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==", "Sec-WebSocket-Version: 13")
	a := s.arrives(raw)
	lines := map[string]string{}
	for _, c := range newCopyAs(a) {
		lines[c.Name] = c.Line
	}

	out, err := exec.Command("sh", "-c", strings.TrimSuffix(lines["raw"], " | nc 127.0.0.1 8080")).Output()
	if err != nil || string(out) != string(a.Request.Head.Raw) {
		t.Errorf("the raw line sends %q, want %q (%v)", out, a.Request.Head.Raw, err)
	}
	for _, c := range []struct {
		program string
		want    []string // arguments, each followed by a line break
	}{
		{"curl", []string{"-H\nHost: localhost\n", "-H\nX-Odd: " + nasty + "\n", "-H\nX-Empty;\n", "-H\nCookie: session=****************\n", "-H\nUser-Agent:\n", "http://127.0.0.1:8080/ws/?a='$(id)'&b=%20\n"}},
		{"websocat", []string{"--origin\nhttp://localhost\n", "--protocol\na, b\n", "-H=X-Odd: " + nasty + "\n", "--ws-c-uri=ws://localhost/ws/?a='$(id)'&b=%20\n", "-\nws-c:tcp:127.0.0.1:8080\n"}},
		{"wscat", []string{"--host\nlocalhost\n", "-o\nhttp://localhost\n", "-s\na\n-s\nb\n", "-H\nX-Odd: " + nasty + "\n", "-c\nws://127.0.0.1:8080/ws/?a='$(id)'&b=%20\n"}},
	} {
		got := strings.Join(argumentsOf(t, c.program, lines[c.program]), "\n") + "\n"
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not told %q, but\n%s", c.program, want, got)
			}
		}
		if strings.Contains(got, "0123456789abcdef") {
			t.Errorf("%s is told a secret", c.program)
		}
	}
}

// TestCopyAsOverTLS: what came inside TLS is sent again inside TLS, without a look at a
// certificate that nobody has signed.
func TestCopyAsOverTLS(t *testing.T) {
	s := newSite(Options{})
	secured := *s.arrives(theStory)
	secured.Request.Layer = dump.Secured
	for i, want := range []string{" --insecure ", "", "wscat --no-check ", "| openssl s_client -quiet -connect 127.0.0.1:8080"} {
		c := newCopyAs(&secured)[i]
		if !strings.Contains(strings.ReplaceAll(c.Line, " \\\n ", ""), want) || strings.Contains(c.Line, "http://127") || strings.Contains(c.Line, "ws://127") && c.Name != "wscat" {
			t.Errorf("%s is offered %s, want %q in it", c.Name, c.Line, want)
		}
		if (c.None == "") != (want != "") {
			t.Errorf("%s: %q", c.Name, c.None)
		}
	}
}

// TestNoCommandForOddBytes: what an argument cannot carry is not offered as one, and the
// raw line carries it all the same.
func TestNoCommandForOddBytes(t *testing.T) {
	s := newSite(Options{})
	for name, raw := range map[string]string{
		"a control byte":   request("GET / HTTP/1.1", "Host: localhost", "X: a\x1bb"),
		"no ASCII":         request("GET /\xff HTTP/1.1", "Host: localhost"),
		"a fold":           request("GET / HTTP/1.1", "Host: localhost", "X: a", " b"),
		"an absolute URI":  request("GET http://x/ HTTP/1.1", "Host: localhost"),
		"no HTTP":          clientHello,
		"a name with NUL":  request("GET / HTTP/1.1", "Host: localhost", "a\x00b: c"),
		"a name with sign": request("GET / HTTP/1.1", "Host: localhost", "a b: c"),
		"a bare LF":        "GET / HTTP/1.1\nHost: localhost\n'\n\n",
	} {
		a := s.arrives(raw)
		for _, c := range newCopyAs(a) {
			switch {
			case c.Name != "raw" && (c.Line != "" || c.None == ""):
				t.Errorf("%s: %s is offered %s", name, c.Name, c.Line)
			case c.Name == "raw":
				if out, err := exec.Command("sh", "-c", strings.TrimSuffix(c.Line, " | nc 127.0.0.1 8080")).Output(); err != nil || string(out) != string(a.Request.Head.Raw) {
					t.Errorf("%s: the raw line sends %q, want %q (%v)", name, out, a.Request.Head.Raw, err)
				}
			}
		}
	}
}
