package probe

import (
	"bytes"
	"compress/gzip"
	"html"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// Bounds of a page, of which the title alone is wanted.
const (
	maxBody     = 64 << 10        // bytes, as they come and unpacked
	maxBodyTime = 2 * time.Second // the head has said what decides
	maxTitle    = 200             // bytes
)

// title reads the title of a page, or the first line of a plain text. It reads no further
// than that, and what it cannot read is no title.
func (a *answer) title(r io.Reader) string {
	kind, _, _ := strings.Cut(strings.ToLower(valueOf(a.head, "Content-Type")), ";")
	kind = strings.TrimSpace(kind)
	if kind != "text/html" && kind != "text/plain" && kind != "" { // Go's own refusals have none
		return ""
	}
	body := a.body(io.MultiReader(bytes.NewReader(a.rest), r))
	if body == nil {
		return ""
	}
	var text []byte
	chunk := make([]byte, 4<<10)
	for {
		n, err := body.Read(chunk)
		text = append(text, chunk[:n]...)
		title, whole := titleIn(text, kind == "text/html")
		if whole || err != nil || len(text) >= maxBody {
			return title
		}
	}
}

// body returns the body without its wrapping, bounded; nil where it is packed in a way that
// is not known here.
func (a *answer) body(r io.Reader) io.Reader {
	r = io.LimitReader(r, maxBody)
	if strings.EqualFold(valueOf(a.head, "Transfer-Encoding"), "chunked") {
		r = httputil.NewChunkedReader(r)
	} else if n, err := strconv.ParseInt(valueOf(a.head, "Content-Length"), 10, 64); err == nil {
		r = io.LimitReader(r, n)
	}
	switch strings.ToLower(valueOf(a.head, "Content-Encoding")) {
	case "":
		return r
	case "gzip":
		unpacked, err := gzip.NewReader(r)
		if err != nil {
			return nil
		}
		return io.LimitReader(unpacked, maxBody)
	}
	return nil
}

// titleIn returns the title of a page as far as it is read, or the first line of a text,
// and whether it is whole.
func titleIn(text []byte, page bool) (title string, whole bool) {
	if !page {
		line, _, whole := strings.Cut(strings.TrimLeft(string(text), " \t\r\n"), "\n")
		return tidy(line), whole
	}
	lower := asciiLower(text)
	start := bytes.Index(lower, []byte("<title"))
	if start < 0 {
		return "", false
	}
	open := bytes.IndexByte(lower[start:], '>')
	if open < 0 {
		return "", false
	}
	start += open + 1
	end := bytes.Index(lower[start:], []byte("</title"))
	if end < 0 {
		return "", false
	}
	return tidy(html.UnescapeString(string(text[start : start+end]))), true
}

// asciiLower keeps the length, which bytes.ToLower does not.
func asciiLower(b []byte) []byte {
	low := bytes.Clone(b)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return low
}

// tidy makes one line of s, not too long.
func tidy(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > maxTitle {
		s = strings.ToValidUTF8(s[:maxTitle], "")
	}
	return s
}
