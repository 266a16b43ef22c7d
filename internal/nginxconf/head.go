package nginxconf

import (
	"slices"
	"strconv"
	"strings"
)

// accept reads the head of a request as far as nginx refuses some for it. It reports
// whether this one is served.
func (v *visit) accept() bool {
	v.level = v.server
	buffers := v.setting("large_client_header_buffers")
	switch line, lines := v.tooLarge(); {
	case line:
		v.answer(buffers, 414)
	case !isMethod(v.in.Method), !v.readTarget(), v.missesHost(), v.broken():
		v.answer(nil, 400)
	case lines:
		v.answer(buffers, 400)
	case v.in.Method == "TRACE", v.in.Method == "CONNECT":
		v.answer(nil, 405)
	}
	if v.hop.Status == 414 || v.hop.Status == 400 {
		v.errorPage(v.hop.Status)
	}
	return !v.ended
}

// isMethod reports whether nginx takes a word as a method.
func isMethod(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(c rune) bool { return (c < 'A' || c > 'Z') && c != '_' && c != '-' })
}

// missesHost reports whether the request has no Host, two, or one that nginx does not take.
func (v *visit) missesHost() bool {
	for _, h := range v.in.Headers {
		if strings.EqualFold(h.Name, "host") {
			return true
		}
	}
	if v.in.Host == "" && v.protocol() != "HTTP/1.0" {
		return true
	}
	for _, host := range []string{v.in.Host, v.asked} {
		if _, ok := hostName(host); !ok && host != "" {
			return true
		}
	}
	return false
}

// broken reports whether a header line is none, or says no length of a body.
func (v *visit) broken() bool {
	lengths := v.lines("content_length")
	for _, length := range lengths {
		if _, err := strconv.ParseUint(length, 10, 63); err != nil || len(lengths) > 1 {
			return true
		}
	}
	return slices.ContainsFunc(v.in.Headers, func(h Header) bool {
		return h.Name == "" || strings.ContainsFunc(h.Name, func(c rune) bool { return c <= ' ' || c == ':' || c == 0x7f }) ||
			strings.ContainsAny(h.Value, "\x00\r\n")
	})
}

// tooLarge reports whether the request line, or the header, does not fit into the buffers.
// nginx begins with one of client_header_buffer_size, 1 KiB, and takes more of
// large_client_header_buffers, 4 of 8 KiB. No line may lie in two of them.
func (v *visit) tooLarge() (line, lines bool) {
	number, large, room := 4, 8<<10, 1<<10
	if d := v.setting("client_header_buffer_size"); d != nil {
		room = readSize(d.arg(0), room)
	}
	if d := v.setting("large_client_header_buffers"); d != nil {
		number, large = readSize(d.arg(0), number), readSize(d.arg(1), large)
	}
	fits := func(n int) bool {
		if n > room {
			number--
			room = large
		}
		room -= n
		return number >= 0 && room >= 0
	}
	if !fits(len(v.in.Method+v.in.URI+v.protocol()) + 4) {
		return true, false
	}
	if v.in.Host != "" && !fits(len("Host: \r\n")+len(v.in.Host)) {
		return false, true
	}
	for _, h := range v.in.Headers {
		if !fits(len(h.Name+h.Value) + 4) {
			return false, true
		}
	}
	return false, !fits(2)
}

// readSize reads a number of bytes, with k, m or g.
func readSize(text string, otherwise int) int {
	text = strings.ToLower(text)
	unit := 1
	for i, letter := range []string{"k", "m", "g"} {
		if number, ok := strings.CutSuffix(text, letter); ok {
			text, unit = number, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return otherwise
	}
	return int(n) * unit
}

// received returns the header lines that nginx takes, without Host. It drops names with
// other letters than these, underscores too, unless it is told not to.
func (v *visit) received() (all []Header) {
	underscores, drops := v.on("underscores_in_headers", false), v.on("ignore_invalid_headers", true)
	for _, h := range v.in.Headers {
		strange := strings.ContainsFunc(h.Name, func(c rune) bool {
			letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-'
			return !letter && (c != '_' || !underscores)
		})
		if !strange || !drops {
			all = append(all, h)
		}
	}
	return all
}
