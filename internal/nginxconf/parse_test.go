package nginxconf_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"wsinspect/internal/nginxconf"
)

// outline writes a configuration in a short form: names, arguments, files and lines.
func outline(list []*nginxconf.Directive) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s%q", d.Name, d.Args)
		if d.Line > 0 {
			fmt.Fprintf(&b, "%s:%d", filepath.Base(d.File.Name), d.Line)
		}
		if d.Open > 0 || d.Line == 0 {
			fmt.Fprintf(&b, "{%s}", outline(d.Block))
		}
		b.WriteString(" ")
	}
	return strings.TrimSpace(b.String())
}

func TestLoad(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	all := fstest.MapFS{
		"etc/nginx/nginx.conf":           file("events {}\nhttp {\n    include conf.d/*.conf;\n    include /etc/nginx/sites/[!x]*;\n    include none/*;\n}\n"),
		"etc/nginx/conf.d/b.conf":        file("map $a $b { include data; }"),
		"etc/nginx/conf.d/a.conf":        file("# nothing\n\nserver_tokens off;"),
		"etc/nginx/conf.d/.hidden.conf":  file("}"),
		"etc/nginx/conf.d/a.conf.bak":    file("}"),
		"etc/nginx/data":                 file("~^x 1;"),
		"etc/nginx/sites/app":            file("server {\n    location / { include snippets/proxy.conf; }\n    location /b { include snippets/proxy.conf; }\n}"),
		"etc/nginx/sites/x":              file("}"),
		"etc/nginx/snippets/proxy.conf":  file("proxy_pass http://127.0.0.1:8080;\n"),
		"etc/nginx/snippets/forever":     file("include snippets/forever;\n"),
		"etc/nginx/forever.conf":         file("events {}\nhttp { include snippets/forever; }"),
		"etc/nginx/gone.conf":            file("events {}\nhttp {\n    include gone/a;\n    log_format x '$whatever';\n}"),
		"etc/nginx/sites-available/gone": file("server {\n    include gone/a;\n}"),
	}
	for _, c := range []struct{ name, context, outline, faults, unread string }{{
		name: "/etc/nginx/nginx.conf", context: "main",
		outline: `events[]nginx.conf:1{} http[]nginx.conf:2{server_tokens["off"]a.conf:3 map["$a" "$b"]b.conf:1{~^x["1"]data:1} ` +
			`server[]app:1{location["/"]app:2{proxy_pass["http://127.0.0.1:8080"]proxy.conf:1} location["/b"]app:3{proxy_pass["http://127.0.0.1:8080"]proxy.conf:1}}}`,
		faults: `unknown "a" variable`,
	}, {
		name: "/etc/nginx/sites/app", context: "http",
		outline: `http[]{server[]app:1{location["/"]app:2{proxy_pass["http://127.0.0.1:8080"]proxy.conf:1} location["/b"]app:3{proxy_pass["http://127.0.0.1:8080"]proxy.conf:1}}}`,
	}, {
		name: "/etc/nginx/snippets/proxy.conf", context: "location",
		outline: `http[]{server[]{location["/"]{proxy_pass["http://127.0.0.1:8080"]proxy.conf:1}}}`,
	}, {
		name: "/etc/nginx/conf.d/a.conf", context: "location", outline: `http[]{server[]{location["/"]{server_tokens["off"]a.conf:3}}}`,
	}, {
		name: "/etc/nginx/gone.conf", context: "main",
		outline: `events[]gone.conf:1{} http[]gone.conf:2{include["gone/a"]gone.conf:3 log_format["x" "$whatever"]gone.conf:4}`,
		faults:  `open() "/etc/nginx/gone/a" failed (2: No such file or directory) in /etc/nginx/gone.conf:3`,
		unread:  "gone/a",
	}, {
		name: "/etc/nginx/sites-available/gone", context: "http",
		outline: `http[]{server[]gone:1{include["gone/a"]gone:2}}`,
		unread:  "gone/a",
	}, {
		name: "/etc/nginx/forever.conf", context: "main",
		outline: `events[]forever.conf:1{} http[]forever.conf:2{include["snippets/forever"]forever:1}`,
		faults:  `open() "/etc/nginx/snippets/forever" failed (24: Too many open files) in /etc/nginx/snippets/forever:1`,
		unread:  "snippets/forever",
	}} {
		conf, err := nginxconf.Load(all, c.name)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var faults, unread []string
		for _, f := range conf.Faults {
			faults = append(faults, f.Error())
		}
		for _, d := range conf.Unread {
			unread = append(unread, d.Args[0])
		}
		if got := outline(conf.Main); got != c.outline || conf.Context != c.context {
			t.Errorf("%s is %s:\n%s\nwant %s:\n%s", c.name, conf.Context, got, c.context, c.outline)
		}
		if got := strings.Join(faults, "\n"); got != c.faults {
			t.Errorf("%s: faults %s", c.name, got)
		}
		if got := strings.Join(unread, "\n"); got != c.unread {
			t.Errorf("%s: unread %s", c.name, got)
		}
	}
	if _, err := nginxconf.Load(all, "/etc/nginx/none.conf"); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestDump(t *testing.T) {
	const dump = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n" +
		"nginx: configuration file /etc/nginx/nginx.conf test is successful\n" +
		"# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp {\n    include conf.d/*.conf;\n}\n\n" +
		"# configuration file /etc/nginx/conf.d/b.conf:\n# second\nserver { listen 8082; }\n" +
		"# configuration file /etc/nginx/conf.d/a.conf:\nserver { listen 8081; }\n\n"
	conf, err := nginxconf.Read("standard input", strings.NewReader(dump))
	if err != nil || len(conf.Faults) > 0 || len(conf.Files) != 3 {
		t.Fatal(err, conf.Faults, len(conf.Files))
	}
	const want = `events[]nginx.conf:1{} http[]nginx.conf:2{server[]a.conf:1{listen["8081"]a.conf:1} server[]b.conf:2{listen["8082"]b.conf:2}}`
	if got := outline(conf.Main); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := string(conf.Files[1].Text); got != "server { listen 8081; }\n" {
		t.Errorf("the text of the file is %q", got)
	}

	conf, err = nginxconf.Read("-", strings.NewReader("2026/01/02 03:04:05 [emerg] 7#7: unknown directive \"a\" in /etc/nginx/nginx.conf:3\nnginx: configuration file /etc/nginx/nginx.conf test failed\n"))
	if err != nil || len(conf.Faults) != 1 || conf.Faults[0].Error() != `unknown directive "a" in /etc/nginx/nginx.conf:3` || conf.Faults[0].Line != 3 {
		t.Errorf("%v, faults %v", err, conf.Faults)
	}
	if _, err := nginxconf.Read("-", strings.NewReader("nginx: it says something else\n")); err == nil {
		t.Error("what nginx says was taken for a configuration")
	}
	conf, err = nginxconf.Load(fstest.MapFS{"dump": {Data: []byte(dump)}}, "/dump")
	if err != nil || outline(conf.Main) != want {
		t.Errorf("in a file the same output is %v, %v", conf, err)
	}
	conf, err = nginxconf.Read("-", strings.NewReader("# a comment\nevents {}\nhttp { include mime.types; }\n"))
	if err != nil || len(conf.Unread) != 1 || len(conf.Faults) != 0 {
		t.Errorf("a file of its own: %v, %v, %v", err, conf.Faults, conf.Unread)
	}
	conf, err = nginxconf.Read("-", strings.NewReader("log_format x 'a [warn] b [emerg] c';\n"))
	if err != nil || conf.Context != "http" || len(conf.Faults) != 0 {
		t.Errorf("a part that looks like a log: %v, %v", err, conf.Faults)
	}
}

func TestCode(t *testing.T) {
	const text = `location / {
    content_by_lua_block {
        -- a comment }
        --[[ a long
        one } ]]
        local a, b = "}", '\'}'
        local c = [==[ }]] ]==]
        if a[b[1]] then ngx.say({ {} }) end
    }
    proxy_pass http://127.0.0.1:8080;
}
`
	conf, err := nginxconf.Read("x", strings.NewReader(text))
	if err != nil || len(conf.Faults) > 0 {
		t.Fatal(err, conf.Faults)
	}
	l := conf.Main[0].Block[0].Block[0]
	if len(l.Block) != 2 || !l.Block[0].Code || l.Block[1].Line != 10 || conf.Context != "server" {
		t.Errorf("%s: %s", conf.Context, outline(conf.Main))
	}
	conf, err = nginxconf.Read("x", strings.NewReader(text[:80]))
	if err != nil || len(conf.Faults) != 1 || conf.Faults[0].Text != `unexpected end of file, expecting "}"` {
		t.Error(err, conf.Faults)
	}
}

func TestFaultPlace(t *testing.T) {
	conf, err := nginxconf.Read("x", strings.NewReader("events {}\nhttp {\n  log_format x 'ä'ö;\n}\n"))
	if err != nil || len(conf.Faults) != 1 {
		t.Fatal(err, conf.Faults)
	}
	if f := conf.Faults[0]; f.Line != 3 || f.Column != 19 {
		t.Errorf("%s stands in column %d", f, f.Column)
	}
	conf, err = nginxconf.Read("x", strings.NewReader("server {\n  listen 1\n  server_name a;\n  proxy_pass\n  x;\n}\n"))
	if err != nil || len(conf.Faults) != 1 {
		t.Fatal(err, conf.Faults)
	}
	if f := conf.Faults[0]; f.Line != 5 || f.Directive == nil || f.Directive.Line != 4 {
		t.Errorf("%s: %v", f, f.Directive)
	}
}

// TestForeign reads what is no nginx's, and what is of modules that nobody here knows.
func TestForeign(t *testing.T) {
	for _, text := range []string{
		"", "#", "\n\n", "events {}\nhttp { geoip2 /a { $country country iso_code; } server { return 200 $country; } }",
		"events {}\nrtmp { server { listen 1935; application live { live on; } } }",
		"load_module modules/ngx_http_brotli_filter_module.so;\nevents {}\nhttp { brotli on; log_format x '$brotli_ratio $vts_x'; }",
		"events {}\nhttp { server { set_unescape_uri $a $b; location / { content_by_lua_file x; more_set_headers 'a: $a'; return 200 $a; } http2 on; http3 on; } }",
		"events {}\nhttp { lua_shared_dict x 1m; upstream a { balancer_by_lua_block { } } server { location ~ ^/(?<rest>.*) { proxy_pass http://a/$rest; } } }",
		"stream { map $ssl_preread_protocol $u { default a; } upstream a { server 127.0.0.1:1; } server { listen 1; proxy_pass $u; } }\nevents {}",
	} {
		conf, err := nginxconf.Read("x", strings.NewReader(text))
		if err != nil || len(conf.Faults) > 0 {
			t.Errorf("%s\n%v %v", text, err, conf.Faults)
		}
	}
	deep := "events {}\nhttp { server { " + strings.Repeat("location / { ", 5000)
	if _, err := nginxconf.Read("x", strings.NewReader(deep)); err == nil {
		t.Error("blocks in blocks were read without end")
	}
}

// FuzzParse reads any bytes: every byte is part of a directive, or white space, or a
// comment, what is formatted anew reads the same, and an edit keeps what it does not name.
func FuzzParse(f *testing.F) {
	for _, folder := range []string{"faults", "loads"} {
		names, err := filepath.Glob(filepath.Join("testdata", folder, "*"))
		if err != nil || len(names) == 0 {
			f.Fatal(err)
		}
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil {
				f.Add(text)
			}
		}
	}
	for _, e := range edits() {
		f.Add([]byte(e.conf))
	}
	f.Add([]byte("http { a_by_lua_block { --[[ } ]] '}' } }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		conf, err := nginxconf.Read("fuzz.conf", bytes.NewReader(text))
		if err != nil {
			return
		}
		if len(conf.Files) != 1 || !bytes.Equal(conf.Files[0].Text, text) {
			return // the output of nginx -T
		}
		stopped := slices.ContainsFunc(conf.Faults, func(f *nginxconf.Fault) bool { return f.Directive == nil })
		for _, f := range conf.Faults {
			if f.Line < 1 || f.Column < 1 || f.Line > 1+bytes.Count(text, []byte("\n")) {
				t.Errorf("%s: line %d, column %d", f, f.Line, f.Column)
			}
		}
		own := conf.Main
		for len(own) == 1 && own[0].Line == 0 {
			own = own[0].Block
		}
		if stopped {
			return
		}
		accounted(t, text, own, 0, len(text))

		anew := formatted(own)
		again, err := nginxconf.Read("fuzz.conf", strings.NewReader(anew))
		if err != nil {
			t.Fatalf("%v of\n%s", err, anew)
		}
		if len(again.Files) != 1 || again.Files[0].Name != "fuzz.conf" {
			return
		}
		main := again.Main
		for len(main) == 1 && main[0].Line == 0 {
			main = main[0].Block
		}
		if formatted(main) != anew {
			t.Errorf("%q is read as %q", anew, formatted(main))
		}

		for _, d := range own {
			if d.Open > 0 && !d.Code {
				after, err := conf.Edit(nginxconf.Edit{Block: d, Lines: []string{"proxy_read_timeout 1h;"}})
				if err != nil {
					t.Fatal(err)
				}
				b := after[0].Text
				if !bytes.HasPrefix(b, text[:d.Start]) || !bytes.HasSuffix(b, text[d.End:]) || !bytes.Contains(b, []byte("proxy_read_timeout 1h;")) {
					t.Errorf("the edit of %q makes\n%q", text, b)
				}
			}
		}
	})
}

// accounted demands that only white space and comments stand between directives.
func accounted(t *testing.T, text []byte, list []*nginxconf.Directive, from, to int) {
	for _, d := range list {
		if d.Start < from || d.End > to || d.Start >= d.End {
			t.Fatalf("%s stands from %d to %d, in %d to %d", d.Name, d.Start, d.End, from, to)
		}
		between(t, text[from:d.Start])
		if d.Line != 1+bytes.Count(text[:d.Start], []byte("\n")) {
			t.Errorf("%s is said to stand in line %d", d.Name, d.Line)
		}
		if d.Open > 0 && !d.Code {
			accounted(t, text, d.Block, d.Open, d.End-1)
		}
		from = d.End
	}
	between(t, text[from:to])
}

func between(t *testing.T, text []byte) {
	for line := range bytes.Lines(text) {
		if line = bytes.Trim(line, " \t\r\n"); len(line) > 0 && line[0] != '#' {
			t.Errorf("nothing accounts for %q", line)
		}
	}
}

// formatted writes directives, one a line.
func formatted(list []*nginxconf.Directive) string {
	var b strings.Builder
	for _, d := range list {
		switch {
		case d.Open == 0:
			b.Write(d.File.Text[d.Start:d.End])
		case d.Code:
			b.Write(d.File.Text[d.Start:d.End])
		default:
			b.Write(d.File.Text[d.Start:d.Open])
			b.WriteString("\n" + formatted(d.Block) + "}")
		}
		b.WriteString("\n")
	}
	return b.String()
}
