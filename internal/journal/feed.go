package journal

import "errors"

// ErrTooManySubscribers says that every place of the feed is taken.
var ErrTooManySubscribers = errors.New("every place of the live feed is taken: close a page, or raise the limit")

// feedBuffer is how many announcements a subscriber may be behind before it is let go: a
// burst of a second.
const feedBuffer = 256

// feed announces attempts to its subscribers. It is guarded by the lock of its Journal.
type feed struct {
	max         int
	announced   int // attempts announced so far
	subscribers map[*Subscription]struct{}
}

func newFeed(max int) feed {
	return feed{max: max, subscribers: make(map[*Subscription]struct{})}
}

// Subscription is one listener to the feed.
type Subscription struct {
	C <-chan *Attempt // closes when the subscriber was too slow, or after Close

	c       chan *Attempt
	journal *Journal
	lost    bool
	lostAt  int // announced, before the first one that it missed
}

// Subscribe starts to announce every answered and every closed attempt, in the order of
// the changes. The subscriber must call Close. When every place is taken the error is
// ErrTooManySubscribers.
func (j *Journal) Subscribe() (*Subscription, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.feed.subscribers) >= j.feed.max {
		return nil, ErrTooManySubscribers
	}
	s := &Subscription{c: make(chan *Attempt, feedBuffer), journal: j}
	s.C = s.c
	j.feed.subscribers[s] = struct{}{}
	return s, nil
}

// subscribers returns how many there are now.
func (j *Journal) subscribers() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.feed.subscribers)
}

// announce tells every subscriber of a. It waits for nobody: who has no room left in its
// channel is let go. It returns how many were.
func (f *feed) announce(a *Attempt) (dropped int) {
	for s := range f.subscribers {
		select {
		case s.c <- a:
		default:
			s.lost, s.lostAt = true, f.announced
			f.remove(s)
			dropped++
		}
	}
	f.announced++
	return dropped
}

func (f *feed) remove(s *Subscription) {
	if _, ok := f.subscribers[s]; ok {
		delete(f.subscribers, s)
		close(s.c)
	}
}

// Missed returns how many announcements were lost since s was let go for being too slow;
// 0 if it never was.
func (s *Subscription) Missed() int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	if !s.lost {
		return 0
	}
	return s.journal.feed.announced - s.lostAt
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.feed.remove(s)
}
