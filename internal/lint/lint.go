// Package lint looks at a configuration of nginx for what it does with a WebSocket: as
// evidence for the diagnosis of an attempt (OfClient, OfArrival), and for the faults that it
// shows by itself (Lint).
package lint

import (
	"fmt"
	"slices"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/nginxconf"
)

// Question is what is asked about a configuration.
type Question struct {
	URI    string   // the path that the client opens; empty: every block that passes requests on
	Host   string   // that it asks for, with its port unless that is 80 or 443; empty: every server
	Expect []string // the paths that the application serves; nil: not known
}

// Report is what a look at a configuration has found.
type Report struct {
	Findings []Finding // the surest first
	Serves   []Served
	Unread   []string // includes whose files are not at hand, with their places
}

// Finding is a cause with the place in the configuration that shows it, and its cure.
type Finding struct {
	diagnosis.Conclusion
	Only string // the versions of nginx for which it holds; empty: all
	Diff string // that cures it, as patch takes it; empty where no lines of the configuration do
}

// Faulty reports whether something is wrong; what is only possible depends on what a
// configuration does not say.
func (r *Report) Faulty() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Confidence > diagnosis.Possible })
}

// Lint looks at the configuration alone.
func (n *Conf) Lint(q *Question) *Report {
	l := n.look(q)
	if l.unloadable() {
		return &l.Report
	}
	ways := l.entries()
	for _, e := range ways {
		l.serve(&e)
	}
	if l.URI == "" {
		ways = l.meant(ways)
	}
	for _, e := range ways {
		l.examine(&e)
	}
	return &l.Report
}

// LintAttempt takes an attempt as evidence besides. Where the question names neither path nor
// host, the way is followed on which its request most likely arrived.
func (n *Conf) LintAttempt(q *Question, attempt *diagnosis.Evidence) *Report {
	l := n.look(q)
	if l.unloadable() {
		return &l.Report
	}
	hops, asked := n.wayTo(attempt.Request)
	if l.URI != "" || l.Host != "" {
		asked = browsersHandshake(l.Host, l.URI)
		hops = way(n.route(asked))
	}
	evidence := *attempt
	evidence.Expect, evidence.Config = l.Expect, n.evidence(hops, asked)
	l.add(l.conclude(hops, &evidence))
	return &l.Report
}

// look is one look at a configuration.
type look struct {
	conf *Conf
	*Question
	Report
}

func (n *Conf) look(q *Question) *look {
	l := &look{conf: n, Question: q}
	for _, d := range n.Unread {
		l.Unread = append(l.Unread, fmt.Sprintf("%s %s: the file is not at hand", directiveOf(d).Where(), d))
	}
	return l
}

// unloadable finds what nginx refuses.
func (l *look) unloadable() bool {
	for _, fault := range l.conf.Faults {
		l.add(l.conclude(nil, &diagnosis.Evidence{Config: l.conf.refused(fault)}))
	}
	return len(l.conf.Faults) > 0
}

// examine diagnoses one way, by the defaults of nginx that count for it: where nobody says the
// version, by the old ones and the new.
func (l *look) examine(e *entry) {
	found := l.diagnose(e, l.conf.version)
	if !l.conf.known {
		newer := l.diagnose(e, newDefaults)
		mark(found, newer, "before nginx 1.29.7")
		mark(newer, found, "from nginx 1.29.7 on")
		found = append(found, newer...)
	}
	for i := range found {
		if e.other {
			found[i].Confidence = min(found[i].Confidence, diagnosis.Possible)
		}
	}
	l.add(found)
}

// mark says of findings that others have not for which versions they hold.
func mark(found, others []Finding, only string) {
	for i := range found {
		if !slices.ContainsFunc(others, found[i].same) {
			found[i].Only = only
		}
	}
}

// diagnose follows a way in one version.
func (l *look) diagnose(e *entry, version nginxconf.Version) []Finding {
	n := *l.conf
	n.version = version
	hops := way(e.hop(&n))
	config := n.evidence(hops, e.asked)
	if config == nil {
		return nil
	}
	for c := config; c != nil; c = c.Outer {
		if version == newDefaults && !n.known {
			c.Version = version.String()
		}
		if !e.named {
			c.Host = ""
		}
	}
	return l.conclude(hops, &diagnosis.Evidence{Config: config, Expect: l.Expect})
}

// conclude returns what the evidence shows, with the diffs that cure it.
func (l *look) conclude(hops []*nginxconf.Hop, evidence *diagnosis.Evidence) (found []Finding) {
	for _, c := range diagnosis.Diagnose(evidence) {
		f := Finding{Conclusion: c}
		f.Diff, _ = l.conf.diff(hops, &c.Fix) // without one the lines are shown
		found = append(found, f)
	}
	return found
}

// add takes up what is not known yet, the surest first.
func (l *look) add(found []Finding) {
	for _, f := range found {
		if !slices.ContainsFunc(l.Findings, f.same) {
			l.Findings = append(l.Findings, f)
		}
	}
	slices.SortStableFunc(l.Findings, func(a, b Finding) int { return int(b.Confidence) - int(a.Confidence) })
}

// same reports whether o is the same cause in the same place.
func (f Finding) same(o Finding) bool { return f.Cause == o.Cause && samePlace(f.At, o.At) }

func samePlace(a, b *diagnosis.Directive) bool {
	return a == nil && b == nil || a != nil && b != nil && a.File == b.File && a.Line == b.Line
}
