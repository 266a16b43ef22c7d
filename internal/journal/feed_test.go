package journal

import (
	"errors"
	"testing"
)

func TestTheFeedAnnouncesEveryChangeInOrder(t *testing.T) {
	j := New(Options{})
	sub := j.Subscribe()
	defer sub.Close()
	a := of(j, Open)
	b := closed(a)
	j.Begin(a)
	j.Answer(a)
	j.Close(a.Trace(), *b.Session)
	<-sub.C
	news, missed := sub.Read()
	if len(news) != 2 || missed != 0 {
		t.Fatalf("%d announcements and %d missed, want 2 and none", len(news), missed)
	}
	if first, second := news[0], news[1]; first != a || second.State != Closed || second.Session.Close != b.Session.Close {
		t.Errorf("announced %s, then %s; want open, then closed", first.State, second.State)
	}
	j.Answer(a)
	<-sub.C
	if news, _ := sub.Read(); len(news) != 1 {
		t.Errorf("%d announcements, want only what is new", len(news))
	}
}

// TestNobodyWaitsForASubscriber: what it does not read is counted, and what it reads late
// is still in order.
func TestNobodyWaitsForASubscriber(t *testing.T) {
	j := New(Options{})
	slow, other := j.Subscribe(), j.Subscribe()
	defer slow.Close()
	defer other.Close()
	const missed = 37
	first := of(j, Answered)
	j.Answer(first)
	for range feedBuffer + missed - 1 {
		j.Answer(of(j, Answered))
		other.Read()
	}
	if news, n := slow.Read(); len(news) != feedBuffer || n != missed || news[0] != first {
		t.Errorf("heard %d and missed %d, want %d and %d", len(news), n, feedBuffer, missed)
	}
	if news, n := slow.Read(); len(news) != 0 || n != 0 {
		t.Errorf("then heard %d and missed %d more, want none", len(news), n)
	}
	slow.Close()
	slow.Close()
	j.Answer(first)
	if news, _ := slow.Read(); len(news) != 0 {
		t.Error("it hears after Close")
	}
}

func TestPlacesAreBounded(t *testing.T) {
	j := New(Options{MaxSubscribers: 1})
	leave, err := j.Attend()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Attend(); !errors.Is(err, ErrTooManySubscribers) {
		t.Errorf("the error is %v, want ErrTooManySubscribers", err)
	}
	leave(true)
	if leave, err = j.Attend(); err != nil {
		t.Fatalf("the place was not given back: %v", err)
	}
	leave(false)
	for name, want := range map[string]float64{"wsinspect_feed_subscribers": 0, "wsinspect_feed_shed_total": 1, "wsinspect_feed_drops_total": 1} {
		if got := sample(t, j, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}
