package corpus

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// backend is where every recorded request arrived.
var backend = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}

// moment is when every recorded request arrived.
var moment = time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)

// Evidence returns what is known of c from its recorded bytes alone: what arrived, the
// requests before it, and how its session ended. Where nothing arrived, it is empty.
func (c *Case) Evidence() *diagnosis.Evidence {
	if c.Arrived == nil {
		return &diagnosis.Evidence{}
	}
	e := &diagnosis.Evidence{Expect: c.Expects, Session: c.ended(), Others: c.others}
	e.Request, e.Verdict = c.judge(c.Arrived)
	return e
}

// others returns the requests that arrived before, the newest first.
func (c *Case) others() (all []diagnosis.Sighting) {
	for i, raw := range slices.Backward(c.ArrivedBefore) {
		r, v := c.judge(raw)
		all = append(all, diagnosis.Sighting{
			Request: r, Accepted: v.Accepted, Handshake: handshake.IsHandshake(r.Head),
			Age: time.Duration(len(c.ArrivedBefore)-i) * time.Second, SameClient: true,
			Peer: backend.AddrPort().Addr().Unmap(),
		})
	}
	return all
}

// Diagnose returns what the recorded bytes of c lead to.
func (c *Case) Diagnose() []Conclusion {
	var all []Conclusion
	for _, found := range diagnosis.Diagnose(c.Evidence()) {
		all = append(all, conclusion(found))
	}
	return all
}

// judge reads bytes that arrived at the backend of c.
func (c *Case) judge(raw []byte) (*dump.Request, *handshake.Verdict) {
	var local net.Addr = backend
	if c.Socket() {
		local = &net.UnixAddr{Name: strings.TrimPrefix(Socket, "unix:"), Net: "unix"}
	}
	r := &dump.Request{
		Head: dump.Parse(raw), Time: moment,
		Local: local, Remote: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 50000},
	}
	if c.TLS {
		r.Layer = dump.Clear
	}
	v := handshake.Judge(r, c.policy())
	return r, &v
}

// ended returns how the session of c ended, where that is part of the case: after one
// message and its echo, and a silence.
func (c *Case) ended() *diagnosis.Session {
	silence := c.Session.Cut
	if c.Session.Reload {
		silence = time.Second
	}
	if silence == 0 {
		return nil
	}
	return &diagnosis.Session{
		Opened: moment, Ended: moment.Add(silence), Idle: silence,
		Received: 1, Sent: 1, Cut: true,
	}
}

// policy returns what the backend of c allows.
func (c *Case) policy() *handshake.Policy {
	p := &handshake.Policy{}
	for i, flag := range c.Flags[:max(len(c.Flags)-1, 0)] {
		if flag == "--allow-origin" {
			p.Origins = append(p.Origins, c.Flags[i+1])
		}
	}
	return p
}

// Head returns the head that the client of c sends, without a PROXY line in front of it.
func (c *Case) Head() *dump.Head {
	request := c.Request
	if line, rest, _ := bytes.Cut(request, []byte("\r\n")); bytes.HasPrefix(line, []byte("PROXY ")) {
		request = rest
	}
	return dump.Parse(request)
}

// Asks reports whether the client of c asks for a WebSocket.
func (c *Case) Asks() bool {
	h := c.Head()
	return h.Method() == "GET" && h.Has("Upgrade") && handshake.IsHandshake(h)
}
