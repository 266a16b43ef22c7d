package journal

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

func TestClient(t *testing.T) {
	const proxy, stranger, unix = "127.0.0.1:40000", "192.0.2.9:40000", ""
	for name, c := range map[string]struct {
		law       string
		peer      string
		lines     []string
		addr      string // "": none
		from      string
		disbelief []string
	}{
		"no_header":              {"without a header the peer asked", proxy, nil, "127.0.0.1", "peer", nil},
		"unix_socket":            {"a unix socket has no address", unix, nil, "", "peer", nil},
		"unix_socket_is_trusted": {"only this machine's processes can open it", unix, []string{"X-Forwarded-For: 203.0.113.7"}, "203.0.113.7", "x-forwarded-for", nil},
		"untrusted_peer":         {"a stranger may claim anything", stranger, []string{"X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.8"}, "192.0.2.9", "peer", []string{"x-forwarded-for: 203.0.113.7", "forwarded: for=203.0.113.8"}},
		"one_proxy":              {"a trusted proxy vouches for what it added", proxy, []string{"X-Forwarded-For: 203.0.113.7"}, "203.0.113.7", "x-forwarded-for", nil},
		"spoofed_left":           {"what stands left of the first stranger is his claim", proxy, []string{"X-Forwarded-For: 1.1.1.1, 2.2.2.2,203.0.113.7"}, "203.0.113.7", "x-forwarded-for", []string{"x-forwarded-for: 1.1.1.1", "x-forwarded-for: 2.2.2.2"}},
		"lines_are_joined":       {"several lines are one list, in their order", proxy, []string{"X-Forwarded-For: 1.1.1.1", "x-forwarded-for: 203.0.113.7"}, "203.0.113.7", "x-forwarded-for", []string{"x-forwarded-for: 1.1.1.1"}},
		"chain_of_proxies":       {"a trusted proxy vouches for the one before it", proxy, []string{"X-Forwarded-For: 9.9.9.9, 203.0.113.7, 10.0.0.2"}, "203.0.113.7", "x-forwarded-for", []string{"x-forwarded-for: 9.9.9.9"}},
		"only_proxies":           {"where all are trusted the leftmost asked", proxy, []string{"X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "10.0.0.3", "x-forwarded-for", nil},
		"garbage_stops":          {"nothing is believed beyond what is no address", proxy, []string{"X-Forwarded-For: 203.0.113.7, unknown, 10.0.0.2"}, "10.0.0.2", "x-forwarded-for", []string{"x-forwarded-for: 203.0.113.7", "x-forwarded-for: unknown"}},
		"garbage_at_once":        {"garbage on the right leaves the peer", proxy, []string{"X-Forwarded-For: 203.0.113.7, <script>"}, "127.0.0.1", "peer", []string{"x-forwarded-for: 203.0.113.7", "x-forwarded-for: <script>"}},
		"empty_elements":         {"empty elements do not count (RFC 9110, section 5.6.1)", proxy, []string{"X-Forwarded-For: , 203.0.113.7 ,, "}, "203.0.113.7", "x-forwarded-for", nil},
		"port":                   {"an address may carry a port", proxy, []string{"X-Forwarded-For: 203.0.113.7:4711"}, "203.0.113.7", "x-forwarded-for", nil},
		"ipv6":                   {"IPv6 may stand bare", proxy, []string{"X-Forwarded-For: 2001:db8::7"}, "2001:db8::7", "x-forwarded-for", nil},
		"ipv6_brackets":          {"or in brackets, with a port", proxy, []string{"X-Forwarded-For: [2001:db8::7]:4711"}, "2001:db8::7", "x-forwarded-for", nil},
		"ipv6_junk":              {"behind the bracket comes a port or nothing", proxy, []string{"X-Forwarded-For: [2001:db8::7]x1"}, "127.0.0.1", "peer", []string{"x-forwarded-for: [2001:db8::7]x1"}},
		"ipv6_zone":              {"a zone means nothing on another machine", proxy, []string{"X-Forwarded-For: fe80::1%eth0"}, "127.0.0.1", "peer", []string{"x-forwarded-for: fe80::1%eth0"}},
		"mapped":                 {"an IPv4 address written as IPv6 is the same address", "[::ffff:127.0.0.1]:1", []string{"X-Forwarded-For: ::ffff:203.0.113.7"}, "203.0.113.7", "x-forwarded-for", nil},
		"forwarded":              {"Forwarded is read like X-Forwarded-For", proxy, []string{`Forwarded: for=9.9.9.9;proto=https, For="203.0.113.7:80" ; by=_x`, "Forwarded: for=10.0.0.2"}, "203.0.113.7", "forwarded", []string{"forwarded: for=9.9.9.9;proto=https"}},
		"forwarded_ipv6":         {"IPv6 stands in brackets and quotes (RFC 7239, section 6)", proxy, []string{`Forwarded: for="[2001:db8::7]:4711"`}, "2001:db8::7", "forwarded", nil},
		"forwarded_ipv6_bare":    {"without brackets it is no node", proxy, []string{`Forwarded: for="2001:db8::7"`}, "127.0.0.1", "peer", []string{`forwarded: for="2001:db8::7"`}},
		"forwarded_hidden":       {"an obfuscated name stops the reading (RFC 7239, section 6.3)", proxy, []string{"Forwarded: for=203.0.113.7, for=_hidden, for=10.0.0.2"}, "10.0.0.2", "forwarded", []string{"forwarded: for=203.0.113.7", "forwarded: for=_hidden"}},
		"forwarded_no_for":       {"a hop that names no node vouches for none", proxy, []string{"Forwarded: for=203.0.113.7, proto=https"}, "127.0.0.1", "peer", []string{"forwarded: for=203.0.113.7", "forwarded: proto=https"}},
		"forwarded_two_for":      {"a hop that names two vouches for none", proxy, []string{"Forwarded: for=203.0.113.7;for=10.0.0.2"}, "127.0.0.1", "peer", []string{"forwarded: for=203.0.113.7;for=10.0.0.2"}},
		"forwarded_open_quote":   {"an open quote cannot swallow what a proxy appended", proxy, []string{`Forwarded: for=1.1.1.1;x=", for=203.0.113.7`}, "127.0.0.1", "peer", []string{`forwarded: for=1.1.1.1;x=", for=203.0.113.7`}},
		"forwarded_stolen_quote": {"nor can the proxy's own quote close it", proxy, []string{`Forwarded: for=1.1.1.1;x=", for="[2001:db8::7]"`}, "127.0.0.1", "peer", []string{`forwarded: for=1.1.1.1;x=", for="[2001:db8::7]"`}},
		"forwarded_quoted_comma": {"a comma in quotes divides nothing", proxy, []string{`Forwarded: for=203.0.113.7;x="a,\"for=1.1.1.1"`}, "203.0.113.7", "forwarded", nil},
		"both_agree":             {"both headers may lead to the same address", proxy, []string{"X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7"}, "203.0.113.7", "x-forwarded-for", nil},
		"both_disagree":          {"where they lead to two, neither is believed", proxy, []string{"X-Forwarded-For: 203.0.113.7", "Forwarded: for=6.6.6.6"}, "127.0.0.1", "peer", []string{"x-forwarded-for: 203.0.113.7", "forwarded: for=6.6.6.6"}},
	} {
		t.Run(name, func(t *testing.T) {
			j := New(Options{Trusted: append(loopback(), netip.MustParsePrefix("10.0.0.0/8"))})
			var peer netip.AddrPort
			if c.peer != unix {
				peer = netip.MustParseAddrPort(c.peer)
			}
			got := j.Client(peer, headOf(c.lines...))
			addr := ""
			if got.Addr.IsValid() {
				addr = got.Addr.String()
			}
			if addr != c.addr || got.From != c.from || !slices.Equal(got.Disbelief, c.disbelief) {
				t.Errorf("%s:\n got %s from %s, not believed %q\nwant %s from %s, not believed %q", c.law, addr, got.From, got.Disbelief, c.addr, c.from, c.disbelief)
			}
		})
	}
}

func headOf(lines ...string) *dump.Head {
	raw := "GET / HTTP/1.1\r\nHost: a\r\n"
	for _, l := range lines {
		raw += l + "\r\n"
	}
	return dump.Parse([]byte(raw + "\r\n"))
}

func TestTheDefaultTrustsThisMachineAlone(t *testing.T) {
	j := New(Options{})
	for _, peer := range []string{"127.0.0.1:1", "127.8.8.8:1", "[::1]:1"} {
		if c := j.Client(netip.MustParseAddrPort(peer), headOf("X-Forwarded-For: 203.0.113.7")); c.From != "x-forwarded-for" {
			t.Errorf("the proxy at %s is not trusted", peer)
		}
	}
	if c := j.Client(netip.MustParseAddrPort("10.0.0.1:1"), headOf("X-Forwarded-For: 203.0.113.7")); c.From != "peer" {
		t.Error("a proxy of another machine is trusted")
	}
}

func TestClaimsAreBounded(t *testing.T) {
	j := New(Options{})
	c := j.Client(netip.MustParseAddrPort("192.0.2.9:1"), headOf(
		"X-Forwarded-For: "+strings.Repeat("1.1.1.1,", 5000),
		"Forwarded: "+strings.Repeat("for=1.1.1.1,", 5000)+"for="+strings.Repeat("9", 5000)))
	if len(c.Disbelief) > maxShown {
		t.Errorf("%d claims are kept", len(c.Disbelief))
	}
	for _, d := range c.Disbelief {
		if len(d) > maxClaim+len("x-forwarded-for: ...") {
			t.Errorf("a claim of %d bytes is kept", len(d))
		}
	}
}

// FuzzClient holds that nobody but a trusted proxy can change who asked, and that what is
// believed stands in the headers.
func FuzzClient(f *testing.F) {
	f.Add("1.1.1.1, 203.0.113.7", `for="[2001:db8::7]:80";proto=https, for=_x`)
	f.Add(",,unknown", `for=1.1.1.1;x="`)
	f.Add("::ffff:10.0.0.1", `for="\"`)
	f.Add("[::1]:99999", "for")
	j := New(Options{})
	f.Fuzz(func(t *testing.T, xff, forwarded string) {
		if strings.ContainsAny(xff+forwarded, "\r\n") {
			return
		}
		h := headOf("X-Forwarded-For: "+xff, "Forwarded: "+forwarded)
		stranger := netip.MustParseAddrPort("192.0.2.9:1")
		if c := j.Client(stranger, h); c.Addr != stranger.Addr() || c.From != "peer" {
			t.Errorf("a stranger became %v by %s", c.Addr, c.From)
		}
		// What a proxy appends in a line of its own is always read, whatever was before it.
		h = headOf("X-Forwarded-For: "+xff, "X-Forwarded-For: 203.0.113.7")
		if c := j.Client(netip.AddrPort{}, h); c.Addr.String() != "203.0.113.7" {
			t.Errorf("X-Forwarded-For %q has hidden the client: %v", xff, c.Addr)
		}
		h = headOf("Forwarded: "+forwarded, "Forwarded: for=203.0.113.7")
		if c := j.Client(netip.AddrPort{}, h); c.Addr.String() != "203.0.113.7" {
			t.Errorf("Forwarded %q has hidden the client: %v", forwarded, c.Addr)
		}
		// Appended to the same line it is read, or nothing is.
		h = headOf("Forwarded: " + forwarded + `, for="203.0.113.7"`)
		if c := j.Client(netip.AddrPort{}, h); c.From != "peer" && c.Addr.String() != "203.0.113.7" {
			t.Errorf("Forwarded %q has forged the client: %v", forwarded, c.Addr)
		}
	})
}
