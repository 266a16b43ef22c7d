package probe

import (
	"strings"
	"testing"
)

// localhost has two addresses, and nobody listens on the first.
func TestSecondAddress(t *testing.T) {
	url := strings.Replace(answers(t, right+"\r\n"), "127.0.0.1", "localhost", 1)
	p, up := tryOpen(t, url, nil)
	if s := p.step(t, "connect"); up == nil || s.Outcome != Passed || !strings.HasPrefix(s.Says, "Connected to 127.0.0.1:") {
		t.Errorf("%+v", s)
	}
}
