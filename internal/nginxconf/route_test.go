package nginxconf

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// debian is a version of before all changes, newest one of behind them.
var (
	debian = Version{1, 22, 1}
	newest = Version{1, 31, 4}
)

// reading reads a configuration of one file.
func reading(t testing.TB, text string) *Config {
	t.Helper()
	conf, err := Load(fstest.MapFS{"nginx.conf": {Data: []byte(text)}}, "nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// handshake is that of a browser.
func handshake(host, uri string) *Request {
	return &Request{
		Method: "GET", URI: uri, Host: host, From: netip.MustParseAddr("192.0.2.7"),
		Headers: []Header{
			{"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Origin", "https://" + host},
			{"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
		},
	}
}

// sends returns the first line of that name that a hop sends.
func sends(h *Hop, name string) string {
	for _, line := range h.Sends {
		if strings.EqualFold(line.Name, name) {
			return line.Value
		}
	}
	return ""
}

func texts(all []*Directive) (texts []string) {
	for _, d := range all {
		texts = append(texts, d.String())
	}
	return texts
}

const site = `
events {}
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    proxy_set_header Host $http_host;
    proxy_read_timeout 10s;
    upstream app { server 10.0.0.5:9000; server 10.0.0.6:9000 backup; }
    server {
        listen 80;
        listen [::]:80;
        server_name app.example.com;
        return 301 https://$host$request_uri;
    }
    server {
        listen 443 ssl;
        server_name app.example.com;
        proxy_set_header X-Outer 1;
        location / { proxy_pass http://app; }
        location /ws/ {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Request-ID $request_id;
            proxy_read_timeout 1h;
        }
        location ~ \.io$ { proxy_pass http://app; }
        location = /ws/exact { proxy_pass http://app; }
    }
    server {
        listen 8443 ssl;
        server_name other.example.com;
        location /ws/chat { proxy_pass http://127.0.0.1:8443; }
    }
}`

func TestRoute(t *testing.T) {
	conf := reading(t, site)
	r := handshake("app.example.com", "/ws/chat")
	plain := conf.Route(r, debian)
	if plain.Status != 301 || plain.Redirect != "https://app.example.com/ws/chat" || plain.Answer.Name != "return" {
		t.Errorf("without TLS: %d %s by %v", plain.Status, plain.Redirect, plain.Answer)
	}
	r.TLS = true
	h := conf.Route(r, debian)
	if h.Listen.String() != "listen 443 ssl" || h.Location.String() != "location /ws/" || h.Method != "GET" || h.Target != "/ws/chat" || h.Version != "HTTP/1.1" || h.Speaks != "http" {
		t.Errorf("%v %v sends %s %s %s in %s", h.Listen, h.Location, h.Method, h.Target, h.Version, h.Speaks)
	}
	if !slices.Equal(h.Dials, []string{"10.0.0.5:9000", "10.0.0.6:9000"}) {
		t.Errorf("it dials %v", h.Dials)
	}
	if sends(h, "Connection") != "upgrade" || sends(h, "Host") != "app" {
		t.Errorf("it sends %v", h.Sends)
	}
	lost := []string{"proxy_set_header X-Outer 1", "proxy_set_header Host $http_host", "proxy_read_timeout 10s"}
	if got := texts(h.Lost); !slices.Equal(got, lost) {
		t.Errorf("lost is %q, want %q", got, lost)
	}
	applies := texts(h.Applies)
	for _, want := range []string{"map $http_upgrade $connection_upgrade", "default upgrade", "upstream app", "proxy_http_version 1.1", "proxy_read_timeout 1h", "proxy_pass http://app"} {
		if !slices.Contains(applies, want) {
			t.Errorf("%q is not among what applies: %q", want, applies)
		}
	}
	if beaten := texts(h.Beaten); !slices.Equal(beaten, []string{"server", "location /ws/chat"}) {
		t.Errorf("beaten is %q", beaten)
	}
	if len(h.Skipped) != 1 || h.Skipped[0].String() != "proxy_set_header X-Request-ID $request_id" || sends(h, "X-Request-ID") != "$request_id" {
		t.Errorf("skipped is %v", h.Skipped)
	}
	if regex := conf.Route(&Request{TLS: true, Method: "GET", URI: "/ws/socket.io", Host: "app.example.com"}, debian); !slices.Contains(texts(regex.Beaten), "location /ws/") {
		t.Errorf("a regular expression beats %q", texts(regex.Beaten))
	}
	if passes := conf.Passes(); len(passes) != 5 {
		t.Errorf("%q hand requests on", texts(passes))
	}
	exact := conf.Passes()[3]
	if h := conf.Within(exact, r, newest); h.Location != exact || h.Version != "HTTP/1.1" || sends(h, "Connection") != "" || sends(h, "X-Outer") != "1" {
		t.Errorf("within %v: %+v", exact, h)
	}
}

// TestAnswers holds what nginx answers by itself.
func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		law, server string
		change      func(*Request)
		status      int
		by          string
	}{
		{"a slash is added", "location /ws/ { proxy_pass http://b; }", nil, 301, "proxy_pass http://b"},
		{"files", "root /srv; location / { }", nil, 0, "root /srv"},
		{"files in a location", "location / { index a.html; }", nil, 0, "location /"},
		{"denied", "location / { allow 10.0.0.0/8; deny all; proxy_pass http://b; }", nil, 403, "deny all"},
		{"a password", "auth_basic x; location / { proxy_pass http://b; }", nil, 401, "auth_basic x"},
		{"auth_request", "auth_request /auth; location / { proxy_pass http://b; } location = /auth { internal; return 401; }", nil, 401, "auth_request /auth"},
		{"any of two", "satisfy any; allow 192.0.2.7; deny all; auth_basic x; location / { proxy_pass http://b; }", nil, 0, ""},
		{"internal", "location / { internal; proxy_pass http://b; }", nil, 404, "internal"},
		{"the application's page", "location / { try_files $uri /index.html; }", nil, 0, "try_files $uri /index.html"},
		{"limit_except", "location / { limit_except POST { deny all; } proxy_pass http://b; }", nil, 403, "deny all"},
		{"a cookie that is too long", "location / { proxy_pass http://b; }", func(r *Request) {
			r.Headers = append(r.Headers, Header{"Cookie", strings.Repeat("x", 8<<10)})
		}, 400, ""},
		{"a target that is too long", "location / { proxy_pass http://b; }", func(r *Request) { r.URI += strings.Repeat("x", 8<<10) }, 414, ""},
		{"above the root", "location / { proxy_pass http://b; }", func(r *Request) { r.URI = "/../" }, 400, ""},
		{"two Host lines", "location / { proxy_pass http://b; }", func(r *Request) { r.Headers = append(r.Headers, Header{"host", "b"}) }, 400, ""},
		{"TLS on a plain port", "location / { proxy_pass http://b; }", func(r *Request) { r.TLS = true }, 400, "listen 80"},
		{"a circle of rewrites", "location / { rewrite ^ /x last; }", nil, 500, "location /"},
		{"a page in its place", "error_page 403 /sorry; location / { deny all; }", nil, 0, "deny all"},
	} {
		r := handshake("a", "/ws")
		if test.change != nil {
			test.change(r)
		}
		h := reading(t, "events {} http { upstream b { server 10.0.0.1; } server { listen 80; "+test.server+" } }").Route(r, debian)
		by := ""
		if h.Answer != nil {
			by = h.Answer.String()
		}
		if h.Status != test.status || by != test.by || h.Sends != nil && by != "" {
			t.Errorf("%s: %d by %q, want %d by %q", test.law, h.Status, by, test.status, test.by)
		}
	}
}

// TestNotFollowed holds that what cannot be known is said, and nothing foretold from it.
func TestNotFollowed(t *testing.T) {
	for why, server := range map[string]string{
		"a look ahead":          `location / { proxy_pass http://b; } location ~ ^/(?!api) { proxy_pass http://b; }`,
		"files":                 `location / { if (-f $request_filename) { return 403; } proxy_pass http://b; }`,
		"a variable":            `location / { proxy_pass http://$geoip_country_code:80; }`,
		"geo":                   `location / { if ($where) { return 403; } proxy_pass http://b; }`,
		"variables that double": `set $a xxxxxxxxxxxxxxxx; ` + strings.Repeat("set $a $a$a;", 40) + ` location / { proxy_pass http://b; }`,
		"maps in a circle":      `location / { proxy_pass http://$one; }`,
	} {
		conf := reading(t, "events {} http { geo $where { default 0; } map $two $one { default $two; } map $one $two { default $one; } upstream b { server 10.0.0.1; } server { listen 80; "+server+" } }")
		if h := conf.Route(handshake("a", "/ws"), debian); h.Sends != nil || h.Answer != nil || len(h.Skipped) == 0 {
			t.Errorf("%s: sends %v, answers by %v, skipped %v", why, h.Sends, h.Answer, h.Skipped)
		}
	}
}

// TestChain follows a request through two proxies of one configuration.
func TestChain(t *testing.T) {
	conf := reading(t, `events {}
stream {
    map $ssl_preread_server_name $to { app.example.com inner; default 10.0.0.9:1; }
    upstream inner { server 127.0.0.1:9443; }
    server { listen 443; ssl_preread on; proxy_pass $to; proxy_protocol on; proxy_timeout 1h; }
}
http {
    server {
        listen 127.0.0.1:9443 ssl proxy_protocol;
        location / { proxy_pass http://unix:/run/app.sock:/v2/; proxy_set_header X-Real-IP $proxy_protocol_addr; proxy_set_header X-Request-ID $request_id; }
    }
    server { listen unix:/run/app.sock; location / { proxy_pass http://127.0.0.1:1; proxy_set_header X-Id $http_x_request_id; } }
}`)
	r := handshake("app.example.com", "/ws")
	r.TLS, r.Address = true, netip.MustParseAddrPort("192.0.2.1:443")
	h := conf.Route(r, debian)
	if h.Speaks != "tcp" || !h.Proxy || h.Next == nil || h.Next.Next == nil {
		t.Fatalf("%+v", h)
	}
	second, third := h.Next, h.Next.Next
	if sends(second, "X-Real-IP") != "192.0.2.7" || second.Target != "/v2/ws" || sends(second, "Host") != "localhost" {
		t.Errorf("the second sends %s %v", second.Target, second.Sends)
	}
	if third.Next != nil || third.Target != "/v2/ws" || sends(third, "Host") != "127.0.0.1:1" {
		t.Errorf("the third sends %s %v", third.Target, third.Sends)
	}
	if len(third.Skipped) == 0 {
		t.Error("the third is said to know an ID that the second has not told")
	}
}

func TestNormal(t *testing.T) {
	for target, want := range map[string]string{
		"/": "/", "/a//b": "/a/b", "/a/./b/../c": "/a/c", "/a/..": "/", "/a/.": "/a/", "/%61%2Fb": "/a/b", "/%3Fa%23?b#c": "/?a# b",
		"/a?b?c": "/a b?c", "/a#b?c": "/a", "/..": "", "/a/%2e%2e/%2e%2e": "", "/%0": "", "/%00": "", "/%zz": "", "/a/...": "/a/...",
	} {
		path, query, ok := normal(target, true)
		if query != "" {
			path += " " + query
		}
		if path != want || ok != (want != "") {
			t.Errorf("%s is %q, %t; want %q", target, path, ok, want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for _, text := range []string{"1.22.1", "nginx/1.22.1", "nginx version: nginx/1.22.1 (Ubuntu)\n"} {
		if v, err := ParseVersion(text); err != nil || v != debian || !v.Before(newest) || v.String() != "1.22.1" {
			t.Errorf("%q is %v, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "1.22", "1.22.x", "1.-2.3"} {
		if _, err := ParseVersion(text); err == nil {
			t.Errorf("%q is a version", text)
		}
	}
}

// FuzzRoute asks any configuration for any request: it ends, and in time.
func FuzzRoute(f *testing.F) {
	f.Add(site, "/ws/chat", "app.example.com", "Upgrade", "websocket", true)
	f.Add(`server { location ~ ^/(a+)+$ { set $a "$1$1"; rewrite (.*) /$a$1?x last; } if ($a ~ "x(.)") { return 301 $1; } }`, "/aaaa?b", "a", "X-A", "b", false)
	f.Add(`map $a $b { volatile; hostnames; default $b$b; *.a $1; ~(.) $b; } server { location / { proxy_pass http://$b; proxy_set_header a $b; } }`, "/", "b.a", "Cookie", "a=b", false)
	f.Add(`stream { server { listen 80 proxy_protocol; proxy_pass $ssl_preread_server_name; } }`, "http://x", "b", "Host", "c", true)
	f.Add(`location / { try_files $uri @a; auth_request /b; } location @a { try_files a /; }`, "/", "b", "Authorization", "Basic x", true)
	f.Add(`server { location / { proxy_pass http://127.0.0.1; limit_except GET { allow 1; } } }`, "/", "b", "Content-Length", "9", false)
	f.Fuzz(func(t *testing.T, text, uri, host, name, value string, tls bool) {
		conf, err := Read("nginx.conf", strings.NewReader(text))
		if err != nil {
			return
		}
		r := handshake(host, uri)
		r.TLS = tls
		r.Headers = append(r.Headers, Header{name, value})
		for _, version := range []Version{debian, newest} {
			h := conf.Route(r, version)
			for n := 0; h != nil; h = h.Next {
				if n++; n > hops {
					t.Fatal("the way has no end")
				}
				if h.Server == nil && h.Sends != nil {
					t.Fatal("nobody sends something")
				}
			}
			for _, block := range conf.Passes() {
				conf.Within(block, r, version)
			}
		}
	})
}
