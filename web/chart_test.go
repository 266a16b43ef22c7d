package web

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/journal"
)

func at(state journal.State, ago time.Duration, now time.Time) *journal.Attempt {
	return &journal.Attempt{State: state, Time: now.Add(-ago)}
}

func TestChart(t *testing.T) {
	now := time.Now()
	c := newChart([]*journal.Attempt{ // newest first
		at(journal.Rejected, 0, now), at(journal.Refused, 0, now), at(journal.Rejected, time.Second, now),
		at(journal.Answered, 20*time.Minute, now), at(journal.Closed, 30*time.Minute, now), at(journal.Open, time.Hour, now),
	}, now)
	if want := "until now: 2 accepted, 2 rejected, 1 refused before any handler."; !strings.HasSuffix(c.Name, want) {
		t.Errorf("it is called %q, want %q at its end", c.Name, want)
	}
	number := func(s string) float64 {
		x, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	var tones []string
	for _, b := range c.Bars {
		tones = append(tones, b.Tone)
		x, y, w, h := number(b.X), number(b.Y), number(b.Width), number(b.Height)
		if x < 0 || x+w > 100 || y < 0 || y+h > 100 {
			t.Errorf("%+v stands out of the chart", b)
		}
		if up := b.Tone == "ok"; up && y+h != 50 || !up && y < 50 {
			t.Errorf("%+v is on the wrong side of the line", b)
		}
	}
	if got := strings.Join(tones, " "); got != "ok ok bad refuse" {
		t.Errorf("the bars are %s", got)
	}
	if bad, refuse := c.Bars[2], c.Bars[3]; number(refuse.Y) != number(bad.Y)+number(bad.Height) || bad.X != refuse.X || number(bad.Height) != 2*number(refuse.Height) {
		t.Errorf("two rejected and one refused stack as %+v and %+v", bad, refuse)
	}
}

// TestChartOfMany keeps a thousand of one moment inside, and one beside them visible.
func TestChartOfMany(t *testing.T) {
	now := time.Now()
	var attempts []*journal.Attempt
	for range 1000 {
		attempts = append(attempts, at(journal.Rejected, 0, now))
	}
	c := newChart(append(attempts, at(journal.Closed, time.Hour, now)), now)
	if len(c.Bars) != 2 || c.Bars[0].Height != "4.00%" || c.Bars[1].Height != "50.00%" {
		t.Errorf("%+v", c.Bars)
	}
	if c := newChart(nil, now); c.Name != "" {
		t.Errorf("of nothing there is a chart: %+v", c)
	}
}
