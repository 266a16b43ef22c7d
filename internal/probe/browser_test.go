package probe

import (
	"bytes"
	"strings"
	"testing"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

func TestParseBrowser(t *testing.T) {
	for b := Chrome; b <= NoBrowser; b++ {
		if got, err := ParseBrowser(strings.ToUpper(b.String())); err != nil || got != b {
			t.Errorf("%s is read as %s, %v", b, got, err)
		}
	}
	if _, err := ParseBrowser("lynx"); err == nil {
		t.Error("lynx is read")
	}
}

// Only an address with TLS or of this machine is told what browsers keep from others.
func TestTrustedAddresses(t *testing.T) {
	for url, trusted := range map[string]bool{
		"ws://app.example": false, "wss://app.example": true, "ws://localhost:81": true, "ws://a.localhost.": true,
		"ws://127.9.9.9": true, "ws://[::1]": true, "ws://10.0.0.1": false, "ws://notlocalhost": false,
	} {
		for _, b := range []Browser{Firefox, Safari} {
			h := written(t, &Options{Target: mustParse(t, url), Browser: b})
			if h.Has("Sec-Fetch-Mode") != trusted {
				t.Errorf("%s to %s:\n%s", b, url, h.Raw)
			}
		}
		h := written(t, &Options{Target: mustParse(t, url)})
		if bytes.Contains(h.Raw, []byte("zstd")) != trusted {
			t.Errorf("chrome to %s:\n%s", url, h.Raw)
		}
	}
}

// Every browser's handshake is one that every rule is kept in.
func TestHandshakesAreRight(t *testing.T) {
	for b := Chrome; b <= NoBrowser; b++ {
		for _, url := range []string{"ws://app.example/ws", "wss://app.example:8443/ws?a=b", "ws://[::1]:8080"} {
			o := &Options{Target: mustParse(t, url), Browser: b, Subprotocols: []string{"a", "b"}, CookieBytes: 100, Origin: mustParse(t, url).Origin()}
			h := written(t, o)
			v := handshake.Judge(&dump.Request{Head: h}, &handshake.Policy{})
			for _, f := range v.Findings {
				if f.Outcome == handshake.Failed || f.Outcome == handshake.Advised {
					t.Errorf("%s to %s: %s: %s\n%s", b, url, f.Check.ID, f.Because, h.Raw)
				}
			}
			if !v.Accepted {
				t.Errorf("%s to %s is not accepted: %s", b, url, v.Reason)
			}
		}
	}
}
