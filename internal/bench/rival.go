package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	coder "github.com/coder/websocket"
	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"
)

// rival is an echo server that wsinspect is measured beside. All of them are on net/http
// with its defaults, without compression, and refuse what comes from another origin.
type rival struct {
	name    string
	handler func() http.Handler
}

// rivals are in the order of the table's columns. The first is the yardstick.
func rivals() []rival {
	return []rival{{"bare", bare}, {"tuned", tuned}, {"coder", coders}, {"gws", gwss}}
}

// serve is the rival of that name, until ctx ends.
func serve(ctx context.Context, name string) error {
	for _, r := range rivals() {
		if r.name != name {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("serve %s: %w", name, err)
		}
		s := &http.Server{Handler: r.handler()}
		context.AfterFunc(ctx, func() { s.Close() })
		fmt.Fprintf(os.Stderr, "listening on http://%s\n", l.Addr())
		if err := s.Serve(l); err != http.ErrServerClosed {
			return fmt.Errorf("serve %s: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("there is no server %q", name)
}

// bare is gorilla's echo as its own example writes it.
func bare() http.Handler {
	var upgrader websocket.Upgrader
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			if c.WriteMessage(kind, message) != nil {
				return
			}
		}
	})
}

// tuned is gorilla's echo with the best that its settings give: a write buffer only while a
// message is written, and so a large one; a small read buffer, which large reads go past; and
// a goroutine of the session's own, so that net/http lets its stack and buffers go.
func tuned() http.Handler {
	upgrader := websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 32 << 10, WriteBufferPool: &sync.Pool{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for {
				kind, in, err := c.NextReader()
				if err != nil {
					return
				}
				out, err := c.NextWriter(kind)
				if err != nil {
					return
				}
				if _, err := io.Copy(out, in); err != nil { // from the one buffer into the other
					return
				}
				if out.Close() != nil {
					return
				}
			}
		}()
	})
}

// coders is the echo of coder/websocket, as its example writes it, for messages of any size.
func coders() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		for {
			kind, in, err := c.Reader(r.Context())
			if err != nil {
				return
			}
			out, err := c.Writer(r.Context(), kind)
			if err != nil {
				return
			}
			if _, err := io.Copy(out, in); err != nil {
				return
			}
			if out.Close() != nil {
				return
			}
		}
	})
}

// gwss is the echo of lxzan/gws, as its example writes it. It has no check of the origin,
// and answers 400 where it is given one: this one answers 403, as the others do.
func gwss() http.Handler {
	upgrader := gws.NewUpgrader(gwsEcho{}, nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "http://"+r.Host {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		c, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		go c.ReadLoop()
	})
}

type gwsEcho struct{ gws.BuiltinEventHandler }

func (gwsEcho) OnMessage(c *gws.Conn, message *gws.Message) {
	defer message.Close()
	c.WriteMessage(message.Opcode, message.Bytes()) // a failure ends the ReadLoop
}
