package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// unit is what a figure counts. The figures of one unit stand together, under its name.
type unit string

const (
	perSecond unit = "operations a second"
	cpuMicros unit = "server's CPU for one, µs"
	roundTrip unit = "round trip from the time due, µs"
	kibibytes unit = "resident memory for one, KiB"
	millis    unit = "time, ms"
	mebibytes unit = "resident memory, MiB"
	megabytes unit = "file, MB"
)

// figure is one number that one measurement gives.
type figure struct {
	row   string
	unit  unit
	value float64
}

// table holds the figures of all servers.
type table struct {
	columns []string // the servers; the first is the yardstick, the last is ours
	rows    []*row
}

// row holds the figures of one thing that was measured, one of each round for each server.
type row struct {
	Name    string               `json:"name"`
	Unit    unit                 `json:"unit"`
	Rounds  map[string][]float64 `json:"rounds"`
	Medians map[string]float64   `json:"medians"`
	Ratio   float64              `json:"ratio,omitempty"` // the last column to the first, the median of the rounds' ratios
}

// add takes the figures of one measurement of one server.
func (t *table) add(column string, figures []figure) {
	for _, f := range figures {
		i := slices.IndexFunc(t.rows, func(r *row) bool { return r.Name == f.row && r.Unit == f.unit })
		if i < 0 {
			i = len(t.rows)
			t.rows = append(t.rows, &row{f.row, f.unit, map[string][]float64{}, map[string]float64{}, 0})
		}
		t.rows[i].Rounds[column] = append(t.rows[i].Rounds[column], f.value)
	}
}

// summarise fills in the medians and the ratios.
func (t *table) summarise() {
	first, last := t.columns[0], t.columns[len(t.columns)-1]
	for _, r := range t.rows {
		for column, values := range r.Rounds {
			r.Medians[column] = median(values)
		}
		var ratios []float64
		for i := range min(len(r.Rounds[first]), len(r.Rounds[last])) {
			if of := r.Rounds[first][i]; of > 0 {
				ratios = append(ratios, r.Rounds[last][i]/of)
			}
		}
		if first != last && len(ratios) > 0 {
			r.Ratio = median(ratios)
		}
	}
}

// print writes the table for people, a block for each unit.
func (t *table) print(w io.Writer) {
	t.summarise()
	before := ""
	for _, u := range []unit{perSecond, cpuMicros, roundTrip, kibibytes, millis, mebibytes, megabytes} {
		title := false
		for _, r := range t.rows {
			if r.Unit != u {
				continue
			}
			if !title {
				io.WriteString(w, before+line(string(u), t.columns, "ratio"))
				title, before = true, "\n"
			}
			r.print(w, t.columns)
		}
	}
}

func (r *row) print(w io.Writer, columns []string) {
	var cells []string
	for _, column := range columns {
		value, ok := r.Medians[column]
		cells = append(cells, number(value, ok))
	}
	last := ""
	if r.Ratio > 0 {
		last = fmt.Sprintf("%.2f", r.Ratio)
	}
	io.WriteString(w, line("  "+r.Name, cells, last))
}

// line has 92 characters with five servers.
func line(name string, cells []string, last string) string {
	text := fmt.Sprintf("%-34s", name)
	for _, cell := range cells {
		text += fmt.Sprintf("%10s", cell)
	}
	return strings.TrimRight(text+fmt.Sprintf("%8s", last), " ") + "\n"
}

// json writes the same for programs, with the figures of each round.
func (t *table) json(w io.Writer) error {
	t.summarise()
	return writeJSON(w, struct {
		Columns []string `json:"columns"`
		Rows    []*row   `json:"rows"`
	}{t.columns, t.rows})
}

func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// number writes three digits or more, and a dash where nothing was measured.
func number(value float64, measured bool) string {
	switch {
	case !measured:
		return "-"
	case value >= 100, value == 0:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.2f", value)
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}
