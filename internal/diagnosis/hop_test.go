package diagnosis

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

// A file of testdata/hops has, in the form of testdata/causes, what one proxy wrote to the
// backend: for each case its configuration in a sentence, the bytes, and the proxies that
// are found, with the confidence, the words and the bytes that show it. The hosts, ports
// and paths are put into the same words everywhere; nothing else of what was recorded is
// changed. What was not recorded says so.
func TestHops(t *testing.T) {
	for _, file := range caseFiles(t, "hops") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			cases := readCases(t, file)
			var all []string
			for _, c := range cases {
				got := describeHops(&c.evidence)
				if got != c.expected && !*update {
					t.Errorf("%s\ngot:\n%s\nthe file says:\n%s", c.law, got, c.expected)
				}
				all = append(all, got)
			}
			if *update {
				rewrite(t, file, cases, all)
			}
		})
	}
}

// describeHops puts the way of a request into words, and the proxy whose language the
// fixes speak.
func describeHops(e *Evidence) string {
	r := &reading{Evidence: e}
	r.read()
	if len(r.way()) == 0 {
		return "no hop"
	}
	var b strings.Builder
	for _, h := range r.way() {
		fmt.Fprintf(&b, "%s (%s)\n%s\n", h.Name, h.Confidence, h.Because)
		for _, s := range h.Evidence {
			for line := range bytes.SplitSeq(r.head.Raw[s.Start:s.End], []byte("\r\n")) {
				fmt.Fprintf(&b, "    %s\n", dump.AppendEscaped(nil, line))
			}
		}
	}
	if r.next() != nil {
		fmt.Fprintf(&b, "speaks %s", r.next().name)
		if r.nginxBefore1297() {
			b.WriteString(" before 1.29.7")
		}
	} else {
		b.WriteString("speaks no language that is known")
	}
	if note := r.outerNote(); note != "" {
		fmt.Fprintf(&b, "\nnote: %s", note)
	}
	return b.String()
}

// TestEveryProxyIsFound demands a case for every proxy and front end: next to the backend
// where that can be told, and somewhere on the way.
func TestEveryProxyIsFound(t *testing.T) {
	next, found := map[string]bool{}, map[string]bool{}
	for _, file := range caseFiles(t, "hops") {
		for _, c := range readCases(t, file) {
			hops, p := follow(indexOf(c.evidence.Request.Head))
			for _, h := range hops {
				found[h.Name] = true
			}
			if p != nil {
				next[p.name] = true
			}
		}
	}
	for _, p := range slices.Concat(proxies, frontEnds[:]) {
		if !found[p.name] {
			t.Errorf("no case shows %s", p.name)
		}
		if p.next != nil && p.name != "tinyproxy" && !next[p.name] {
			t.Errorf("no case shows %s next to the backend", p.name)
		}
	}
}

// TestDirectClients holds the fingerprints against what clients send by themselves: that
// is no proxy's work, however much it looks so.
func TestDirectClients(t *testing.T) {
	behind := map[string]string{"nginx.txt": "nginx", "apache.txt": "Apache"}
	files, err := filepath.Glob("../handshake/testdata/good/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no clients: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq("\n"+string(text), "\n=== ") {
			law, rest, ok := strings.Cut(part, "\n")
			if !ok || part[0] == '\n' {
				continue
			}
			head, _, _ := strings.Cut(rest, "\n---\n")
			hops := Hops(dump.Parse([]byte(strings.ReplaceAll(head, "\n", "\r\n"))))
			switch want := behind[filepath.Base(file)]; {
			case want == "" && len(hops) > 0:
				t.Errorf("%s (%s): found %s: %s", filepath.Base(file), law, hops[0].Name, hops[0].Because)
			case want != "" && (len(hops) != 1 || hops[0].Name != want):
				t.Errorf("%s (%s): found %v, not %s", filepath.Base(file), law, hops, want)
			}
		}
	}
}

// TestFrontEndsAreNoProof types the line of every front end into a request that a browser
// sent itself: it is never certain, and never the proxy next to the backend.
func TestFrontEndsAreNoProof(t *testing.T) {
	const browser = "GET /ws HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade\r\nUser-Agent: Mozilla/5.0 Chrome/131.0.0.0\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for _, p := range frontEnds {
		var typed []string
		for _, begin := range p.marks {
			typed = append(typed, begin+": 1")
		}
		for _, self := range p.vias {
			typed = append(typed, "Via: "+self)
		}
		if len(typed) == 0 || p.untried == nil {
			t.Errorf("%s has no mark, or nothing of its documentation", p.name)
		}
		for _, line := range typed {
			hops, next := follow(indexOf(dump.Parse([]byte(browser + line + "\r\n\r\n"))))
			if len(hops) != 1 || hops[0].Name != p.name || hops[0].Confidence > Likely {
				t.Errorf("%s: the hops are %v", strconv.Quote(line), hops)
			}
			if next != nil {
				t.Errorf("%s: %s is taken for the proxy next to the backend", strconv.Quote(line), next.name)
			}
		}
	}
}

// FuzzHops gives it any bytes: it never panics, its words are there, and what it shows
// lies within the head.
func FuzzHops(f *testing.F) {
	for _, file := range caseFiles(f, "hops") {
		for _, c := range readCases(f, file) {
			f.Add(c.evidence.Request.Head.Raw)
		}
	}
	f.Add([]byte("GET / HTTP/1.1\r\n : x\r\n:\r\nVia\r\nConnection"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := dump.Parse(raw)
		for _, hop := range Hops(h) {
			if hop.Name == "" || hop.Because == "" || hop.Confidence == Unlikely || len(hop.Evidence) == 0 {
				t.Errorf("%+v says too little", hop)
			}
			for _, s := range hop.Evidence {
				if s.Empty() || s.Start < 0 || s.End > len(h.Raw) {
					t.Errorf("%s: the evidence %v does not lie in the head", hop.Name, s)
				}
			}
		}
	})
}

func BenchmarkHops(b *testing.B) {
	for _, file := range []string{"../handshake/testdata/good/chrome.txt", "../handshake/testdata/good/nginx.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\n")
		head, _, _ := strings.Cut(rest, "\n---\n")
		h := dump.Parse([]byte(strings.ReplaceAll(head, "\n", "\r\n")))
		b.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Hops(h)
			}
		})
	}
}
