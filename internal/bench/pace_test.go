package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A server that answers nothing before it has everything is charged with the waiting of
// each message, from when it was due, and goes on being sent what is due meanwhile.
func TestPaceChargesWaiting(t *testing.T) {
	const n = 20
	var upgrader websocket.Upgrader
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for range n {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
		}
		for range n {
			c.WriteMessage(websocket.BinaryMessage, make([]byte, 32))
		}
		c.ReadMessage()
	}))
	defer s.Close()
	clients, hangUp, err := gather(t.Context(), strings.TrimPrefix(s.URL, "http://"), 2, 32)
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp()
	p := pace{time.Now(), time.Millisecond}
	times, err := p.exchange(t.Context(), clients, n)
	if err != nil {
		t.Fatal(err)
	}
	for i, took := range times {
		last := 2*(n-1) + i%2 // the message of the same session for which the server waits
		if least := p.due(last).Sub(p.due(i)); took < least {
			t.Errorf("message %d took %v: the server waited at least %v", i, took, least)
		}
	}
}

func TestQuantile(t *testing.T) {
	s := samples{4, 1, 3, 2}
	for _, c := range []struct {
		q    float64
		want time.Duration
	}{{0, 1}, {0.5, 3}, {0.99, 4}, {1, 4}} {
		if got := s.quantile(c.q); got != c.want {
			t.Errorf("quantile %v is %d, want %d", c.q, got, c.want)
		}
	}
	if s[0] != 4 {
		t.Error("the samples were put into another order")
	}
}
