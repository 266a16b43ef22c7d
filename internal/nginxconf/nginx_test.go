package nginxconf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wsinspect/internal/corpus"
	"wsinspect/internal/nginxconf"
)

// nginxSays returns the fault that the real nginx finds in a file; empty where it loads it.
func nginxSays(t *testing.T, file string, flags ...string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // not in the PATH of an ordinary user of Debian
	}
	dir := t.TempDir()
	cmd := exec.Command(program, append([]string{"-t", "-c", file, "-p", dir, "-e", "stderr"}, flags...)...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	m := regexp.MustCompile(`(?m)\[emerg\] (?:\d+#\d+: )?(.*)$`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("nginx %s: %v\n%s", file, err, out)
	}
	return string(m[1])
}

// TestNginx holds every file of testdata to what the real nginx says of it: the verdict,
// the words, the file and the line.
func TestNginx(t *testing.T) {
	for folder, loads := range map[string]bool{"loads": true, "faults": false} {
		files, err := filepath.Glob(filepath.Join("testdata", folder, "*.conf"))
		if err != nil || len(files) == 0 {
			t.Fatalf("testdata/%s: %d files, %v", folder, len(files), err)
		}
		for _, name := range files {
			t.Run(filepath.Base(name), func(t *testing.T) {
				name, err := filepath.Abs(name)
				if err != nil {
					t.Fatal(err)
				}
				want := nginxSays(t, name)
				if loads != (want == "") {
					t.Fatalf("nginx says %q", want)
				}
				c, err := nginxconf.Load(os.DirFS("/"), name)
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				if len(c.Faults) > 0 {
					got = c.Faults[0].Error()
				}
				if got != want {
					t.Errorf("said:  %s\nnginx: %s", got, want)
				}
			})
		}
	}
}

// TestNginxCorpus reads the configuration of every case, and holds it to nginx again.
func TestNginxCorpus(t *testing.T) {
	cases, err := corpus.Read("../diagnosis/testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "nginx.conf", c.Conf)
			for name, text := range c.Files {
				write(t, dir, name, text)
			}
			conf, err := nginxconf.Load(os.DirFS("/"), filepath.Join(dir, "nginx.conf"))
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			if len(conf.Faults) > 0 {
				said = conf.Faults[0].Error()
			}
			if starts := c.Sees != "nginx does not start"; starts != (said == "") {
				t.Errorf("said: %s", said)
			}
			if strings.HasPrefix(c.Needs, ">") {
				return // Debian's nginx is too old for it
			}
			var flags []string
			if strings.Contains(c.Conf, "stream {") && !strings.Contains(c.Conf, "load_module") {
				flags = []string{"-g", "load_module /usr/lib/nginx/modules/ngx_stream_module.so;"}
			}
			if says := nginxSays(t, filepath.Join(dir, "nginx.conf"), flags...); says != said {
				t.Errorf("said:  %s\nnginx: %s", said, says)
			}
		})
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
