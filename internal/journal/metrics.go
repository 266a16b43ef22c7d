package journal

import (
	"net/http"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// sessionBuckets are the bounds, in seconds, of how long sessions last. Proxies cut at
// round times, such as 60 s of silence in nginx, so a cut falls into the bucket that
// begins at its time.
var sessionBuckets = []float64{1, 5, 15, 30, 55, 60, 75, 100, 300, 900, 3600, 14400}

// metrics counts what happens, in a registry of its own. Labels come from closed sets
// alone. Every series is made at the start, so a rate is right from the first event on,
// and counting one costs no look-up by label.
type metrics struct {
	registry *prometheus.Registry

	handshakes *prometheus.CounterVec
	reasons    map[reason]prometheus.Counter
	findings   map[*handshake.Check]prometheus.Counter
	causes     map[belief]prometheus.Counter
	closes     map[ending]prometheus.Counter
	handshake  prometheus.Histogram
	session    prometheus.Histogram
	mismatches prometheus.Counter
	evicted    prometheus.Counter
	drops      prometheus.Counter
	feedShed   prometheus.Counter
	stalled    prometheus.Counter

	wrongTokens struct{ answered, turnedAway prometheus.Counter }
}

// reason, belief and ending are the labels of a child.
type reason struct {
	outcome Outcome
	word    string
}

type belief struct {
	cause      *diagnosis.Cause
	confidence diagnosis.Confidence
}

type ending struct {
	code string
	by   Closer
}

func newMetrics(o Options, checks []*handshake.Check, causes []*diagnosis.Cause, subscribers func() int) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		reasons:  make(map[reason]prometheus.Counter),
		findings: make(map[*handshake.Check]prometheus.Counter),
		causes:   make(map[belief]prometheus.Counter),
		closes:   make(map[ending]prometheus.Counter),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.addHandshakes(checks)
	m.addCauses(causes)
	m.addSessions(o.Traffic)
	m.addService(o, subscribers)
	return m
}

func (m *metrics) addHandshakes(checks []*handshake.Check) {
	m.handshakes = m.counters("handshakes_total", "Requests by what became of them and why: the check that decided, or what kept an accepted handshake from its session.", "outcome", "reason")
	for o := range Outcome(outcomes) {
		for _, word := range reasons(o, checks) {
			m.reasons[reason{o, word}] = m.handshakes.WithLabelValues(o.String(), word)
		}
	}
	findings := m.counters("handshake_findings_total", "Checks that failed or advised, plain requests left out.", "check")
	for _, c := range checks {
		m.findings[c] = findings.WithLabelValues(c.ID)
	}
	m.mismatches = m.counter("verdict_mismatches_total", "Verdicts that gorilla did not agree with. Must stay 0.")
	m.handshake = m.histogram("handshake_duration_seconds", "Time from the first byte of a handshake to its answer.",
		[]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .1, .5, 1, 5, 10})
}

func (m *metrics) addCauses(causes []*diagnosis.Cause) {
	counters := m.counters("handshake_causes_total", "Causes that were found in requests and sessions, each once for each attempt.", "cause", "confidence")
	for _, c := range causes {
		for _, sure := range []diagnosis.Confidence{diagnosis.Possible, diagnosis.Likely, diagnosis.Certain} {
			m.causes[belief{c, sure}] = counters.WithLabelValues(c.ID, sure.String())
		}
	}
}

// reasons returns why a request may come to an outcome.
func reasons(o Outcome, checks []*handshake.Check) []string {
	words := []string{"none"}
	if o == OutcomeAccepted {
		return words
	}
	for _, c := range checks {
		if c.Decides && (o != OutcomeRefused || c.By == handshake.ByNetHTTP) {
			words = append(words, c.ID)
		}
	}
	if o == OutcomeRejected {
		words = append(words, string(EarlyData), string(HijackError), string(WriteError))
	}
	return words
}

func (m *metrics) addSessions(traffic func() (received, sent Traffic)) {
	m.session = m.histogram("session_duration_seconds", "Time from the 101 to the end of a session.", sessionBuckets)
	m.registry.MustRegister(newTrafficCollector(traffic))
	m.stalled = m.counter("sessions_stalled_total", "Sessions that were given up because one write took longer than is allowed.")
	closes := m.counters("closes_total", "Sessions that ended, by close code and by who ended them.", "code", "by")
	codes := []string{codeLabel(3000), codeLabel(4000), codeLabel(0)}
	for code := range handshake.CloseCodes() {
		codes = append(codes, codeLabel(code))
	}
	for _, code := range codes {
		for _, by := range []Closer{ByClient, ByServer, ByNobody} {
			m.closes[ending{code, by}] = closes.WithLabelValues(code, string(by))
		}
	}
}

func (m *metrics) addService(o Options, subscribers func() int) {
	m.evicted = m.counter("attempts_evicted_total", "Attempts that were forgotten to keep newer ones.")
	m.drops = m.counter("feed_drops_total", "Feed subscribers that were let go for being too slow.")
	m.feedShed = m.counter("feed_shed_total", "Feed subscribers that were turned away because as many were there as is allowed.")
	tokens := m.counters("wrong_tokens_total", "Requests to page and API with a wrong token, by status: 401, or 429 for those beyond what a second allows.", "status")
	m.wrongTokens.answered, m.wrongTokens.turnedAway = tokens.WithLabelValues("401"), tokens.WithLabelValues("429")
	m.counterOf("log_dropped_total", "Log lines that could not be written.", o.Log.Dropped)
	m.gaugeOf("log_failing", "1 while the log cannot be written, else 0.", func() float64 {
		if _, failing := o.Log.Trouble(); failing {
			return 1
		}
		return 0
	})
	m.gaugeOf("feed_subscribers", "Subscribers to the live feed now.", func() float64 { return float64(subscribers()) })
	if o.Connections != nil {
		m.gaugeOf("connections", "Connections open now.", func() float64 { return float64(o.Connections()) })
	}
	if o.Shed != nil {
		m.counterOf("connections_shed_total", "Connections that were turned away because as many were open as is allowed.", o.Shed)
	}
	if o.Exhausted != nil {
		m.counterOf("connections_exhausted_total", "Connections that were turned away because no file descriptor was left.", o.Exhausted)
	}
	if o.Unsecured != nil {
		m.counterOf("tls_handshake_failures_total", "TLS handshakes that failed, so that no request came.", o.Unsecured)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "wsinspect", Name: "build_info", Help: "The version that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": o.Version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(build)
}

// answered counts an attempt whose answer was written. Plain requests count as such, with
// their causes and nothing more: health checks would drown what handshakes show.
func (m *metrics) answered(a *Attempt) {
	m.reason(a.Outcome(), a.reason()).Inc()
	m.caused(a.Causes)
	if a.State == Answered {
		return
	}
	for i := range a.Verdict.Findings {
		f := &a.Verdict.Findings[i]
		if f.Outcome != handshake.Failed && f.Outcome != handshake.Advised {
			continue
		}
		if c := m.findings[f.Check]; c != nil {
			c.Inc()
		}
	}
	if a.State != Refused {
		m.handshake.Observe(a.Took.Seconds())
	}
}

// caused counts what an attempt is found to come from.
func (m *metrics) caused(conclusions []diagnosis.Conclusion) {
	for i := range conclusions {
		if c := m.causes[belief{conclusions[i].Cause, conclusions[i].Confidence}]; c != nil {
			c.Inc()
		}
	}
}

// reason returns the counter for a reason. One that was not foreseen is still one of the
// catalogue's.
func (m *metrics) reason(o Outcome, word string) prometheus.Counter {
	if c := m.reasons[reason{o, word}]; c != nil {
		return c
	}
	return m.handshakes.WithLabelValues(o.String(), word)
}

// closed counts the end of a session.
func (m *metrics) closed(s *Session) {
	m.session.Observe(s.Closed.Sub(s.Opened).Seconds())
	if c := m.closes[ending{codeLabel(s.Close.Code), s.Close.By}]; c != nil {
		c.Inc()
	}
	if s.Close.Detail == Stalled {
		m.stalled.Inc()
	}
}

// Handler serves the metrics, as OpenMetrics to whom asks for it, else as text.
func (j *Journal) Handler() http.Handler {
	return promhttp.HandlerFor(j.metrics.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

func (m *metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return register(m, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "wsinspect", Name: name, Help: help}, labels))
}

func (m *metrics) counter(name, help string) prometheus.Counter {
	return register(m, prometheus.NewCounter(prometheus.CounterOpts{Namespace: "wsinspect", Name: name, Help: help}))
}

func (m *metrics) counterOf(name, help string, value func() int64) {
	register(m, prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "wsinspect", Name: name, Help: help},
		func() float64 { return float64(value()) }))
}

func (m *metrics) gaugeOf(name, help string, value func() float64) {
	register(m, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "wsinspect", Name: name, Help: help}, value))
}

func (m *metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	return register(m, prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "wsinspect", Name: name, Help: help, Buckets: slices.Clone(buckets)}))
}

func register[C prometheus.Collector](m *metrics, c C) C {
	m.registry.MustRegister(c)
	return c
}
