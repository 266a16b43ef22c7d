package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wsinspect/internal/corpus"
	"wsinspect/internal/nginxconf"
)

// wiring says what the addresses of a case are on this machine: the port of each port that
// the file writes, and the folder of its sockets.
type wiring struct {
	ports   map[string]string
	sockets string
}

var (
	caseAddress = regexp.MustCompile(`:(808[0129])\b`)
	anyPort     = regexp.MustCompile(`\b\d{4,5}\b`)
	proxyPeer   = regexp.MustCompile(`^(PROXY TCP4 \S+ \S+) \d+`)
)

// real returns the text of a case with the addresses of this machine.
func (w *wiring) real(text string) string {
	text = strings.ReplaceAll(text, "unix:/tmp/", "unix:"+w.sockets+"/")
	return caseAddress.ReplaceAllStringFunc(text, func(s string) string { return ":" + w.ports[s[1:]] })
}

// recorded is the inverse: bytes that arrived, with the addresses of the case.
func (w *wiring) recorded(bytes []byte) []byte {
	text := strings.ReplaceAll(string(bytes), w.sockets, "/tmp")
	text = proxyPeer.ReplaceAllString(text, "$1 50000") // the client's port is the kernel's choice
	return []byte(anyPort.ReplaceAllStringFunc(text, func(s string) string {
		for written, port := range w.ports {
			if s == port && written != "8089" {
				return written
			}
		}
		return s
	}))
}

// startCase runs nginx with a configuration of a case, and returns its wiring. From here
// on no dial to 8081 or 8082 is refused.
func startCase(t *testing.T, c *corpus.Case, conf, backend, sockets string) (*process, *wiring) {
	t.Helper()
	// Nobody listens on port 1 of a machine of today.
	w := &wiring{ports: map[string]string{"8080": backend, "8089": "1"}, sockets: sockets}
	var inherited []*os.File
	names := ""
	for _, written := range []string{"8081", "8082"} {
		file, port := inheritance(t)
		defer file.Close()
		w.ports[written] = port
		if strings.Contains(conf, "listen 127.0.0.1:"+written) {
			inherited = append(inherited, file)
			names += strconv.Itoa(2+len(inherited)) + ";"
		}
	}
	cmd := caseCommand(t, c, w.real(conf), "daemon off;")
	cmd.Env = append(os.Environ(), "NGINX="+names)
	cmd.ExtraFiles = inherited
	p := start(t, "nginx", cmd)
	for _, file := range inherited {
		nonblocking(t, file)
	}
	return p, w
}

// loads says whether nginx takes the configuration of a case.
func loads(t *testing.T, c *corpus.Case, conf, sockets string) bool {
	t.Helper()
	w := &wiring{ports: map[string]string{"8080": "8080", "8081": "8081", "8082": "8082", "8089": "8089"}, sockets: sockets}
	text, err := caseCommand(t, c, w.real(conf), "", "-t", "-q").CombinedOutput()
	if err != nil {
		t.Logf("nginx says: %s", text)
	}
	return err == nil
}

// caseCommand returns the call of nginx for a configuration of a case. What it writes goes
// into its own prefix.
func caseCommand(t *testing.T, c *corpus.Case, conf, directives string, flags ...string) *exec.Cmd {
	t.Helper()
	conf = withOwnFolders(t, conf)
	if strings.Contains(conf, "stream {") {
		directives = streamModule(t) + directives
	}
	cmd := nginxCommand(t, nginxPrefix(t, conf, c.Files), "user root; "+directives, flags...)
	cmd.Path = corpusNginx(t)
	return cmd
}

// withOwnFolders returns a configuration whose http blocks include what lets nginx write into
// its own prefix.
func withOwnFolders(t *testing.T, conf string) string {
	t.Helper()
	read, err := nginxconf.Read("nginx.conf", strings.NewReader(conf))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range slices.Backward(read.Main) {
		if d.Name == "http" && d.Open > 0 {
			conf = conf[:d.Open] + " include wsinspect.d/*.conf;" + conf[d.Open:]
		}
	}
	return conf
}

// corpusNginx returns the nginx that the cases run with.
func corpusNginx(t *testing.T) string {
	if *otherNginx != "" {
		return *otherNginx
	}
	return nginxPath(t)
}

// streamModule returns the line that loads the module where it is built as a file of its
// own, as Debian has it.
func streamModule(t *testing.T) string {
	t.Helper()
	text, err := exec.Command(corpusNginx(t), "-V").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "--with-stream=dynamic") {
		return ""
	}
	folder := regexp.MustCompile(`--modules-path=(\S+)`).FindSubmatch(text)
	return fmt.Sprintf("load_module %s; ", filepath.Join(string(folder[1]), "ngx_stream_module.so"))
}

// nginxVersion returns major, minor and patch of the nginx that the cases run with.
func nginxVersion(t *testing.T) [3]int {
	t.Helper()
	text, err := exec.Command(corpusNginx(t), "-v").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(string(text), "nginx/")
	return readVersion(version)
}

func readVersion(text string) (v [3]int) {
	fmt.Sscanf(text, "%d.%d.%d", &v[0], &v[1], &v[2])
	return v
}
