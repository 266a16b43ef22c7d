package journal

import (
	"slices"
	"sync"
	"testing"
	"time"
)

func TestIDsAreOrderedByTime(t *testing.T) {
	j := New(Options{})
	last := ""
	for _, at := range []time.Time{epoch, epoch.Add(time.Microsecond), epoch.Add(time.Hour), epoch.AddDate(100, 0, 0)} {
		id := j.NewID(at)
		if !isID(id) {
			t.Errorf("%q has not the shape of an ID", id)
		}
		if id <= last {
			t.Errorf("%q does not come after %q", id, last)
		}
		last = id
	}
}

func TestIDsIncreaseWhenTheClockStandsOrGoesBack(t *testing.T) {
	j := New(Options{})
	last := j.NewID(epoch)
	for i := range 1000 {
		id := j.NewID(epoch.Add(-time.Duration(i) * time.Second))
		if id <= last {
			t.Fatalf("%q does not come after %q", id, last)
		}
		last = id
	}
}

func TestIDsAreUniqueAcrossProcesses(t *testing.T) {
	a, b := New(Options{}).NewID(epoch), New(Options{}).NewID(epoch)
	if a[:idTime] != b[:idTime] {
		t.Errorf("the same microsecond is spelt %s and %s", a[:idTime], b[:idTime])
	}
	if a == b {
		t.Errorf("two journals gave the same ID %s", a)
	}
}

func TestIDsOfManyAtOnceAreUnique(t *testing.T) {
	j := New(Options{})
	const each = 500
	all := make([][]string, 8)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			for range each {
				all[i] = append(all[i], j.NewID(epoch))
			}
		})
	}
	wg.Wait()
	ids := slices.Concat(all...)
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 8*each {
		t.Errorf("%d of %d IDs are different", n, 8*each)
	}
}

func TestNoWordOfAnAddressIsAnID(t *testing.T) {
	for _, word := range []string{"", "compare", "selftest", "feed", "latest", "checks", "causes", "signin", "latestlatestlatestlatest", "0aaaaaaaaaaaaaaaaaaaaaaI", "0aaaaaaaaaaaaaaaaaaaaaau"} {
		if isID(word) {
			t.Errorf("%q passes for an ID", word)
		}
	}
}
