package web

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
)

// legendLine says what some of the first bytes mean.
type legendLine struct {
	Bytes, Says string
	span        dump.Span
	Letters     []string
}

// legend decodes the first fields of bytes that are no HTTP; of HTTP it is empty.
func legend(h *dump.Head) []legendLine {
	r := legendReader{head: h, raw: h.Raw}
	switch {
	case h.Kind == dump.TLS:
		r.tls()
	case h.Kind == dump.ProxyV1:
		r.proxyV1()
	case h.Kind == dump.ProxyV2:
		r.proxyV2()
	case h.Kind == dump.HTTP2:
		r.text(14, "the preface of HTTP/2, made so that HTTP/1 cannot take it for a request")
		r.next(4)
		r.text(2, "and its second half; frames follow")
	case h.Kind != dump.Binary:
	case bytes.HasPrefix(h.Raw, []byte("\x01\x01\x00\x01")):
		r.hex(1, "FastCGI, version 1")
		r.hex(1, "a record that begins a request")
		r.hex(2, "of the request with this number")
		r.number(2, binary.BigEndian.Uint16, "%d bytes of content follow")
	case bytes.HasPrefix(h.Raw, []byte("\x12\x34")):
		r.hex(2, "AJP, from a web server to its container")
		r.number(2, binary.BigEndian.Uint16, "%d bytes follow")
	case len(h.Raw) > 6 && h.Raw[0] == 0:
		r.uwsgi()
	case bytes.IndexByte(h.Raw[:min(len(h.Raw), 6)], ':') > 0:
		r.text(bytes.IndexByte(h.Raw, ':')+1, "SCGI: the length of the headers, as a netstring")
	default:
		r.hex(4, "no protocol that is known here begins so")
	}
	return r.lines
}

// letter gives each line of a legend the letters of the evidence in its bytes.
func (e *evidence) letter(lines []legendLine) []legendLine {
	for i := range lines {
		for span, l := range e.letters {
			if span.Start <= lines[i].span.Start && lines[i].span.Start < span.End {
				lines[i].Letters = append(lines[i].Letters, l.Name)
			}
		}
		slices.Sort(lines[i].Letters)
	}
	return lines
}

type legendReader struct {
	head  *dump.Head
	raw   []byte
	at    int
	lines []legendLine
}

// next returns the next n bytes, or as many as there are.
func (r *legendReader) next(n int) []byte {
	b := r.raw[r.at:min(r.at+n, len(r.raw))]
	r.at += len(b)
	return b
}

func (r *legendReader) add(n int, show func([]byte) string, says string) {
	start := r.at
	b := r.next(n)
	if len(b) == 0 {
		return
	}
	line := legendLine{Bytes: show(b), Says: says, span: dump.Span{Start: start, End: r.at}}
	if r.head.Masked(line.span) {
		line.Bytes = strings.Repeat("•", len(b))
	}
	r.lines = append(r.lines, line)
}

func (r *legendReader) hex(n int, says string) {
	r.add(n, func(b []byte) string { return fmt.Sprintf("% x", b) }, says)
}

func (r *legendReader) text(n int, says string) {
	r.add(n, func(b []byte) string { return visible(string(b)) }, says)
}

// number says what a number means; the words take it as %d.
func (r *legendReader) number(n int, read func([]byte) uint16, says string) {
	if r.at+n <= len(r.raw) {
		r.hex(n, fmt.Sprintf(says, read(r.raw[r.at:])))
	}
}

// missing tells of what is not in the bytes.
func (r *legendReader) missing(says string) {
	r.lines = append(r.lines, legendLine{Bytes: "not found", Says: says, span: dump.Span{Start: -1}})
}

// tlsVersion names a version of TLS by its two bytes.
func tlsVersion(b []byte) string {
	if len(b) == 2 && b[0] == 3 && b[1] < 5 {
		return [...]string{"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}[b[1]]
	}
	return "an unknown version"
}

func (r *legendReader) tls() {
	const record, hello = 5, 1
	outer := r.raw[1:min(3, len(r.raw))]
	r.hex(3, "TLS record: a handshake, "+tlsVersion(outer)+" on the outside")
	r.number(2, binary.BigEndian.Uint16, "%d bytes follow")
	if len(r.raw) <= record || r.raw[record] != hello {
		return
	}
	r.hex(1, "ClientHello")
	if b := r.raw[r.at:]; len(b) >= 3 {
		r.hex(3, fmt.Sprintf("of %d bytes", int(b[0])<<16|int(b[1])<<8|int(b[2])))
	}
	if b := r.raw[r.at:]; len(b) >= 2 {
		r.hex(2, tlsVersion(b[:2])+", or later where an extension says so")
	}
	switch server, protocols, whole := diagnosis.Hello(r.raw); {
	case !whole:
		r.missing("the extensions: the bytes end before them, or there are none")
	default:
		if server == "" {
			r.missing("no server name (SNI); a browser sends one")
		} else {
			r.lines = append(r.lines, legendLine{Bytes: "SNI", Says: "asks for the server " + visible(server), span: dump.Span{Start: -1}})
		}
		if len(protocols) == 0 {
			r.missing("no ALPN; a browser offers protocols")
		} else {
			r.lines = append(r.lines, legendLine{Bytes: "ALPN", Says: "offers " + visible(strings.Join(protocols, ", ")), span: dump.Span{Start: -1}})
		}
	}
}

// proxyV1 reads the words of the line (PROXY protocol, section 2.1).
func (r *legendReader) proxyV1() {
	line, _, _ := bytes.Cut(r.raw, []byte("\r\n"))
	for i, word := range strings.SplitN(string(line), " ", 7) {
		says := "more than the protocol has"
		if i < 6 {
			says = [...]string{"PROXY protocol, version 1", "the addresses behind it", "the client", "where it connected to", "the client’s port", "the port that it connected to"}[i]
		}
		r.text(len(word), says)
		r.next(1)
	}
}

// proxyV2 reads the header (PROXY protocol, section 2.2).
func (r *legendReader) proxyV2() {
	r.hex(12, "PROXY protocol, version 2: its signature")
	if r.at == len(r.raw) {
		return
	}
	r.hex(1, cmp.Or(map[byte]string{0x20: "version 2, LOCAL: the proxy speaks for itself", 0x21: "version 2, PROXY: for a client"}[r.raw[r.at]], "a version or command that is not known"))
	if r.at == len(r.raw) {
		return
	}
	family := r.raw[r.at]
	r.hex(1, cmp.Or(map[byte]string{0x11: "TCP over IPv4", 0x21: "TCP over IPv6", 0x31: "a unix socket"}[family], "another family of addresses"))
	r.number(2, binary.BigEndian.Uint16, "%d bytes of addresses and more follow")
	if family == 0x11 && len(r.raw) >= r.at+12 {
		for _, says := range []string{"the client, %d.%d.%d.%d", "where it connected to, %d.%d.%d.%d"} {
			b := r.raw[r.at:]
			r.hex(4, fmt.Sprintf(says, b[0], b[1], b[2], b[3]))
		}
		r.number(2, binary.BigEndian.Uint16, "the client’s port, %d")
		r.number(2, binary.BigEndian.Uint16, "the port that it connected to, %d")
	}
}

// uwsgi reads the header of a packet and the first name in it.
func (r *legendReader) uwsgi() {
	r.hex(1, "uwsgi: the variables of a request follow")
	r.number(2, binary.LittleEndian.Uint16, "%d bytes of them, the low byte first")
	r.hex(1, "no second modifier")
	n := int(binary.LittleEndian.Uint16(r.raw[r.at:]))
	r.number(2, binary.LittleEndian.Uint16, "a name of %d bytes")
	r.text(min(n, 10), "how the first name begins")
}
