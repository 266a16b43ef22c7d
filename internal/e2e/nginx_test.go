package e2e

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nginx is a running nginx with one server.
type nginx struct {
	port string
	url  string // of its root, by the name that a browser calls a local server
}

// nginxPath returns nginx, which is not in the PATH of an ordinary user of Debian.
func nginxPath(t *testing.T) string {
	t.Helper()
	return sbin(t, "nginx")
}

// files are texts by their paths below nginx's prefix.
type files map[string]string

// startNginx runs nginx with conf, the text of a whole nginx.conf in which one server says
// `listen 8081`; a free port takes that place. More files may stand beside it.
func startNginx(t *testing.T, conf string, more files) *nginx {
	t.Helper()

	socket, port := inheritance(t)
	defer socket.Close()
	prefix := nginxPrefix(t, replaceOnce(t, conf, "listen 8081", "listen 127.0.0.1:"+port), more)
	start(t, "nginx", heir(t, prefix, socket))

	nonblocking(t, socket)
	return &nginx{port: port, url: "http://localhost:" + port}
}

// inheritance opens a port of the machine's choice. nginx cannot be told to choose a free one,
// so it inherits the listener, as it does from its older self in an upgrade on the fly. From
// here on no dial is refused, until both the caller and nginx have closed it.
func inheritance(t *testing.T) (socket *os.File, port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err = listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return socket, port
}

// heir returns the call of an nginx that inherits a listener.
func heir(t *testing.T, prefix string, socket *os.File) *exec.Cmd {
	cmd := nginxCommand(t, prefix, "daemon off;")
	cmd.Env = append(os.Environ(), "NGINX=3;")
	cmd.ExtraFiles = []*os.File{socket}
	return cmd
}

// nonblocking undoes what os/exec did to a socket that nginx inherits and takes as it
// comes: with two workers one would hang in accept.
func nonblocking(t *testing.T, socket *os.File) {
	t.Helper()
	raw, err := socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = syscall.SetNonblock(int(fd), true) })
	if err != nil {
		t.Fatal(err)
	}
}

// nginxCommand returns the call of nginx for the files in prefix, with directives of the
// main block.
func nginxCommand(t *testing.T, prefix, directives string, flags ...string) *exec.Cmd {
	args := []string{"-p", prefix, "-c", filepath.Join(prefix, "nginx.conf"), "-e", "stderr", "-g", "pid nginx.pid; " + directives}
	return exec.Command(nginxPath(t), append(args, flags...)...)
}

// nginxPrefix returns a new folder with everything that nginx reads and writes.
func nginxPrefix(t *testing.T, conf string, more files) string {
	t.Helper()
	prefix, err := os.MkdirTemp("", "wsinspect-nginx-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(prefix) })
	if err := os.Chmod(prefix, 0o755); err != nil { // the workers are not root
		t.Fatal(err)
	}
	all := files{"nginx.conf": conf, "wsinspect.d/unprivileged.conf": readDeploy(t, "unprivileged.conf")}
	maps.Copy(all, more)
	for path, text := range all {
		path = filepath.Join(prefix, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return prefix
}

// serverWith returns the text of a file whose one server has these lines.
func serverWith(lines string) string {
	return fmt.Sprintf(`
user root; # reaches a socket in a folder of root's; ignored, with a warning, where that makes no sense
events {}
http {
    default_type text/html;
    server {
        listen 8081;
        include wsinspect.d/*.conf;
        %s
    }
}
`, lines)
}

// readDeploy returns a file of the folder deploy.
func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replaceOnce puts new in the one place where text says old.
func replaceOnce(t *testing.T, text, old, new string) string {
	t.Helper()
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%q stands %d times in the configuration, want once", old, n)
	}
	return strings.Replace(text, old, new, 1)
}
