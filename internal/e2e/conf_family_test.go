package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// confFamily makes up configurations, and requests for them: the same for the same seed.
type confFamily struct {
	*rand.Rand
	b      strings.Builder
	indent string
	inner  bool // what is written now is the second proxy of a chain
}

func newConfFamily(seed uint64) *confFamily {
	return &confFamily{Rand: rand.New(rand.NewPCG(seed, 5))}
}

func (f *confFamily) line(format string, args ...any) {
	fmt.Fprintf(&f.b, f.indent+format+"\n", args...)
}

func (f *confFamily) block(head string, body func()) {
	f.line("%s {", head)
	f.indent += "    "
	body()
	f.indent = f.indent[4:]
	f.line("}")
}

// one returns one of all.
func (f *confFamily) one(all ...string) string { return all[f.IntN(len(all))] }

// often reports true in so many of a hundred cases.
func (f *confFamily) often(percent int) bool { return f.IntN(100) < percent }

// conf makes up a configuration: servers on two addresses in front of one backend.
func (f *confFamily) conf() string {
	f.line("events {}")
	f.block("http", func() {
		f.line("error_log stderr crit;")
		f.line("proxy_headers_hash_bucket_size 128;")
		f.maps()
		f.block("upstream app", func() { f.line("server 127.0.0.1:8080;"); f.maybe(20, "keepalive 4;") })
		f.settings(30)
		f.maybe(10, "underscores_in_headers on;")
		f.maybe(10, "ignore_invalid_headers off;")
		f.maybe(10, "merge_slashes off;")
		for i := range 3 + f.IntN(3) {
			f.block("server", func() { f.server("127.0.0.1:8081", i == 1 && f.often(50), i == 0) })
		}
		f.inner = true
		for range 1 + f.IntN(2) {
			f.block("server", func() { f.server("127.0.0.1:8082", false, false) })
		}
	})
	return f.b.String()
}

func (f *confFamily) maybe(percent int, line string) {
	if f.often(percent) {
		f.line("%s", line)
	}
}

func (f *confFamily) maps() {
	f.block("map $http_upgrade $connection_upgrade", func() {
		f.line("%s", f.one("default upgrade; '' close;", "default $http_connection; '' '';", "websocket upgrade;", "~*^web upgrade; default close;"))
	})
	f.block("map $host $class", func() {
		f.line("%s", f.one("hostnames;", ""))
		f.line("default %s;", f.one("other", "''", "$uri", "$scheme-$flag"))
		f.line("*.example.com %s;", f.one("wide", "$host"))
		f.line("A.example.com exact;")
		f.line(`~^(?<label>[a-z]+)\. "label $label $1";`)
	})
	f.block(`map "$request_method $uri" $kind`, func() {
		f.line("default none;")
		f.line(`"GET /ws" first;`)
		f.line(`"~^GET /(?<second>[^/]*)/(.*)$" "$second|$2";`)
		f.line(`~*^post posted$is_args$args;`)
	})
}

// settings writes lines that are inherited.
func (f *confFamily) settings(percent int) {
	f.maybe(percent/2, "proxy_http_version "+f.one("1.0", "1.1")+";")
	if f.often(percent) {
		for range 1 + f.IntN(4) {
			f.line("proxy_set_header %s %s;", f.name(), f.value())
		}
	}
	f.maybe(percent/6, "proxy_pass_request_headers off;")
	f.maybe(percent/6, "proxy_method "+f.one("POST", "$request_method", "get")+";")
}

func (f *confFamily) name() string {
	return f.one("Host", "host", "Upgrade", "Connection", "Origin", "X-Test", "X-Forwarded-For", "X-Other", "Cookie", "Sec-WebSocket-Key", "TE")
}

func (f *confFamily) value() string {
	return f.one("$host", "$http_host", "$server_name", "$server_port", "$remote_addr", "$scheme", "$request_uri", "$uri", "$args", "$is_args",
		"$http_upgrade", "$http_connection", "$http_x_test", "$http_cookie", "$arg_token", "$cookie_sid", "$connection_upgrade", "$class", "$kind", "$proxy_host", "$proxy_port",
		"$proxy_add_x_forwarded_for", `""`, `"a${host}b$uri"`, "$1", "$1$2", "$rest", "$flag", "upgrade", "$document_uri", "$server_protocol", "$request", "$http_x_under", "$https", "$server_addr",
		`"$host:$server_port"`, "$request_method", "$query_string", "$content_length", "$nobody_has_set")
}

func (f *confFamily) server(address string, isDefault, first bool) {
	flag := ""
	if isDefault {
		flag = " default_server"
	}
	f.line("listen %s%s;", address, flag)
	if f.often(85) {
		f.line("server_name %s;", f.one("a.example.com", "b.example.com www.b.example.com", "*.example.com", ".example.org", "www.example.*",
			`~^(?<sub>\w+)\.dev$`, `"~^api\d{1,3}\."`, "_", "localhost", "*.b.example.com", `""`))
	}
	f.settings(40)
	if first {
		f.line("set $nobody_has_set $nobody_has_set;")
		f.line("set $flag one;")
		f.block(`location ~ ^/named/(?<rest>.*)$`, func() { f.location("~", 9) })
	}
	f.script(15, false)
	seen := map[string]bool{}
	for range 2 + f.IntN(6) {
		f.someLocation(seen, "", 0)
	}
	f.block("location @fall", func() { f.location("@", 9) })
}

// script writes directives of the rewrite module.
func (f *confFamily) script(percent int, inLocation bool) {
	for f.often(percent) {
		switch f.IntN(6) {
		case 0:
			f.line("set $flag %s;", f.value())
		case 1:
			f.block("if "+f.condition(), func() {
				f.maybe(40, "set $flag inside;")
				f.maybe(40, "return "+f.one("403", "204", "301 /other", "444")+";")
				f.maybe(20, "rewrite ^/ws(.*)$ /api$1"+f.one("", " last", " break")+";")
				if inLocation && f.often(30) {
					f.line("proxy_pass http://127.0.0.1:8080;")
				}
			})
		case 2:
			f.line("rewrite %s %s;", f.one("^/ws/(.*)$ /$1", "^/old(/.*) /ws$1", "^/api/(.*)\\.js$ /js/$1?kind=js", "^(.*)//(.*)$ $1/$2", "/x /y?", "^/API /ws"), f.one("", "last", "break", "break", "redirect", "permanent"))
		case 3:
			f.maybe(30, "break;")
		default:
			f.line("set $flag \"$flag-%s\";", f.one("a", "$1", "$uri", "${kind}"))
		}
	}
}

func (f *confFamily) condition() string {
	return f.one("($http_upgrade)", "($scheme = http)", "($scheme != https)", `($http_upgrade ~* "^web(.*)$")`, "($request_method = POST)", "($args)", `($uri !~ ^/ws)`,
		`($host ~ "^([a-z]+)\.(example|dev)")`, "($flag = one)", `($http_x_test = "")`, "($arg_token)", "( $is_args )")
}

// someLocation writes a location that the block does not have yet.
func (f *confFamily) someLocation(seen map[string]bool, prefix string, depth int) {
	kind := f.one("", "", "", "", "=", "^~", "~", "~", "~*")
	if strings.HasPrefix(prefix, "~") {
		kind = f.one("~", "~*") // nothing else may stand in one
	}
	name := prefix
	switch {
	case kind == "~" || kind == "~*":
		name = f.one("^/ws", `\.(js|png)$`, "^/api/(.*)$", "chat", "^/(ws|api)/?(.*)", `"^/w{1}s/[^/]+$"`, "^/live", "(?i)LIVE")
	case prefix == "":
		name = f.one("/", "/ws", "/ws/", "/ws/chat", "/api/", "/api", "/live", "/live/", "/a b/", "/old/", "/js/")
		name = quoteSpaces(name)
	default:
		name = prefix + f.one("chat", "x/", "deep", "chat/")
	}
	class := name
	if kind == "=" || strings.HasPrefix(kind, "~") {
		class = kind + name
	}
	if seen[class] {
		return
	}
	seen[class] = true
	f.block(strings.TrimSpace("location "+kind+" "+name), func() {
		f.location(kind, depth)
		if depth < 2 && kind != "=" && f.often(25) && !strings.Contains(name, " ") {
			inner := map[string]bool{}
			base := name
			if strings.HasPrefix(kind, "~") {
				base = kind
			}
			for range 1 + f.IntN(2) {
				f.someLocation(inner, base, depth+1)
			}
		}
	})
}

func quoteSpaces(s string) string {
	if strings.Contains(s, " ") {
		return `"` + s + `"`
	}
	return s
}

// location writes what stands in a location.
func (f *confFamily) location(kind string, depth int) {
	f.settings(40)
	f.script(20, kind != "@")
	plain := kind == "" || kind == "^~" || kind == "="
	switch n := f.IntN(20); {
	case n < 14:
		to := f.one("127.0.0.1:8080", "app", "127.0.0.1:8080", "127.0.0.1:8082")
		if f.inner {
			to = "app"
		}
		path := ""
		if plain {
			path = f.one("", "", "/", "/base", "/base/", "/?q=1")
		}
		switch f.IntN(8) {
		case 0:
			f.line("set $to 127.0.0.1:8080;")
			to, path = "$to", f.one("", "", "$request_uri", "/v$uri$is_args$args", "/fixed", "?only=$arg_token")
		}
		f.line("proxy_pass http://%s%s;", to, path)
	case n == 14:
		f.line("return %s;", f.one("204", "301 https://$host$request_uri", "403", "200 text", "http://x/elsewhere", "302 http://x/"))
	case n == 15 && depth < 9:
		f.line("try_files %s;", f.one("/none @fall", "/none =404", "/none =418", "/none @missing", "/none /ws/chat", "/none /live?$args"))
		f.maybe(50, "proxy_pass http://app;")
	case n == 16:
		f.line("auth_basic %s;", f.one("realm", "off"))
		f.line("auth_basic_user_file none;")
		f.line("proxy_pass http://app;")
	case n == 17:
		f.line("%s", f.one("deny all;", "allow 127.0.0.1; deny all;", "deny 127.0.0.0/8; allow all;", "allow 10.0.0.0/8; deny all;", "deny ::1;", "satisfy any; deny all; auth_basic r; auth_basic_user_file none;"))
		f.line("proxy_pass http://app;")
	case n == 18:
		f.line("proxy_pass http://app;")
		f.maybe(50, "internal;")
		f.block("limit_except GET", func() { f.line("deny all;") })
	}
}

// request makes up a request, and its body.
func (f *confFamily) request() string {
	method := f.one("GET", "GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PROPFIND")
	target := f.one("/", "/ws", "/ws/", "/ws/chat", "/ws/chat/", "/ws/x/deep", "/WS/", "/api", "/api/", "/api/x.js", "/live", "/live/1", "/x.PNG", "/named/foo/bar", "/old/a//b",
		"//ws//chat", "/a/../ws/", "/ws/./x", "/%77s/", "/ws%2Fchat", "/ws/%3Fq%23", "/..", "/ws/..", "/ws/a+b", "/a%20b/c", "/named/foo%20bar/%e9", "/ws/\xc3\xa9", "/js/q", "http://b.example.com/ws/", "/ws/%zz", "/x")
	target += f.one("", "", "?token=1", "?Token=a%20b&x", "?", "?a=b#c", "?token=1+2&token=3")
	version := f.one("1.1", "1.1", "1.1", "1.1", "1.0")
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/%s\r\n", method, target, version)
	host := f.one("a.example.com", "b.example.com", "c.b.example.com", "example.org", "x.example.org:8443", "www.example.net", "foo.dev", "api12.x", "localhost", "A.Example.COM", "127.0.0.1:8081", "b.example.com.", "_", "a..b", "nobody")
	if version == "1.1" || f.often(70) {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	for _, line := range []string{
		"Connection: " + f.one("Upgrade", "keep-alive, Upgrade", "close"), "Upgrade: " + f.one("websocket", "WebSocket", "h2c"),
		"Origin: https://a.example.com", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		"X-Test: one", "X-Test: two", "x_under: 1", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2", "Cookie: sid=1; SID2=2", "Cookie: a=b;sid=3",
		"TE: trailers", "Expect-CT: 1", "Keep-Alive: 5", "Empty:", "Authorization: Bearer x", "X!: y", "Proxy-Connection: keep-alive",
	} {
		if f.often(45) {
			b.WriteString(line + "\r\n")
		}
	}
	body := ""
	if method == "POST" || f.often(10) {
		body = f.one("", "abc")
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}
