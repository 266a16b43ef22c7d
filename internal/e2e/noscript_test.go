package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestWithoutScript reads the page in a Chromium whose JavaScript is switched off: the
// list, an attempt and the documentation of the check that decided, each by a link.
func TestWithoutScript(t *testing.T) {
	ws := startInspector(t)
	got := request(t, ws.port, handshake("/ws/echo", "localhost", "Origin: http://elsewhere.example"))
	if got.status != http.StatusForbidden {
		t.Fatalf("answered %d, want 403", got.status)
	}
	a := ws.attempt(t, got.attempt)

	page := startBrowser(t).openWithoutScript(t, ws.url+"/inspect")
	page.shows(t, "/ws/echo", "403")
	page.follow(t, a.ID)
	page.shows(t, "Origin: http://elsewhere.example", a.Verdict.DecidedBy, "Decides.")
	page.follow(t, "checks/"+a.Verdict.DecidedBy)
	page.shows(t, a.Verdict.DecidedBy)

	page.navigate(t, ws.url+"/inspect?outcome=accepted")
	if strings.Contains(page.text(t), a.ID) {
		t.Error("the filter for accepted attempts lets a rejected one through")
	}
}
