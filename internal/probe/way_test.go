package probe

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wsinspect/internal/dump"
)

func head(lines ...string) *dump.Head {
	h := dump.Parse([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n"))
	dump.NewMasker(false).Request(h) // each with a key of its own, as two programs have
	return h
}

// Each deed of the way has its word.
func TestWay(t *testing.T) {
	sent := head("GET /ws HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "Origin: http://a", "X-Gone: 1", "Cookie: sid=secret", "Authorization: Bearer longer")
	arrived := head("GET /ws HTTP/1.0", "Upgrade: websocket", "connection: Upgrade", "Host: b", "Origin: http://a", "Cookie: sid=SECRET", "Authorization: Bearer short", "X-Real-IP: 127.0.0.1")
	r := &Report{Changes: compare(sent, arrived)}
	var got []string
	for _, c := range r.way() {
		line := c.What + " " + c.Name + " " + c.Kind
		if len(c.Also) > 0 {
			line += " " + fmt.Sprint(c.Also)
		}
		if c.Masked {
			line += " masked"
		}
		got = append(got, line)
	}
	want := []string{
		"method  kept", "target  kept", "version  rewritten",
		"header Upgrade reordered",
		"header connection respelled [reordered]",
		"header Host rewritten",
		"header Origin kept",
		"header X-Gone dropped",
		"header Cookie kept masked",
		"header Authorization rewritten masked",
		"header X-Real-IP added",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
