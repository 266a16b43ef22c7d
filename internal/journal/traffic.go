package journal

import "github.com/prometheus/client_golang/prometheus"

// Traffic counts messages of each kind and the bytes that text and binary ones carried,
// after decompression.
type Traffic struct {
	Text, Binary, Ping, Pong, Bytes int64
}

// Plus returns the sum of both.
func (t Traffic) Plus(u Traffic) Traffic {
	return Traffic{t.Text + u.Text, t.Binary + u.Binary, t.Ping + u.Ping, t.Pong + u.Pong, t.Bytes + u.Bytes}
}

// frames returns how many messages and control frames went, close frames left out.
func (t Traffic) frames() int64 { return t.Text + t.Binary + t.Ping + t.Pong }

// trafficCollector shows the traffic of all sessions as metrics. The sessions count for
// themselves, and are added up when somebody looks: counters that all of them share would
// be the dearest part of a small echo.
type trafficCollector struct {
	read            func() (received, sent Traffic)
	messages, bytes *prometheus.Desc
}

func newTrafficCollector(read func() (received, sent Traffic)) *trafficCollector {
	if read == nil {
		read = func() (received, sent Traffic) { return received, sent }
	}
	return &trafficCollector{
		read:     read,
		messages: prometheus.NewDesc("wsinspect_messages_total", "WebSocket messages.", []string{"direction", "type"}, nil),
		bytes:    prometheus.NewDesc("wsinspect_message_bytes_total", "Bytes that WebSocket messages carried, without compression.", []string{"direction"}, nil),
	}
}

// Describe is for prometheus.Collector.
func (c *trafficCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.messages
	to <- c.bytes
}

// Collect is for prometheus.Collector.
func (c *trafficCollector) Collect(to chan<- prometheus.Metric) {
	received, sent := c.read()
	for _, d := range []struct {
		name string
		of   Traffic
	}{{"received", received}, {"sent", sent}} {
		count := func(desc *prometheus.Desc, n int64, labels ...string) {
			to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), append([]string{d.name}, labels...)...)
		}
		count(c.messages, d.of.Text, "text")
		count(c.messages, d.of.Binary, "binary")
		count(c.messages, d.of.Ping, "ping")
		count(c.messages, d.of.Pong, "pong")
		count(c.bytes, d.of.Bytes)
	}
}
