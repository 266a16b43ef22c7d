package journal

import (
	"errors"
	"testing"
)

func TestTheFeedAnnouncesEveryChangeInOrder(t *testing.T) {
	j := New(Options{MaxSubscribers: 1})
	sub, err := j.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	a := of(j, Open)
	b := closed(a)
	j.Begin(a)
	j.Answer(a)
	j.Close(a.Trace(), *b.Session)
	if first, second := <-sub.C, <-sub.C; first != a || second.State != Closed || second.Session.Close != b.Session.Close {
		t.Errorf("announced %s, then %s; want open, then closed", first.State, second.State)
	}
	if n := len(sub.C); n != 0 {
		t.Errorf("%d announcements more than changes", n)
	}
}

func TestASlowSubscriberIsLetGoAndTold(t *testing.T) {
	j := New(Options{MaxSubscribers: 2})
	slow, _ := j.Subscribe()
	a := of(j, Answered)
	const missed = 37
	for range feedBuffer + missed {
		j.Answer(a)
	}
	if n := j.subscribers(); n != 0 {
		t.Errorf("%d subscribers are left", n)
	}
	heard := 0
	for range slow.C {
		heard++
	}
	if heard != feedBuffer || slow.Missed() != missed {
		t.Errorf("heard %d and missed %d, want %d and %d", heard, slow.Missed(), feedBuffer, missed)
	}
	if got := sample(t, j, "wsinspect_feed_drops_total"); got != 1 {
		t.Errorf("feed_drops_total is %v, want 1", got)
	}
	slow.Close()
}

func TestSubscribersAreBounded(t *testing.T) {
	j := New(Options{MaxSubscribers: 1})
	first, err := j.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Subscribe(); !errors.Is(err, ErrTooManySubscribers) {
		t.Errorf("the error is %v, want ErrTooManySubscribers", err)
	}
	first.Close()
	first.Close()
	if _, open := <-first.C; open {
		t.Error("the channel is open after Close")
	}
	again, err := j.Subscribe()
	if err != nil {
		t.Fatalf("the place was not given back: %v", err)
	}
	if again.Missed() != 0 {
		t.Error("who was never slow has missed something")
	}
	again.Close()
}
