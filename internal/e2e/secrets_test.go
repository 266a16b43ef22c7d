package e2e

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secretSeeds is from which numbers the secrets are drawn: they are the same in every run.
var secretSeeds = []uint64{1, 2}

// hiddenPlaces are where a request can hold a secret that its place tells: SECRET stands for it.
// A line that begins the request stands for its request line.
var hiddenPlaces = []string{
	// Header lines, by their names.
	"Cookie: session=SECRET", "Cookie: theme=dark; sid=SECRET; lang=en", `Cookie: a="SECRET"; b=c`, "Cookie: SECRET", "cookie2: $Version=1; a=SECRET",
	"Set-Cookie: id=SECRET; Path=/; HttpOnly", "Authorization: Bearer SECRET", "AUTHORIZATION: Basic SECRET", "Authorization: SECRET",
	`Authorization: Digest username="u", response="SECRET", nonce="SECRET"`, "Proxy-Authorization: Negotiate SECRET",
	"Authorization: AWS4-HMAC-SHA256 Credential=SECRET/20260101/x, Signature=SECRET",
	"X-Api-Key: SECRET", "X-Auth-Token: SECRET", "X-CSRF-Token: SECRET", "X-Amz-Security-Token: SECRET", "Client-Secret: SECRET", "X-Session-Id: SECRET", "Api_Key: SECRET",
	"Sec-WebSocket-Protocol: bearer, SECRET", "Sec-WebSocket-Protocol: chat, access_token, SECRET", "Sec-WebSocket-Protocol: token\nSec-WebSocket-Protocol: SECRET",
	"Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.SECRET, base64.binary.k8s.io", "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.SECRET",
	// Addresses within harmless lines.
	"Referer: https://app.example.com/p?token=SECRET&page=2", "Referer: https://user:SECRET@app.example.com/", "Link: <http://u:SECRET@h/>, <http://v:SECRET@h/>",
	"X-Original-URL: /ws?access_token=SECRET", "X-Forwarded-Uri: /ws;jsessionid=SECRET", "Location: /next#access_token=SECRET",
	// Malformed and folded lines.
	"Cookie session=SECRET", "Authorization Bearer SECRET", "Authorization : Bearer SECRET", "Coo\x00kie: session=SECRET", "session=SECRET",
	`{"password": "SECRET"}`, ": SECRET", "Cookie: a=b;\n session=SECRET", "Authorization:\n Bearer\n SECRET", "X-Any: a\n Cookie: session=SECRET",
	"Referer: http://h/?token=\n SECRET", "X-Api-Key:\n\tSECRET", "\x01\x02SECRET\x03: SECRET",
	// Request lines.
	"GET /ws?token=SECRET HTTP/1.1", "GET /ws?room=5&access_token=SECRET&x=1 HTTP/1.1", "GET /ws?%74oken=SECRET HTTP/1.1", "GET /ws?next=%2Fa%3Ftoken%3DSECRET HTTP/1.1",
	"GET /ws;jsessionid=SECRET?room=5 HTTP/1.1", "GET http://user:SECRET@localhost/ws HTTP/1.1", "GET /socket.io/?EIO=4&transport=websocket&sid=SECRET HTTP/1.1",
	"GET /ws?code=SECRET&state=x HTTP/1.1", "GET /ws?token=SECRET SECRET HTTP/1.1", "GET /ws?token=SECRET", "CONNECT user:SECRET@h:80 HTTP/1.1", "POST /ws?api_key=SECRET HTTP/1.1",
	"GET /ws?token=SECRET HTTP/9.9", "PASS SECRET", `{"password":"SECRET"}`, "Cookie: session=SECRET",
	// What stands before a request, and behind it; what is none.
	"PROXY UNKNOWN SECRET\r\n", "PROXY TCP4 127.0.0.1 127.0.0.1 1 2 SECRET\r\n", "\x00\x40\x00\x00\x0c\x00QUERY_STRING\x30\x00token=SECRET", "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00SECRET",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03SECRET\n", "220:CONTENT_LENGTH\x000\x00HTTP_COOKIE\x00SECRET\x00,", "\x80SECRET\n",
	"BEHIND {\"password\":\"SECRET\"}", "BEHIND \x81\x8aSECRET",
}

// shownPlaces are where only the shape of a secret can tell: there it is one that shows.
var shownPlaces = []string{
	"X-Any: SECRET", "Sec-WebSocket-Protocol: chat, SECRET", "Sec-WebSocket-Protocol: SECRET", "User-Agent: x SECRET", "Accept-Language: SECRET",
	"GET /ws?q=SECRET HTTP/1.1", "GET /ws?SECRET HTTP/1.1", "GET /ws/SECRET/x HTTP/1.1", "Referer: http://h/p/SECRET?page=2", "X-Any: a\n SECRET", "X-Any SECRET",
}

// marked is a secret and the parts of it by which it is found again.
type marked struct {
	text  string
	parts []string
}

// drawn returns a secret of random letters and digits.
func drawn(r *rand.Rand, alphabet string, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(text)
}

const (
	hexDigits = "0123456789abcdef"
	small     = "abcdefghijklmnopqrstuvwxyz"
	letters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + small + "0123456789"
)

// secretShapes are what secrets look like; the first one shows what it is.
var secretShapes = []func(*rand.Rand) marked{
	func(r *rand.Rand) marked { // JSON Web Token
		payload, signature := drawn(r, letters, 40), drawn(r, letters, 43)
		return marked{"eyJhbGciOiJIUzI1NiJ9.eyJ" + payload + "." + signature, []string{payload, signature}}
	},
	func(r *rand.Rand) marked { s := drawn(r, hexDigits, 40); return marked{s, []string{s}} },
	func(r *rand.Rand) marked { s := drawn(r, letters, 24); return marked{"sk-" + s, []string{s}} },
	func(r *rand.Rand) marked { s := drawn(r, small, 12); return marked{s, []string{s}} }, // a password
	func(r *rand.Rand) marked {
		s := drawn(r, letters, 18)
		encoded := base64.StdEncoding.EncodeToString([]byte("user:" + s))
		return marked{encoded, []string{s, strings.TrimRight(encoded, "=")[8:]}}
	},
}

// hidden returns a request with the secret at a place, and what else a handshake has.
func (m marked) hidden(place string, allowed bool) []byte {
	origin := map[bool]string{true: "http://localhost", false: "https://elsewhere.example"}[allowed]
	raw := handshake("/ws", "localhost", "Origin: "+origin)
	place, behind, _ := strings.Cut(place, "BEHIND ")
	first, rest, _ := strings.Cut(raw, "\n")
	word, _, _ := strings.Cut(place, " ")
	switch {
	case place == "":
	case strings.HasSuffix(place, "\r\n"): // before the request
		return []byte(strings.ReplaceAll(place, "SECRET", m.text) + head(raw))
	case place[0] < ' ' || place[0] >= 0x7f, place[0] == '2', word == "PASS", strings.HasPrefix(place, `{"password":"`): // alone
		if place[0] != 0x01 || place[1] != 0x02 {
			return []byte(strings.ReplaceAll(place, "SECRET", m.text) + "\r\n\r\n")
		}
		fallthrough
	case !strings.Contains(place, " HTTP/") && !strings.HasPrefix(place, "GET "):
		first += "\n" + place
	default:
		first = place
	}
	text := strings.ReplaceAll(head(first+"\n"+rest)+behind, "SECRET", m.text)
	return []byte(text)
}

// exchange sends bytes, ends its side and returns all that comes back.
func exchange(t *testing.T, port string, raw []byte) []byte {
	t.Helper()
	conn := dial(t, port)
	defer conn.Close()
	conn.Write(raw)
	conn.(*net.TCPConn).CloseWrite()
	back, _ := io.ReadAll(conn) // a reset ends it too
	return back
}

// TestSecretsAreFoundNowhere puts secrets of many shapes into every place that a request can
// hold, through the real service, and looks for them, and for parts of them, in everything
// that it writes.
func TestSecretsAreFoundNowhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	json := startAlone(t, "--log", file, "--keep", "2000", "--keep-bytes", "64MiB")
	terminal := newOutput()
	cmd := exec.Command(program, "--open", "--listen", "127.0.0.1:0", "--log-format", "text")
	cmd.Stdout = terminal
	text := startCommand(t, cmd, "")
	feed := newOutput()
	stopFeed := json.follow(t, feed)

	var secrets []marked
	var places []string
	said := new(bytes.Buffer)
	for _, seed := range secretSeeds {
		random := rand.New(rand.NewPCG(seed, 0))
		hide := func(places_ []string, shape func(*rand.Rand) marked) {
			for i, place := range places_ {
				secret := shape(random)
				secrets, places = append(secrets, secret), append(places, place)
				raw := secret.hidden(place, (i+int(seed))%2 == 0)
				if back := exchange(t, json.port, raw); !bytes.HasPrefix(back, []byte("HTTP/1.1 101 ")) { // which names the subprotocol to who has sent it
					said.Write(back)
				}
				exchange(t, text.port, raw)
				if i%4 == 0 { // who comes again is remembered
					exchange(t, json.port, raw)
				}
			}
		}
		hide(shownPlaces, secretShapes[0])
		for _, shape := range secretShapes {
			hide(hiddenPlaces, shape)
		}
	}

	attempts := json.attempts(t, map[string][]string{"limit": {"1000"}})
	if len(attempts) < len(secrets)*9/10 {
		t.Fatalf("%d attempts are kept of %d", len(attempts), len(secrets))
	}
	var pages bytes.Buffer
	show := func(path, accept string) {
		got := request(t, json.port, "GET "+path+" HTTP/1.1\nHost: localhost\nAccept: "+accept)
		if got.status != http.StatusOK {
			t.Fatalf("GET %s: %d", path, got.status)
		}
		pages.WriteString(got.body)
	}
	for _, accept := range []string{"text/html", "application/json", "text/plain"} {
		show("/inspect?limit=1000", accept)
		show("/inspect?fold=no&outcome=failed", accept)
	}
	for i, a := range attempts {
		show("/inspect/"+a.ID, "text/plain")
		show("/inspect/"+a.ID, "application/json")
		if i%5 == 0 { // a page is large, and all are made by the same template
			show("/inspect/"+a.ID+"?view=bytes", "text/html")
			show("/inspect/"+a.ID+"?view=lines", "text/html")
			show("/inspect/"+a.ID+"/report", "text/html")
			for _, accept := range []string{"text/html", "text/plain", "application/json"} {
				show("/inspect/compare?a="+a.ID+"&b="+attempts[(i+1)%len(attempts)].ID, accept)
			}
		}
	}
	show("/metrics", "*/*")
	logged, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stopFeed()

	for where, what := range map[string]string{
		"the log": string(logged), "the log of a terminal": terminal.String(), "standard error": json.said.String() + text.said.String(),
		"the answers": said.String(), "the pages": pages.String(), "the feed": feed.String(),
	} {
		if len(what) < 50 {
			t.Errorf("%s holds next to nothing: %q", where, what)
		}
		finder := newFinder(what)
		for i, secret := range secrets {
			for _, part := range secret.parts {
				if at := finder.find(part); at >= 0 {
					t.Errorf("%s, from %q, is in %s: …%q…", secret.text, places[i], where, what[max(at-60, 0):min(at+60, len(what))])
					break
				}
			}
		}
	}
}

// follow reads the live feed into all, until the function that it returns is called.
func (i *inspector) follow(t *testing.T, all io.Writer) (stop func()) {
	t.Helper()
	resp, err := i.client.Get(i.url + "/inspect/feed")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		io.Copy(all, resp.Body)
		close(done)
	}()
	return func() {
		resp.Body.Close()
		<-done
	}
}

// finder finds parts of secrets in a long text: it knows where each eight bytes stand that
// are letters and digits only.
type finder map[string]int

const partLen = 8

func newFinder(text string) finder {
	f := finder{}
	run := 0
	for i := range len(text) {
		if strings.IndexByte(letters, text[i]) < 0 {
			run = 0
			continue
		}
		if run++; run >= partLen {
			if at := i + 1 - partLen; f[text[at:i+1]] == 0 {
				f[text[at:i+1]] = at + 1
			}
		}
	}
	return f
}

// find returns where eight bytes of a secret stand, or -1.
func (f finder) find(secret string) int {
	for i := 0; i+partLen <= len(secret); i++ {
		if at := f[secret[i:i+partLen]]; at > 0 {
			return at - 1
		}
	}
	return -1
}

// TestFinder: what looks for secrets finds them, whole and in part.
func TestFinder(t *testing.T) {
	f := newFinder("a long text with S3cretS3cret in it, and <b>hunter2hunter2</b>")
	for secret, want := range map[string]bool{"S3cretS3cret": true, "xxxxcretS3crxxxx": true, "hunter2hunter2": true, "hunter2": false, "another-one": false} {
		if got := f.find(secret) >= 0; got != want {
			t.Errorf("%s is found: %t, want %t", secret, got, want)
		}
	}
}
