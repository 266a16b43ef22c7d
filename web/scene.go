package web

import (
	"sync"
	"time"

	"wsinspect/internal/journal"
)

const (
	// gathering is how long changes are gathered before they are drawn as one: a burst of
	// 200 attempts a second becomes four messages.
	gathering = 250 * time.Millisecond
	// pulse is how often the figures of open sessions are looked at.
	pulse = 2 * time.Second
)

// scenes are what live pages look at now.
type scenes struct {
	mu  sync.Mutex
	all map[sight]*scene
}

// sight is what a page looks at: an attempt, or the list where that is empty.
type sight struct {
	id    string
	query string // with everything that what is shown depends on
}

// scene is one sight, drawn once for all pages that look at it: whoever is let past the
// guard may see the same. It lasts from the first of them to the last, so there are never
// more scenes than places in the feed.
type scene struct {
	of    *scenes
	sight sight
	pages int // guarded by the lock of the scenes
	over  chan struct{}

	mu     sync.Mutex
	watch  watch
	sub    *journal.Subscription
	frame  *frame
	missed int           // announcements that came too fast to be noted
	turned chan struct{} // closes when there is another frame
}

// watch draws a scene.
type watch interface {
	note(*journal.Attempt)
	draw(last *frame) (*frame, error) // last itself where nothing has changed
}

// enter lets one more page look at a sight, and returns its scene with a frame of now. The
// page must leave it.
func (s *scenes) enter(at sight, j *journal.Journal, begin func() watch) (*scene, *frame) {
	s.mu.Lock()
	shown := s.all[at]
	if shown == nil {
		shown = &scene{
			of: s, sight: at, over: make(chan struct{}),
			watch: begin(), sub: j.Subscribe(), frame: &frame{}, turned: make(chan struct{}),
		}
		if s.all == nil {
			s.all = map[sight]*scene{}
		}
		s.all[at] = shown
		go shown.play()
	}
	shown.pages++
	s.mu.Unlock()
	return shown, shown.look()
}

func (s *scene) leave() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.pages--; s.pages == 0 {
		delete(s.of.all, s.sight)
		close(s.over)
	}
}

// play draws the scene anew when something happens, until the last page has left.
func (s *scene) play() {
	defer s.sub.Close()
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	var due <-chan time.Time
	for {
		select {
		case <-s.sub.C:
			s.mu.Lock()
			s.note()
			s.mu.Unlock()
			if due == nil {
				due = time.After(gathering)
			}
		case <-due:
			due = nil
			s.look()
		case <-beat.C:
			s.look()
		case <-s.over:
			return
		}
	}
}

// note takes in what has been announced. The caller holds mu.
func (s *scene) note() {
	news, missed := s.sub.Read()
	s.missed += missed
	for _, a := range news {
		s.watch.note(a)
	}
}

// look draws the scene, and tells its pages if it has changed.
func (s *scene) look() *frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note()
	next, err := s.watch.draw(s.frame)
	if err != nil {
		next = &frame{err: err}
	}
	if next.same(s.frame) && s.missed == s.frame.missed {
		return s.frame
	}
	turned := *next
	turned.number, turned.missed = s.frame.number+1, s.missed
	s.frame = &turned
	close(s.turned)
	s.turned = make(chan struct{})
	return s.frame
}

// now returns the frame of now, and what closes when there is another.
func (s *scene) now() (now *frame, next <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frame, s.turned
}
