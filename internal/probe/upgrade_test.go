package probe

import (
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
)

// TestUpgrade holds each way in which a 101 can be wrong.
func TestUpgrade(t *testing.T) {
	offersTwo := func(o *Options) { o.Subprotocols = []string{"chat", "news"} }
	plain := func(o *Options) { o.Browser = NoBrowser }
	for _, tt := range []struct {
		name, answer string
		change       func(*Options)
		opens        bool
		step, says   string
	}{
		{"right", right + "\r\n", nil, true, "agreed", "No subprotocol"},
		{"other spelling", "HTTP/1.1 101 Web Socket\r\nupgrade: WebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\nsec-websocket-accept: KEY\r\n\r\n", nil, true, "answer", "101"},
		{"lines end with LF", strings.ReplaceAll(right, "\r\n", "\n") + "\n", nil, true, "answer", "101"},
		{"interim", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + right + "\r\n", nil, true, "answer", "A 103 came before"},
		{"Upgrade missing", strings.Replace(right, "Upgrade: websocket\r\n", "", 1) + "\r\n", nil, false, "answer", "Upgrade: websocket is missing"},
		{"Upgrade twice", right + "Upgrade: websocket\r\n\r\n", nil, false, "answer", "2 Upgrade lines"},
		{"Upgrade h2c", strings.Replace(right, "websocket", "h2c", 1) + "\r\n", nil, false, "answer", `Upgrade is "h2c"`},
		{"Connection missing", strings.Replace(right, "Connection: Upgrade\r\n", "", 1) + "\r\n", nil, false, "answer", "Connection: Upgrade is missing"},
		{"Connection close", strings.Replace(right, "Connection: Upgrade", "Connection: close", 1) + "\r\n", nil, false, "answer", `Connection is "close"`},
		{"HTTP/1.0", strings.Replace(right, "HTTP/1.1", "HTTP/1.0", 1) + "\r\n", nil, true, "answer", "Safari"},
		{"accept missing", strings.Replace(right, "Sec-WebSocket-Accept: KEY\r\n", "", 1) + "\r\n", nil, false, "accept", "missing"},
		{"accept twice", right + "Sec-WebSocket-Accept: KEY\r\n\r\n", nil, false, "accept", "2 Sec-WebSocket-Accept"},
		{"accept wrong", strings.Replace(right, "KEY", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 1) + "\r\n", nil, false, "accept", `"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="`},
		{"subprotocol chosen", right + "Sec-WebSocket-Protocol: news\r\n\r\n", offersTwo, true, "agreed", `subprotocol is "news"`},
		{"no subprotocol chosen", right + "\r\n", offersTwo, false, "agreed", `None of the subprotocols "chat" and "news"`},
		{"no subprotocol chosen, for a program", right + "\r\n", func(o *Options) { offersTwo(o); plain(o) }, true, "agreed", "programs mostly go on"},
		{"subprotocol not offered", right + "Sec-WebSocket-Protocol: Chat\r\n\r\n", offersTwo, false, "agreed", "not offered"},
		{"subprotocol out of nothing", right + "Sec-WebSocket-Protocol: chat\r\n\r\n", nil, false, "agreed", "none was offered"},
		{"two subprotocols", right + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: news\r\n\r\n", offersTwo, false, "agreed", "2 Sec-WebSocket-Protocol"},
		{"compression", right + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=12\r\n\r\n", nil, true, "agreed", "compressed"},
		{"compression out of nothing", right + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", plain, false, "agreed", "not offered"},
		{"unknown extension", right + "Sec-WebSocket-Extensions: x-other\r\n\r\n", nil, false, "agreed", `"x-other"`},
		{"extension twice", right + "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n\r\n", nil, false, "agreed", "twice"},
		{"parameter twice", right + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_no_context_takeover\r\n\r\n", nil, false, "agreed", "twice"},
		{"window too large", right + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n\r\n", nil, false, "agreed", "server_max_window_bits=16"},
		{"window not offered", right + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n\r\n", func(o *Options) { o.Browser = Firefox }, false, "agreed", "client_max_window_bits"},
		{"Extensions empty", right + "Sec-WebSocket-Extensions: \r\n\r\n", nil, true, "agreed", "uncompressed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, up := tryOpen(t, answers(t, tt.answer), tt.change)
			if (up != nil) != tt.opens {
				t.Errorf("opened: %v: %+v", up != nil, p.report.Steps)
			}
			if s := p.step(t, tt.step); !strings.Contains(s.Says, tt.says) || (s.Outcome == Failed) == tt.opens {
				t.Errorf("%s: %s: %s", s.ID, s.Outcome, s.Says)
			}
			if p.report.Client.Trouble != diagnosis.NoTrouble || p.report.Client.Answer == nil {
				t.Errorf("%+v", p.report.Client)
			}
		})
	}
}
