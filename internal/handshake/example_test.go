package handshake

import (
	"strings"
	"testing"
)

// Every check has an example that breaks its rule and says why.
func TestExamples(t *testing.T) {
	for _, c := range Catalogue() {
		e := c.Example()
		if e == nil || e.Story == "" || e.Request == "" || e.Because == "" || strings.HasPrefix(e.Request, "@") {
			t.Errorf("the example of %s is %+v", c.ID, e)
		}
	}
}
