package e2e

import (
	"context"
	"html"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// againLine is a line of "Send it again" on the page of an attempt.
var againLine = regexp.MustCompile(`(?s)<h3>(\w+)</h3>.*?<code>(.*?)</code>`)

// again reads those lines, by the names of their programs.
func (i *inspector) again(t *testing.T, id string) map[string]string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, i.url+"/inspect/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(page), "Send it again")
	if !ok {
		t.Fatalf("attempt %s cannot be sent again:\n%s", id, page)
	}
	lines := map[string]string{}
	for _, match := range againLine.FindAllStringSubmatch(part, -1) {
		lines[match[1]] = html.UnescapeString(match[2])
	}
	return lines
}

// TestSendAgain runs the line for curl in a shell: what arrives is what arrived before, byte
// for byte, but that curl writes Host first. The raw line gives the very bytes.
func TestSendAgain(t *testing.T) {
	ws := startInspector(t)
	for name, raw := range map[string]string{
		"rejected": handshake("/ws/?q=a&b='%20", "other.example:8080", "Origin: http://elsewhere.example", "X-Quote: it's \"$HOME\" `id` \\n", "X-Empty:", "Sec-WebSocket-Protocol: chat, superchat"),
		"accepted": handshake("/a/../b//c?[x]{y}", "localhost", "User-Agent: Mozilla/5.0", "Accept: */*"),
		"old":      strings.NewReplacer("GET", "POST", "HTTP/1.1", "HTTP/1.0").Replace(handshake("/ws", "localhost", "Accept: text/plain")),
	} {
		t.Run(name, func(t *testing.T) {
			before := ws.attempt(t, request(t, ws.port, raw).attempt)
			lines := ws.again(t, before.ID)
			if printf, _, ok := strings.Cut(lines["raw"], " | "); !ok {
				t.Errorf("the raw line is %q", lines["raw"])
			} else if out, err := exec.Command("sh", "-c", printf).Output(); err != nil || string(out) != string(before.Request.Raw) {
				t.Errorf("%s\ngives %q, %v; want %q", printf, out, err, before.Request.Raw)
			}

			ctx, cancel := context.WithCancel(t.Context())
			curl := exec.CommandContext(ctx, "sh", "-c", "exec "+lines["curl"])
			said := newOutput()
			curl.Stdout, curl.Stderr = said, said
			if err := curl.Start(); err != nil {
				t.Fatal(err)
			}
			defer curl.Wait() // what it sent has arrived; an open socket it would hold for ever
			defer cancel()
			after := ws.until(t, nil, func(a *attempt) bool { return a.ID > before.ID })
			if got, want := hostFirst(after), hostFirst(before); got != want {
				text, _ := said.read()
				t.Errorf("%s\nsends\n%s\nand not\n%s\ncurl says: %s", lines["curl"], got, want, text)
			}
		})
	}
}

// hostFirst is the head of an attempt with its Host line moved to the front.
func hostFirst(a *attempt) string {
	start, rest, _ := strings.Cut(string(a.Request.Raw), "\r\n")
	var first, others []string
	for line := range strings.SplitSeq(rest, "\r\n") {
		if strings.HasPrefix(line, "Host:") {
			first = append(first, line)
		} else {
			others = append(others, line)
		}
	}
	return strings.Join(append(append([]string{start}, first...), others...), "\r\n")
}
