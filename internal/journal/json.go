package journal

import (
	"slices"
	"strconv"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// MarshalJSON returns a as AppendJSON writes it.
func (a *Attempt) MarshalJSON() ([]byte, error) { return a.AppendJSON(nil), nil }

// AppendJSON appends a as one JSON object. Every name is always there; what does not
// apply is null, empty or zero. Each byte of the wire is one character, U+0000 to U+00FF,
// so that a span's start and end index the characters of raw. It is written by hand since
// it runs for every attempt on its way to a page.
func (a *Attempt) AppendJSON(b []byte) []byte {
	b = slices.Grow(b, 8<<10+a.Request.Head.Size()) // mostly what it takes
	b = append(b, `{"id":`...)
	b = appendJSONWords(b, a.ID)
	b = append(b, `,"time":`...)
	b = appendJSONTime(b, a.Time)
	b = append(b, `,"state":"`...)
	b = append(b, a.State.String()...)
	b = append(b, `","outcome":"`...)
	b = append(b, a.Outcome().String()...)
	b = append(b, `","local":`...)
	b = appendJSONWords(b, a.Local())
	b = append(b, `,"peer":`...)
	b = appendJSONWords(b, a.PeerText())
	b = append(b, `,"client":`...)
	b = appendJSONWords(b, a.clientText())
	b = append(b, `,"client_from":`...)
	b = appendJSONWords(b, a.Client.From)
	b = append(b, `,"client_disbelief":`...)
	b = appendJSONList(b, a.Client.Disbelief)
	b = append(b, `,"nonce":`...)
	b = appendJSONBytes(b, []byte(a.Nonce))
	b = append(b, `,"took_ms":`...)
	b = appendJSONFloat(b, float64(a.Took)/float64(time.Millisecond))
	b = append(b, `,"request":`...)
	b = appendRequest(b, &a.Request)
	b = append(b, `,"verdict":`...)
	b = appendVerdict(b, &a.Verdict)
	b = append(b, `,"mismatch":`...)
	b = appendJSONWords(b, a.Mismatch)
	b = append(b, `,"causes":`...)
	b = AppendCausesJSON(b, a.Causes)
	b = append(b, `,"hops":`...)
	b = AppendHopsJSON(b, diagnosis.Hops(a.Request.Head))
	b = append(b, `,"response":`...)
	b = appendResponse(b, &a.Response)
	b = append(b, `,"session":`...)
	if s := a.Now(); s != nil {
		b = s.appendJSON(b)
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}')
}

func appendRequest(b []byte, r *dump.Request) []byte {
	h := r.Head
	b = append(b, `{"raw":`...)
	b = appendJSONBytes(b, h.Raw)
	b = append(b, `,"truncated":`...)
	b = strconv.AppendBool(b, r.Truncated)
	b = append(b, `,"after_head":`...)
	b = strconv.AppendInt(b, int64(r.After), 10)
	b = append(b, `,"method":`...)
	b = appendJSONBytes(b, bytesOf(h, h.Start.First))
	b = append(b, `,"target":`...)
	b = appendJSONBytes(b, bytesOf(h, h.Start.Second))
	b = append(b, `,"version":`...)
	b = appendJSONBytes(b, bytesOf(h, h.Start.Third))
	b = append(b, `,"host":`...)
	b = appendHost(b, h)
	b = append(b, `,"headers":[`...)
	for i, f := range h.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendJSONBytes(b, bytesOf(h, f.Name))
		b = append(b, `,"value":`...)
		b = appendValue(b, h, f)
		b = append(b, `,"masked":`...)
		b = strconv.AppendBool(b, h.Masked(f.Line))
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// appendValue appends a field's value; only a folded one has to be copied first.
func appendValue(b []byte, h *dump.Head, f dump.Field) []byte {
	if f.Folded {
		return appendJSONBytes(b, []byte(h.Value(f)))
	}
	return appendJSONBytes(b, bytesOf(h, f.Value))
}

// appendHost appends the value of the first Host line.
func appendHost(b []byte, h *dump.Head) []byte {
	f, ok := h.Field("Host")
	if !ok {
		return append(b, `""`...)
	}
	return appendValue(b, h, f)
}

func bytesOf(h *dump.Head, s dump.Span) []byte { return h.Raw[s.Start:s.End] }

func appendVerdict(b []byte, v *handshake.Verdict) []byte {
	b = append(b, `{"accepted":`...)
	b = strconv.AppendBool(b, v.Accepted)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(v.Status), 10)
	b = append(b, `,"reason":`...)
	b = appendJSONWords(b, v.Reason)
	b = append(b, `,"decided_by":`...)
	if v.DecidedBy != nil {
		b = appendJSONWords(b, v.DecidedBy.ID)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"findings":[`...)
	for i := range v.Findings {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFinding(b, &v.Findings[i])
	}
	return append(b, "]}"...)
}

func appendFinding(b []byte, f *handshake.Finding) []byte {
	b = append(b, `{"check":`...)
	b = appendJSONWords(b, f.Check.ID)
	b = append(b, `,"outcome":"`...)
	b = append(b, f.Outcome.String()...)
	b = append(b, `","decides":`...)
	b = strconv.AppendBool(b, f.Check.Decides)
	b = append(b, `,"because":`...)
	b = appendJSONWords(b, f.Because)
	b = append(b, `,"spec":`...)
	b = appendJSONWords(b, f.Check.Spec)
	b = append(b, `,"evidence":`...)
	return append(appendSpans(b, f.Evidence), '}')
}

func appendSpans(b []byte, spans []dump.Span) []byte {
	b = append(b, '[')
	for i, s := range spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"start":`...)
		b = strconv.AppendInt(b, int64(s.Start), 10)
		b = append(b, `,"end":`...)
		b = strconv.AppendInt(b, int64(s.End), 10)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendResponse(b []byte, r *Response) []byte {
	b = append(b, `{"status":`...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	b = append(b, `,"failure":`...)
	b = appendJSONWords(b, string(r.Failure))
	b = append(b, `,"raw":`...)
	return append(appendJSONBytes(b, r.Raw), '}')
}

func (s *Session) appendJSON(b []byte) []byte {
	b = append(b, `{"subprotocol":`...)
	b = appendJSONBytes(b, []byte(s.Subprotocol))
	b = append(b, `,"compression":`...)
	b = strconv.AppendBool(b, s.Compression)
	b = append(b, `,"opened":`...)
	b = appendJSONTime(b, s.Opened)
	b = append(b, `,"closed":`...)
	b = appendJSONTime(b, s.Closed)
	b = append(b, `,"received":`...)
	b = s.Received.appendJSON(b)
	b = append(b, `,"sent":`...)
	b = s.Sent.appendJSON(b)
	b = append(b, `,"idle_seconds":`...)
	b = appendJSONFloat(b, s.Idle.Seconds())
	b = append(b, `,"close":`...)
	if s.Closed.IsZero() {
		return append(b, "null}"...)
	}
	b = append(b, `{"code":`...)
	b = strconv.AppendInt(b, int64(s.Close.Code), 10)
	b = append(b, `,"reason":`...)
	b = appendJSONWords(b, s.Close.Reason)
	b = append(b, `,"by":`...)
	b = appendJSONWords(b, string(s.Close.By))
	b = append(b, `,"detail":`...)
	b = appendJSONWords(b, s.Close.Detail)
	return append(b, "}}"...)
}

func (t *Traffic) appendJSON(b []byte) []byte {
	b = append(b, `{"text":`...)
	b = strconv.AppendInt(b, t.Text, 10)
	b = append(b, `,"binary":`...)
	b = strconv.AppendInt(b, t.Binary, 10)
	b = append(b, `,"ping":`...)
	b = strconv.AppendInt(b, t.Ping, 10)
	b = append(b, `,"pong":`...)
	b = strconv.AppendInt(b, t.Pong, 10)
	b = append(b, `,"bytes":`...)
	b = strconv.AppendInt(b, t.Bytes, 10)
	return append(b, '}')
}

func appendJSONList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONBytes(b, []byte(s))
	}
	return append(b, ']')
}

// appendWordList is appendJSONList for words.
func appendWordList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONWords(b, s)
	}
	return append(b, ']')
}

// appendJSONTime appends t in UTC, to the microsecond and always as long, so that times
// sort as strings; null for the zero value.
func appendJSONTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339) // which package time has a short way for
	micros := strconv.AppendInt(make([]byte, 0, len(".000000")), 1_000_000+int64(t.Nanosecond()/1000), 10)
	micros[0] = '.' // instead of the 1 that kept the zeros behind it
	b = append(b[:len(b)-len("Z")], micros...)
	return append(b, `Z"`...)
}

// appendJSONFloat appends f with three decimals at most.
func appendJSONFloat(b []byte, f float64) []byte {
	b = strconv.AppendFloat(b, f, 'f', 3, 64)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}
