package corpus

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const folder = "../diagnosis/testdata/corpus"

// TestForm holds every file to the one form in which Record writes it, so that recording
// again changes nothing but what has changed.
func TestForm(t *testing.T) {
	cases, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		text, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.format(); got != string(text) {
			t.Errorf("%s is not in its form, which is:\n%s", c.path, got)
		}
		if again, err := wire(spell(c.Arrived)); c.Arrived != nil && (err != nil || !bytes.Equal(again, c.Arrived)) {
			t.Errorf("%s: recorded again, %q arrives: %v", c.path, again, err)
		}
	}
}

// TestExamples holds the choice of what documents a cause: one case for each, and none that
// more people have reported.
func TestExamples(t *testing.T) {
	cases, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]*Case{}
	for _, c := range cases {
		if filepath.Base(filepath.Dir(c.path)) != "examples" {
			continue
		}
		if c.Control() {
			t.Errorf("%s documents no cause", c.path)
		}
		if other := examples[c.Cause]; other != nil {
			t.Errorf("%s and %s both are the example of %s", other.path, c.path, c.Cause)
		}
		examples[c.Cause] = c
	}
	for _, c := range cases {
		if example := examples[c.Cause]; !c.Control() && (example == nil || example.threads() < c.threads()) {
			t.Errorf("%s is the better example of %s: more threads report it", c.path, c.Cause)
		}
	}
}

// threads counts the public threads that report c.
func (c *Case) threads() (n int) {
	for _, f := range c.header {
		if f.name == "source" && strings.HasPrefix(f.text, "https://") {
			n++
		}
	}
	return n
}

func TestWire(t *testing.T) {
	for text, bytes := range map[string]string{
		"GET / HTTP/1.1\nHost: a": "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		`\x16\x03\x01\`:           "\x16\x03\x01",
		"PROXY TCP4\n\\":          "PROXY TCP4\r\n",
		`Cookie: <x50>\\`:         "Cookie: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\\r\n\r\n",
	} {
		if got, err := wire(text); err != nil || string(got) != bytes {
			t.Errorf("%q stands for %q, %v; want %q", text, got, err, bytes)
		}
		if got := spell([]byte(bytes)); got != text {
			t.Errorf("%q is spelt %q, want %q", bytes, got, text)
		}
	}
}

func TestJudge(t *testing.T) {
	failure := &Case{Cause: "a", Also: []string{"b"}, Besides: []string{"c"}, Shows: "full"}
	hidden := &Case{Cause: "a", Shows: "none"}
	control := &Case{}
	set := func(all ...string) (found []Conclusion) {
		for i := 0; i < len(all); i += 2 {
			found = append(found, Conclusion{ID: all[i], Confidence: all[i+1]})
		}
		return found
	}
	for _, test := range []struct {
		law   string
		c     *Case
		found []Conclusion
		want  Result
	}{
		{"the cause comes first", failure, set("a", "likely", "x", "possible"), Exact},
		{"what is true besides may be certain", failure, set("c", "certain", "a", "likely"), InSet},
		{"the cause is there", failure, set("x", "likely", "a", "possible"), InSet},
		{"nothing is concluded", failure, nil, Missed},
		{"a set without the cause", failure, set("b", "likely"), Wrong},
		{"certain and untrue, behind the cause", failure, set("a", "certain", "x", "certain"), Wrong},
		{"certain of one that leaves the same bytes", failure, set("a", "likely", "b", "certain"), Wrong},
		{"a control, and nothing is concluded", control, nil, Clean},
		{"a control, and something is", control, set("x", "possible"), FalseAlarm},
		{"a control, and something is certain", control, set("x", "certain"), FalseAlarm},
		{"nothing shows, and nothing is concluded", hidden, nil, Elsewhere},
		{"nothing shows, and the cause is found all the same", hidden, set("a", "possible"), Exact},
		{"nothing shows, and another is concluded", hidden, set("x", "likely"), Misled},
	} {
		if got := test.c.Judge(test.found); got != test.want {
			t.Errorf("%s: %s, want %s", test.law, got, test.want)
		}
	}
}
