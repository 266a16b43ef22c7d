package e2e

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"text/tabwriter"

	"wsinspect/internal/corpus"
)

// writeTable prints what came of each case, and the totals.
func writeTable(out io.Writer, results []outcome) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "case\tcause\tshows\tran\tresult\tcured")
	for _, o := range results {
		cause, shows := o.Cause, o.Shows
		if o.Control() {
			cause, shows = "(control)", "-"
		}
		cured := o.cured
		if o.first != "" {
			cured = strings.TrimPrefix(cured+"; ", "; ") + "the first: " + o.first
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Name, cause, shows, o.how, o.result, cured)
	}
	w.Flush()
	fmt.Fprintln(out)
	for _, o := range results {
		if o.result.Bad() || o.result == corpus.InSet || o.result == corpus.Misled {
			fmt.Fprintf(out, "%s: %s. Concluded %s; the cause is %s.\n", o.Name, o.result, corpus.Brief(o.found), orNone(o.Cause))
		}
	}
	fmt.Fprintln(out)
	fmt.Fprint(out, sum(results))
}

func orNone(cause string) string {
	if cause == "" {
		return "none"
	}
	return cause
}

// totals is what a run of the corpus comes to.
type totals struct {
	cases, live, recorded int // those that are neither broke off
	by                    map[corpus.Result]int
	full, first           int // cases whose bytes name the cause, and those where it came first
	curable, cured        int // of the cases that ran live and whose cause was concluded
	overdrawn             int // conclusions that are certain and untrue
}

func sum(results []outcome) *totals {
	s := &totals{by: map[corpus.Result]int{}}
	for _, o := range results {
		s.cases++
		s.by[o.result]++
		if o.how == "live" {
			s.live++
		} else if strings.HasPrefix(o.how, "recorded") {
			s.recorded++
		}
		if o.Shows == "full" {
			s.full++
			if o.result == corpus.Exact {
				s.first++
			}
		}
		if o.cured != "" {
			s.curable++
			if o.cured == "yes" {
				s.cured++
			}
		}
		s.overdrawn += overdrawn(o)
	}
	return s
}

// overdrawn counts the conclusions that are certain and untrue.
func overdrawn(o outcome) (n int) {
	for _, f := range o.found {
		if f.Confidence == "certain" && !o.Accepts(f.ID) {
			n++
		}
	}
	return n
}

func (s *totals) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases: %d live, %d from what was recorded\n", s.cases, s.live, s.recorded)
	for _, r := range corpus.Results {
		fmt.Fprintf(&b, "%5d %s\n", s.by[r], r)
	}
	fmt.Fprintf(&b, "first in %d of %d whose bytes name the cause; cured %d of %d; certain and untrue %d\n", s.first, s.full, s.cured, s.curable, s.overdrawn)
	return b.String()
}

// checkBars holds the results to what the diagnosis promises.
func checkBars(t *testing.T, results []outcome) {
	for _, o := range results {
		if o.result.Bad() {
			t.Errorf("%s: %s. Concluded %s; the cause is %s", o.Name, o.result, corpus.Brief(o.found), orNone(o.Cause))
		}
		if o.cured != "" && o.cured != "yes" {
			t.Errorf("%s: cured: %s", o.Name, o.cured)
		}
	}
	if s := sum(results); s.first*10 < s.full*9 {
		t.Errorf("the cause is the first conclusion for %d of the %d cases whose bytes name it, want 9 of 10", s.first, s.full)
	}
}
