package journal

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"wsinspect/internal/dump"
)

// FuzzEscape holds that whatever a stranger wrote is read back from JSON as it was, and
// that nothing which a terminal would obey comes out anywhere.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "abc\r\n\t\"\\", "\x00\x1b[2J\x7f\x80\x9b\xff", "é\u202e\u2028🜁\U0010ffff", "\xc3", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		b := appendJSONBytes(nil, []byte(s))
		if err := json.Unmarshal(b, &got); err != nil || got != latin1([]byte(s)) {
			t.Errorf("%q as bytes in JSON: %s, read as %q (%v)", s, b, got, err)
		}
		obeyed(t, b)
		b = appendJSONWords(nil, s)
		if err := json.Unmarshal(b, &got); err != nil || got != strings.ToValidUTF8(each(s), "\ufffd") {
			t.Errorf("%q as words in JSON: %s, read as %q (%v)", s, b, got, err)
		}
		obeyed(t, b)
		obeyed(t, dump.AppendEscaped(nil, []byte(s)))
		obeyed(t, dump.AppendWords(nil, s))
	})
}

// each replaces every byte that is no UTF-8 by a character of its own, as encoding/json
// does; strings.ToValidUTF8 alone would replace a run of them by one.
func each(s string) string { return string([]rune(s)) }

func obeyed(t *testing.T, b []byte) {
	t.Helper()
	if !utf8.Valid(b) {
		t.Errorf("%q is no UTF-8", b)
	}
	for _, r := range string(b) {
		if !strconv.IsPrint(r) {
			t.Errorf("%q holds the character %U", b, r)
		}
	}
}
