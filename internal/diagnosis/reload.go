package diagnosis

import (
	"fmt"
	"time"

	"wsinspect/internal/handshake"
)

var reloadDropsSessions = &Cause{
	ID:    "reload-drops-sessions",
	Title: "A reload or restart of the proxy cuts all sessions at once",
	Doc: handshake.Doc{
		What: "After a reload nginx's old workers keep their sockets until the last one closes, unless worker_shutdown_timeout ends them. Controllers that reload at every change, such as ingress-nginx, set it and so drop everybody each time. A restart drops everybody at once.",
		See:  "Many sessions end in the same second without a close frame, busy or idle, whatever their age. It waits for the end of several sessions; one alone looks like any other cut.",
		Do: `Reload instead of restart, and give old workers time, outside every block:

    worker_shutdown_timeout 1h;

or take the line out, and they stay as long as their sockets. Let clients connect again by themselves, after a random pause: a proxy restarts one day all the same.`,
	},
	Severity: Cuts,
	Party:    ByProxy,
	Reports:  5,
	Shows:    SessionEnd | Configuration,
	Spec:     "nginx worker_shutdown_timeout",
	SpecURL:  "https://nginx.org/en/docs/ngx_core_module.html#worker_shutdown_timeout",
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.on("worker_shutdown_timeout"); d != nil {
			return possible("A reload of nginx cuts every session that is open then: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		set, d := "", r.Config.on("worker_shutdown_timeout")
		if d != nil {
			set = " " + d.says() + "."
		}
		if r.Session == nil || !r.Session.Cut {
			return none()
		}
		const several = 3
		if n := r.cutTogether(); n >= several {
			return likely(fmt.Sprintf("%d sessions were cut within the same second, without a close frame and after different times of silence, as by a reload or restart of the proxy.%s", n, set)).closer(2)
		}
		idle, ok := r.silence()
		_, limit := r.whoWaits(idle)
		switch {
		case !ok || limit != nil || r.timed(idle) || r.sameSilence(idle) > 0 || !r.evenly(idle):
			return none()
		case d != nil:
			return likely("The session was cut without a close frame, and a reload ends sessions here:" + set).by(*d)
		}
		return possible("The session was cut without a close frame: perhaps the proxy was reloaded or restarted.")
	},
	nginx: func(r *reading) Fix {
		return Fix{Steps: []Step{{Where: "main", Lines: []string{"worker_shutdown_timeout 1h;"}}},
			Note: "The line stands outside every block; without it old workers stay as long as their sockets. Clients must connect again by themselves all the same, after a random pause. With ingress-nginx it is worker-shutdown-timeout in the ConfigMap."}
	},
}

// timed reports whether the configuration explains a silence by a time that it sets.
func (r *reading) timed(idle time.Duration) bool {
	_, said := r.readTimeoutSaid(idle)
	return said != ""
}

// cutTogether returns how many sessions were cut within the same second as this one, itself
// counted; 0 where all had been silent equally long, which a timeout explains better.
// Sessions that were hardly open do not count: programs that test a server leave so.
func (r *reading) cutTogether() int {
	if !r.Session.lasted() {
		return 0
	}
	n, shortest, longest := 1, r.Session.Idle, r.Session.Idle
	for _, o := range r.others() {
		if s := o.Session; s != nil && s.Cut && s.lasted() && s.Ended.Sub(r.Session.Ended).Abs() < time.Second {
			n++
			shortest, longest = min(shortest, s.Idle), max(longest, s.Idle)
		}
	}
	if longest >= shortestTimeout && longest-shortest < time.Second {
		return 0
	}
	return n
}

// lasted reports whether the session was open for long enough to be in use.
func (s *Session) lasted() bool { return s.Ended.Sub(s.Opened) >= time.Second }
