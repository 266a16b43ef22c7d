package journal

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// A line names HTTP things as OpenTelemetry does (semantic conventions for HTTP and
// network attributes) and ours "wsinspect.…". Names are a closed set: what a stranger
// called a header stands only inside wsinspect.head.

// loggedHeaders are the handshake and forwarding headers that have attributes of their
// own, in lower case. User-Agent is user_agent.original.
var loggedHeaders = [...]string{
	"host", "origin", "connection", "upgrade",
	"sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions",
	"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip",
}

// begun logs an attempt before its answer is written.
func (l *Log) begun(a *Attempt) {
	if l == nil {
		return
	}
	now := time.Now()
	l.write(false,
		func(b []byte) []byte { return appendBegunJSON(b, now, a) },
		func(b []byte) []byte { return appendBegunText(b, now, a) })
}

// failed logs what came out only when the answer was to be written.
func (l *Log) failed(a *Attempt) {
	if l == nil {
		return
	}
	now := time.Now()
	l.write(false,
		func(b []byte) []byte {
			b = appendLine(b, now, "WARN", "handshake failed", a)
			b = append(b, `,"wsinspect.failure":`...)
			b = appendJSONWords(b, string(a.Response.Failure))
			b = append(b, `,"wsinspect.mismatch":`...)
			b = appendJSONWords(b, a.Mismatch)
			return append(b, '}')
		},
		func(b []byte) []byte { return appendTextLine(b, now, "failed", a, a.Sentence()) })
}

// closed logs the end of a session, with the causes where it has changed them.
func (l *Log) closed(a *Attempt, changed bool) {
	if l == nil {
		return
	}
	now := time.Now()
	l.write(true,
		func(b []byte) []byte { return appendClosedJSON(b, now, a, changed) },
		func(b []byte) []byte { return appendTextLine(b, now, "closed", a, a.endSentence()) })
}

// appendLine begins a line as log/slog's JSON handler does, and says whose it is.
func appendLine(b []byte, now time.Time, level, msg string, a *Attempt) []byte {
	b = append(b, `{"time":`...)
	b = appendJSONTime(b, now)
	b = append(b, `,"level":"`...)
	b = append(b, level...)
	b = append(b, `","msg":"`...)
	b = append(b, msg...)
	b = append(b, `","wsinspect.attempt.id":`...)
	b = appendJSONWords(b, a.ID)
	b = append(b, `,"wsinspect.attempt.state":"`...)
	b = append(b, a.State.String()...)
	b = append(b, `","network.peer.address":`...)
	if a.Peer.IsValid() {
		b = append(b, '"')
		b = a.Peer.Addr().AppendTo(b)
		b = append(b, `","network.peer.port":`...)
		b = strconv.AppendUint(b, uint64(a.Peer.Port()), 10)
	} else {
		b = append(b, `"unix"`...)
	}
	if a.Client.Addr.IsValid() {
		b = append(b, `,"client.address":"`...)
		b = a.Client.Addr.AppendTo(b)
		b = append(b, '"')
	}
	return b
}

func appendBegunJSON(b []byte, now time.Time, a *Attempt) []byte {
	level, msg := "INFO", "handshake accepted"
	switch a.State {
	case Refused:
		level, msg = "WARN", "request refused before any handler"
	case Answered:
		msg = "plain request"
	case Rejected:
		level, msg = "WARN", "handshake rejected"
	}
	b = appendLine(b, now, level, msg, a)
	b = appendHTTP(b, a)
	b = append(b, `,"wsinspect.outcome":"`...)
	b = append(b, a.Outcome().String()...)
	b = append(b, `","wsinspect.verdict":`...)
	b = appendJSONWords(b, a.verdictWord())
	b = append(b, `,"wsinspect.because":`...)
	b = appendJSONWords(b, a.Sentence())
	b = appendChecks(b, `,"wsinspect.failed":[`, a, handshake.Failed)
	b = appendChecks(b, `,"wsinspect.advised":[`, a, handshake.Advised)
	b = appendCauseIDs(b, a)
	if a.Nonce != "" {
		b = append(b, `,"wsinspect.nonce":`...)
		b = appendJSONBytes(b, []byte(a.Nonce))
	}
	if len(a.Client.Disbelief) > 0 {
		b = append(b, `,"wsinspect.client.disbelief":`...)
		b = appendJSONList(b, a.Client.Disbelief)
	}
	b = append(b, `,"wsinspect.truncated":`...)
	b = strconv.AppendBool(b, a.Request.Truncated)
	b = append(b, `,"wsinspect.after_head":`...)
	b = strconv.AppendInt(b, int64(a.Request.After), 10)
	b = append(b, `,"wsinspect.head":`...)
	b = appendJSONBytes(b, a.Request.Head.Raw)
	return append(b, '}')
}

// verdictWord is "accepted" or the ID of the check that decided.
func (a *Attempt) verdictWord() string {
	if a.Verdict.DecidedBy == nil {
		return "accepted"
	}
	return a.Verdict.DecidedBy.ID
}

// appendHTTP appends what OpenTelemetry has names for, where the bytes were HTTP.
func appendHTTP(b []byte, a *Attempt) []byte {
	h := a.Request.Head
	if !h.Start.First.Empty() {
		b = append(b, `,"http.request.method":`...)
		b = appendMethod(b, bytesOf(h, h.Start.First))
		path, query, asked := bytes.Cut(bytesOf(h, h.Start.Second), []byte("?"))
		b = append(b, `,"url.path":`...)
		b = appendJSONBytes(b, path)
		if asked {
			b = append(b, `,"url.query":`...)
			b = appendJSONBytes(b, query)
		}
		if version, ok := bytes.CutPrefix(bytesOf(h, h.Start.Third), []byte("HTTP/")); ok {
			b = append(b, `,"network.protocol.name":"http","network.protocol.version":`...)
			b = appendJSONBytes(b, version)
		}
	}
	status := a.Response.Status
	if status == 0 {
		status = a.Verdict.Status
	}
	if status != 0 {
		b = append(b, `,"http.response.status_code":`...)
		b = strconv.AppendInt(b, int64(status), 10)
	}
	if f, ok := h.Field("User-Agent"); ok {
		b = append(b, `,"user_agent.original":`...)
		b = appendValue(b, h, f)
	}
	return appendLoggedHeaders(b, h)
}

// appendMethod appends a method that HTTP knows; another is _OTHER, with its spelling.
func appendMethod(b, method []byte) []byte {
	switch string(method) {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return appendJSONBytes(b, method)
	}
	b = append(b, `"_OTHER","http.request.method_original":`...)
	return appendJSONBytes(b, method)
}

func appendLoggedHeaders(b []byte, h *dump.Head) []byte {
	for _, name := range &loggedHeaders {
		n := 0
		for i := range h.Fields {
			f := &h.Fields[i]
			if f.Name.Len() != len(name) || !h.Is(*f, name) { // the length first: it spares most of the copies
				continue
			}
			if n == 0 {
				b = append(b, `,"http.request.header.`...)
				b = append(b, name...)
				b = append(b, `":[`...)
			} else {
				b = append(b, ',')
			}
			b = appendValue(b, h, *f)
			n++
		}
		if n > 0 {
			b = append(b, ']')
		}
	}
	return b
}

// appendChecks appends the IDs of the checks that found o, as a list that begins with key.
func appendChecks(b []byte, key string, a *Attempt, o handshake.Outcome) []byte {
	b = append(b, key...)
	n := 0
	for i := range a.Verdict.Findings {
		f := &a.Verdict.Findings[i]
		if f.Outcome != o {
			continue
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = appendJSONWords(b, f.Check.ID)
		n++
	}
	return append(b, ']')
}

// appendCauseIDs appends the IDs of the causes, the likeliest first.
func appendCauseIDs(b []byte, a *Attempt) []byte {
	b = append(b, `,"wsinspect.causes":[`...)
	for i := range a.Causes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONWords(b, a.Causes[i].Cause.ID)
	}
	return append(b, ']')
}

func appendClosedJSON(b []byte, now time.Time, a *Attempt, changed bool) []byte {
	s := a.Session
	b = appendLine(b, now, "INFO", "session closed", a)
	b = append(b, `,"url.path":`...)
	b = appendJSONBytes(b, []byte(path(a.Request.Head)))
	b = append(b, `,"wsinspect.close.code":`...)
	b = strconv.AppendInt(b, int64(s.Close.Code), 10)
	b = append(b, `,"wsinspect.close.by":`...)
	b = appendJSONWords(b, string(s.Close.By))
	b = append(b, `,"wsinspect.close.reason":`...)
	b = appendJSONWords(b, s.Close.Reason)
	if changed {
		b = appendCauseIDs(b, a)
	}
	b = append(b, `,"wsinspect.session":`...)
	b = s.appendJSON(b)
	return append(b, '}')
}

func appendBegunText(b []byte, now time.Time, a *Attempt) []byte {
	word := a.Outcome().String()
	status := a.Response.Status
	if status == 0 {
		status = a.Verdict.Status
	}
	return appendTextLine(b, now, word+" "+strconv.Itoa(status), a, a.Sentence())
}

// appendText appends a line for a terminal: when, what, who asked for what, why, and the ID.
func appendTextLine(b []byte, now time.Time, what string, a *Attempt, why string) []byte {
	h := a.Request.Head
	b = now.AppendFormat(b, "15:04:05.000")
	b = append(b, "  "...)
	b = append(b, what...)
	for n := len(what); n < len("accepted 101"); n++ {
		b = append(b, ' ')
	}
	b = append(b, "  "...)
	if !h.Start.Second.Empty() {
		const longest = 80
		b = dump.AppendEscaped(b, bytesOf(h, h.Start.First))
		b = append(b, ' ')
		target := bytesOf(h, h.Start.Second)
		b = dump.AppendEscaped(b, target[:min(len(target), longest)])
		if len(target) > longest {
			b = append(b, "..."...)
		}
		b = append(b, "  "...)
	}
	if client := a.clientText(); client != "" {
		b = append(b, "from "...)
		b = append(b, client...)
		b = append(b, "  "...)
	}
	b = dump.AppendWords(b, why)
	b = append(b, "  "...)
	return append(b, a.ID...)
}
