package journal

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFilterChooses(t *testing.T) {
	j := New(Options{})
	story := judged(j, strings.Replace(chrome, "GET /echo ", "GET /ws/echo?x=1 ", 1), epoch)
	good := judged(j, "GET /chat HTTP/1.1\r\nHost: Example.com\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Forwarded-For: 203.0.113.7\r\nUser-Agent: Mozilla/5.0 Probe\r\n\r\n", epoch)
	bare := judged(j, bareProxyPass, epoch)
	plain := of(j, Answered)
	garbage := judged(j, "\x16\x03\x01\x02\x00", epoch)
	garbage.State = Refused
	done := closed(of(j, Open))
	done.Nonce = "k7q2"
	all := []*Attempt{done, garbage, plain, bare, good, story} // newest first
	for _, a := range slices.Backward(all) {
		j.Begin(a)
	}
	if !good.Verdict.Accepted || story.Verdict.DecidedBy == nil {
		t.Fatal("the verdicts are not what this test needs")
	}
	for query, want := range map[string][]*Attempt{
		"":                                    all,
		"outcome=rejected":                    {bare, story},
		"outcome=refused":                     {garbage},
		"outcome=failed":                      {garbage, bare, story},
		"outcome=plain":                       {plain},
		"outcome=accepted":                    {done, good},
		"outcome=open":                        {good},
		"outcome=closed":                      {done},
		"path=/ws/":                           {story},
		"path=/ws/echo?x":                     nil,
		"host=LOCALHOST":                      {story},
		"host=localhost:8080":                 {story},
		"host=localhost:80":                   nil,
		"host=example.com":                    {good},
		"client=203.0.113.7":                  {good},
		"client=203.0.113.*":                  {good},
		"client=203.0.113.":                   nil,
		"client=203.0.113.0/24":               {good},
		"client=203.0.114.0/24":               nil,
		"ua=mozilla/5.0+probe":                {good},
		"ua=probed":                           nil,
		"outcome=at-risk":                     {good},
		"key=03SvnEbGeWQjug0BmxXzaw%3D%3D":    {story},
		"key=03svnEbGeWQjug0BmxXzaw%3D%3D":    nil,
		"nonce=k7q2":                          {done},
		"nonce=k7q":                           nil,
		"q=KO-kr":                             {story},
		"q=Blame+the+proxy":                   {plain},
		"q=nowhere":                           nil,
		"check=" + story.Verdict.DecidedBy.ID: {bare, story},
		"cause=upgrade-not-configured":        {bare},
		"outcome=rejected&path=/chat":         nil,
		"utm_source=x":                        all,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFilter(values)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := j.List(f); !slices.Equal(got.Attempts, want) || got.Matched != len(want) || got.Kept != len(all) {
			t.Errorf("?%s chose %d of %d, want %d of %d", query, len(got.Attempts), got.Kept, len(want), len(all))
		}
	}
}

// TestFiltersTogether: every one of All must choose an attempt, and none of None.
func TestFiltersTogether(t *testing.T) {
	j := New(Options{})
	story := judged(j, chrome, epoch)
	bare := judged(j, bareProxyPass, epoch)
	for _, a := range []*Attempt{story, bare} {
		j.Begin(a)
	}
	chrome, rejected, nowhere := Filter{Agent: "Chrome"}, Filter{Outcome: "rejected"}, Filter{Path: "/nowhere"}
	for _, c := range []struct {
		law  string
		f    Filter
		want []*Attempt
	}{
		{"each of two", Filter{All: []Filter{chrome, rejected}}, []*Attempt{story}},
		{"one that chooses nothing", Filter{All: []Filter{rejected, nowhere}}, nil},
		{"all but one", Filter{None: []Filter{chrome}}, []*Attempt{bare}},
		{"none of two", Filter{None: []Filter{chrome, nowhere}}, []*Attempt{bare}},
		{"beside its own fields", Filter{Outcome: "rejected", None: []Filter{chrome}}, []*Attempt{bare}},
		{"one and not the same", Filter{All: []Filter{chrome}, None: []Filter{chrome}}, nil},
	} {
		if got := j.List(c.f).Attempts; !slices.Equal(got, c.want) {
			t.Errorf("%s: chose %d, want %d", c.law, len(got), len(c.want))
		}
	}
}

func TestAFilterThatCannotBeReadSaysWhatToWrite(t *testing.T) {
	for query, want := range map[string]string{
		"outcome=bad":                       `outcome="bad" is unknown: use one of refused, plain, rejected, accepted, failed, at-risk, open, closed`,
		"limit=0":                           `limit="0" is out of range: use a number from 1 to 1000`,
		"limit=1001":                        `limit="1001" is out of range: use a number from 1 to 1000`,
		"limit=ten":                         `limit="ten" is out of range: use a number from 1 to 1000`,
		"cause=upgrade-not-confgured":       `cause="upgrade-not-confgured" is unknown: use upgrade-not-configured`,
		"cause=xyzzy":                       `cause="xyzzy" is unknown: /inspect/causes lists them`,
		"check=method-got":                  `check="method-got" is unknown: use method-get`,
		"check=" + strings.Repeat("x", 100): `check="` + strings.Repeat("x", 40) + `"… is unknown: /inspect/checks lists them`,
		"before=latest":                     `before="latest" is no attempt's ID: use the value of next`,
		"outcome=%1b[2J":                    `outcome="\x1b[2J" is unknown: use one of refused, plain, rejected, accepted, failed, at-risk, open, closed`,
		"limit=" + strings.Repeat("9", 100): `limit="` + strings.Repeat("9", 40) + `"… is out of range: use a number from 1 to 1000`,
	} {
		values, _ := url.ParseQuery(query)
		if _, err := ParseFilter(values); err == nil || err.Error() != want {
			t.Errorf("?%s: the error is %v, want %s", query, err, want)
		}
	}
}

func TestPagesHoldEveryAttemptOnce(t *testing.T) {
	j := New(Options{})
	const n = 23
	var want []*Attempt
	for i := range n {
		a := judged(j, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", epoch.Add(time.Duration(i)*time.Second))
		a.State = State(i % 3) // of three queues: refused, answered, rejected
		j.Begin(a)
		want = append(want, a)
	}
	slices.Reverse(want)
	var got []*Attempt
	for f := (Filter{Limit: 5}); ; {
		p := j.List(f)
		got = append(got, p.Attempts...)
		if p.Matched != n {
			t.Errorf("matched %d on a page, want %d", p.Matched, n)
		}
		if p.Next == "" {
			break
		}
		f.Before = p.Next
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages hold %d attempts in another order than the newest first", len(got))
	}
	if p := j.List(Filter{Before: want[n-1].ID}); len(p.Attempts) != 0 || p.Next != "" {
		t.Error("something is older than the oldest")
	}
	if p := j.List(Filter{Limit: n}); p.Next != "" {
		t.Error("a page that holds all has a next one")
	}
}
