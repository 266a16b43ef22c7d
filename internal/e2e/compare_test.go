package e2e

import (
	"net/url"
	"testing"
)

// TestCompare tells the story before and after its cure, and what it looks like where the
// cure is not in effect. The page is read with script and without it.
func TestCompare(t *testing.T) {
	ws := startInspector(t)
	chromium := startBrowser(t)
	// Both configurations stand in one nginx: the same origin, and the same path behind it.
	at := func(path, location string) string {
		location = replaceOnce(t, behind(t, ws, location), "location /ws/", "location "+path)
		return replaceOnce(t, location, "localhost:"+ws.port, "localhost:"+ws.port+"/ws/")
	}
	proxy := startNginx(t, serverWith(thePage+at("/before/", theFirstLines)+at("/after/", theRightCure)), nil)
	app := chromium.open(t, proxy.url)
	dial := func(path string) attempt {
		app.dial(t, path+"echo", "hello")
		return ws.attempts(t, url.Values{"path": {"/ws/echo"}, "limit": {"1"}})[0]
	}
	before, again, after := dial("/before/"), dial("/before/"), dial("/after/")

	for name, open := range map[string]func(*testing.T, string) *tab{"with script": chromium.open, "without": chromium.openWithoutScript} {
		t.Run(name, func(t *testing.T) {
			page := open(t, ws.url+"/inspect/compare")
			page.shows(t, "Which attempt came before the change?")
			page.follow(t, "a="+again.ID) // before and again are one row: they are alike
			page.shows(t, "Which attempt came after the change?")
			page.follow(t, "b="+after.ID)
			page.shows(t, "One header changed, and it was the right one. It works now.", "Same client, same path", "The one failed check passed; no new one failed.",
				"Rejected 403", "Accepted 101", "origin-same-host failed before, passes now.", "Causes gone", "host-not-forwarded", "New for every handshake.")
			page.follow(t, "a="+after.ID+"&b="+again.ID)
			page.shows(t, "the newer one first", "it broke the handshake")
		})
	}
	t.Run("not in effect", func(t *testing.T) {
		page := chromium.open(t, ws.url+"/inspect/compare?a="+before.ID+"&b="+again.ID)
		page.shows(t, "Nothing differs but the key: the change is not in effect. Was nginx reloaded?", "0 differ", "1 differs by nature")
		page.follow(t, "b=latest")
		page.shows(t, after.ID, "It works now.")
	})
}
