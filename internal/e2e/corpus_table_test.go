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
	fmt.Fprintln(w, "case\tcause\tshows\tran\tbackend\twith the client\twith the configuration\tlint\tcured\tby its diff")
	for _, o := range results {
		cause, shows := o.Cause, o.Shows
		if o.Control() {
			cause, shows = "(control)", "-"
		}
		cured := o.cured
		if o.first != "" {
			cured = strings.TrimPrefix(cured+"; ", "; ") + "the first: " + o.first
		}
		client, config, lint := o.Judge(o.both()), o.Judge(o.all()), o.Judge(o.alone())
		if !o.Asks() {
			lint = "-" // it is asked about a WebSocket
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.Name, cause, shows, o.how, o.result, client, config, lint, cured, o.linted)
	}
	w.Flush()
	fmt.Fprintln(out)
	for _, o := range results {
		if o.result.Bad() || o.result == corpus.InSet || o.result == corpus.Misled {
			fmt.Fprintf(out, "%s: %s. Concluded %s; the cause is %s.\n", o.Name, o.result, corpus.Brief(o.found), orNone(o.Cause))
		}
	}
	for _, o := range results {
		for _, column := range o.columns() {
			if result := o.Judge(column.found); result.Bad() {
				fmt.Fprintf(out, "%s, %s: %s. Concluded %s; the cause is %s.\n", o.Name, column.name, result, corpus.Brief(column.found), orNone(o.Cause))
			}
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

	failures, configFirst    int // cases with a cause, and those where it comes first with the configuration
	clientShows, clientFirst int // of those, the ones that show at one of the two ends, by themselves
	lintShows, lintFirst     int // the ones of which the configuration alone shows anything
	linted, lintCured        int // the ones for which lint prints a diff, and those that it cures
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
		s.more(&o)
	}
	return s
}

// more counts what came of a case with more evidence than the backend has.
func (s *totals) more(o *outcome) {
	if o.Control() || strings.HasPrefix(o.how, "broke") {
		return
	}
	count := func(of, first *int, found []corpus.Conclusion) {
		*of++
		if o.Judge(found) == corpus.Exact {
			*first++
		}
	}
	count(&s.failures, &s.configFirst, o.all())
	if o.Shows != "partial" {
		count(&s.clientShows, &s.clientFirst, o.both())
	}
	if o.Asks() && len(o.alone()) > 0 {
		count(&s.lintShows, &s.lintFirst, o.alone())
	}
	if o.linted != "" {
		s.linted++
		if o.linted == "yes" {
			s.lintCured++
		}
	}
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
	fmt.Fprintf(&b, "with the client first in %d of %d that show at one of the two ends\n", s.clientFirst, s.clientShows)
	fmt.Fprintf(&b, "with the configuration first in %d of %d\n", s.configFirst, s.failures)
	fmt.Fprintf(&b, "lint: first in %d of %d of which the configuration alone shows anything; cured by its diff %d of %d\n", s.lintFirst, s.lintShows, s.lintCured, s.linted)
	return b.String()
}

// checkBars holds the results to what the diagnosis promises: of what the backend has seen,
// with what the client knows besides, with the configuration besides, and of that alone.
func checkBars(t *testing.T, results []outcome) {
	s := sum(results)
	for _, o := range results {
		if strings.HasPrefix(o.how, "broke") {
			continue
		}
		for _, column := range o.columns() {
			if result := o.Judge(column.found); result.Bad() {
				t.Errorf("%s, %s: %s. Concluded %s; the cause is %s", o.Name, column.name, result, corpus.Brief(column.found), orNone(o.Cause))
			}
		}
		if o.Asks() && o.Control() && len(o.alone()) > 0 {
			t.Errorf("%s: linted, it has %s, and nothing is wrong", o.Name, corpus.Brief(o.alone()))
		}
		if o.linted != "" && o.linted != "yes" {
			t.Errorf("%s: cured by the diff that lint prints: %s", o.Name, o.linted)
		}
	}
	for _, bar := range []struct {
		what            string
		exact, of, want int // in hundredths
	}{
		{"with what the client knows", s.clientFirst, s.clientShows, 90},
		{"with the configuration besides", s.configFirst, s.failures, 95},
		{"by the configuration alone, of those that it shows", s.lintFirst, s.lintShows, 95},
	} {
		if bar.exact*100 < bar.of*bar.want {
			t.Errorf("%s, the cause is the first conclusion for %d of %d cases, want %d of 100", bar.what, bar.exact, bar.of, bar.want)
		}
	}
	for _, o := range results {
		if o.result.Bad() {
			t.Errorf("%s: %s. Concluded %s; the cause is %s", o.Name, o.result, corpus.Brief(o.found), orNone(o.Cause))
		}
		if o.cured != "" && o.cured != "yes" {
			t.Errorf("%s: cured: %s", o.Name, o.cured)
		}
	}
	if s.first*10 < s.full*9 {
		t.Errorf("the cause is the first conclusion for %d of the %d cases whose bytes name it, want 9 of 10", s.first, s.full)
	}
}

// column is what is concluded from more than the backend has seen.
type column struct {
	name  string
	found []corpus.Conclusion
}

func (o *outcome) columns() []column {
	return []column{{"with the client", o.both()}, {"with the configuration", o.all()}}
}

// both returns what is concluded with what the client knows; where no probe ran, it knows
// nothing.
func (o *outcome) both() []corpus.Conclusion {
	if o.client == nil {
		return o.found
	}
	return o.client
}

// all returns what is concluded with the configuration besides; where nothing was asked, by
// it alone.
func (o *outcome) all() []corpus.Conclusion {
	if o.how == "recorded session" {
		return o.found // nobody was asked
	}
	if o.config == nil && o.lint != nil {
		return o.lint.conclusions()
	}
	return o.config
}

// alone returns what is concluded of the configuration alone.
func (o *outcome) alone() []corpus.Conclusion {
	if o.lint == nil {
		return nil // the case broke off
	}
	return o.lint.sure()
}
