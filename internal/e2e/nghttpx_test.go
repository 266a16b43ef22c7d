package e2e

import (
	"fmt"
	"testing"
)

var theNghttpx = &proxyKind{
	name: "nghttpx", program: "nghttpx", args: []string{"--conf=<dir>/nghttpx.conf"},
}

// nghttpx returns nghttpx with words on its backend line, and further lines.
func nghttpx(words, lines string) stage {
	return stage{theNghttpx, files{"nghttpx.conf": fmt.Sprintf(`
frontend=127.0.0.1,<port>;no-tls
backend=<backend host>,<backend port>;/%s
workers=1
errorlog-file=<dir>/error.log
# main
%s
`, words, lines)}}
}

func TestNghttpx(t *testing.T) {
	t.Parallel()
	next := []string{"nghttpx"}
	for _, c := range []proxyCase{
		{name: "plain", way: []stage{nghttpx("", "")}, sees: "101", hops: next},
		{name: "Host is the backend's", way: []stage{nghttpx("", "host-rewrite=yes")}, sees: "403", cause: "host-set-to-upstream", hops: next},
		{name: "HTTP/2", way: []stage{nghttpx(";proto=h2", "")}, sees: "502", cause: "wrong-upstream-protocol", elsewhere: "the bytes do not name the proxy"},
	} {
		t.Run(c.name, c.run)
	}
}
