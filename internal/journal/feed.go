package journal

import "errors"

// ErrTooManySubscribers says that every place of the feed is taken.
var ErrTooManySubscribers = errors.New("every place of the live feed is taken: close a page, or raise the limit")

// feedBuffer is how many announcements wait for a subscriber that is busy: those of a
// burst. What comes beyond it is only counted.
const feedBuffer = 256

// feed announces attempts to its subscribers, and knows how many pages are live: many of
// them may share one Subscription. It is guarded by the lock of its Journal.
type feed struct {
	places, taken int
	subscribers   map[*Subscription]struct{}
}

func newFeed(places int) feed {
	return feed{places: places, subscribers: make(map[*Subscription]struct{})}
}

// Attend takes one of the places for live pages. When every place is taken the error is
// ErrTooManySubscribers. The caller gives the place back by calling leave once, and says
// whether the page was let go for being too slow.
func (j *Journal) Attend() (leave func(tooSlow bool), err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.feed.taken >= j.feed.places {
		j.metrics.feedShed.Inc()
		return nil, ErrTooManySubscribers
	}
	j.feed.taken++
	return j.leave, nil
}

func (j *Journal) leave(tooSlow bool) {
	if tooSlow {
		j.metrics.drops.Inc()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.feed.taken--
}

// attending returns how many pages are live now.
func (j *Journal) attending() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.feed.taken
}

// Subscription is one listener to the feed.
type Subscription struct {
	C <-chan struct{} // has a value when there is something to read

	c       chan struct{}
	journal *Journal
	news    []*Attempt
	missed  int
}

// Subscribe starts to announce every answered and every closed attempt, in the order of
// the changes. The subscriber must call Close.
func (j *Journal) Subscribe() *Subscription {
	s := &Subscription{c: make(chan struct{}, 1), journal: j}
	s.C = s.c
	j.mu.Lock()
	defer j.mu.Unlock()
	j.feed.subscribers[s] = struct{}{}
	return s
}

// announce tells every subscriber of a. It waits for nobody.
func (f *feed) announce(a *Attempt) {
	for s := range f.subscribers {
		if len(s.news) < feedBuffer {
			s.news = append(s.news, a)
		} else {
			s.missed++
		}
		select {
		case s.c <- struct{}{}:
		default: // it knows already
		}
	}
}

// Read returns what was announced since it was last called, and how many announcements
// beyond that came too fast to be kept.
func (s *Subscription) Read() (news []*Attempt, missed int) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	news, missed = s.news, s.missed
	s.news, s.missed = nil, 0
	return news, missed
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	delete(s.journal.feed.subscribers, s)
}
