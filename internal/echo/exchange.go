package echo

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// exchange is one request and its answer.
type exchange struct {
	handler *Handler
	capture *dump.Capture
	attempt *journal.Attempt
	w       http.ResponseWriter
	r       *http.Request
}

// serve judges the request and answers it. Of a handshake that was upgraded it returns the
// session, which is still to be run.
func (x *exchange) serve(request *dump.Request) *session {
	x.attempt = x.handler.begin(request)
	if request.Head.Kind != dump.HTTP1 {
		x.explain(x.attempt.Verdict.Status)
		return nil
	}
	return x.upgrade()
}

// upgrade lets gorilla decide, always, and answers as it says. The verdict has foretold
// it; where the two disagree, gorilla is right and the disagreement is counted.
func (x *exchange) upgrade() *session {
	h, a := x.handler, x.attempt
	upgrader := h.upgrader
	upgrader.Subprotocols = h.options.Policy.Subprotocols(websocket.Subprotocols(x.r))

	if offersDeflate(x.r) {
		upgrader.WriteBufferSize, upgrader.WriteBufferPool = deflateBuffer, &h.deflates
	}
	lines := http.Header{"Wsinspect-Attempt": {a.ID}}
	pings, ok := pingInterval(a.Request.Head.Target(), h.options.PingInterval)
	if !ok {
		lines["Wsinspect-Note"] = []string{"wsinspect-ping takes a time from 1s to 1h, such as 20s; what the query has was not applied"}
	}
	w := &upgradeWriter{ResponseWriter: x.w}
	h.sessions.expect()
	var s *session
	defer func() { // also after a panic: a shutdown waits for whom it expects
		if s == nil {
			h.sessions.forgo()
		}
	}()
	conn, err := upgrader.Upgrade(w, x.r, lines)
	if err == nil {
		x.mismatchIf(!a.Verdict.Accepted, "gorilla accepted")
		s = x.open(conn, pings)
		return s
	}
	switch {
	case w.hijacked != nil:
		x.fail(w)
	case w.status == http.StatusInternalServerError:
		x.attempt = clone(a)
		x.attempt.Response.Failure = journal.HijackError
		x.attempt.State = journal.Rejected
		x.explain(w.status)
	default:
		v := &a.Verdict
		x.mismatchIf(v.Accepted || v.Status != w.status || v.Reason != w.reason, w.reason)
		if v.Accepted {
			x.attempt.State = journal.Rejected
		}
		if mayUpgrade(a.Request.Head) {
			w.status = http.StatusUpgradeRequired
		}
		x.explain(w.status)
	}
	return nil
}

// offersDeflate reports whether compression may be agreed. gorilla, which reads the offer
// rightly, may still find that it is none.
func offersDeflate(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Sec-Websocket-Extensions"], func(offer string) bool {
		return strings.Contains(offer, "permessage-deflate")
	})
}

// mismatchIf records that gorilla and the verdict disagree.
func (x *exchange) mismatchIf(disagree bool, said string) {
	if disagree {
		x.attempt = clone(x.attempt)
		x.attempt.Mismatch = said
		x.handler.options.Journal.Mismatch()
	}
}

// fail records what kept an accepted handshake from its session: gorilla has closed the
// connection, and no answer can be given.
func (x *exchange) fail(w *upgradeWriter) {
	a := clone(x.attempt)
	a.State = journal.Rejected
	a.Response.Failure = journal.WriteError
	if w.early > 0 {
		a.Response.Failure = journal.EarlyData
		a.Request.After = max(a.Request.After, w.early)
	}
	x.handler.answered(a, x.handler.readAnswer(x.capture.Answer()))
}

// bodyWait bounds how long net/http waits, after a refusal, for a body that nobody reads.
const bodyWait = time.Second

// texts lend memory for the text of a refusal, as *[]byte.
var texts = sync.Pool{New: func() any { return new(make([]byte, 0, 6<<10)) }}

// giveBackText ends the loan, unless a stranger has made the text long.
func giveBackText(text *[]byte) {
	const longest = 16 << 10
	if cap(*text) <= longest {
		*text = (*text)[:0]
		texts.Put(text)
	}
}

// explain answers with a status and says in the body why, for curl and for the proxy's log.
func (x *exchange) explain(status int) {
	h, a := x.handler, x.attempt
	header := x.w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Wsinspect-Attempt", a.ID)
	header.Set("Sec-Websocket-Version", "13")
	switch status {
	case http.StatusUpgradeRequired:
		// RFC 9110, section 15.5.22: a 426 names the protocol. net/http closes the connection
		// by the first line; the second belongs to Upgrade (section 7.8).
		header.Set("Upgrade", "websocket")
		header["Connection"] = []string{"close", "Upgrade"}
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodGet)
	}
	told := clone(a)
	told.Response.Status = status
	text := texts.Get().(*[]byte)
	body := *text
	if wantsJSON(a.Request.Head) {
		header.Set("Content-Type", "application/json")
		body = append(told.AppendJSON(body), '\n')
	} else {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		body = told.AppendText(body)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	control := http.NewResponseController(x.w)
	control.SetReadDeadline(time.Now().Add(bodyWait))
	control.SetWriteDeadline(time.Now().Add(h.options.WriteTimeout))
	x.w.WriteHeader(status)
	x.w.Write(body)
	*text = body
	giveBackText(text)
	if err := control.Flush(); err != nil {
		h.report(fmt.Errorf("flush the answer to attempt %s: %w", a.ID, err))
	}
	answer := journal.Response{Status: status, Raw: x.capture.Answer()} // what a stranger has chosen in it is masked in the attempt already
	if len(answer.Raw) == 0 {
		answer.Status = 0
	}
	h.answered(a, answer)
}

// mayUpgrade reports whether a refusal is best said as 426: a plain request, and a GET
// that arrived without an Upgrade line (RFC 9110, section 15.5.22, and gorilla's main
// branch, where v1.5.3 says 400).
func mayUpgrade(head *dump.Head) bool {
	return !handshake.IsHandshake(head) || head.Method() == http.MethodGet && !head.Has("Upgrade")
}

// wantsJSON reports whether the client asks for JSON by name.
func wantsJSON(head *dump.Head) bool {
	accept, ok := head.Field("Accept")
	return ok && strings.Contains(head.Value(accept), "application/json")
}

func clone(a *journal.Attempt) *journal.Attempt {
	b := *a
	return &b
}

// readAnswer makes the response of what was written. A connection that was closed without
// an answer has status 0.
func (h *Handler) readAnswer(raw []byte) journal.Response {
	if len(raw) == 0 {
		return journal.Response{}
	}
	raw = bytes.Clone(raw)
	head := dump.ParseAnswer(raw)
	h.options.Masker.Answer(head)
	status, _ := strconv.Atoi(head.Text(head.Start.Second))
	return journal.Response{Status: status, Raw: raw, Masks: head.Masks}
}

// upgradeWriter is the ResponseWriter that gorilla sees: it keeps gorilla's refusal
// instead of writing it, and remembers what the hijack gave.
type upgradeWriter struct {
	http.ResponseWriter
	status   int
	reason   string
	hijacked net.Conn
	early    int // bytes that had come behind the head when the connection was taken over
}

func (w *upgradeWriter) refuse(status int, reason error) {
	w.status, w.reason = status, reason.Error()
}

// Hijack takes the connection over from net/http.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		w.hijacked, w.early = conn, buffers.Reader.Buffered()
	}
	return conn, buffers, err
}

// open publishes the session of an upgraded connection.
func (x *exchange) open(conn *websocket.Conn, pings time.Duration) *session {
	h := x.handler
	a := clone(x.attempt)
	a.State = journal.Open
	// Of a 101 a stranger has chosen nothing but the subprotocol, so only that can need masking.
	a.Response = journal.Response{Status: http.StatusSwitchingProtocols, Raw: x.capture.Answer()}
	if conn.Subprotocol() != "" {
		a.Response = h.readAnswer(a.Response.Raw)
	}
	a.Took = time.Since(a.Time)

	s := newSession(h, conn, a)
	a.Live(s.now)
	h.options.Journal.Answer(a)
	s.startPings(pings)
	h.sessions.add(s) // the last deed: what fails before it is forgone
	return s
}

// pingInterval is how often to ping: as the query wsinspect-ping says, from one second to
// one hour, else as the server was told. It reports whether the query can be followed.
func pingInterval(target string, otherwise time.Duration) (interval time.Duration, ok bool) {
	value := queryValue(target, "wsinspect-ping")
	if value == "" {
		return otherwise, true
	}
	asked, err := time.ParseDuration(value)
	if err != nil || asked < time.Second || asked > time.Hour {
		return otherwise, false
	}
	return asked, true
}

// queryValue returns one of the two parameters of the query that are ours.
func queryValue(target, name string) string {
	_, query, _ := strings.Cut(target, "?")
	if !strings.Contains(query, name+"=") {
		return ""
	}
	values, _ := url.ParseQuery(query) // what could be read counts
	const longest = 128
	value := values.Get(name)
	return value[:min(len(value), longest)]
}
