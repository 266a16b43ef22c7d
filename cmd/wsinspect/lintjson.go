package main

import (
	"io"

	"wsinspect/internal/lint"
)

// writeLintJSON answers for programs.
func writeLintJSON(out io.Writer, r *lint.Report) error {
	type line struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	type found struct {
		Cause      string `json:"cause"`
		Severity   string `json:"severity"`
		Confidence string `json:"confidence"`
		File       string `json:"file"`
		Line       int    `json:"line"`
		Because    string `json:"because"`
		Only       string `json:"only,omitempty"`
		Diff       string `json:"diff"`
	}
	type serves struct {
		Server      string   `json:"server"`
		Location    string   `json:"location"`
		Sends       []line   `json:"sends"`
		Carries     bool     `json:"carries"`
		NotFollowed []string `json:"not_followed"`
	}
	answer := struct {
		Findings []found  `json:"findings"`
		Serves   []serves `json:"serves"`
	}{[]found{}, []serves{}}
	for _, f := range r.Findings {
		one := found{Cause: f.Cause.ID, Severity: f.Cause.Severity.String(), Confidence: f.Confidence.String(), Because: f.Because, Only: f.Only, Diff: f.Diff}
		if f.At != nil {
			one.File, one.Line = f.At.File, f.At.Line
		}
		answer.Findings = append(answer.Findings, one)
	}
	for _, s := range r.Serves {
		one := serves{Server: s.Server, Location: s.Location, Sends: []line{}, Carries: s.Carries, NotFollowed: append([]string{}, s.Skipped...)}
		for _, h := range s.Sends {
			one.Sends = append(one.Sends, line{h.Name, h.Value})
		}
		answer.Serves = append(answer.Serves, one)
	}
	return writeJSON(out, answer)
}
