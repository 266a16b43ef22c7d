package diagnosis

import (
	"slices"
	"time"
)

// What nginx waits for unless it is told otherwise.
const (
	defaultReadTimeout   = time.Minute
	defaultStreamTimeout = 10 * time.Minute
)

// near reports whether a session that was idle so long was cut by a timeout of t: proxies
// look at their timers up to a second late.
func near(idle, t time.Duration) bool {
	return t-200*time.Millisecond <= idle && idle <= t+time.Second
}

// idleLimit is after what silence a proxy cuts a session, unless it is told otherwise.
type idleLimit struct {
	after   time.Duration
	proxy   string // as Hop.Name has it
	setting string // in its own language; empty where it has none
}

var idleLimits = []idleLimit{
	{30 * time.Second, "Google Cloud Load Balancing", "the timeout of the backend service"},
	{50 * time.Second, "HAProxy", "timeout client and timeout server"},
	{55 * time.Second, "Heroku", ""},
	{60 * time.Second, "nginx", "proxy_read_timeout"},
	{60 * time.Second, "Apache", "Timeout"},
	{60 * time.Second, "Varnish", "pipe_timeout"},
	{60 * time.Second, "lighttpd", "server.max-read-idle"},
	{60 * time.Second, "nghttpx", "backend-read-timeout"},
	{60 * time.Second, "AWS Application Load Balancer", "idle timeout"},
	{100 * time.Second, "Cloudflare", ""},
	{300 * time.Second, "Apache", "Timeout in Debian's configuration"},
	{300 * time.Second, "Envoy", "stream_idle_timeout"},
	{300 * time.Second, "h2o", "proxy.timeout.io"},
	{600 * time.Second, "Traffic Server", "proxy.config.http.transaction_no_activity_timeout_in"},
	{900 * time.Second, "Squid", "read_timeout"},
	{3600 * time.Second, "nginx", "proxy_read_timeout 1h, as many recipes set it"},
	{86400 * time.Second, "nginx", "proxy_read_timeout 1d, as many recipes set it"},
}

// whoWaits names the proxies that cut a session after that silence: those that were seen
// on the way, and all that do.
func (r *reading) whoWaits(idle time.Duration) (seen, all []string) {
	for _, l := range idleLimits {
		if !near(idle, l.after) {
			continue
		}
		words := l.proxy
		if l.setting != "" {
			words += " (" + l.setting + ")"
		}
		all = append(all, words)
		if slices.ContainsFunc(r.way(), func(h Hop) bool { return h.Name == l.proxy }) {
			seen = append(seen, words)
		}
	}
	return seen, all
}
