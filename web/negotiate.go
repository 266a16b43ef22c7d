package web

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// format is a way to write an answer.
type format uint8

const (
	asHTML format = iota
	asJSON
	asText
)

func (f format) mediaType() string {
	return [...]string{"text/html", "application/json", "text/plain"}[f]
}

// negotiate returns the offer that the client likes best, the first of those it likes
// equally. A client that likes none gets the first: RFC 9110, section 12.4.1, allows it,
// and an answer helps more than 406. The query's "format" is for links.
func negotiate(r *http.Request, offers ...format) format {
	switch r.URL.Query().Get("format") {
	case "json":
		return asJSON
	case "text":
		return asText
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	best, liking := offers[0], 0.0
	for _, f := range offers {
		if q := quality(accept, f.mediaType()); q > liking {
			best, liking = f, q
		}
	}
	return best
}

// quality returns the weight that an Accept value gives to a media type; the range that
// names it most closely counts (RFC 9110, section 12.5.1).
func quality(accept, media string) float64 {
	if strings.TrimSpace(accept) == "" {
		return 1
	}
	kind, _, _ := strings.Cut(media, "/")
	weight, closest := 0.0, 0
	for each := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(each)
		if err != nil {
			continue
		}
		closeness := 0
		switch name {
		case media:
			closeness = 3
		case kind + "/*":
			closeness = 2
		case "*/*":
			closeness = 1
		}
		if closeness <= closest {
			continue
		}
		q := 1.0
		if v, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(v, 64); err != nil || q < 0 || q > 1 {
				continue
			}
		}
		weight, closest = q, closeness
	}
	return weight
}

// writeJSON writes a body that is JSON already.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

func writeText(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// refusal is an answer that says no, and what to do.
type refusal struct {
	shell
	Sentence string // what is the matter
	Advice   string // what to do about it
	Line     string // a line to type; empty: none
	Latest   bool   // there are attempts to lead to
}

// refuse answers in the words that the client asks for.
func (p *page) refuse(w http.ResponseWriter, r *http.Request, status int, f refusal) {
	switch negotiate(r, asText, asHTML, asJSON) {
	case asHTML:
		p.render(w, status, "refusal", f)
	case asJSON:
		body, _ := json.Marshal(map[string]string{"error": strings.TrimSpace(f.Sentence + " " + f.Advice)})
		writeJSON(w, status, body)
	default:
		text := f.Sentence + "\n"
		if f.Advice != "" {
			text += f.Advice + "\n"
		}
		if f.Line != "" {
			text += "\n    " + f.Line + "\n"
		}
		writeText(w, status, text)
	}
}

func (p *page) notFound(w http.ResponseWriter, r *http.Request) {
	p.refuse(w, r, http.StatusNotFound, refusal{
		shell:    p.shell(r, "attempts", "Not found"),
		Sentence: "wsinspect has no page at this address.",
		Advice:   "A WebSocket handshake is answered on every path, this one included.",
	})
}

func (p *page) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	p.refuse(w, r, http.StatusMethodNotAllowed, refusal{
		shell:    p.shell(r, "attempts", "Method not allowed"),
		Sentence: "This address is only read: GET and HEAD.",
	})
}
