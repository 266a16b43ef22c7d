package nginxconf_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"wsinspect/internal/corpus"
	"wsinspect/internal/dump"
	"wsinspect/internal/nginxconf"
)

// measured are versions of nginx by which cases were recorded that need a newer one than
// Debian's: these two order the lines in different ways.
var measured = []nginxconf.Version{{1, 30, 4}, {1, 31, 4}}

// TestCorpus holds the answers against what really arrived, in every case of the corpus.
func TestCorpus(t *testing.T) {
	cases, err := corpus.Read("../diagnosis/testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	exact, stopped := 0, 0
	for _, c := range cases {
		if c.Sees == "nginx does not start" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			conf := read(t, c)
			versions := []nginxconf.Version{{1, 22, 1}}
			if strings.HasPrefix(c.Needs, ">=") {
				versions = measured
			}
			var wrong []string
			for _, version := range versions {
				first := conf.Route(request(c.Request), version)
				if problem := compare(first, c); problem != "" {
					wrong = append(wrong, fmt.Sprintf("%s: %s", version, problem))
					continue
				}
				if last(first).Pass == nil {
					stopped++
				} else {
					exact++
				}
				return
			}
			t.Error(strings.Join(wrong, "\n"))
		})
	}
	t.Logf("%d requests reach the backend as foretold, %d are answered by nginx as foretold", exact, stopped)
}

// compare says in what an answer differs from what was recorded.
func compare(first *nginxconf.Hop, c *corpus.Case) string {
	h := last(first)
	arrived := string(c.Arrived)
	switch c.Cause {
	case "regex-location-wins", "wrong-server-block", "ws-path-in-wrong-location":
		if len(h.Beaten) == 0 {
			return "nobody is said to be beaten"
		}
	case "set-header-inheritance-lost":
		if len(h.Lost) == 0 {
			return "nothing is said to be lost"
		}
	}
	switch {
	case h.Pass == nil && c.Arrived == nil:
		if h.Answer == nil && h.Status == 0 {
			return "nobody is said to answer"
		}
		if want := fmt.Sprint(h.Status); h.Status != 0 && c.Sees != want && c.Sees != "closed" {
			return "the client is said to see " + want + ", and sees " + c.Sees
		}
		return ""
	case h.Pass != nil && c.Arrived == nil && (len(h.Skipped) > 0 || strings.HasPrefix(c.Sees, "502")):
		return "" // nobody listens there, or a limit is reached
	case h.Pass == nil:
		return fmt.Sprintf("said to be answered by %v, arrived\n%s", h.Answer, arrived)
	}
	switch h.Speaks {
	case "https":
		return begins(arrived, "\x16\x03")
	case "http2", "grpc":
		return begins(arrived, "PRI * HTTP/2.0")
	case "uwsgi":
		return begins(arrived, "\x00")
	case "fastcgi":
		return begins(arrived, "\x01")
	}
	if _, rest, ok := strings.Cut(arrived, "\r\n"); h.Proxy && ok && strings.HasPrefix(arrived, "PROXY TCP4 127.0.0.1 127.0.0.1 ") {
		arrived = rest
		if !strings.Contains(arrived, "\r\n") {
			return "" // net/http has refused the connection before the rest came
		}
	}
	if h.Speaks == "tcp" {
		arrived = hostFirst(arrived)
	}
	if got := wire(h); strings.HasSuffix(arrived, "\r\n\r\n") && !bytes.Equal(got, []byte(arrived)) {
		return fmt.Sprintf("foretold\n%s\narrived\n%s\nskipped %v", got, arrived, h.Skipped)
	} else if !strings.HasPrefix(string(got), arrived) {
		return fmt.Sprintf("foretold\n%s\narrived, and was cut\n%s", got, arrived)
	}
	return ""
}

// hostFirst moves Host to where the stream module is said to send it.
func hostFirst(text string) string {
	lines := strings.SplitAfter(text, "\r\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "Host: ") })
	if i < 0 {
		return text
	}
	host := lines[i]
	return strings.Join(slices.Insert(slices.Delete(lines, i, i+1), 1, host), "")
}

func begins(arrived, want string) string {
	if strings.HasPrefix(arrived, want) {
		return ""
	}
	return fmt.Sprintf("arrived %q, want it to begin with %q", arrived, want)
}

// last returns the hop that asks the backend, or answers.
func last(h *nginxconf.Hop) *nginxconf.Hop {
	for h.Next != nil {
		h = h.Next
	}
	return h
}

// wire returns the bytes that a hop sends, with secrets masked as an attempt shows them.
func wire(h *nginxconf.Hop) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s %s\r\n", h.Method, h.Target, h.Version)
	for _, line := range h.Sends {
		fmt.Fprintf(&b, "%s: %s\r\n", line.Name, line.Value)
	}
	b.WriteString("\r\n")
	head := dump.Parse(b.Bytes())
	dump.NewMasker(false).Request(head)
	return head.Raw
}

// read reads the configuration of a case.
func read(t *testing.T, c *corpus.Case) *nginxconf.Config {
	t.Helper()
	files := fstest.MapFS{"nginx.conf": {Data: []byte(c.Conf)}}
	for name, text := range c.Files {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	conf, err := nginxconf.Load(files, "nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// request reads what a client of a case sends.
func request(raw []byte) *nginxconf.Request {
	head := dump.Parse(raw)
	r := &nginxconf.Request{
		Address: netip.MustParseAddrPort("127.0.0.1:8081"), From: netip.MustParseAddr("127.0.0.1"),
		Method: head.Method(), URI: head.Target(), Version: head.Version(),
	}
	for _, f := range head.Fields {
		if strings.EqualFold(head.Name(f), "host") && r.Host == "" {
			r.Host = head.Value(f)
			continue
		}
		r.Headers = append(r.Headers, nginxconf.Header{Name: head.Name(f), Value: head.Value(f)})
	}
	if preface := strings.Fields(head.Text(head.Preface)); len(preface) > 2 && preface[0] == "PROXY" {
		r.Proxy = netip.MustParseAddr(preface[2])
	}
	return r
}
