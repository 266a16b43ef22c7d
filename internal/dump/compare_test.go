package dump

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestCompare compares two heads the way a proxy changes them.
func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name, law     string
		before, after string
		want          []string
	}{
		{"nothing changed", "the same lines in the same order", "A: 1\r\nB: 2", "A: 1\r\nB: 2",
			[]string{"kept A", "kept B"}},
		{"value changed", "a pair is found by its name", "Connection: Upgrade", "Connection: close",
			[]string{"changed Connection"}},
		{"respelled", "case is no part of a name, but it was changed", "Sec-WebSocket-Key: x", "Sec-Websocket-Key: x",
			[]string{"kept Sec-WebSocket-Key respelled"}},
		{"respelled and changed", "both are told", "a: 1", "A: 2",
			[]string{"changed a respelled"}},
		{"dropped and added", "a dropped line stands where it was missed", "A: 1\r\nUpgrade: websocket\r\nB: 2", "A: 1\r\nB: 2\r\nVia: x",
			[]string{"kept A", "dropped Upgrade", "kept B", "added Via"}},
		{"dropped at the end", "nothing follows it", "A: 1\r\nB: 2", "A: 1",
			[]string{"kept A", "dropped B"}},
		{"moved", "one line moved, not all the others", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4", "D: 4\r\nA: 1\r\nB: 2\r\nC: 3",
			[]string{"kept D moved", "kept A", "kept B", "kept C"}},
		{"doubled lines", "they are paired in their order", "A: 1\r\nA: 2", "A: 1\r\nA: 3\r\nA: 2",
			[]string{"kept A", "changed A", "added A"}},
		{"masked, the same", "what stood there is compared", "Cookie: a=secret", "Cookie: a=secret",
			[]string{"kept Cookie"}},
		{"masked, another", "the masks look the same", "Cookie: a=secret", "Cookie: a=Secret",
			[]string{"changed Cookie"}},
		{"fold straightened out", "it is read as the same value", "A: b\r\n c", "A: b c",
			[]string{"kept A"}},
		{"no lines", "there is nothing to pair", "", "A: 1", []string{"added A"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := NewMasker(false)
			head := func(lines string) *Head {
				if lines != "" {
					lines += "\r\n"
				}
				h := Parse([]byte(requestLine + lines + "\r\n"))
				m.Request(h)
				return h
			}
			got := Compare(head(c.before), head(c.after))
			if text := changesText(got); !slices.Equal(text, c.want) {
				t.Errorf("%q\nwant %q: %s", text, c.want, c.law)
			}
			same := !slices.ContainsFunc(c.want, func(s string) bool { return !strings.HasPrefix(s, "kept ") || strings.Count(s, " ") > 1 })
			if got.Same() != same {
				t.Errorf("Same() = %v, want %v", got.Same(), same)
			}
		})
	}
}

func changesText(c *Comparison) []string {
	var all []string
	for _, d := range c.Fields {
		head, field := c.Before, d.Before
		if field == nil {
			head, field = c.After, d.After
		}
		line := fmt.Sprint(d.Kind, " ", head.Name(*field))
		if d.Respelled {
			line += " respelled"
		}
		if d.Moved {
			line += " moved"
		}
		all = append(all, line)
	}
	return all
}

// TestCompareStartLine: nginx speaks HTTP/1.0 to a backend, and may send another path.
func TestCompareStartLine(t *testing.T) {
	c := Compare(Parse([]byte("GET /ws/echo HTTP/1.1\r\n\r\n")), Parse([]byte("GET /echo HTTP/1.0\r\n\r\n")))
	if c.Method.Kind != Kept || c.Target.Kind != Changed || c.Version.Kind != Changed || c.Same() {
		t.Errorf("method %v, target %v, version %v; want kept, changed, changed", c.Method.Kind, c.Target.Kind, c.Version.Kind)
	}
	if got := c.After.Text(c.Target.After.Value); got != "/echo" {
		t.Errorf("target after is %q", got)
	}
}

// TestCompareManyLines: a stranger's head of thousands of equal names must not cost the square
// of their number; this ends within the test's time or does not.
func TestCompareManyLines(t *testing.T) {
	h := Parse([]byte(requestLine + strings.Repeat("a:\n", 20_000) + "\n"))
	c := Compare(h, h)
	if len(c.Fields) != 20_000 || !c.Same() {
		t.Errorf("%d changes, same %v", len(c.Fields), c.Same())
	}
}
