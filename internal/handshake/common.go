package handshake

import (
	"net/http"
	"strings"

	"wsinspect/internal/dump"
)

// read names the header lines that gorilla's Upgrade reads, as net/http spells them.
var read = [...]string{
	"Connection", "Upgrade", "Origin", "Sec-Websocket-Key", "Sec-Websocket-Version",
	"Sec-Websocket-Protocol", "Sec-Websocket-Extensions",
}

// Common returns a captured handshake of the common kind as net/http would hand it to a
// handler, with the header lines that gorilla's Upgrade reads. It reports false where
// net/http might do anything else than hand it on as it stands: refuse it, wait for a
// body, answer by itself, or change a value. False says nothing against the request.
func Common(r *dump.Request) (*http.Request, bool) {
	h := r.Head
	if h.Kind != dump.HTTP1 || !h.Complete() || !h.Preface.Empty() || len(h.Faults) > 0 || r.After > 0 {
		return nil, false
	}
	text := string(h.Raw) // what follows is cut from it
	of := func(s dump.Span) string { return text[s.Start:s.End] }
	target := of(h.Start.Second)
	if of(h.Start.Third) != "HTTP/1.1" || !isPlainPath(target) {
		return nil, false
	}
	q := &http.Request{Method: of(h.Start.First), RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, len(read))}
	hosts := 0
	values := make([]string, 0, len(read)) // one memory for what is nearly always one line each
	for _, f := range h.Fields {
		switch name := of(f.Name); {
		case sameName(name, "Host"):
			hosts++
			q.Host = of(f.Value)
		case sameName(name, "Content-Length"), sameName(name, "Transfer-Encoding"),
			sameName(name, "Trailer"), sameName(name, "Expect"):
			return nil, false
		default:
			for _, known := range read {
				if sameName(name, known) {
					values = append(values, of(f.Value))
					if all := q.Header[known]; all != nil {
						q.Header[known] = append(all, values[len(values)-1])
					} else {
						q.Header[known] = values[len(values)-1 : len(values) : len(values)]
					}
					break
				}
			}
		}
	}
	if hosts != 1 || !isPlainHost(q.Host) || q.Header["Sec-Websocket-Key"] == nil && q.Header["Sec-Websocket-Version"] == nil {
		return nil, false
	}
	return q, true
}

// isPlainHost reports whether net/http passes a Host on.
func isPlainHost(host string) bool {
	for i := range len(host) {
		if !hostByte(host[i]) {
			return false
		}
	}
	return host != ""
}

// sameName reports whether two names are the same but for the case of their letters.
func sameName(written, known string) bool {
	return len(written) == len(known) && strings.EqualFold(written, known)
}
