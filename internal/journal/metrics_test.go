package journal

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"wsinspect/internal/handshake"
)

// scrape returns what GET /metrics answers.
func scrape(t *testing.T, j *Journal, accept string) (body, contentType string) {
	t.Helper()
	server := httptest.NewServer(j.Handler())
	defer server.Close()
	request, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), answer.Header.Get("Content-Type")
}

// sample returns the value of the one series of that name and those labels ("k=v").
func sample(t *testing.T, j *Journal, name string, labels ...string) float64 {
	t.Helper()
	families, err := j.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	series:
		for _, m := range f.GetMetric() {
			has := make(map[string]bool)
			for _, l := range m.GetLabel() {
				has[l.GetName()+"="+l.GetValue()] = true
			}
			for _, l := range labels {
				if !has[l] {
					continue series
				}
			}
			switch {
			case m.GetCounter() != nil:
				return m.GetCounter().GetValue()
			case m.GetGauge() != nil:
				return m.GetGauge().GetValue()
			}
			return float64(m.GetHistogram().GetSampleCount())
		}
	}
	t.Fatalf("no series %s%v", name, labels)
	return 0
}

func measured() *Journal {
	return New(Options{
		Connections: func() int64 { return 7 }, Shed: func() int64 { return 3 }, Unsecured: func() int64 { return 2 }, Exhausted: func() int64 { return 1 },
		Traffic: func() (received, sent Traffic) { return Traffic{Text: 2, Bytes: 125}, Traffic{Pong: 1} },
		Version: "v1.2.3", MaxSubscribers: 64, Log: NewLog(io.Discard, LogOptions{}),
	})
}

func TestMetricsKeepTheRulesOfPromlint(t *testing.T) {
	j := measured()
	defer j.log.Close()
	problems, err := testutil.GatherAndLint(j.metrics.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestPromtoolIsContent(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is not installed: apt-get install prometheus")
	}
	j := measured()
	defer j.log.Close()
	body, _ := scrape(t, j, "text/plain")
	command := exec.Command(promtool, "check", "metrics")
	command.Stdin = strings.NewReader(body)
	if out, err := command.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

func TestMetricsAreSpokenInBothFormats(t *testing.T) {
	j := measured()
	defer j.log.Close()
	body, contentType := scrape(t, j, "application/openmetrics-text; version=1.0.0")
	if !strings.HasPrefix(contentType, "application/openmetrics-text") || !strings.HasSuffix(body, "# EOF\n") {
		t.Errorf("OpenMetrics was asked for, and %s came", contentType)
	}
	if _, contentType := scrape(t, j, "*/*"); !strings.HasPrefix(contentType, "text/plain") {
		t.Errorf("curl gets %s", contentType)
	}
}

// TestEverySeriesIsThereFromTheStart: a series that appears with its first event has no
// rate for it.
func TestEverySeriesIsThereFromTheStart(t *testing.T) {
	j := measured()
	defer j.log.Close()
	before := names(t, j)
	for _, c := range handshake.Catalogue() {
		for _, s := range []State{Refused, Answered, Rejected} {
			if !c.Decides || s == Refused && c.By != handshake.ByNetHTTP {
				continue
			}
			j.Answer(then(of(j, s), func(a *Attempt) {
				a.Verdict = handshake.Verdict{DecidedBy: c, Findings: []handshake.Finding{{Check: c, Outcome: handshake.Failed}}}
			}))
		}
	}
	for _, f := range []Failure{NoFailure, EarlyData, HijackError, WriteError} {
		j.Answer(then(of(j, Rejected), func(a *Attempt) {
			a.Verdict, a.Response.Failure = handshake.Verdict{Accepted: true}, f
		}))
	}
	for code := range 5001 {
		for _, by := range []Closer{ByClient, ByServer, ByNobody} {
			j.Close(of(j, Open).Trace(), Session{Close: Close{Code: code, By: by}})
		}
	}
	for name := range names(t, j) {
		if !before[name] {
			t.Errorf("%s appeared later", name)
		}
	}
}

// names returns every series of ours as name and labels.
func names(t *testing.T, j *Journal) map[string]bool {
	body, _ := scrape(t, j, "text/plain")
	series := make(map[string]bool)
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "wsinspect_") {
			series[line[:strings.LastIndexByte(line, ' ')]] = true
		}
	}
	return series
}

func TestWhatIsCounted(t *testing.T) {
	j := measured()
	defer j.log.Close()
	story := judged(j, chrome, epoch)
	story.Took = time.Millisecond
	id := story.Verdict.DecidedBy.ID
	good := of(j, Open)
	good.Verdict = handshake.Verdict{Accepted: true}
	plain := of(j, Answered)
	for _, a := range []*Attempt{story, good, plain} {
		j.Begin(a)
		j.Answer(a)
	}
	j.Close(good.Trace(), Session{Close: Close{Code: 4321, By: ByServer}})
	j.Mismatch()
	leave, err := j.Attend()
	if err != nil {
		t.Fatal(err)
	}
	defer leave(false)
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{1, "handshakes_total", []string{"outcome=rejected", "reason=" + id}},
		{1, "handshakes_total", []string{"outcome=accepted", "reason=none"}},
		{1, "handshakes_total", []string{"outcome=plain", "reason=" + plain.Verdict.DecidedBy.ID}},
		{1, "handshake_findings_total", []string{"check=" + id}},
		{0, "handshake_findings_total", []string{"check=" + plain.Verdict.DecidedBy.ID}},
		{2, "handshake_duration_seconds", nil},
		{1, "session_duration_seconds", nil},
		{1, "closes_total", []string{"code=4xxx", "by=server"}},
		{2, "messages_total", []string{"direction=received", "type=text"}},
		{125, "message_bytes_total", []string{"direction=received"}},
		{1, "messages_total", []string{"direction=sent", "type=pong"}},
		{0, "message_bytes_total", []string{"direction=sent"}},
		{1, "verdict_mismatches_total", nil},
		{7, "connections", nil},
		{3, "connections_shed_total", nil},
		{1, "feed_subscribers", nil},
		{0, "feed_drops_total", nil},
		{0, "log_dropped_total", nil},
		{0, "attempts_evicted_total", nil},
		{1, "build_info", []string{"version=v1.2.3"}},
	} {
		if got := sample(t, j, "wsinspect_"+c.name, c.labels...); got != c.want {
			t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
}

func TestEvictionsAreCounted(t *testing.T) {
	j := New(Options{Keep: 10})
	fill(j, Rejected, 13)
	if got := sample(t, j, "wsinspect_attempts_evicted_total"); got != 3 {
		t.Errorf("attempts_evicted_total is %v, want 3", got)
	}
}
