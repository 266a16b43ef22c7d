package main

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// Every rival does the work that is measured: it accepts, refuses another origin, echoes
// short and long messages, and answers a close.
func TestRivals(t *testing.T) {
	for _, r := range rivals() {
		t.Run(r.name, func(t *testing.T) {
			s := httptest.NewServer(r.handler())
			defer s.Close()
			addr := strings.TrimPrefix(s.URL, "http://")
			for _, c := range []caller{
				{addr: addr, head: sameOrigin(addr, ""), want: accepted},
				{addr: addr, head: sameOrigin(addr, headerLines(100)), want: accepted, closes: true},
				{addr: addr, head: request(addr, "http://elsewhere.example", ""), want: rejected},
			} {
				if err := c.call(); err != nil {
					t.Errorf("a handshake that should end with %s: %v", c.want, err)
				}
			}
			for _, size := range []int{0, 125, 126, 1 << 16, 1 << 20} {
				c, err := connect(addr, size)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if err := c.echo(); err != nil {
						t.Errorf("%d bytes: %v", size, err)
					}
				}
				if err := c.end(); err != nil {
					t.Errorf("after %d bytes: %v", size, err)
				}
			}
		})
	}
}
