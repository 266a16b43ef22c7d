package web

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsinspect/internal/journal"
)

// TestScenesAreShared: pages that look at the same have one scene, which is drawn once for
// all of them, and none is left when they have gone.
func TestScenesAreShared(t *testing.T) {
	var p *page
	synctest.Test(t, func(t *testing.T) { // it fails if a scene plays on
		s := newSite(Options{})
		p = newPage(Options{Journal: s.Journal})
		a := s.arrives(sound)
		first, second, other := p.opens(t, "q=path:/ws"), p.opens(t, "path=/ws"), p.opens(t, "q=-path:/ws")
		one, again := p.opens(t, "id="+a.ID), p.opens(t, "state=open&id="+a.ID)
		if first.scene != second.scene || one.scene != again.scene || len(p.scenes.all) != 3 {
			t.Fatalf("5 pages look at %d scenes, want 3", len(p.scenes.all))
		}
		to := first.scene.look()
		rows, _ := first.rows(first.last, to)
		same, _ := second.rows(second.last, to)
		if len(rows) != 1 || len(same) != 1 || &rows[0][0] != &same[0][0] {
			t.Errorf("%d rows and %d are sent, want one, drawn once", len(rows), len(same))
		}
		if u := other.update(t); len(u.Rows) != 0 {
			t.Errorf("%d rows are sent to a page whose filter hides them", len(u.Rows))
		}
	})
	if n := len(p.scenes.all); n != 0 {
		t.Errorf("%d scenes are kept for nobody", n)
	}
}

// TestScenesGather: what comes within a moment is one frame, and nobody is woken for
// nothing.
func TestScenesGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(Options{})
		v := newPage(Options{Journal: s.Journal}).opens(t, "")
		began, next := v.scene.now()
		at := time.Now()
		time.Sleep(5 * pulse / 2) // no pulse comes between
		for range 5 {
			s.arrives(plain)
			time.Sleep(gathering / 10)
		}
		<-next
		if took := time.Since(at); took != 5*pulse/2+gathering {
			t.Errorf("it took %v", took)
		}
		if now, _ := v.scene.now(); now.number != began.number+1 || len(now.rows) != 1 || now.rows[0].Times != 5 {
			t.Errorf("frame %d with %d rows, want number %d with one", now.number, len(now.rows), began.number+1)
		}
	})
}

// TestPagesComeFromAnyFrameToAnyLater: pages join when they like and read when they can,
// and each shows in the end what a new one would.
func TestPagesComeFromAnyFrameToAnyLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{Journal: journal.New(journal.Options{Keep: 60})}
		p := newPage(Options{Journal: s.Journal})
		random := rand.New(rand.NewPCG(1, 2))
		type live struct {
			*view
			query string
			shows map[string]string // HTML of the rows by ID
		}
		var pages []live
		var open []*journal.Attempt
		read := func(l live) {
			for _, r := range l.update(t).Rows {
				if l.shows[r.ID] = r.HTML; r.HTML == "" {
					delete(l.shows, r.ID)
				}
			}
		}
		for i := range 400 {
			switch n := random.IntN(10); {
			case n < 2:
				s.arrives(plain)
			case n < 4:
				s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/echo/%d", i), 1))
			case n < 7:
				open = append(open, s.arrives(sound))
			case n < 9 && len(open) > 0:
				at := random.IntN(len(open))
				s.closes(open[at], journal.Close{Code: 1000, By: journal.ByClient})
				open = append(open[:at], open[at+1:]...)
			default:
				for _, l := range pages {
					l.scene.look() // so that no burst is left out
					if random.IntN(5) == 0 {
						read(l)
					}
				}
			}
			if i%80 == 0 {
				for _, query := range []string{"", "outcome=open", "fold=no&q=-outcome:open"} {
					l := live{p.opens(t, query), query, map[string]string{}}
					read(l)
					pages = append(pages, l)
				}
			}
		}
		for i, l := range pages {
			read(l)
			values, _ := url.ParseQuery(l.query)
			want := map[string]string{}
			for _, r := range p.rows(readQuery(values), listRoot, maxRows).Rows {
				if r.ID >= l.oldest {
					want[r.ID], _ = p.fragment("row", r)
				}
			}
			if !maps.Equal(l.shows, want) {
				t.Errorf("page %d, %q, shows %d rows, want %d, or others", i, l.query, len(l.shows), len(want))
			}
		}
	})
}

// TestPagesAreToldWhatWasMissed: what comes too fast to be looked at is counted.
func TestPagesAreToldWhatWasMissed(t *testing.T) {
	s := newSite(Options{})
	p := newPage(Options{Journal: s.Journal})
	server := httptest.NewServer(http.HandlerFunc(p.feed))
	t.Cleanup(server.Close)
	f := follow(t, server, "")
	f.next(t, "hello")
	busy := p.opens(t, "").scene
	busy.mu.Lock()
	for range 300 {
		s.arrives(plain)
	}
	busy.mu.Unlock()
	u := f.update(t)
	if missed := f.next(t, "missed"); missed != "44" || len(u.Rows) != 1 || !strings.Contains(u.Rows[0].HTML, "×300") {
		t.Errorf("%s are said to be missed, and the row is %+v; want 44, and all 300 in the row", missed, u.Rows)
	}
}

// TestAWatchedSceneIsBounded, whatever strangers ask for.
func TestAWatchedSceneIsBounded(t *testing.T) {
	s := newSite(Options{})
	v := newPage(Options{Journal: s.Journal}).opens(t, "")
	for i := range 40 {
		s.arrives(strings.Replace(theStory, "/echo", fmt.Sprintf("/%d%s", i, strings.Repeat("\x01", 30<<10)), 1))
	}
	now := v.scene.look()
	size := 0
	for _, r := range now.rows {
		text, err := r.text()
		if err != nil {
			t.Fatal(err)
		}
		size += len(text)
	}
	if len(now.rows) == 0 || !now.full || size > heaviest {
		t.Errorf("%d rows of %d bytes, want some and at most %d bytes", len(now.rows), size, heaviest)
	}
}

// BenchmarkWatching is what one frame costs, of 50 attempts that have come, and all who
// look at it.
func BenchmarkWatching(b *testing.B) {
	for _, pages := range []int{1, 100} {
		b.Run(fmt.Sprint(pages), func(b *testing.B) {
			s := newSite(Options{})
			p := newPage(Options{Journal: s.Journal})
			var live []*view
			for range pages {
				v := p.view(httptest.NewRequest(http.MethodGet, "/inspect/feed", nil))
				defer v.scene.leave()
				live = append(live, v)
			}
			sent := 0
			for b.Loop() {
				b.StopTimer()
				for range 50 {
					s.closes(s.arrives(sound), journal.Close{Code: 1000, By: journal.ByClient})
				}
				b.StartTimer()
				now := live[0].scene.look()
				for _, v := range live {
					message, err := v.turn(now)
					if err != nil {
						b.Fatal(err)
					}
					sent += len(message)
				}
			}
			b.ReportMetric(float64(sent)/float64(b.N), "sentB/op")
		})
	}
}
