package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(theStory)
	w := s.get("/inspect/"+a.ID+"/report", "*/*")
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "text/markdown; charset=utf-8" {
		t.Errorf("%d, %s", w.Code, got)
	}
	for _, want := range []string{
		"# ", "sent its own upstream address as Host, so the Origin check failed.", "- Outcome: Rejected 403", "proxy_set_header Host $http_host;\n", "**Not this:**",
		"```\nGET /echo HTTP/1.1\nHost: localhost:8080\n", "Cookie: _ga=****", "`origin-same-host`", "- Attempt: `" + a.ID + "`", "HTTP/1.1 403 Forbidden",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, w.Body)
		}
	}
	if strings.Contains(w.Body.String(), "1798860791") {
		t.Error("the value of Cookie is in the report")
	}
	if w := s.get("/inspect/000000000000000000000000/report", "text/html"); w.Code != http.StatusNotFound {
		t.Errorf("the report of an attempt that is not kept: %d", w.Code)
	}
}

// markup is what Markdown would take for more than text: brackets and mentions without a
// backslash before them, and addresses.
var markup = regexp.MustCompile(`(^|[^\\])[<>\[\]@]|[^\\]://|www\.`)

// TestReportFences: no stranger's line ends a fence, and outside of fences none of what
// strangers write is markup.
func TestReportFences(t *testing.T) {
	s := newSite(Options{})
	for _, raw := range append(strangers(), request("GET / HTTP/1.1", "Host: ```", "```: x", "~~~~: y", "````````", "Upgrade: websocket", "Origin: http://[x](javascript:alert(1))", "Sec-WebSocket-Key: @everyone")) {
		fence := ""
		for line := range strings.Lines(newReport(s.arrives(raw))) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case fence != "" && line == fence:
				fence = ""
			case fence != "":
				if strings.HasPrefix(strings.TrimLeft(line, " "), fence) {
					t.Errorf("a line ends the fence %s: %.80q", fence, line)
				}
			case strings.HasPrefix(line, "```"):
				if fence = line; strings.Trim(fence, "`") != "" {
					t.Errorf("a fence that is none of ours: %.80q", line)
				}
			default:
				if m := markup.FindString(strings.ReplaceAll(line, `\\`, "")); m != "" {
					t.Errorf("outside of a fence stands %q: %.80q", m, line)
				}
			}
		}
		if fence != "" {
			t.Errorf("the fence %s never ends", fence)
		}
	}
}
