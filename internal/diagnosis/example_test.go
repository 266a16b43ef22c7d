package diagnosis_test

import (
	"strings"
	"testing"

	"wsinspect/internal/diagnosis"
)

// Every cause of a proxy's has an example, but for proxies that cannot upgrade at all, and
// certificates, which the corpus has none of; and what is proposed can be pasted or says
// what to do.
func TestExamples(t *testing.T) {
	for _, c := range diagnosis.Catalogue() {
		e := c.Example()
		if e == nil {
			if c.Party == diagnosis.ByProxy && c.ID != "proxy-cannot-upgrade" && c.ID != "certificate-not-trusted" {
				t.Errorf("%s has no example in the corpus", c.ID)
			}
			continue
		}
		if e.Story == "" || e.Sees == "" || !strings.Contains(e.Conf, "{") {
			t.Errorf("the example of %s lacks its story, its configuration or what the client sees: %+v", c.ID, e)
		}
		for _, also := range e.Also {
			if also == nil {
				t.Errorf("the example of %s names a cause that is none", c.ID)
			}
		}
		cures := c.Cures()
		if c.Party == diagnosis.ByProxy && len(cures) == 0 {
			t.Errorf("nothing cures %s, which is the proxy's", c.ID)
		}
		for _, f := range cures {
			if f.For == "" || f.Steps == nil && f.Note == "" {
				t.Errorf("a cure of %s says nothing: %+v", c.ID, f)
			}
		}
	}
}
