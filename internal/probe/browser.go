package probe

import (
	"fmt"
	"strings"
)

// Browser says whose handshake is sent.
type Browser uint8

const (
	Chrome    Browser = iota // Chromium 156, as it was recorded
	Firefox                  // 144
	Safari                   // 26
	NoBrowser                // what RFC 6455 asks for and nothing else, as small programs send it
)

// String returns the browser as a flag spells it.
func (b Browser) String() string {
	return [...]string{"chrome", "firefox", "safari", "none"}[b]
}

// ParseBrowser reads what String returns.
func ParseBrowser(s string) (Browser, error) {
	for b := Chrome; b <= NoBrowser; b++ {
		if strings.EqualFold(s, b.String()) {
			return b, nil
		}
	}
	return 0, fmt.Errorf("%q is no browser that can be played here: write chrome, firefox, safari or none", s)
}

// slots are the values of a handshake that differ from one to the next. The line of an
// empty one is left out.
type slots struct {
	host, origin, key, subprotocols, cookie, authorization string

	trusted bool   // the address has TLS or is this machine: browsers then say more
	site    string // how the page's site stands to the target's, as Sec-Fetch-Site says it
}

// lines returns the header lines of a handshake of b: spelling, order and values are the
// browser's.
func (b Browser) lines(s *slots) []Header {
	switch b {
	case Chrome:
		return s.chrome()
	case Firefox:
		return s.firefox()
	case Safari:
		return s.safari()
	}
	return []Header{
		{"Host", s.host},
		{"Upgrade", "websocket"},
		{"Connection", "Upgrade"},
		{"Sec-WebSocket-Key", s.key},
		{"Sec-WebSocket-Version", "13"},
		{"Origin", s.origin},
		{"Sec-WebSocket-Protocol", s.subprotocols},
		{"Authorization", s.authorization},
		{"Cookie", s.cookie},
	}
}

// chrome is held against the real one by a test in internal/e2e.
func (s *slots) chrome() []Header {
	return []Header{
		{"Host", s.host},
		{"Connection", "Upgrade"},
		{"Authorization", s.authorization},
		{"Pragma", "no-cache"},
		{"Cache-Control", "no-cache"},
		{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"},
		{"Upgrade", "websocket"},
		{"Origin", s.origin},
		{"Sec-WebSocket-Version", "13"},
		{"Accept-Encoding", s.encodings()},
		{"Accept-Language", "en-US,en;q=0.9"},
		{"Cookie", s.cookie},
		{"Sec-WebSocket-Key", s.key},
		{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"},
		{"Sec-WebSocket-Protocol", s.subprotocols},
	}
}

// firefox has the order and the values of Firefox.
func (s *slots) firefox() []Header {
	h := []Header{
		{"Host", s.host},
		{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"},
		{"Accept", "*/*"},
		{"Accept-Language", "en-US,en;q=0.5"},
		{"Accept-Encoding", s.encodings()},
		{"Sec-WebSocket-Version", "13"},
		{"Origin", s.origin},
		{"Sec-WebSocket-Protocol", s.subprotocols},
		{"Sec-WebSocket-Extensions", "permessage-deflate"},
		{"Sec-WebSocket-Key", s.key},
		{"Authorization", s.authorization},
		{"Connection", "keep-alive, Upgrade"},
		{"Cookie", s.cookie},
	}
	h = append(h, s.fetchMetadata("empty")...)
	return append(h, Header{"Pragma", "no-cache"}, Header{"Cache-Control", "no-cache"}, Header{"Upgrade", "websocket"})
}

// safari has the order in which WebKit's source writes the lines, and the Sec-Fetch lines
// that it has added since version 16.4.
func (s *slots) safari() []Header {
	h := []Header{
		{"Upgrade", "websocket"},
		{"Connection", "Upgrade"},
		{"Host", s.host},
		{"Origin", s.origin},
		{"Sec-WebSocket-Protocol", s.subprotocols},
		{"Cookie", s.cookie},
		{"Authorization", s.authorization},
		{"Pragma", "no-cache"},
		{"Cache-Control", "no-cache"},
		{"Sec-WebSocket-Key", s.key},
		{"Sec-WebSocket-Version", "13"},
		{"Sec-WebSocket-Extensions", "permessage-deflate"},
		{"User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"},
	}
	return append(h, s.fetchMetadata("websocket")...)
}

// fetchMetadata returns the lines that tell where the request comes from; browsers send
// them to addresses that they trust alone.
func (s *slots) fetchMetadata(destination string) []Header {
	if !s.trusted {
		return nil
	}
	return []Header{{"Sec-Fetch-Dest", destination}, {"Sec-Fetch-Mode", "websocket"}, {"Sec-Fetch-Site", s.site}}
}

// encodings returns what Accept-Encoding lists: the newer ones are offered where no old
// proxy can stumble over them.
func (s *slots) encodings() string {
	if s.trusted {
		return "gzip, deflate, br, zstd"
	}
	return "gzip, deflate"
}
