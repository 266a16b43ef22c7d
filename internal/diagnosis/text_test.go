package diagnosis

import (
	"os"
	"strings"
	"testing"
)

// TestExplanation: the documentation of a cause reads well in a terminal.
func TestExplanation(t *testing.T) {
	const file = "testdata/explain.txt"
	var b []byte
	for _, c := range Catalogue() {
		b = append(c.AppendText(b), "\n\n"...)
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if len(line) > 80 && !strings.HasPrefix(line, "      ") && !strings.Contains(line, "https://") && !strings.Contains(line, ": ") {
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
