package diagnosis

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/handshake"
)

// TestCatalogueIsWhole: a cause is a stable name, a sentence, three parts of documentation
// and a place where its directive is described, or a reader is left alone with it.
func TestCatalogueIsWhole(t *testing.T) {
	id := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	var seen []string
	for _, c := range Catalogue() {
		if !id.MatchString(c.ID) || slices.Contains(seen, c.ID) || handshake.Find(c.ID) != nil {
			t.Errorf("%q: an ID is kebab-case, unique, and no check's", c.ID)
		}
		seen = append(seen, c.ID)
		if strings.HasSuffix(c.Title, ".") || len(c.Title) > 70 || c.Title == "" || c.Title[:1] != strings.ToUpper(c.Title[:1]) && !strings.HasPrefix(c.Title, "nginx") {
			t.Errorf("%s: the title %q is a short sentence that begins with a capital and needs no full stop", c.ID, c.Title)
		}
		for _, text := range []string{c.Doc.What, c.Doc.See, c.Doc.Do} {
			if text == "" || strings.Contains(text, "!") || strings.TrimSpace(text) != text {
				t.Errorf("%s: %q: a part of the documentation is there and has no exclamation mark", c.ID, text)
			}
			for line := range strings.SplitSeq(text, "\n") {
				if strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "    ") || strings.Contains(line, "\t") {
					t.Errorf("%s: %q: lines to paste are indented by four spaces", c.ID, line)
				}
			}
		}
		if c.Shows == 0 || c.find == nil {
			t.Errorf("%s: a cause says in which evidence it shows, and how it is found", c.ID)
		}
		if c.Spec == "" || !strings.HasPrefix(c.SpecURL, "https://") {
			t.Errorf("%s: %q, %q: a cause says where the directive behind it is documented", c.ID, c.Spec, c.SpecURL)
		}
		for _, check := range c.Explains {
			if handshake.Find(check) == nil {
				t.Errorf("%s explains %q, which is no check", c.ID, check)
			}
		}
		if Find(c.ID) != c {
			t.Errorf("Find(%q) does not find it", c.ID)
		}
	}
	if Find("no-such-cause") != nil {
		t.Error("Find finds a cause that is not there")
	}
}

// TestEveryCauseFiresAndStaysSilent: a cause without a case in which it is concluded and one
// in which it is not is not known to do either.
func TestEveryCauseFiresAndStaysSilent(t *testing.T) {
	for _, c := range Catalogue() {
		t.Run(c.ID, func(t *testing.T) {
			file := filepath.Join("testdata", "causes", c.ID+".txt")
			cases := readCases(t, file)
			got := make([]string, len(cases))
			fires, silent := 0, 0
			for i, tc := range cases {
				found := Diagnose(&tc.evidence)
				if slices.ContainsFunc(found, func(f Conclusion) bool { return f.Cause == c }) {
					fires++
				} else {
					silent++
				}
				got[i] = describe(&tc.evidence, found, c.ID)
				if got[i] != tc.expected && !*update {
					t.Errorf("%s\n got: %s\nwant: %s", tc.law, got[i], tc.expected)
				}
			}
			if fires == 0 || silent == 0 {
				t.Errorf("%s has %d cases in which the cause is found and %d in which it is not; it needs both", file, fires, silent)
			}
			if *update {
				rewrite(t, file, cases, got)
			}
		})
	}
	for _, file := range caseFiles(t, "causes") {
		if id := strings.TrimSuffix(filepath.Base(file), ".txt"); Find(id) == nil {
			t.Errorf("%s belongs to no cause", file)
		}
	}
}
