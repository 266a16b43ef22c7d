package web

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/net/html"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// site is a page over a real journal, mounted as the program mounts it.
type site struct {
	*journal.Journal
	http.Handler
}

func newSite(o Options) *site {
	s := &site{Journal: journal.New(journal.Options{MaxSubscribers: 1})}
	o.Journal = s.Journal
	r := chi.NewRouter()
	r.Mount("/inspect", New(o))
	s.Handler = r
	return s
}

// get asks as one who accepts that media type.
func (s *site) get(target, accept string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "localhost:8080"
	r.Header.Set("Accept", accept)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// look returns a page as a browser reads it.
func (s *site) look(t *testing.T, target string) *html.Node {
	t.Helper()
	w := s.get(target, "text/html,*/*;q=0.8")
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d\n%s", target, w.Code, w.Body)
	}
	return parse(t, w.Body)
}

// masker is one for all attempts, as in the service: their masked values can be compared.
var masker = dump.NewMasker(false)

// arrives lets a request arrive, judged as the service judges it.
func (s *site) arrives(raw string) *journal.Attempt {
	h := dump.Parse([]byte(raw))
	at := time.Now()
	r := dump.Request{Head: h, Time: at, After: len(raw) - len(h.Raw), Local: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:8080"))}
	masker.Request(h)
	a := &journal.Attempt{
		ID: s.NewID(at), Time: at, Peer: netip.MustParseAddrPort("127.0.0.1:52814"),
		Request: r, Verdict: handshake.Judge(&r, &handshake.Policy{}), Took: time.Millisecond,
	}
	a.Client = s.Client(a.Peer, h)
	a.Response.Status = a.Verdict.Status
	switch d := a.Verdict.DecidedBy; {
	case d == nil:
		a.State = journal.Open
		a.Session = &journal.Session{Opened: at, Received: journal.Traffic{Text: 3}}
	case d.By == handshake.ByNetHTTP:
		a.State = journal.Refused
	case !handshake.IsHandshake(h):
		a.State = journal.Answered
		a.Response.Status = http.StatusUpgradeRequired
	default:
		a.State = journal.Rejected
	}
	a.Response.Raw = fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nWsinspect-Attempt: %s\r\n\r\n", a.Response.Status, http.StatusText(a.Response.Status), a.ID)
	s.Begin(a)
	s.Answer(a)
	return a
}

// closes ends the session of an open attempt.
func (s *site) closes(a *journal.Attempt, c journal.Close) {
	session := *a.Session
	session.Closed, session.Close = session.Opened.Add(90*time.Second), c
	s.Close(a.Trace(), session)
}

func request(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

var (
	// theStory is the request that this project comes from: nginx sends its upstream
	// address as Host.
	theStory = request("GET /echo HTTP/1.1", "Host: localhost:8080", "Connection: Upgrade",
		"Cookie: _ga=GA1.1.1798860791.1500182387", "Origin: http://localhost",
		"Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==", "Sec-WebSocket-Version: 13", "Upgrade: websocket")
	sound = request("GET /ws/ HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Origin: http://localhost",
		"Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==", "Sec-WebSocket-Version: 13", "Upgrade: websocket")
	// bareProxyPass is what nginx before 1.29.7 makes of a handshake where the location has
	// nothing but proxy_pass.
	bareProxyPass = request("GET /ws/ HTTP/1.0", "Host: 127.0.0.1:9000", "Connection: close", "User-Agent: Mozilla/5.0",
		"Origin: http://localhost", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==")
	// originRemoved is what the tempting cure makes of it.
	originRemoved = request("GET /ws/ HTTP/1.1", "Host: localhost:8080", "Connection: Upgrade", "User-Agent: Mozilla/5.0", "Accept-Language: en",
		"Sec-WebSocket-Key: 03SvnEbGeWQjug0BmxXzaw==", "Sec-WebSocket-Version: 13", "Upgrade: websocket")
	plain       = request("GET / HTTP/1.1", "Host: localhost")
	clientHello = "\x16\x03\x01\x00\xb7\x01\x00\x00\xb3\x03\x03"
)

// The page as a tree.

func parse(t *testing.T, r io.Reader) *html.Node {
	t.Helper()
	n, err := html.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// all returns the elements below n for which ok is true.
func all(n *html.Node, ok func(*html.Node) bool) (found []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && ok(d) {
			found = append(found, d)
		}
	}
	return found
}

func tag(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name }
}

func class(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), name) }
}

// id returns the one element with that id.
func id(t *testing.T, n *html.Node, id string) *html.Node {
	t.Helper()
	found := all(n, func(n *html.Node) bool { return attr(n, "id") == id })
	if len(found) != 1 {
		t.Fatalf("%d elements have the id %q, want 1", len(found), id)
	}
	return found[0]
}

// exactly returns the text of n as it would be copied.
func exactly(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// text returns what n says, without its icons, with single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestEveryScreen(t *testing.T) {
	s := newSite(Options{Token: "", Revealed: true, Version: "1.2.3"})
	for _, raw := range []string{theStory, sound, plain, clientHello, bareProxyPass} {
		s.arrives(raw)
	}
	a, first := s.Latest(), s.arrives(theStory)
	for _, target := range []string{"/inspect", "/inspect/latest", "/inspect/" + a.ID, "/inspect/" + a.ID + "?view=bytes", "/inspect/keys", "/inspect?q=path:/none+x:y", "/inspect/checks", "/inspect/checks/origin-same-host",
		"/inspect/causes", "/inspect/causes/upgrade-not-configured", "/inspect/compare", "/inspect/compare?a=" + a.ID, "/inspect/compare?a=" + a.ID + "&b=" + first.ID, "/inspect/selftest", "/inspect/nowhere", "/inspect/checks/none", "/inspect/causes/none"} {
		t.Run(target, func(t *testing.T) {
			w := s.get(target, "text/html")
			for header, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
				"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
				"Access-Control-Allow-Origin": "", "Content-Type": "text/html; charset=utf-8",
			} {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
				t.Errorf("Content-Security-Policy is %q", policy)
			}
			doc := parse(t, w.Body)
			if n := len(all(doc, tag("h1"))); n != 1 {
				t.Errorf("%d h1, want 1: the answer", n)
			}
			if n := len(all(doc, tag("main"))); n != 1 {
				t.Errorf("%d main, want 1", n)
			}
			if !strings.Contains(text(doc), "Secrets are shown.") {
				t.Error("nothing says that secrets are shown")
			}
			seen := map[string]bool{}
			for _, n := range all(doc, func(*html.Node) bool { return true }) {
				if attr(n, "style") != "" || n.Data == "style" || n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil) {
					t.Errorf("<%s> is an inline script or style, which the policy forbids", n.Data)
				}
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") {
						t.Errorf("<%s %s>: an inline handler", n.Data, a.Key)
					}
					if (a.Key == "href" || a.Key == "src" || a.Key == "action") && strings.HasPrefix(a.Val, "/") {
						t.Errorf("<%s %s=%q>: a link that no path prefix survives", n.Data, a.Key, a.Val)
					}
				}
				if v := attr(n, "id"); v != "" && seen[v] {
					t.Errorf("the id %q is there twice", v)
				} else {
					seen[v] = true
				}
			}
		})
	}
}

func TestOneAnswerForHEAD(t *testing.T) {
	s := newSite(Options{})
	s.arrives(theStory)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for _, path := range []string{"/inspect", "/inspect/latest", "/inspect/checks", "/inspect/feed"} {
		resp, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s: %s", path, resp.Status)
		}
	}
}

func TestEveryAssetIsServed(t *testing.T) {
	s := newSite(Options{})
	doc := s.look(t, "/inspect")
	found := 0
	for _, n := range all(doc, func(n *html.Node) bool { return n.Data == "link" || n.Data == "script" || n.Data == "use" }) {
		address, _, _ := strings.Cut(attr(n, "href")+attr(n, "src"), "#")
		w := s.get("/"+address, "*/*")
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d with %d bytes", address, w.Code, w.Body.Len())
		}
		if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control is %q", address, got)
		}
		found++
	}
	if found < 4 {
		t.Errorf("%d assets on the page, want style, script, icon and sprite", found)
	}
	icons, err := files.ReadFile("static/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{theStory, sound, plain, clientHello} {
		s.arrives(raw)
	}
	for _, target := range []string{"/inspect", "/inspect/latest"} {
		for _, use := range all(s.look(t, target), tag("use")) {
			_, name, _ := strings.Cut(attr(use, "href"), "#")
			if !strings.Contains(string(icons), `id="`+name+`"`) {
				t.Errorf("%s uses the icon %q, which is not in the sprite", target, name)
			}
		}
	}
}

// TestPagesStaySmall: what a page loads, as it is served and before any compression: script
// under 15 kB, style under 30 kB, and the whole first view under 50 kB without its icons.
func TestPagesStaySmall(t *testing.T) {
	empty := newSite(Options{Faults: "http://localhost:8080"}) // the page came through it, so it has the script of the faults
	full := newSite(Options{Faults: "http://localhost:8080"})
	for range 60 {
		full.arrives(theStory)
	}
	pages := map[string]*site{"/inspect": empty, "/inspect?fold=no": full}
	for _, target := range []string{"/inspect/latest", "/inspect/selftest", "/inspect/compare", "/inspect/faults", "/inspect/checks", "/inspect/causes/host-not-forwarded", "/inspect/keys", "/inspect/nowhere"} {
		pages[target] = full
	}
	for target, s := range pages {
		w := s.get(target, "text/html")
		if n := w.Body.Len(); n > 50_000 && target != "/inspect/checks" {
			t.Errorf("%s has %d bytes, want at most 50000", target, n)
		}
		doc := parse(t, w.Body)
		for kind, most := range map[string]int{"script": 15_000, "link": 30_000} {
			size := 0
			for _, n := range all(doc, tag(kind)) {
				if address := attr(n, "src") + attr(n, "href"); !strings.HasSuffix(address, ".svg") {
					size += s.get("/inspect/"+strings.TrimLeft(address[strings.Index(address, "static/"):], "/"), "*/*").Body.Len()
				}
			}
			t.Logf("%s loads %d bytes by <%s>", target, size, kind)
			if size == 0 || size >= most {
				t.Errorf("%s loads %d bytes by <%s>, want some and less than %d", target, size, kind, most)
			}
		}
	}
}

// TestScriptsShareOne: a module asks for what it builds on by the name under which that is
// served, or the browser would load it twice.
func TestScriptsShareOne(t *testing.T) {
	a := loadAssets()
	for _, name := range []string{"live.js", "selftest.js", "gallery.js"} {
		if !strings.Contains(string(a.content[a.names[name]]), "from './"+a.names["page.js"]+"'") {
			t.Errorf("%s does not import %s", name, a.names["page.js"])
		}
	}
}
