// Package echo serves one attempt: it is judged, answered or upgraded, and echoed until it
// is closed.
package echo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// Options say how a Handler judges and echoes.
type Options struct {
	Journal      *journal.Journal
	Masker       *dump.Masker
	Policy       *handshake.Policy
	MaxMessage   int64         // bytes of one message, after decompression; a longer one closes with 1009
	WriteTimeout time.Duration // how long one write may stall before it is given up
	PingInterval time.Duration // between the server's pings; zero: it sends none
	Errors       func(error)   // told of what no attempt can show; nil: nobody
}

// Handler judges every request that it is given and echoes what a WebSocket client sends.
type Handler struct {
	options  Options
	upgrader websocket.Upgrader
	deflates sync.Pool // write buffers of sessions that compress
	sessions *sessions
	familiar *familiar
}

// New returns a Handler. Its server must use dump.ConnContext.
func New(o Options) *Handler {
	h := &Handler{options: o, sessions: newSessions(o.WriteTimeout), familiar: newFamiliar()}
	h.upgrader = websocket.Upgrader{
		ReadBufferSize:    readBuffer,
		WriteBufferSize:   writeBuffer,
		EnableCompression: true,
		CheckOrigin:       h.checkOrigin,
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			w.(*upgradeWriter).refuse(status, reason)
		},
	}
	return h
}

// checkOrigin gives gorilla the rule that the catalogue judges by.
func (h *Handler) checkOrigin(r *http.Request) bool {
	origin := r.Header["Origin"]
	return len(origin) == 0 || h.options.Policy.AllowsOrigin(origin[0], r.Host)
}

// Take serves a handshake of the common kind without net/http; it is for
// dump.Options.Take. Everything else it leaves to net/http and ServeHTTP, by which the
// verdict and the answer are the same: see handshake.Common.
func (h *Handler) Take(conn net.Conn, capture *dump.Capture) (then func(), taken bool) {
	r, ok := handshake.Common(capture.Look())
	if !ok {
		return nil, false
	}
	defer h.contain(conn)
	w := newDirectWriter(conn)
	defer w.giveBack()
	x := exchange{handler: h, capture: capture, w: w, r: r}
	if s := x.serve(capture.Claim()); s != nil {
		return s.run, true
	}
	conn.Close()
	return nil, true
}

// contain keeps a fault of ours to the one connection that met it, as net/http does. It is
// deferred.
func (h *Handler) contain(conn io.Closer) {
	if fault := recover(); fault != nil {
		h.report(fmt.Errorf("panic while serving a connection: %v\n%s", fault, debug.Stack()))
		conn.Close()
	}
}

func (h *Handler) report(err error) {
	if h.options.Errors != nil {
		h.options.Errors(err)
	}
}

// ServeHTTP judges one request. A handshake is upgraded or refused, anything else is told
// what a WebSocket request would have carried. The session goes on in a goroutine of its
// own: when the handler returns, net/http's stack and buffers are let go.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	capture := dump.From(r.Context())
	if capture == nil {
		http.Error(w, "this server does not capture its connections", http.StatusInternalServerError)
		return
	}
	request := capture.Claim()
	if request == nil {
		http.Error(w, "a second request on one connection is not served; open another", http.StatusBadRequest)
		return
	}
	x := exchange{handler: h, capture: capture, w: w, r: r}
	if s := x.serve(request); s != nil {
		go s.run()
	}
}

// Refused records a connection whose bytes no handler was given: net/http answered by
// itself, or the head never ended. It is for dump.Options.Refused.
func (h *Handler) Refused(capture *dump.Capture) {
	request := capture.Claim()
	if request == nil {
		return
	}
	h.options.Masker.Request(request.Head)
	a := h.judge(request, addrPort(request.Remote))
	a.State = journal.Refused
	h.options.Journal.Begin(a)
	h.answered(a, h.readAnswer(capture.Answer()))
}

// begin makes the attempt and publishes it: masked first, then judged, so that nothing
// behind this line has seen a secret.
func (h *Handler) begin(request *dump.Request) *journal.Attempt {
	o := &h.options
	peer := addrPort(request.Remote)
	p, common := h.familiar.print(request, peer)
	if common {
		if like := h.familiar.like(p); like != nil {
			a := like.Again(o.Journal.NewID(request.Time), peer, request)
			o.Journal.Begin(a)
			return a
		}
	}
	o.Masker.Request(request.Head)
	a := h.judge(request, peer)
	if (a.State == journal.Answered || a.State == journal.Rejected) && mayUpgrade(request.Head) {
		a.Response.Status = http.StatusUpgradeRequired // the log tells it before it is written
	}
	o.Journal.Begin(a)
	if common && a.Settled() {
		h.familiar.remember(p, a)
	}
	return a
}

// judge makes the attempt of a masked request.
func (h *Handler) judge(request *dump.Request, peer netip.AddrPort) *journal.Attempt {
	o := &h.options
	a := &journal.Attempt{
		ID:      o.Journal.NewID(request.Time),
		Time:    request.Time,
		Peer:    peer,
		Client:  o.Journal.Client(peer, request.Head),
		Nonce:   queryValue(request.Head.Target(), "wsinspect-nonce"),
		Request: *request,
		Verdict: handshake.Judge(request, o.Policy),
	}
	a.State = firstState(a)
	return a
}

// firstState is what the verdict promises, before the answer is written.
func firstState(a *journal.Attempt) journal.State {
	switch {
	case a.Request.Head.Kind != dump.HTTP1:
		return journal.Refused
	case a.Verdict.Accepted:
		return journal.Open
	case handshake.IsHandshake(a.Request.Head):
		return journal.Rejected
	}
	return journal.Answered
}

// answered publishes a as it is after that answer was written.
func (h *Handler) answered(a *journal.Attempt, answer journal.Response) {
	after := *a
	answer.Failure = a.Response.Failure
	after.Response = answer
	after.Took = time.Since(a.Time)
	h.options.Journal.Answer(&after)
}

func addrPort(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		p := tcp.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// Shutdown closes every session with 1001 (going away) and waits until all have ended.
// When ctx ends first, the connections that are left are cut and its error is returned.
func (h *Handler) Shutdown(ctx context.Context) error { return h.sessions.shutdown(ctx) }

// Traffic returns what all sessions have received and sent so far.
func (h *Handler) Traffic() (received, sent journal.Traffic) { return h.sessions.traffic() }

// Sessions returns how many sessions are open.
func (h *Handler) Sessions() int { return h.sessions.count() }
