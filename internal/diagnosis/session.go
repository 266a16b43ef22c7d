package diagnosis

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wsinspect/internal/handshake"
)

var readTimeout = &Cause{
	ID:    "read-timeout",
	Title: "A proxy cuts the session after a time of silence",
	Doc: handshake.Doc{
		What: "A proxy closes a session on which nothing was sent for a while: nginx after proxy_read_timeout, 60 seconds unless it is set. Bytes in either direction start the time anew. The close comes without a close frame, so the browser says 1006.",
		See:  "The backend sees the connection end without a close frame, always after the same silence: 60 seconds with nginx, Apache, Varnish, lighttpd and AWS's application load balancer, 50 with HAProxy as its examples set it, 55 at Heroku, 100 at Cloudflare, 30 at Google Cloud. That no frame passed has to be known: the session's record shows it, the handshake's bytes do not.",
		Do: `Send pings from the server at half of that time: it needs no change in any proxy and finds dead clients too. Or let nginx wait longer, in the location of the socket:

    proxy_read_timeout 1h;

With several proxies in a row, the shortest time counts.`,
	},
	Tempting: "proxy_send_timeout, keepalive_timeout and send_timeout never cut an idle socket; raising them changes nothing.",
	Lures:    []string{"proxy_send_timeout 1h;", "keepalive_timeout 1h;", "send_timeout 1h;"},
	Severity: Cuts,
	Party:    ByProxy,
	Reports:  10,
	Shows:    SessionEnd | Configuration,
	Spec:     "nginx proxy_read_timeout",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout",
	told:     alone(func(_ *reading, c *Config) sign { return c.short("proxy_read_timeout", defaultReadTimeout) }),
	find: func(r *reading) sign {
		idle, ok := r.silence()
		if !ok {
			return none()
		}
		cut := fmt.Sprintf("The session was cut after %s of silence, without a close frame", seconds(idle))
		if d, said := r.readTimeoutSaid(idle); said != "" {
			return certain(cut + ": " + said + ".").by(d)
		}
		seen, all := r.whoWaits(idle)
		again := r.sameSilence(idle)
		if again > 0 {
			cut += ", like " + others(again)
		}
		switch {
		case r.bare():
			if again > 0 || all != nil || r.evenly(idle) {
				return possible(cut + ", as proxies do it, though none for HTTP shows in the head.")
			}
			return none()
		case seen != nil:
			return likely(fmt.Sprintf("%s: %s does so unless it is told otherwise.", cut, strings.Join(seen, " or "))).closer(1)
		case all != nil:
			return likely(fmt.Sprintf("%s: %s do so unless they are told otherwise.", cut, strings.Join(all, ", "))).closer(1)
		case again > 0:
			return likely(cut + ": a proxy closes what is silent that long.").closer(1)
		case r.evenly(idle):
			return possible(cut + ": a whole number of seconds, as timeouts are.")
		}
		return none()
	},
	remedy: waitLonger,
	nginx: func(r *reading) Fix {
		pings := "Pings from the server at half of that time"
		if idle, ok := r.silence(); ok {
			pings = "Pings from the server every " + seconds(max(time.Second, (idle/2).Truncate(time.Second)))
			if seen, _ := r.whoWaits(idle); seen != nil && !strings.HasPrefix(seen[0], nginx.name) {
				return Fix{For: "backend", Note: pings + " cure it: the time is that of " + strings.Join(seen, " or ") + ", and no line of nginx changes it."}
			}
		}
		return Fix{Steps: []Step{{Where: "location", Lines: []string{"proxy_read_timeout 1h;"}}},
			Note: "Bytes in either direction start this time anew. " + pings + " cure it as well, in every proxy on the way, and need no change in nginx. proxy_send_timeout, keepalive_timeout and send_timeout never cut an idle socket."}
	},
}

var streamTimeout = &Cause{
	ID:    "stream-timeout",
	Title: "A proxy that passes bytes on cuts the session after a time of silence",
	Doc: handshake.Doc{
		What: "nginx's stream module closes a connection on which nothing passed for proxy_timeout, 10 minutes unless it is set. It does not know that there is a WebSocket on it. HAProxy in mode tcp does the same with timeout client and timeout server.",
		See:  "As a read timeout, a session ends without a close frame, always after the same silence; and the head shows no proxy at all, its lines being as the client wrote them. It waits for the end of a session.",
		Do: `Send pings from the server at half of that time, or wait longer, in the server of the stream block:

    proxy_timeout 1h;`,
	},
	Severity: Cuts,
	Party:    ByProxy,
	Shows:    SessionEnd | Configuration,
	Spec:     "nginx stream proxy_timeout",
	SpecURL:  "https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_timeout",
	told:     alone(func(_ *reading, c *Config) sign { return c.short("proxy_timeout", defaultStreamTimeout) }),
	find: func(r *reading) sign {
		d := r.Config.on("proxy_timeout")
		idle, ok := r.silence()
		if !ok {
			return none()
		}
		cut := fmt.Sprintf("The session was cut after %s of silence, without a close frame", seconds(idle))
		if d != nil {
			if t, ok := nginxTime(d.Args[0]); ok && near(idle, t) {
				return certain(cut + ": " + d.says() + ".").by(*d)
			}
		}
		if r.Config != nil && r.Config.Stream && near(idle, defaultStreamTimeout) && d == nil {
			return certain(cut + ": no proxy_timeout is set, and nginx's own is 600 s.").by(r.Config.Block)
		}
		if r.Request == nil || r.Config.passes() || r.first[host] != 1 && len(r.way()) > 0 || !r.unproxied() {
			return none()
		}
		again := r.sameSilence(idle)
		if again > 0 {
			cut += ", like " + others(again)
		}
		const bare = ", and no proxy for HTTP shows in the head"
		switch {
		case near(idle, defaultStreamTimeout):
			return likely(cut + bare + ": nginx's stream module does so at proxy_timeout, 10 min unless it is set.").closer(2)
		case !r.evenly(idle) && again == 0:
			return none()
		case r.asSent() && !r.bare():
			return possible(cut + ", and Host, Connection and Upgrade stand in the order of clients: a proxy that passes bytes on may have done so.").closer(1)
		case !r.bare():
			return possible(cut + ": a proxy that passes bytes on may have done so, since none for HTTP shows for sure.")
		case again > 0:
			return likely(cut + bare + ": one that passes bytes on closes what is silent that long.").closer(1)
		}
		return possible(cut + bare + ": one that passes bytes on may have done so.").closer(1)
	},
	nginx: func(r *reading) Fix {
		return Fix{Steps: []Step{{Where: "server", Lines: []string{"proxy_timeout 1h;"}}},
			Note: "The server is the one in the stream block. Pings from the server at half of the time cure it as well. In HAProxy in mode tcp, timeout client and timeout server have to wait longer, or timeout tunnel."}
	},
}

// leavesWithin is how soon a client goes that did not like the answer.
const leavesWithin = time.Second

// shortestTimeout is the shortest silence that can be a timeout: they are set in seconds,
// and the last byte is seen here a little later than the proxy saw it.
const shortestTimeout = 900 * time.Millisecond

// silence returns how long nothing was sent before the session was cut, if that can have
// been a timeout.
func (r *reading) silence() (idle time.Duration, ok bool) {
	if r.Session == nil || !r.Session.Cut || r.Session.Idle < shortestTimeout {
		return 0, false
	}
	return r.Session.Idle, true
}

// readTimeoutSaid returns what the configuration says of a silence that is the
// proxy_read_timeout of one of its proxies, and where; empty where it says nothing of it.
func (r *reading) readTimeoutSaid(idle time.Duration) (at Directive, said string) {
	for c := r.Config; c.passes(); c = c.Outer {
		d := c.on("proxy_read_timeout")
		if d == nil && near(idle, defaultReadTimeout) {
			return c.Block, "no proxy_read_timeout is set, and nginx's own is 60 s"
		}
		if d != nil {
			if t, ok := nginxTime(d.Args[0]); ok && near(idle, t) {
				return *d, d.says()
			}
		}
	}
	return Directive{}, ""
}

// short returns the sign of a time that is set shorter than the program's own.
func (c *Config) short(name string, usual time.Duration) sign {
	if d := c.on(name); d != nil {
		if t, ok := nginxTime(d.Args[0]); ok && t < usual {
			return possible(fmt.Sprintf("nginx cuts a session after %s of silence: %s.", seconds(t), d.says())).by(*d)
		}
	}
	return none()
}

// wholeSecond reports whether idle is a whole number of seconds, as far as networks let
// that be seen.
func wholeSecond(idle time.Duration) bool {
	return (idle - idle.Round(time.Second)).Abs() <= 300*time.Millisecond
}

// evenly reports whether the session was cut after a whole number of seconds, and had been
// in use: what somebody breaks off who only tried to connect is no timeout, whatever its
// second.
func (r *reading) evenly(idle time.Duration) bool {
	return wholeSecond(idle) && r.Session.Received > 0
}

// sameSilence returns how many of the other sessions were cut after the same silence.
func (r *reading) sameSilence(idle time.Duration) (n int) {
	for _, o := range r.others() {
		if s := o.Session; s != nil && s.Cut && (s.Idle-idle).Abs() <= 500*time.Millisecond {
			n++
		}
	}
	return n
}

// others counts other sessions in words.
func others(n int) string {
	if n == 1 {
		return "another session"
	}
	return strconv.Itoa(n) + " other sessions"
}

// unproxied reports whether nothing shows a proxy for HTTP for sure. Lines in an order that
// is no browser's may be nginx's, or those of a client that calls itself a browser.
func (r *reading) unproxied() bool {
	return len(r.way()) == 0 || len(r.way()) == 1 && r.byNginx() && r.way()[0].Confidence < Certain && r.forwarded() == 0
}

// bare reports whether the lines of the head stand as the client wrote them: behind a line
// that only a client writes comes Upgrade, which a proxy for HTTP has to write itself.
func (r *reading) bare() bool {
	return len(r.way()) == 0 && r.has(upgrade) && r.first[upgrade] > r.written
}

// asSent reports whether Host, Connection: Upgrade and Upgrade alone stand before a client's
// lines, in the order and with the capital in which clients write them. Recipes for nginx
// have Upgrade before Connection.
func (r *reading) asSent() bool {
	return r.first[host] == 1 && r.first[connection] == 2 && r.first[upgrade] == 3 && r.written == 3 && r.value(connection) == "Upgrade"
}

// seconds writes a time as people measure it.
func seconds(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.Itoa(int(d/time.Second)) + " s"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// nginxTime reads a time as nginx writes it: 60, 60s, 1m30s, 1h, 500ms (nginx, measurement
// units).
func nginxTime(text string) (total time.Duration, ok bool) {
	units := []struct {
		name string
		unit time.Duration
	}{{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour}}
	for rest := text; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.Atoi(rest[:digits])
		if err != nil {
			return 0, false
		}
		rest = rest[digits:]
		unit := time.Second
		for _, u := range units {
			if after, found := strings.CutPrefix(rest, u.name); found {
				unit, rest = u.unit, after
				break
			}
		}
		total += time.Duration(n) * unit
	}
	return total, text != ""
}
