package probe

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"wsinspect/internal/handshake"
)

func TestResolveOption(t *testing.T) {
	url := answers(t, right+"\r\n")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "ws://"))
	p, up := tryOpen(t, "ws://app.invalid:"+port, func(o *Options) {
		o.Resolve = map[string]netip.Addr{"app.invalid:" + port: netip.MustParseAddr("127.0.0.1")}
	})
	if up == nil {
		t.Errorf("%+v", p.report.Steps)
	}
}

func TestByTurns(t *testing.T) {
	var all []netip.Addr
	for _, a := range []string{"::1", "::2", "::3", "127.0.0.1"} {
		all = append(all, netip.MustParseAddr(a))
	}
	if got := handshake.Join(texts(byTurns(all))); got != "::1, 127.0.0.1, ::2 and ::3" {
		t.Error(got)
	}
}
