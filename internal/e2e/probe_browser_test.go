package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/probe"
)

// handshakeRecorder answers plain requests with an empty page, writes down the head of every
// handshake, and opens no WebSocket: it closes each one with a 101 and a close frame, since
// Chromium waits before it tries again where one has failed.
type handshakeRecorder struct {
	address string
	port    string
	heads   chan []byte
}

// startHandshakeRecorder listens on both addresses of this machine, on one port: localhost
// means the one or the other.
func startHandshakeRecorder(t *testing.T) *handshakeRecorder {
	t.Helper()
	four, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(four.Addr().String())
	six, err := net.Listen("tcp6", "[::1]:"+port)
	if err != nil {
		t.Fatal(err)
	}
	r := &handshakeRecorder{address: "http://localhost:" + port, port: port, heads: make(chan []byte, 100)}
	for _, l := range []net.Listener{four, six} {
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go r.serve(c)
			}
		}()
	}
	return r
}

func (r *handshakeRecorder) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		line, err := in.ReadBytes('\n')
		head = append(head, line...)
		if err != nil {
			return
		}
	}
	request := dump.Parse(head)
	key, ok := request.Field("Sec-WebSocket-Key")
	if !ok {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<title>a</title")
		return
	}
	r.heads <- head
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + acceptFor(request.Value(key)) + "\r\n"
	if offered, ok := request.Field("Sec-WebSocket-Protocol"); ok {
		first, _, _ := strings.Cut(request.Value(offered), ",")
		answer += "Sec-WebSocket-Protocol: " + first + "\r\n"
	}
	io.WriteString(c, answer+"\r\n\x88\x02\x03\xe8")
	io.CopyN(io.Discard, in, int64(len("hhmaskcc"))) // the close frame of the other side, which waits for ours to end the connection
}

// record returns the head that came while f ran; nil where f opened nothing.
func (r *handshakeRecorder) record(f func() bool) []byte {
	if !f() {
		return nil
	}
	return <-r.heads
}

// opened lets the page open a WebSocket, and reports whether the browser took the address.
func (tab *tab) opened(t *testing.T, address string, subprotocols ...string) bool {
	t.Helper()
	arguments, err := json.Marshal([]any{address, append([]string{}, subprotocols...)})
	if err != nil {
		t.Fatal(err)
	}
	return evaluate[bool](t, tab, `((address, subprotocols) => new Promise(resolve => {
		try {
			new WebSocket(address, subprotocols).onclose = e => resolve(e.code === 1000);
		} catch { resolve(false); }
	}))(...`+string(arguments)+`)`)
}

// probed opens the same address with the probe.
func probed(t *testing.T, address string, change func(*probe.Options)) bool {
	t.Helper()
	target, err := probe.ParseTarget(address)
	if err != nil {
		return false
	}
	o := &probe.Options{Target: target, Timeout: patience, Size: 1024}
	if change != nil {
		change(o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := probe.Run(ctx, o, probe.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Client.Answer != nil
}

// TestProbeReadsAddressesAsChromium opens addresses in a real Chromium and with the probe,
// and compares what each asks the server for.
func TestProbeReadsAddressesAsChromium(t *testing.T) {
	r := startHandshakeRecorder(t)
	tab := startBrowser(t).open(t, r.address)
	taken := []string{
		"ws://localhost:PORT",
		"WS://LOCALHOST:PORT/Up",
		"ws://localhost.:PORT/dot",
		"ws://localhost:0PORT/zero",
		"ws://[::1]:PORT/",
		"ws://[0:0:0:0:0:0:0:1]:PORT/",
		"ws://[::ffff:127.0.0.1]:PORT/",
		"ws://127.1:PORT/",
		"ws://0x7f.0.0.01:PORT/",
		"ws://2130706433:PORT/",
		"ws://bücher.localhost:PORT/",
		"ws://BÜCHER.localhost:PORT/",
		"ws://faß.localhost:PORT/",
		"ws://☕.localhost:PORT/",
		"ws://xn--bcher-kva.localhost:PORT/",
		"ws://a_b.localhost:PORT/",
		"ws://-a-.localhost:PORT/",
		"ws://ab--c.localhost:PORT/",
		"ws://ＬＯＣＡＬＨＯＳＴ:PORT/",
		"ws://localhost。:PORT/",
		"ws://loc%61lhost:PORT/",
		"ws://user:secret@localhost:PORT/user",
		"ws://localhost:PORT?q",
		"ws://localhost:PORT/?",
		"ws://localhost:PORT/a b\"<>`{}|^~[]\\!$&'()*+,;=:@%zz%41%2F/ü",
		"ws://localhost:PORT/?a b\"<>`{}|^'[]\\%zz=ü+",
		"ws://localhost:PORT/a/../b/./c/%2e%2E/d//e",
		"ws://localhost:PORT/x/..",
		"ws://localhost:PORT/../.",
		"ws://localhost:PORT/..;/a",
		"ws://localhost:PORT//a",
		"ws://localhost:PORT/\x01\x7f",
		"ws://localhost:PORT/\ta\nb",
		"  ws://localhost:PORT/ ",
		"ws:\\\\localhost:PORT\\a",
		"ws:localhost:PORT/a",
		"ws:////localhost:PORT/a",
		"http://localhost:PORT/http",
	}
	refused := []string{
		"ws://[fe80::1%25lo]:PORT/",
		"ws://1.2.3.4.5:PORT/",
		"ws://a.1:PORT/",
		"ws://a\u200db.localhost:PORT/",
		"ws://local^host:PORT/",
		"ws://localhost:PORT/#a",
		"ws://localhost:PORT/#",
		"ws://localhost:99999/",
		"ws://localhost:1x/",
		"ftp://localhost:PORT/",
	}
	for i, address := range append(taken, refused...) {
		address = strings.ReplaceAll(address, "PORT", r.port)
		browser := r.record(func() bool { return tab.opened(t, address) })
		ours := r.record(func() bool { return probed(t, address, nil) })
		if got, want := asked(ours), asked(browser); got != want || (browser != nil) != (i < len(taken)) {
			t.Errorf("%q: the probe sends %s, Chromium %s", address, got, want)
		}
	}
}

// acceptFor returns the Sec-WebSocket-Accept that answers a key (RFC 6455, section 4.2.2). It
// is reckoned anew, since ours is what is tested.
func acceptFor(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// asked returns what a head says of the address.
func asked(head []byte) string {
	if head == nil {
		return "nothing"
	}
	h := dump.Parse(head)
	host, _ := h.Field("Host")
	return fmt.Sprintf("%s to %s", h.Target(), h.Value(host))
}

// TestProbeIsChromium compares a whole handshake, byte by byte, but for the key and for the
// version of the browser.
func TestProbeIsChromium(t *testing.T) {
	r := startHandshakeRecorder(t)
	tab := startBrowser(t).open(t, r.address)
	evaluate[string](t, tab, `document.cookie = 'c0=x'`)
	address := "ws://localhost:" + r.port + "/ws?a=b"
	browser := r.record(func() bool { return tab.opened(t, address, "chat", "news") })
	ours := r.record(func() bool {
		return probed(t, address, func(o *probe.Options) {
			o.Subprotocols, o.Headers = []string{"chat", "news"}, []probe.Header{{Name: "Cookie", Value: "c0=x"}}
		})
	})
	if got, want := plainer(ours), plainer(browser); got != want {
		t.Errorf("the probe sends\n%s\nChromium sends\n%s", got, want)
	}
}

// plainer blanks in a handshake what differs from one to the next and from version to version.
func plainer(head []byte) string {
	s := regexp.MustCompile(`Sec-WebSocket-Key: [^\r]{24}`).ReplaceAllString(string(head), "Sec-WebSocket-Key: KEY")
	return regexp.MustCompile(`(Headless)?Chrome/[0-9]+\.`).ReplaceAllString(s, "Chrome/VERSION.")
}

// TestProbeSendsUserAsChromium: the user of a URL goes out when a 401 asks for it, and not
// before.
func TestProbeSendsUserAsChromium(t *testing.T) {
	heads := make(chan []byte, 10)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-WebSocket-Key") == "" {
			w.Header().Set("Content-Type", "text/html")
			return
		}
		heads <- []byte(r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="a"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Accept", acceptFor(r.Header.Get("Sec-WebSocket-Key")))
		w.WriteHeader(http.StatusSwitchingProtocols)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "\x88\x02\x03\xe8")
		c.Read(make([]byte, 16))
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	address := "ws://us%40er:pa%20ss@" + l.Addr().String() + "/"
	tab := startBrowser(t).open(t, "http://"+l.Addr().String())
	if !tab.opened(t, address) || !probed(t, address, nil) {
		t.Error("it did not open")
	}
	var got []string
	for len(heads) > 0 {
		got = append(got, string(<-heads))
	}
	const user = "Basic dXNAZXI6cGEgc3M="
	if fmt.Sprint(got) != fmt.Sprint([]string{"", user, "", user}) {
		t.Errorf("Chromium and the probe send %q", got)
	}
}
