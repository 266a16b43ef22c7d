package lint_test

import (
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/lint"
	"wsinspect/internal/nginxconf"
)

const site = `events {}
http {
    server {
        listen 80;
        server_name app.example.com;
        location / { proxy_pass http://127.0.0.1:8080; }
        location /ws {
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_pass http://127.0.0.1:8080;
        }
    }
    server {
        listen 127.0.0.1:8080;
        location / { proxy_pass http://127.0.0.1:9000; proxy_set_header X-Inner 1; }
    }
}
`

func read(t *testing.T, text string, version nginxconf.Version) *lint.Conf {
	t.Helper()
	config, err := nginxconf.Read("nginx.conf", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return lint.New(config, version)
}

// Without a path the location that is made for WebSockets is looked at, and neither the pages
// beside it nor the inner proxy by itself; the inner proxy is a part of the way.
func TestLintLooksAtTheSocketAlone(t *testing.T) {
	report := read(t, site, nginxconf.Version{1, 29, 7}).Lint(&lint.Question{})
	var serves []string
	for _, s := range report.Serves {
		serves = append(serves, s.Location)
	}
	if !slices.Equal(serves, []string{"location /", "location /ws"}) {
		t.Errorf("looked at %q", serves)
	}
	if !report.Faulty() {
		t.Fatal("no fault is found")
	}
	for _, f := range report.Findings {
		if f.At == nil || f.At.Line < 7 {
			t.Errorf("%s in %v", f.Cause.ID, f.At)
		}
	}
}

// Of a request of which only is known how it arrived, the block is found whose lines it has.
func TestOfArrival(t *testing.T) {
	one, _, _ := strings.Cut(site, "    server {\n        listen 127")
	conf := read(t, one+"}\n", nginxconf.Version{1, 22, 1})
	for line, head := range map[int]string{
		7: "GET /ws HTTP/1.0\r\nHost: app.example.com\r\nUpgrade: websocket\r\nConnection: close\r\n",
		6: "GET /chat HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n",
	} {
		c := conf.OfArrival(&dump.Request{Head: dump.Parse([]byte(head + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))})
		if c == nil || c.Block.Line != line || c.Version != "1.22.1" {
			t.Errorf("line %d: %+v", line, c)
		}
	}
}

// What a client sent leads to the server that listens where it connected, and from there on to
// the proxy next to the backend, whose outer one is the first.
func TestOfClient(t *testing.T) {
	sent := dump.Parse([]byte("GET /ws HTTP/1.1\r\nHost: app.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
	conf := read(t, site, nginxconf.Version{})
	c := conf.OfClient(&diagnosis.Client{URL: "ws://app.example.com/ws", Sent: sent})
	if c == nil || c.Block.Line != 15 || c.Outer == nil || c.Outer.Block.Line != 7 || c.Version != "" {
		t.Errorf("by its name: %+v", c)
	}
	c = conf.OfClient(&diagnosis.Client{URL: "ws://127.0.0.1:8080/ws", Sent: sent})
	if c == nil || c.Block.Line != 15 || c.Outer != nil {
		t.Errorf("at the inner proxy: %+v", c)
	}
	if c := conf.OfClient(&diagnosis.Client{URL: "ws://app.example.com/ws"}); c != nil {
		t.Errorf("of nothing: %+v", c)
	}
	if c := read(t, "events {}\nhttp { server { listen }", nginxconf.Version{}).OfClient(&diagnosis.Client{}); c == nil || c.Error == "" {
		t.Errorf("of what nginx does not load: %+v", c)
	}
}

// A map that both proxies of a chain use is wrong by itself; where it is right, the proxy in
// front that drops Upgrade is at fault.
func TestLintOfASharedMap(t *testing.T) {
	const chain = `events {}
http {
    map <map>
    server {
        listen 80;
        location / { proxy_pass http://127.0.0.1:8080; proxy_http_version 1.1; proxy_set_header Host $http_host; <outer> }
    }
    server {
        listen 127.0.0.1:8080;
        location / { proxy_pass http://127.0.0.1:9000; proxy_http_version 1.1; proxy_set_header Host $http_host; <both> }
    }
}
`
	const both = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"
	for _, test := range []struct{ keyed, outer, cause string }{
		{"$http_upgarde $connection_upgrade { default upgrade; '' close; }", both, "map-wrong"},
		{"$http_connection $connection_upgrade { default close; websocket upgrade; }", both, "map-wrong"},
		{"$http_upgrade $connection_upgrade { default upgrade; '' close; }", "proxy_set_header Connection upgrade;", "chain-outer-not-forwarding"},
		{"$http_upgrade $connection_upgrade { default upgrade; '' close; }", both, ""},
	} {
		text := strings.NewReplacer("<map>", test.keyed, "<outer>", test.outer, "<both>", both).Replace(chain)
		var causes []string
		for _, f := range read(t, text, nginxconf.Version{1, 22, 1}).Lint(&lint.Question{URI: "/ws"}).Findings {
			causes = append(causes, f.Cause.ID)
		}
		if got := strings.Join(causes, ", "); got != test.cause {
			t.Errorf("map %s, outer %s: found %q, want %q", test.keyed, test.outer, got, test.cause)
		}
	}
}
