package journal

import (
	"runtime"
	"strings"
	"testing"
)

func fill(j *Journal, s State, n int) {
	for range n {
		j.Begin(of(j, s))
	}
}

func TestQuotas(t *testing.T) {
	for name, c := range map[string]struct {
		law  string
		fill func(*Journal)
		want Counts
	}{
		"free_room": {
			"while there is room, any outcome may use it",
			func(j *Journal) { fill(j, Answered, 100) },
			Counts{Plain: 100},
		},
		"garbage_is_bounded_by_room": {
			"an outcome alone forgets its own oldest",
			func(j *Journal) { fill(j, Refused, 1000) },
			Counts{Refused: 100},
		},
		"garbage_pushes_out_no_failure": {
			"a scanner's garbage and health checks never push out what is within its share",
			func(j *Journal) {
				fill(j, Rejected, 50)
				fill(j, Open, 30)
				fill(j, Refused, 1000)
				fill(j, Answered, 1000)
			},
			Counts{Refused: 10, Plain: 10, Rejected: 50, Accepted: 30},
		},
		"borrowed_room_is_given_back": {
			"who uses the free room of others gives it back first",
			func(j *Journal) {
				fill(j, Refused, 1000)
				fill(j, Rejected, 60)
				fill(j, Open, 10)
			},
			Counts{Refused: 30, Rejected: 60, Accepted: 10},
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := New(Options{Keep: 100})
			c.fill(j)
			if got := j.Counts(); got != c.want {
				t.Errorf("%s: kept %+v, want %+v", c.law, got, c.want)
			}
		})
	}
}

func TestQuotasHoldForBytes(t *testing.T) {
	const room = 1 << 20
	j := New(Options{Keep: 10000, KeepBytes: room})
	for range 20 {
		j.Begin(of(j, Rejected))
	}
	before := j.kept.queues[OutcomeRejected].bytes
	if before > room/2 {
		t.Fatalf("20 small attempts take %d bytes", before)
	}
	large := "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 60<<10) + "\r\n\r\n"
	for range 100 {
		a := judged(j, large, epoch)
		a.State = Refused
		j.Begin(a)
	}
	if got := j.kept.queues[OutcomeRejected].count; got != 20 {
		t.Errorf("%d of 20 rejected attempts are left after large garbage", got)
	}
	if j.kept.bytes > room {
		t.Errorf("%d bytes are kept, the limit is %d", j.kept.bytes, room)
	}
	var sum, count int64
	for i := range j.kept.queues {
		sum += j.kept.queues[i].bytes
		count += j.kept.queues[i].count
	}
	if sum != j.kept.bytes || count != j.kept.count || int(count) != len(j.kept.byID) {
		t.Errorf("the sums do not agree: %d of %d bytes, %d of %d attempts, %d by ID", sum, j.kept.bytes, count, j.kept.count, len(j.kept.byID))
	}
}

func TestTheOldestGoesFirst(t *testing.T) {
	j := New(Options{Keep: 2})
	a, b, c := of(j, Rejected), of(j, Rejected), of(j, Rejected)
	for _, x := range []*Attempt{a, b, c} {
		j.Begin(x)
	}
	if j.Get(a.ID) != nil || j.Get(b.ID) != b || j.Get(c.ID) != c {
		t.Error("not the oldest attempt was forgotten")
	}
}

// TestSizeIsNearTheTruth holds the estimate against what the heap really grows by.
func TestSizeIsNearTheTruth(t *testing.T) {
	const n = 2000
	j := New(Options{Keep: n, KeepBytes: 1 << 40})
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for range n {
		j.Begin(judged(j, chrome, epoch))
	}
	real, estimated := heap()-before, j.kept.bytes
	if ratio := float64(estimated) / float64(real); ratio < 0.75 || ratio > 1.33 {
		t.Errorf("estimated %d bytes an attempt, really %d", estimated/n, real/n)
	}
	runtime.KeepAlive(j)
}
