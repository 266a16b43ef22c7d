package e2e

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"wsinspect/internal/corpus"
)

// TestProxiesWait proves the lines that let silent sessions live. Each proxy is told to
// wait for two seconds and cuts a session; with the lines for it pasted it cuts none. They
// all wait at the same time. Varnish is told so in a shell.
func TestProxiesWait(t *testing.T) {
	t.Parallel()
	const limit = 2 * time.Second
	ways := []stage{
		haproxy("timeout client 2s", ""),
		apache("Timeout 2", apacheUpgrade, apacheKeepsHost),
		lighttpd("proxy.header = ( \"upgrade\" => \"enable\" )\nserver.max-read-idle = 2\nserver.max-write-idle = 2"),
		h2o("        proxy.websocket: ON\n        proxy.preserve-host: ON\n        proxy.websocket.timeout: 2000"),
		nghttpx("", "backend-read-timeout=2s"),
		squid("", squidUpgrade+"\nread_timeout 2 seconds"),
		trafficServer("map / http://<backend>/", trafficServerKeepsHost+"\nCONFIG proxy.config.websocket.no_activity_timeout INT 2"),
	}
	// open starts a proxy in front of a wsinspect of its own, with two silent sessions: that
	// both are cut after the same time says more than one.
	open := func(s stage) (*inspector, []*caller) {
		ws := startInspector(t)
		port := s.start(t, ws.port)
		var clients []*caller
		for range 2 {
			c := call(t, port, []byte(browserHandshake))
			if !c.open() {
				t.Fatalf("behind %s the client sees %s", s.name, c.sees)
			}
			clients = append(clients, c)
		}
		return ws, clients
	}

	inspectors := make([]*inspector, len(ways))
	silent := make([][]*caller, len(ways))
	for i, s := range ways {
		inspectors[i], silent[i] = open(s)
	}
	for i, s := range ways {
		for _, c := range silent[i] {
			if _, cut := c.silence(t, patience); !cut {
				t.Fatalf("%s has cut no session in %v", s.name, patience)
			}
		}
		var fix corpus.Fix
		inspectors[i].until(t, url.Values{}, func(a *attempt) bool {
			at := slices.IndexFunc(a.Causes, func(f corpus.Conclusion) bool { return f.ID == "read-timeout" })
			if at >= 0 {
				fix = a.Causes[at].Fix
			}
			return at >= 0
		})
		_, silent[i] = open(pasteWay(t, []stage{s}, fix)[0])
	}
	over := time.Now().Add(2 * limit)
	for i, s := range ways {
		for _, c := range silent[i] {
			if after, cut := c.silence(t, max(time.Until(over), 100*time.Millisecond)); cut {
				t.Errorf("%s still cuts a session, after %v", s.name, after)
			}
			c.close(t)
		}
	}
}
