package dump

// Kind says what language the first bytes of a connection speak.
type Kind uint8

const (
	HTTP1   Kind = iota // text that claims to be an HTTP/1 message, readable or not
	ProxyV1             // a PROXY protocol v1 line, then perhaps an HTTP/1 message
	ProxyV2             // a PROXY protocol v2 header, then perhaps an HTTP/1 message
	TLS                 // a TLS record: somebody speaks https to a plain port
	HTTP2               // the HTTP/2 connection preface
	Binary              // bytes that are no HTTP and nothing of the above, such as uwsgi or SCGI
)

// String returns the name of the language as a person writes it.
func (k Kind) String() string {
	return [...]string{"HTTP/1", "PROXY v1", "PROXY v2", "TLS", "HTTP/2", "binary"}[k]
}

const (
	http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" // RFC 9113, section 3.4
	http2Start   = "PRI * HTTP/2.0\r\n\r\n"           // the part that net/http takes for a whole head
	proxyV1Start = "PROXY "
	proxyV2Start = "\r\n\r\n\x00\r\nQUIT\n"
	proxyV2Fixed = 16 // signature, version and command, family, length
)

// kindOf tells the language by the first bytes, each by its published signature.
func kindOf(raw []byte) Kind {
	switch {
	case hasPrefix(raw, http2Start):
		return HTTP2
	case hasPrefix(raw, proxyV2Start):
		return ProxyV2
	case hasPrefix(raw, proxyV1Start) && proxyV1Family(raw[len(proxyV1Start):]):
		return ProxyV1
	case len(raw) >= 2 && raw[0] == 0x16 && raw[1] == 0x03:
		return TLS // RFC 8446, section 5.1: a handshake record, version 3.x
	case len(raw) > 0 && (!startsText(raw) || startsSCGI(raw)):
		return Binary
	}
	return HTTP1
}

// startsText reports whether the first byte can begin a text, also after the byte order
// mark that some editors put before it.
func startsText(raw []byte) bool {
	switch c := raw[0]; c {
	case '\r', '\n', '\t':
		return true
	default:
		return ' ' <= c && c < 0x7f || hasPrefix(raw, "\xef\xbb\xbf")
	}
}

// startsSCGI reports whether raw begins as a request in SCGI does: text, but with a length
// first and then the header CONTENT_LENGTH, and NUL instead of line ends.
func startsSCGI(raw []byte) bool {
	const longest = len("65535") // of the length
	for i := 0; i < len(raw) && i <= longest; i++ {
		switch c := raw[i]; {
		case c == ':':
			return i > 0 && hasPrefix(raw[i+1:], "CONTENT_LENGTH\x00")
		case c < '0' || c > '9':
			return false
		}
	}
	return false
}

// nameLen returns how many of the first bytes of a binary language name it: of SCGI, uwsgi,
// FastCGI and AJP the header of the packet with the first name in it, of others what may be
// a signature.
func nameLen(raw []byte) int {
	const packet, signature = 16, 4
	switch {
	case startsSCGI(raw), hasPrefix(raw, "\x01\x01\x00\x01"), hasPrefix(raw, "\x12\x34"):
		return packet
	case len(raw) > 6 && raw[0] == 0: // uwsgi: modifier, size, length of a name in capitals
		for _, c := range raw[6:min(len(raw), packet)] {
			if c != '_' && classOf(c) != capital && classOf(c) != digit {
				return signature
			}
		}
		return packet
	}
	return signature
}

// proxyV1Family reports whether the first word after "PROXY " is one of the protocol's, so
// that a request with the method PROXY stays a request.
func proxyV1Family(rest []byte) bool {
	return hasPrefix(rest, "TCP4 ") || hasPrefix(rest, "TCP6 ") || hasPrefix(rest, "UNKNOWN ") || hasPrefix(rest, "UNKNOWN\r")
}

// http2Len returns how many of the bytes belong to the connection preface: the last of
// them may not have arrived yet.
func http2Len(raw []byte) int {
	n := len(http2Start)
	for n < len(raw) && n < len(http2Preface) && raw[n] == http2Preface[n] {
		n++
	}
	return n
}

// proxyLen returns the length of the PROXY protocol header that raw begins with, at most
// len(raw).
func proxyLen(kind Kind, raw []byte) int {
	switch kind {
	case ProxyV1:
		whole, _, _ := cutLine(raw, 0)
		return whole.End
	case ProxyV2:
		if len(raw) < proxyV2Fixed {
			return len(raw)
		}
		return min(len(raw), proxyV2Fixed+int(raw[14])<<8+int(raw[15]))
	}
	return 0
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}
