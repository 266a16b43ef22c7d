package handshake

import (
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

var update = flag.Bool("update", false, "rewrite what the files in testdata expect")

// A file of testdata/checks belongs to the check of its name, one of testdata/good to a
// client. It holds cases:
//
//	=== the law that the case proves, in a sentence
//	@ allow-origin https://app.example
//	GET /ws HTTP/1.1
//	Host: app.example
//
//	---
//	the verdict and the finding, as the test writes them with -update
//
// A line that begins with @ is an option: allow-origin, subprotocol, ending, or tls for a
// request in the clear that comes to a port that speaks TLS. Lines of the
// request end with CR LF; one that spells its own end with \n ends with LF alone, and one
// that ends with a lone \ with nothing. Escapes are Go's; <x900> is 900 times the letter.
type testCase struct {
	law      string
	file     string
	options  []string
	spelt    string // the request as the file has it
	raw      []byte
	expected string

	policy Policy
	ending dump.Ending
	secure *tls.Config // of the port; nil: it speaks plain HTTP
}

var endingNames = map[string]dump.Ending{
	"read": dump.EndRead, "closed": dump.EndClosed, "timeout": dump.EndTimeout, "reset": dump.EndReset,
}

func readCases(t testing.TB, file string) (cases []*testCase) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split("\n"+string(text), "\n=== ") {
		if i == 0 {
			continue // nothing stands before the first
		}
		input, expected, _ := strings.Cut(part, "\n---\n")
		law, rest, _ := strings.Cut(input, "\n")
		c := &testCase{law: law, file: file, expected: strings.TrimRight(expected, "\n")}
		for strings.HasPrefix(rest, "@ ") {
			var option string
			option, rest, _ = strings.Cut(rest[2:], "\n")
			c.option(t, option)
		}
		c.spelt = rest
		for line := range strings.SplitSeq(rest, "\n") {
			c.raw = append(c.raw, c.wireLine(t, line)...)
		}
		cases = append(cases, c)
	}
	return cases
}

func (c *testCase) option(t testing.TB, option string) {
	t.Helper()
	c.options = append(c.options, option)
	key, value, _ := strings.Cut(option, " ")
	switch key {
	case "allow-origin":
		c.policy.Origins = append(c.policy.Origins, value)
	case "subprotocol":
		c.policy.Spoken = append(c.policy.Spoken, value)
	case "ending":
		ending, ok := endingNames[value]
		if !ok {
			t.Fatalf("%s: no ending is called %q", c.file, value)
		}
		c.ending = ending
	case "tls":
		c.secure = &tls.Config{} // without a certificate: nobody gets as far
	default:
		t.Fatalf("%s: no option is called %q", c.file, key)
	}
}

// wireLine turns a line of the file into bytes of the wire.
func (c *testCase) wireLine(t testing.TB, line string) (b []byte) {
	t.Helper()
	end := "\r\n"
	if strings.HasSuffix(line, `\n`) {
		line, end = strings.TrimSuffix(line, `\n`), "\n"
	} else if strings.HasSuffix(line, `\`) {
		line, end = strings.TrimSuffix(line, `\`), ""
	}
	for line != "" {
		if n, rest, ok := strings.Cut(line, "<x"); ok && n == "" {
			count, after, _ := strings.Cut(rest, ">")
			times, err := strconv.Atoi(count)
			if err != nil {
				t.Fatalf("%s: %q: %v", c.file, line, err)
			}
			b = append(b, bytes.Repeat([]byte("x"), times)...)
			line = after
			continue
		}
		char, multibyte, rest, err := strconv.UnquoteChar(line, 0)
		if err != nil {
			t.Fatalf("%s: %q: %v", c.file, line, err)
		}
		if multibyte {
			b = append(b, string(char)...)
		} else {
			b = append(b, byte(char))
		}
		line = rest
	}
	return append(b, end...)
}

func caseFiles(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/" + folder + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/%s: %v", folder, err)
	}
	return files
}

// allCases returns every case of every file.
func allCases(t testing.TB) (all []*testCase) {
	t.Helper()
	for _, folder := range []string{"good", "checks"} {
		for _, file := range caseFiles(t, folder) {
			all = append(all, readCases(t, file)...)
		}
	}
	return all
}

// goodHeads returns what real clients send.
func goodHeads(t testing.TB) (all []*testCase) {
	t.Helper()
	for _, file := range caseFiles(t, "good") {
		all = append(all, readCases(t, file)...)
	}
	return all
}

// rewrite writes the cases back with what is true now.
func rewrite(t *testing.T, file string, cases []*testCase, got []string) {
	t.Helper()
	var b strings.Builder
	for i, c := range cases {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "=== %s\n", c.law)
		for _, o := range c.options {
			fmt.Fprintf(&b, "@ %s\n", o)
		}
		fmt.Fprintf(&b, "%s\n---\n%s\n", c.spelt, got[i])
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// describe writes a verdict as the files expect it, with the findings that wanted chooses.
func describe(v Verdict, head *dump.Head, wanted func(*Finding) bool) string {
	var b strings.Builder
	if v.Accepted {
		b.WriteString("101")
	} else {
		fmt.Fprintf(&b, "%s (%s)", strings.TrimSpace(strconv.Itoa(v.Status)+" "+v.Reason), v.DecidedBy.ID)
	}
	for i := range v.Findings {
		f := &v.Findings[i]
		if !wanted(f) {
			continue
		}
		fmt.Fprintf(&b, "\n%s %s: %s", f.Outcome, f.Check.ID, f.Because)
		for _, e := range f.Evidence {
			fmt.Fprintf(&b, "\n    %s", Quote(head.Text(e)))
		}
	}
	return b.String()
}
