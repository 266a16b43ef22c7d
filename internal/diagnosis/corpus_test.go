package diagnosis_test

import (
	"testing"

	"wsinspect/internal/corpus"
	"wsinspect/internal/diagnosis"
)

// TestCorpus holds the diagnosis to its promise on the recorded bytes of real failures:
// the cause is in the set wherever the bytes carry anything, and first for nine of ten
// that they name; nothing untrue is certain; a good handshake has no cause. What the fixes
// cure is proved with a real nginx, in internal/e2e.
func TestCorpus(t *testing.T) {
	cases, err := corpus.Read("testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	full, first := 0, 0
	for _, c := range cases {
		found := c.Diagnose()
		result := c.Judge(found)
		if result.Bad() {
			t.Errorf("%s: %s. Concluded %s; the cause is %q", c.Name, result, corpus.Brief(found), c.Cause)
		}
		if c.Shows == "full" {
			full++
			if result == corpus.Exact {
				first++
			}
		}
	}
	if first*10 < full*9 {
		t.Errorf("the cause is the first conclusion for %d of the %d cases whose bytes name it, want 9 of 10", first, full)
	}
}

// TestCorpusNames proves that the corpus speaks of causes that exist.
func TestCorpusNames(t *testing.T) {
	cases, err := corpus.Read("testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for _, id := range append(append([]string{c.Cause}, c.Also...), c.Besides...) {
			if id != "" && diagnosis.Find(id) == nil {
				t.Errorf("%s names the cause %s, which is not in the catalogue", c.Name, id)
			}
		}
	}
}
