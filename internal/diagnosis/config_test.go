package diagnosis

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzConfig gives it any configuration, alone, with the proxy in front of it the same, and
// with a request that arrived: it has an answer that a terminal can show, and never panics.
func FuzzConfig(f *testing.F) {
	for _, c := range Catalogue() {
		if e := c.Example(); e != nil {
			f.Add(e.Conf, "location /ws", true)
		}
	}
	f.Add("proxy_pass;proxy_set_header;proxy_set_header Host;listen;return;limit_req;rewrite a;add_header", "", false)
	f.Fuzz(func(t *testing.T, conf, block string, chain bool) {
		c := &Config{}
		for line := range strings.FieldsFuncSeq(conf, func(c rune) bool { return strings.ContainsRune(";{}\n", c) }) {
			if words := strings.Fields(line); len(words) > 0 {
				c.Applies = append(c.Applies, Directive{Name: words[0], Args: words[1:], File: "nginx.conf", Line: 1 + len(c.Applies)})
			}
		}
		if words := strings.Fields(block); len(words) > 0 {
			c.Block = Directive{Name: words[0], Args: words[1:], File: "nginx.conf", Line: 1}
			c.Lost, c.Beaten, c.Maps = c.Applies, []Directive{c.Block}, c.Applies
		}
		if chain {
			outer := *c
			c.Outer = &outer
		}
		arrived := newMutant(bare).evidence()
		arrived.Config = c
		for _, e := range []*Evidence{{Config: c, Expect: []string{"/ws"}}, arrived} {
			for _, found := range Diagnose(e) {
				if found.Because == "" || strings.ContainsFunc(found.Because, unicode.IsControl) {
					t.Errorf("%s: %q", found.Cause.ID, found.Because)
				}
				if found.Fix.For == "" || found.Fix.Steps == nil && found.Fix.Note == "" {
					t.Errorf("%s: the fix says nothing", found.Cause.ID)
				}
			}
		}
	})
}
