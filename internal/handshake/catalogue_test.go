package handshake

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCatalogueIsWhole: a check is a stable name, a sentence, three parts of documentation
// and a paragraph of a standard, or a reader is left alone with it.
func TestCatalogueIsWhole(t *testing.T) {
	id := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	spec := regexp.MustCompile(`^RFC (\d+) §(\d+(?:\.\d+)*)$`)
	var seen []string
	advises := false
	for _, c := range Catalogue() {
		if !id.MatchString(c.ID) || slices.Contains(seen, c.ID) {
			t.Errorf("%q: an ID is kebab-case and unique", c.ID)
		}
		if strings.HasSuffix(c.Title, ".") || len(c.Title) > 60 || c.Title == "" || c.Title[:1] != strings.ToUpper(c.Title[:1]) {
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
		parts := spec.FindStringSubmatch(c.Spec)
		if parts == nil || c.SpecURL != "https://www.rfc-editor.org/rfc/rfc"+parts[1]+"#section-"+parts[2] {
			t.Errorf("%s: %q and %q name the same paragraph", c.ID, c.Spec, c.SpecURL)
		}
		if decided := c.By != ByNobody && c.Status >= 400 && c.Reason != ""; c.Decides != decided {
			t.Errorf("%s: a check that decides says who refuses, with which status and words, and others do not", c.ID)
		}
		if c.Decides && advises {
			t.Errorf("%s: checks that decide come before those that advise", c.ID)
		}
		advises = !c.Decides
		for _, required := range c.Requires {
			// Earlier in the catalogue: so there are no cycles, and what hinders a check that
			// decides has decided already.
			if !slices.Contains(seen, required) {
				t.Errorf("%s requires %s, which is not earlier in the catalogue", c.ID, required)
			}
		}
		if Find(c.ID) != c {
			t.Errorf("Find(%q) does not find it", c.ID)
		}
		seen = append(seen, c.ID)
	}
	if Find("no-such-check") != nil {
		t.Error("Find finds a check that is not there")
	}
}

// TestOrderOfRefusals: the first check that fails is the one that decides, so gorilla's
// six stand in the order of its Upgrade, behind all of net/http's.
func TestOrderOfRefusals(t *testing.T) {
	var ids []string
	for _, c := range Catalogue() {
		if c.By == ByGorilla {
			ids = append(ids, c.ID)
		} else if c.By == ByNetHTTP && len(ids) > 0 {
			t.Errorf("%s stands behind gorilla's rules, but net/http looks first", c.ID)
		}
	}
	want := []string{"connection-upgrade", "upgrade-websocket", "method-get", "version-13", "origin-same-host", "key-valid"}
	if !slices.Equal(ids, want) {
		t.Errorf("gorilla's rules are %v, want %v", ids, want)
	}
}

// TestEveryCheckFiresAndStaysSilent: a check without a case in which it fires and one in
// which it is silent is not known to do either. Each file shows its own check's findings.
func TestEveryCheckFiresAndStaysSilent(t *testing.T) {
	for _, c := range Catalogue() {
		t.Run(c.ID, func(t *testing.T) {
			file := filepath.Join("testdata", "checks", c.ID+".txt")
			cases := readCases(t, file)
			fires, silent := 0, 0
			got := make([]string, len(cases))
			for i, tc := range cases {
				a := serve(t, tc.raw, tc.ending, tc.secure, &tc.policy)
				a.check(t, tc.raw)
				got[i] = describe(a.verdict, a.request.Head, func(f *Finding) bool {
					if f.Check != c {
						return false
					}
					switch f.Outcome {
					case Failed, Advised:
						fires++
					case Passed:
						silent++
					}
					return true
				})
				if got[i] != tc.expected && !*update {
					t.Errorf("%s\n got: %s\nwant: %s", tc.law, got[i], tc.expected)
				}
			}
			if fires == 0 || silent == 0 {
				t.Errorf("%s has %d cases in which the check fires and %d in which it is silent; it needs both", file, fires, silent)
			}
			if *update {
				rewrite(t, file, cases, got)
			}
		})
	}
	for _, file := range caseFiles(t, "checks") {
		if id := strings.TrimSuffix(filepath.Base(file), ".txt"); Find(id) == nil {
			t.Errorf("%s belongs to no check", file)
		}
	}
}

// TestGoodClientsAreNotBlamed: whatever the check wants, what browsers and known libraries
// send is right. Nothing fails, and nothing is advised.
func TestGoodClientsAreNotBlamed(t *testing.T) {
	for _, file := range caseFiles(t, "good") {
		cases := readCases(t, file)
		got := make([]string, len(cases))
		for i, tc := range cases {
			a := serve(t, tc.raw, tc.ending, tc.secure, &tc.policy)
			a.check(t, tc.raw)
			for _, f := range a.verdict.Findings {
				if f.Outcome == Failed || f.Outcome == Advised {
					t.Errorf("%s: %s %s: %s", file, f.Outcome, f.Check.ID, f.Because)
				}
			}
			got[i] = describe(a.verdict, a.request.Head, func(*Finding) bool { return true })
			if got[i] != tc.expected && !*update {
				t.Errorf("%s: %s\n got: %s\nwant: %s", file, tc.law, got[i], tc.expected)
			}
		}
		if *update {
			rewrite(t, file, cases, got)
		}
	}
}

// TestExplanation: the documentation of a check reads well in a terminal.
func TestExplanation(t *testing.T) {
	const file = "testdata/explain.txt"
	var b []byte
	for _, c := range Catalogue() {
		b = append(c.AppendText(b), "\n\n"...)
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if len(line) > 80 && !strings.Contains(line, "https://") && !strings.Contains(line, "§") {
			t.Errorf("the line is longer than 80 columns: %s", line)
		}
	}
	if *update {
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != string(want) {
		t.Errorf("the explanations are not those of %s; look at them with -update and git diff", file)
	}
}
