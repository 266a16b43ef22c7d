package main

import (
	"strings"
	"testing"
)

// The ratio is the median of the rounds' ratios, not that of the medians.
func TestTable(t *testing.T) {
	table := &table{columns: strings.Split(columns(), ",")}
	for _, round := range [][2]float64{{100, 50}, {1000, 900}, {10, 9.5}} {
		table.add("bare", []figure{{"echo", perSecond, round[0]}, {"start", millis, 3}})
		table.add("wsinspect", []figure{{"echo", perSecond, round[1]}, {"program", megabytes, 15.5}})
	}
	var text strings.Builder
	table.print(&text)
	const want = `operations a second                     bare     tuned     coder       gws wsinspect   ratio
  echo                                   100         -         -         -      50.0    0.90

time, ms                                bare     tuned     coder       gws wsinspect   ratio
  start                                 3.00         -         -         -         -

file, MB                                bare     tuned     coder       gws wsinspect   ratio
  program                                  -         -         -         -      15.5
`
	if text.String() != want {
		t.Errorf("the table is\n%s\nwant\n%s", &text, want)
	}
}

// What is measured has names that the table has room for, and no two alike.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, load := range workloads(10000, 5000) {
		if seen[load.name] || len(load.name) > 32 {
			t.Errorf("%q stands twice, or is too long", load.name)
		}
		seen[load.name] = true
	}
	for _, g := range growths() {
		for _, s := range g.Steps {
			if len(g.Name) > 48 || len(s.Name) > 46 {
				t.Errorf("%q, %q: too long", g.Name, s.Name)
			}
		}
	}
}
