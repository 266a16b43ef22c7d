package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"
)

const (
	// heartbeat keeps proxies from cutting a feed that has nothing to say; nginx's default
	// limit is 60 seconds.
	heartbeat = 15 * time.Second
	// patience is how long one message may take to be written. A page that needs longer is
	// let go; until then it is only late, and gets all that it is behind as one message.
	patience = 10 * time.Second
)

// hello is the first message of a feed. A page of another version reloads itself.
type hello struct {
	Version string `json:"version"`
	Started string `json:"started"`
}

// feed sends what changes as server-sent events, until the reader goes or the service ends.
func (p *page) feed(w http.ResponseWriter, r *http.Request) {
	leave, err := p.Journal.Attend()
	if err != nil {
		w.Header().Set("Retry-After", "5")
		writeText(w, http.StatusServiceUnavailable, sentence(err.Error())+"\n")
		return
	}
	s := stream{w, http.NewResponseController(w)}
	defer func() { leave(errors.Is(err, os.ErrDeadlineExceeded)) }()
	s.begin()
	if r.Method == http.MethodHead { // asks only whether there is a place
		return
	}
	v := p.view(r)
	defer v.scene.leave()
	if err = s.send("hello", hello{p.Version, stamp{p.Started}.ISO()}); err == nil {
		err = s.follow(r, v)
	}
}

// stream writes server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) begin() {
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold back what is small
	// The connection ends with the answer, so it needs no chunks: with them, one message is
	// three writes.
	h.Set("Transfer-Encoding", "identity")
	s.w.WriteHeader(http.StatusOK)
	s.control.SetReadDeadline(time.Time{}) // the one for the request would end the feed
}

func (s stream) send(event string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.write(fmt.Appendf(nil, "event: %s\ndata: %s\n\n", event, b))
}

func (s stream) write(b []byte) error {
	s.control.SetWriteDeadline(time.Now().Add(patience)) // where it cannot be set, the server's own holds
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return s.control.Flush()
}

// follow sends what changes in a view until something ends.
func (s stream) follow(r *http.Request, v *view) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		now, next := v.scene.now()
		if err := s.turn(v, now); err != nil {
			return err
		}
		select {
		case <-next:
		case <-beat.C:
			if err := s.write([]byte(": still here\n\n")); err != nil {
				return err
			}
		case <-r.Context().Done():
			return nil
		}
	}
}

// turn sends what brings a page to a frame.
func (s stream) turn(v *view, to *frame) error {
	missed := to.missed - v.last.missed
	message, err := v.turn(to)
	if err == nil && message != nil {
		err = s.write(message)
	}
	if err == nil && missed > 0 {
		v.missed += missed
		err = s.send("missed", v.missed)
	}
	return err
}
