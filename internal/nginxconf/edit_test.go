package nginxconf_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/nginxconf"
)

// edited is a configuration, what shall change in it, and the diff that must come of it.
type edited struct {
	name  string
	files map[string]string // beside nginx.conf
	conf  string
	where string // the name and the arguments of the block; "main"
	lines []string
	takes []string
	diff  string
}

func edits() []edited {
	const upgrade = "proxy_set_header Upgrade $http_upgrade;"
	const mapping = `map $http_upgrade $connection_upgrade { default close; websocket upgrade; }`
	return []edited{{
		name: "replaced and added",
		conf: `events {}
http {
    server {
        listen 127.0.0.1:8081;
        # the application
        location /ws {
            proxy_pass http://127.0.0.1:8080;
            proxy_set_header host $host; # of the request
            proxy_set_header Origin "";
        }
    }
}
`,
		where: "location /ws",
		lines: []string{"proxy_set_header Host $http_host;", upgrade, "proxy_read_timeout 1h;"},
		takes: []string{"proxy_set_header Origin"},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -5,8 +5,9 @@
         # the application
         location /ws {
             proxy_pass http://127.0.0.1:8080;
-            proxy_set_header host $host; # of the request
-            proxy_set_header Origin "";
+            proxy_set_header Host $http_host; # of the request
+            proxy_set_header Upgrade $http_upgrade;
+            proxy_read_timeout 1h;
         }
     }
 }
`,
	}, {
		name: "a block on one line",
		conf: "events {}\nhttp {\n  server {\n    listen 127.0.0.1:8081;\n    location /ws { proxy_pass http://127.0.0.1:8080; }\n  }\n}\n",

		where: "location /ws",
		lines: []string{"proxy_http_version 1.1;", upgrade},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -2,6 +2,10 @@
 http {
   server {
     listen 127.0.0.1:8081;
-    location /ws { proxy_pass http://127.0.0.1:8080; }
+    location /ws {
+      proxy_pass http://127.0.0.1:8080;
+      proxy_http_version 1.1;
+      proxy_set_header Upgrade $http_upgrade;
+    }
   }
 }
`,
	}, {
		name:  "a map",
		conf:  "events {}\nhttp {\n\tinclude conf.d/*.conf;\n\n\t# the site\n\tserver {\n\t\tlisten 127.0.0.1:8081;\n\t}\n}",
		where: "http",
		lines: []string{mapping},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -2,6 +2,11 @@
 http {
 	include conf.d/*.conf;
 
+	map $http_upgrade $connection_upgrade {
+		default close;
+		websocket upgrade;
+	}
+
 	# the site
 	server {
 		listen 127.0.0.1:8081;
`,
	}, {
		name:  "a map before an include that brings servers",
		files: map[string]string{"types.inc": "types { a/b c; }\n", "site.inc": "server { listen 127.0.0.1:8081; }\n"},
		conf:  "events {}\nhttp {\n    include types.inc;\n    sendfile on;\n    include site.inc;\n}\n",
		where: "http",
		lines: []string{mapping, "proxy_read_timeout 1h;"},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -2,5 +2,12 @@
 http {
     include types.inc;
     sendfile on;
+    proxy_read_timeout 1h;
+
+    map $http_upgrade $connection_upgrade {
+        default close;
+        websocket upgrade;
+    }
+
     include site.inc;
 }
`,
	}, {
		name:  "a map that is there, on one line, with CRLF",
		conf:  "events {}\r\nhttp {\r\n    map $http_upgrade $connection_upgrade { default upgrade; }\r\n}\r\n",
		where: "http",
		lines: []string{mapping},
		diff:  "--- nginx.conf\n+++ nginx.conf\n@@ -1,4 +1,7 @@\n events {}\r\n http {\r\n-    map $http_upgrade $connection_upgrade { default upgrade; }\r\n+    map $http_upgrade $connection_upgrade {\r\n+        default close;\r\n+        websocket upgrade;\r\n+    }\r\n }\r\n",
	}, {
		name:  "nothing to change",
		conf:  "events {}\nhttp {\n    map $http_upgrade $connection_upgrade { default close; 'websocket' upgrade; }\n}\n",
		where: "http",
		lines: []string{mapping},
	}, {
		name:  "the end of a file without a line end",
		conf:  "events {}\nhttp {}",
		where: "main",
		lines: []string{"worker_shutdown_timeout 1h;"},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -1,2 +1,3 @@
+worker_shutdown_timeout 1h;
 events {}
 http {}
\ No newline at end of file
`,
	}, {
		name:  "an empty block",
		conf:  "events {}\nhttp {}\n",
		where: "http",
		lines: []string{"proxy_read_timeout 1h;"},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -1,2 +1,4 @@
 events {}
-http {}
+http {
+    proxy_read_timeout 1h;
+}
`,
	}, {
		name:  "a file that one block includes",
		files: map[string]string{"proxy.inc": "proxy_set_header Host $host;\nproxy_http_version 1.1;\n"},
		conf:  "events {}\nhttp {\n    server {\n        location /ws {\n            include proxy.inc;\n            proxy_pass http://127.0.0.1:8080;\n        }\n    }\n}\n",
		where: "location /ws",
		lines: []string{"proxy_set_header Host $http_host;"},
		diff: `--- proxy.inc
+++ proxy.inc
@@ -1,2 +1,2 @@
-proxy_set_header Host $host;
+proxy_set_header Host $http_host;
 proxy_http_version 1.1;
`,
	}, {
		name: "a file that two blocks include",
		files: map[string]string{
			"all.inc":   "include proxy.inc;\nproxy_http_version 1.1;\n",
			"proxy.inc": "proxy_set_header Host $host;\nproxy_set_header X-A a;\n",
		},
		conf:  "events {}\nhttp {\n    server {\n        location /ws {\n            include all.inc;\n            proxy_pass http://127.0.0.1:8080;\n        }\n        location / { include all.inc; }\n    }\n}\n",
		where: "location /ws",
		lines: []string{"proxy_set_header Host $http_host;", upgrade},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -2,8 +2,13 @@
 http {
     server {
         location /ws {
-            include all.inc;
+            # from all.inc, changed for this block
+            # from proxy.inc, changed for this block
+            proxy_set_header Host $http_host;
+            proxy_set_header X-A a;
+            proxy_http_version 1.1;
             proxy_pass http://127.0.0.1:8080;
+            proxy_set_header Upgrade $http_upgrade;
         }
         location / { include all.inc; }
     }
`,
	}, {
		name:  "one of two files on one line, with a value of two lines",
		files: map[string]string{"d/a.inc": "proxy_set_header X-A 'a\n  b';\nproxy_set_header Host $host;", "d/b.inc": "proxy_http_version 1.1;\n"},
		conf:  "events {}\nhttp {\n    server {\n        location /ws { include d/*.inc; }\n        location / { include d/*.inc; }\n    }\n}\n",
		where: "location /ws",
		takes: []string{"proxy_set_header Host"},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -1,7 +1,12 @@
 events {}
 http {
     server {
-        location /ws { include d/*.inc; }
+        location /ws {
+            # from d/a.inc, changed for this block
+            proxy_set_header X-A 'a
+  b';
+            include d/b.inc;
+        }
         location / { include d/*.inc; }
     }
 }
`,
	}, {
		name: "a location behind the others, two listeners apart",
		conf: `events {}
http {
    server {
        listen 127.0.0.1:8081;
        listen 127.0.0.1:8082;
        location / { }
    }
}
`,
		where: "server",
		lines: []string{"listen 127.0.0.1:8082 default_server;", "location /ws { proxy_pass http://127.0.0.1:8080; }"},
		diff: `--- nginx.conf
+++ nginx.conf
@@ -2,7 +2,11 @@
 http {
     server {
         listen 127.0.0.1:8081;
-        listen 127.0.0.1:8082;
+        listen 127.0.0.1:8082 default_server;
         location / { }
+
+        location /ws {
+            proxy_pass http://127.0.0.1:8080;
+        }
     }
 }
`,
	}}
}

// TestEdit makes each edit, applies its diff with git and with patch, and lets nginx load
// what comes of it.
func TestEdit(t *testing.T) {
	for _, e := range edits() {
		t.Run(e.name, func(t *testing.T) {
			dir := t.TempDir()
			from := dir
			files := map[string]string{"nginx.conf": e.conf}
			maps.Copy(files, e.files)
			for name, text := range files {
				write(t, dir, name, text)
			}
			before, err := nginxconf.Load(os.DirFS("/"), filepath.Join(dir, "nginx.conf"))
			if err != nil || len(before.Faults) > 0 {
				t.Fatal(err, before.Faults)
			}
			after, err := before.Edit(nginxconf.Edit{Block: find(t, before, e.where), Lines: e.lines, Remove: e.takes})
			if err != nil {
				t.Fatal(err)
			}
			diff := strings.ReplaceAll(nginxconf.Diff(before.Files, after), dir+"/", "")
			if diff != e.diff {
				t.Errorf("the diff is\n%s\nwant\n%s", diff, e.diff)
			}
			if diff == "" {
				return
			}
			cmd := exec.Command("patch", "-p1", "-d", "/", "--binary", "--dry-run")
			cmd.Stdin = strings.NewReader(nginxconf.Diff(before.Files, after))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("with absolute names: %v\n%s", err, out)
			}
			for _, tool := range [][]string{{"git", "apply", "-p0"}, {"patch", "-p0", "--binary"}} {
				dir := t.TempDir()
				for name, text := range files {
					write(t, dir, name, text)
				}
				cmd := exec.Command(tool[0], tool[1:]...)
				cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", tool, err, out)
				}
				for _, file := range after {
					name, _ := filepath.Rel(from, file.Name)
					text, err := os.ReadFile(filepath.Join(dir, name))
					want := strings.ReplaceAll(string(file.Text), from+"/", "")
					if err != nil || string(text) != want {
						t.Errorf("%s makes of %s\n%s\nwant\n%s", tool, name, text, want)
					}
				}
				if says := nginxSays(t, filepath.Join(dir, "nginx.conf")); says != "" {
					t.Errorf("nginx says of what comes of it: %s", says)
				}
			}
		})
	}
}

// find returns the first block of that name with those arguments.
func find(t *testing.T, c *nginxconf.Config, where string) *nginxconf.Directive {
	t.Helper()
	if where == "main" {
		return nil
	}
	var in func([]*nginxconf.Directive) *nginxconf.Directive
	in = func(list []*nginxconf.Directive) *nginxconf.Directive {
		for _, d := range list {
			if strings.Join(append([]string{d.Name}, d.Args...), " ") == where {
				return d
			}
			if found := in(d.Block); found != nil {
				return found
			}
		}
		return nil
	}
	d := in(c.Main)
	if d == nil {
		t.Fatalf("there is no %s", where)
	}
	return d
}

// TestEditParts edits parts of a configuration, where only what stands in the file can change.
func TestEditParts(t *testing.T) {
	const part = "server {\n    listen 8081;\n}\n"
	c, err := nginxconf.Read("site", strings.NewReader(part))
	if err != nil || c.Context != "http" {
		t.Fatalf("context %q, %v", c.Context, err)
	}
	if _, err := c.Edit(nginxconf.Edit{Lines: []string{"user root;"}}); err == nil {
		t.Error("the main context is in no file, and was edited")
	}
	after, err := c.Edit(nginxconf.Edit{Block: c.Main[0], Lines: []string{"map $a $b { default c; }"}},
		nginxconf.Edit{Block: c.Main[0].Block[0], Lines: []string{"keepalive_timeout 5;"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "map $a $b {\n    default c;\n}\n\nserver {\n    listen 8081;\n    keepalive_timeout 5;\n}\n"
	if got := string(after[0].Text); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := c.Edit(nginxconf.Edit{Block: c.Main[0], Lines: []string{"map {"}}); err == nil {
		t.Error("lines that nginx cannot read were pasted")
	}
}

// TestDiff applies diffs of files that differ in many ways.
func TestDiff(t *testing.T) {
	texts := []string{"", "a", "a\n", "b\na\n", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n", "a\nb\nc\nd\nX\nf\ng\nh\ni\nj\nk\nl", "X\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nY\n", "d\ne\na\nb\nc\n"}
	for _, before := range texts {
		for _, after := range texts {
			old, now := []*nginxconf.File{{Name: "a file.conf", Text: []byte(before)}}, []*nginxconf.File{{Name: "a file.conf", Text: []byte(after)}}
			diff := nginxconf.Diff(old, now)
			if (diff == "") != (before == after) {
				t.Errorf("from %q to %q: %q", before, after, diff)
			}
			if diff == "" || before == "" || after == "" {
				continue // git takes a file that is empty for one that was made or deleted
			}
			dir := t.TempDir()
			for _, tool := range [][]string{{"git", "apply", "-p0"}, {"patch", "-p0"}} {
				write(t, dir, "a file.conf", before)
				cmd := exec.Command(tool[0], tool[1:]...)
				cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
				out, err := cmd.CombinedOutput()
				text, _ := os.ReadFile(filepath.Join(dir, "a file.conf"))
				if err != nil || string(text) != after {
					t.Errorf("from %q to %q: %v %s\n%s", before, after, err, out, diff)
				}
			}
		}
	}
	names := []string{}
	for i := range 30_000 {
		names = append(names, strings.Repeat("x", i%7))
	}
	changed := slices.Clone(names)
	changed[3], changed[29_990] = "first", "last"
	diff := nginxconf.Diff([]*nginxconf.File{{Name: "a", Text: []byte(strings.Join(names, "\n"))}}, []*nginxconf.File{{Name: "a", Text: []byte(strings.Join(changed, "\n"))}})
	if n := strings.Count(diff, "\n"); n != 2+2*(1+8) {
		t.Errorf("two changed lines of many make a diff of %d lines:\n%.2000s", n, diff)
	}
}
