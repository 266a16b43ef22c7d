package e2e

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// startDemo runs what make run does: wsinspect, and before it an nginx that has the known
// faults. The page knows of it.
func startDemo(t *testing.T) (*inspector, *nginx) {
	t.Helper()
	port := freePort(t) // each has to know the other's
	proxy := startNginx(t, replaceOnce(t, readDeploy(t, "nginx.conf"), "server localhost:8080", "server localhost:"+port), files{
		"wsinspect.d/faults.conf": strings.ReplaceAll(readDeploy(t, "faults.conf"), ":8080", ":"+port),
	})
	args := []string{"--open", "--faults", proxy.url}
	for _, ip := range loopbacks(t) {
		args = append(args, "--listen", net.JoinHostPort(ip, port))
	}
	return startListening(t, "", args...), proxy
}

var faultLocation = regexp.MustCompile(`(?m)^location /faults/([a-z-]+)`)

// TestGallery makes every fault of deploy/faults.conf happen, by the buttons of the page,
// in one browser and one after the other as a reader would; and each time demands that
// wsinspect finds the cause that gave the location its name.
func TestGallery(t *testing.T) {
	ws, proxy := startDemo(t)
	page := startBrowser(t).open(t, proxy.url+"/inspect/faults")
	found := faultLocation.FindAllStringSubmatch(readDeploy(t, "faults.conf"), -1)
	if len(found) < 12 {
		t.Fatalf("deploy/faults.conf has %d faults, want about twenty", len(found))
	}
	for _, match := range found {
		t.Run(match[1], func(t *testing.T) { pressFault(t, ws, proxy, page, match[1]) })
	}
	t.Run("nothing is wrong", func(t *testing.T) {
		says := press(t, page, "/ws/")
		if !strings.Contains(says, "an open socket, then 1000") || !strings.HasSuffix(says, "Nothing is wrong.") {
			t.Errorf("the page says %q", says)
		}
	})
}

func pressFault(t *testing.T, ws *inspector, proxy *nginx, page *tab, cause string) {
	sees := evaluate[string](t, page, fmt.Sprintf(`document.querySelector('[data-socket$="/%s/"] .sees').textContent`, cause))
	says := press(t, page, "/faults/"+cause+"/")

	status, _, _ := strings.Cut(sees, ",")
	if wantOpen := status == "101"; wantOpen != strings.Contains(says, "an open socket") {
		t.Errorf("the client sees %s, it is said, and the browser says %q", sees, says)
	}
	attempts := ws.attempts(t, url.Values{"cause": {cause}})
	if len(attempts) == 0 && cause == "read-timeout" {
		// On a busy machine five seconds are not whole ones, and one such cut may be an accident.
		says = press(t, page, "/faults/"+cause+"/")
		attempts = ws.attempts(t, url.Values{"cause": {cause}})
	}
	if strings.HasSuffix(says, "Nothing arrived.") {
		if len(attempts) > 0 {
			t.Errorf("nothing arrived, the page says, but %s did", attempts[0].ID)
		}
		if got := request(t, proxy.port, handshake("/faults/"+cause+"/", "localhost:"+proxy.port)); fmt.Sprint(got.status) != status || got.attempt != "" {
			t.Errorf("nginx answers %d, attempt %q; want %s and no attempt", got.status, got.attempt, status)
		}
		return
	}
	if len(attempts) == 0 {
		t.Fatalf("no attempt has this cause; the page says %q, and the newest has %+v", says, ws.attempts(t, nil)[0].Causes)
	}
	a := attempts[0]
	if a.Causes[0].ID != cause {
		t.Errorf("%s comes before it: %+v", a.Causes[0].ID, a.Causes)
	}
	if status != "refused" && fmt.Sprint(a.Response.Status) != status {
		t.Errorf("answered %d, and the page says %s", a.Response.Status, sees)
	}
}

// press opens the socket of a location by its button and returns what the page then says.
func press(t *testing.T, page *tab, path string) string {
	t.Helper()
	fault := fmt.Sprintf(`[data-socket$="%s"]`, path)
	page.hit(t, fault+" > button")
	page.await(t, fmt.Sprintf(`document.querySelector('%s output').textContent.startsWith('The browser saw')`, fault))
	return evaluate[string](t, page, fmt.Sprintf(`document.querySelector('%s output').textContent`, fault))
}

// TestGalleryOnTheEmptyPage presses one button where nothing has arrived yet: the row with
// the diagnosis appears, and what was pressed keeps the focus.
func TestGalleryOnTheEmptyPage(t *testing.T) {
	ws, proxy := startDemo(t)
	page := startBrowser(t).open(t, proxy.url+"/inspect")
	page.await(t, `document.getElementById('feed').dataset.state === 'live'`)
	page.do(t, chromedp.Focus(`[data-socket$="/host-not-forwarded/"] > button`))
	says := press(t, page, "/faults/host-not-forwarded/")
	a := ws.attempts(t, url.Values{"cause": {"host-not-forwarded"}})[0]
	page.await(t, `document.querySelector('#rows a[href$="`+a.ID+`"]') !== null`)
	if want := "The proxy sends the address that it dials as Host"; !strings.HasSuffix(says, want) {
		t.Errorf("the page says %q, want %q at its end", says, want)
	}
	if !evaluate[bool](t, page, `document.activeElement.matches('[data-socket$="/host-not-forwarded/"] > button')`) {
		t.Error("the button has lost the focus")
	}
}

// TestGalleryElsewhere reads the page without the demo server in between: sockets opened
// from there would have another Origin, so it leads to the right address instead.
func TestGalleryElsewhere(t *testing.T) {
	ws, proxy := startDemo(t)
	page := startBrowser(t).open(t, ws.url+"/inspect/faults")
	if evaluate[bool](t, page, `document.querySelector('.fault > button') !== null`) {
		t.Error("the page offers to open sockets from here")
	}
	page.follow(t, proxy.url+"/inspect/faults")
	page.await(t, `document.querySelectorAll('[data-socket] > button').length > 12`)
}
