package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wsinspect/internal/journal"
)

// chart is how outcomes lie over the time that is kept: what was accepted stands above the
// line, what failed hangs below it. It is an SVG without a viewBox, measured in percent, so
// that bars stretch with the page.
type chart struct {
	Name             string // the same in words
	Bars             []bar
	From, Middle, To stamp
}

// bar is one outcome within one slot of time.
type bar struct{ Tone, X, Y, Width, Height string }

const (
	slots    = 60          // of time
	smallest = time.Minute // the least time that a chart shows, so that a first attempt is no wall
	gap      = .25         // between bars, as a part of a slot
	leastBar = 4.0         // percent: one attempt beside a thousand can still be seen
)

// piles are the outcomes of a chart as they stack, from the line outwards.
var piles = []struct {
	tone, word string
	up         bool
	is         func(*journal.Attempt) bool
}{
	{"ok", "accepted", true, func(a *journal.Attempt) bool { return a.Outcome() == journal.OutcomeAccepted && !a.AtRisk() }},
	{"warn", "accepted at risk", true, (*journal.Attempt).AtRisk},
	{"bad", "rejected", false, func(a *journal.Attempt) bool { return a.State == journal.Rejected }},
	{"refuse", "refused before any handler", false, func(a *journal.Attempt) bool { return a.State == journal.Refused }},
}

// newChart draws attempts, newest first.
func newChart(attempts []*journal.Attempt, now time.Time) chart {
	if len(attempts) == 0 {
		return chart{}
	}
	from := attempts[len(attempts)-1].Time
	if now.Sub(from) < smallest {
		from = now.Add(-smallest)
	}
	length := now.Sub(from)
	counts := make([][slots]int, len(piles))
	totals := make([]int, len(piles))
	for _, a := range attempts {
		at := min(max(int(a.Time.Sub(from)*slots/length), 0), slots-1)
		for i, p := range piles {
			if p.is(a) {
				counts[i][at]++
				totals[i]++
			}
		}
	}
	c := chart{From: stamp{from}, Middle: stamp{from.Add(length / 2)}, To: stamp{now}}
	c.draw(counts)
	var words []string
	for i, p := range piles {
		if totals[i] > 0 {
			words = append(words, fmt.Sprint(totals[i])+" "+p.word)
		}
	}
	if words == nil {
		words = []string{"no handshake"}
	}
	c.Name = fmt.Sprintf("From %s until now: %s.", c.From.Clock(), strings.Join(words, ", "))
	return c
}

// draw turns counts, a list of slots for each pile, into bars.
func (c *chart) draw(counts [][slots]int) {
	highest := 1
	for at := range slots {
		up, down := 0, 0
		for i, p := range piles {
			if p.up {
				up += counts[i][at]
			} else {
				down += counts[i][at]
			}
		}
		highest = max(highest, up, down)
	}
	const half, width = 50.0, 100.0 / slots
	unit := min(half/float64(highest), 2*leastBar) // a single attempt is a square and no tower
	for at := range slots {
		up, down := half, half
		for i, p := range piles {
			if counts[i][at] == 0 {
				continue
			}
			height := max(float64(counts[i][at])*unit, leastBar)
			b := bar{Tone: p.tone, X: percent(width * (float64(at) + gap/2)), Width: percent(width * (1 - gap)), Height: percent(height)}
			if p.up {
				up -= height
				b.Y = percent(up)
			} else {
				b.Y = percent(down)
				down += height
			}
			c.Bars = append(c.Bars, b)
		}
	}
}

func percent(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) + "%" }
