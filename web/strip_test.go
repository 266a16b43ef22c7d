package web

import (
	"strings"
	"testing"
	"time"

	"wsinspect/internal/journal"
)

// TestStrip: a session is drawn to scale, whatever its clocks say.
func TestStrip(t *testing.T) {
	opened := time.Date(2026, 1, 2, 2, 19, 2, 0, time.UTC)
	for _, c := range []struct {
		name                  string
		lasted, idle          time.Duration
		busy, silent, silence string
	}{
		{"a cut", 78 * time.Second, 60 * time.Second, "23.08%", "76.92%", "60.0 s of silence"},
		{"busy to the end", 10 * time.Second, 0, "100.00%", "0.00%", ""},
		{"too little silence to be written on", 10 * time.Second, time.Second, "90.00%", "10.00%", ""},
		{"over at once", 0, 0, "100.00%", "0.00%", ""},
		{"silent for longer than it lasted", time.Second, 2 * time.Second, "0.00%", "100.00%", "2.0 s of silence"},
	} {
		got := newStrip(&journal.Session{Opened: opened, Closed: opened.Add(c.lasted), Idle: c.idle, Close: journal.Close{Code: 1006, By: journal.ByNobody}})
		if got.Busy != c.busy || got.Silent != c.silent || got.Silence != c.silence || !got.Cut {
			t.Errorf("%s: %+v, want %s busy, %s silent, %q", c.name, got, c.busy, c.silent, c.silence)
		}
		if !strings.HasSuffix(got.Says, "then cut.") {
			t.Errorf("%s: it says %s", c.name, got.Says)
		}
	}
}

// TestTheStripTakesThePlaceOfTheWay when a session is over.
func TestTheStripTakesThePlaceOfTheWay(t *testing.T) {
	s := newSite(Options{})
	a := s.arrives(sound)
	if doc := s.look(t, "/inspect/"+a.ID); len(all(doc, class("way"))) != 1 || len(all(doc, class("strip"))) != 0 {
		t.Error("an open session has no way, or has a strip")
	}
	s.closes(a, journal.Close{Code: 1000, By: journal.ByClient})
	if doc := s.look(t, "/inspect/"+a.ID); len(all(doc, class("way"))) != 0 || len(all(doc, class("strip"))) != 1 {
		t.Error("a session that is over has a way, or no strip")
	}
}
