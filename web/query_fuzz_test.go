package web

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzQuery: any query of an address is read; what is written of it is read as the same
// again, as a link carries it too, and what cannot be read is answered in harmless words.
func FuzzQuery(f *testing.F) {
	for _, typed := range []string{"", `outcome:rejected path:/ws -ua:probe text`, `"no key`, `path:"/a b" "no key"`, `"say \"hi\" \\"`, `"foo:bar" "-x" -x - -- -"a"`, `http://localhost:8080`, `path:`, `PATH:x`, `cuase:x`, `:`, `-:`,
		`host:"\"`, "path:/\xff\x00", "client:10.0.0.0/8", `key:a=b=`, "a\u00a0b \u2028", `-path:"" ""`, `"-`, `x"y z"`} {
		f.Add(typed, "/a b", "failed", "1", "no")
	}
	f.Fuzz(func(t *testing.T, typed, path, outcome, limit, fold string) {
		q := readQuery(url.Values{"q": {typed}, "path": {path}, "outcome": {outcome}, "limit": {limit}, "fold": {fold}})
		again := readQuery(url.Values{"q": {q.Text()}})
		if again.Text() != q.Text() || len(again.Wrong) > 0 {
			t.Errorf("%q is written as %q, and read again as %q, wrong: %v", typed, q.Text(), again.Text(), again.Wrong)
		}
		values, err := url.ParseQuery(strings.TrimPrefix(q.link(), "?"))
		if carried := readQuery(values); err != nil || carried.Text() != q.Text() || carried.page.Limit != q.page.Limit || carried.Unfolded != q.Unfolded {
			t.Errorf("%q is carried as %q: %+v, %v", typed, q.link(), carried, err)
		}
		for _, wrong := range q.Wrong {
			if wrong.Says == "" || !utf8.ValidString(wrong.Says) || strings.ContainsFunc(wrong.Says, func(c rune) bool { return c < ' ' || 0x7f <= c && c < 0xa0 || c == '\u202e' }) {
				t.Errorf("of %q is said %q", wrong.Word, wrong.Says)
			}
		}
	})
}
