package e2e

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wsinspect/internal/corpus"
)

// proxyKind is a program that a test runs between the client and wsinspect.
type proxyKind struct {
	name    string   // as wsinspect names it
	program string   // which Debian may have in /usr/sbin
	args    []string // of its command line
	pairs   []string // directives whose name is two words, such as "timeout tunnel"
	slow    bool     // it takes seconds to end well, and has no children that kill -9 would leave
}

// stage is a proxy with its configuration, by the names of its files. In texts and
// arguments stand for what the test chooses:
//
//	<listen>, <port>                           where the proxy listens: 127.0.0.1:port
//	<backend>, <backend host>, <backend port>  whom it dials
//	<dir>                                      the folder of its files
//
// The place for the lines of a step is a comment in the block that is meant: "# server".
type stage struct {
	*proxyKind
	conf files
}

// proxyCase is a way through proxies, and what has to become of it.
type proxyCase struct {
	name  string
	way   []stage  // the proxy next to wsinspect first
	flags []string // of wsinspect
	sees  string   // what the client sees, as caller spells it
	cause string   // what has to be concluded, and cured; empty: nothing at all
	also  []string // what the same bytes may come from: may be concluded before it
	hops  []string // the names of those that have to be recognised, in this order
	// elsewhere says why the cure is not pasted here; empty: pasted into the proxy that it
	// is for, it has to let the client in.
	elsewhere string
}

// run sends a browser's handshake along the way, compares what is concluded, pastes the
// fix of the cause and sends the handshake again.
func (c proxyCase) run(t *testing.T) {
	t.Parallel()
	ws := startInspector(t, c.flags...)
	client, broken := c.send(t, ws)
	if client.sees != c.sees {
		t.Errorf("the client sees %s, want %s", client.sees, c.sees)
	}
	t.Logf("arrived:\n%s\nconcluded: %s", broken.Request.Raw, corpus.Brief(broken.Causes))
	var hops []string
	for _, h := range broken.Hops {
		hops = append(hops, h.Name)
	}
	if !slices.Equal(hops, c.hops) {
		t.Errorf("recognised are %q, want %q", hops, c.hops)
	}
	if client.open() {
		client.echo(t)
		client.close(t)
	}
	if c.cause == "" {
		if len(broken.Causes) > 0 {
			t.Errorf("concluded is %s, want nothing", corpus.Brief(broken.Causes))
		}
		return
	}
	place := slices.IndexFunc(broken.Causes, func(f corpus.Conclusion) bool { return !slices.Contains(c.also, f.ID) })
	if place < 0 || broken.Causes[place].ID != c.cause {
		t.Fatalf("concluded is %s, want %s, before all but %q", corpus.Brief(broken.Causes), c.cause, c.also)
	}
	fix := broken.Causes[place].Fix
	if c.elsewhere != "" {
		return
	}

	cured := pasteWay(t, c.way, fix)
	client = call(t, startWay(t, cured, ws.port), []byte(browserHandshake))
	if !client.open() {
		t.Fatalf("after the fix %+v the client sees %s", fix, client.sees)
	}
	client.echo(t)
	a := ws.until(t, url.Values{"outcome": {"accepted"}}, func(a *attempt) bool { return a.ID != broken.ID })
	if slices.ContainsFunc(a.Causes, func(f corpus.Conclusion) bool { return f.ID == c.cause }) {
		t.Errorf("after the fix %+v it is still concluded: %s, from\n%s", fix, corpus.Brief(a.Causes), a.Request.Raw)
	}
	client.close(t)
}

// send starts the way and sends the handshake along it. To a PROXY line net/http says no at
// once, and whether the request was there by then is a matter of microseconds: it is sent
// again until one was.
func (c proxyCase) send(t *testing.T, ws *inspector) (*caller, *attempt) {
	t.Helper()
	port := startWay(t, c.way, ws.port)
	seen := map[string]bool{}
	for {
		client := call(t, port, []byte(browserHandshake))
		a := ws.until(t, url.Values{}, func(a *attempt) bool { return !seen[a.ID] })
		if len(a.Request.Headers) > 0 || c.cause != "proxy-protocol-to-backend" {
			return client, a
		}
		seen[a.ID] = true
	}
}

// browserHandshake is what Chromium sends, in its order.
var browserHandshake = head(`
GET /ws/echo?room=1 HTTP/1.1
Host: app.example:8443
Connection: Upgrade
Pragma: no-cache
Cache-Control: no-cache
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36
Upgrade: websocket
Origin: http://app.example:8443
Sec-WebSocket-Version: 13
Accept-Encoding: gzip, deflate
Accept-Language: en-US,en;q=0.9
Cookie: session=abc123
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits`)

// startWay starts every proxy of a way and returns the local port of the outermost.
func startWay(t *testing.T, way []stage, backend string) (port string) {
	t.Helper()
	for _, s := range way {
		backend = s.start(t, backend)
	}
	return backend
}

// start runs the proxy in front of a local port and returns its own, once it accepts.
func (s stage) start(t *testing.T, backend string) (port string) {
	t.Helper()
	if s.proxyKind == theNginx {
		conf := strings.NewReplacer("listen 127.0.0.1:8081", "listen 8081", "<backend>", "127.0.0.1:"+backend).Replace(s.conf["nginx.conf"])
		return startNginx(t, conf, nil).port
	}
	dir, err := os.MkdirTemp("", "wsinspect-"+s.program+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	port = reservePort(t)
	real := strings.NewReplacer(
		"<listen>", "127.0.0.1:"+port, "<port>", port, "<dir>", dir,
		"<backend>", "127.0.0.1:"+backend, "<backend host>", "127.0.0.1", "<backend port>", backend)
	for name, text := range s.conf {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(real.Replace(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(sbin(t, s.program))
	for _, arg := range s.args {
		cmd.Args = append(cmd.Args, real.Replace(arg))
	}
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir) // Caddy keeps things there
	asNobody(t, cmd)
	p := launch(t, s.program, cmd)
	t.Cleanup(func() {
		sig := syscall.SIGTERM
		if s.slow {
			sig = syscall.SIGKILL
		}
		p.end(sig) // how other people's programs end is their matter
		if t.Failed() {
			logged, _ := os.ReadFile(filepath.Join(dir, "error.log")) // some have one
			t.Logf("%s said:\n%s%s", s.program, p.said, logged)
		}
	})
	p.accepts(t, port)
	return port
}

// asNobody lets cmd run without root's rights, which several proxies refuse to have, and
// gives it the folder that it works in. An ordinary user runs it as himself.
func asNobody(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	const nobody = 65534
	if os.Getuid() != 0 {
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	err := filepath.WalkDir(cmd.Dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sbin returns the path of a program that an ordinary user of Debian has not in his PATH.
func sbin(t *testing.T, program string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + program); err == nil {
			return path
		}
	}
	t.Fatalf("%s is missing; .ci/packages %s installs it", program, program)
	return ""
}

// reservePort returns a free port of 127.0.0.1 that stays free for a program which is told
// to listen there. A socket that is bound and does not listen keeps the kernel from giving
// the port to anybody who does not ask for it, until t is over; one that does may have it,
// for both say SO_REUSEADDR, as every server does.
func reservePort(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(address.(*syscall.SockaddrInet4).Port)
}

// accepts waits until p accepts connections on the local port.
func (p *process) accepts(t *testing.T, port string) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-again.C:
		case <-p.ended:
			t.Fatalf("%s ended (%v) before it accepted a connection", p.name, p.err)
		case <-late:
			t.Fatalf("%s has accepted no connection in %v: %v", p.name, patience, err)
		}
	}
}
