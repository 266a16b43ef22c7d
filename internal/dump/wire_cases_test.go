package dump

import "strings"

// then is what a client does after it has sent its bytes.
type then uint8

const (
	read      then = iota // reads the answer
	halfClose             // closes its side, then reads the answer
	reset                 // resets the connection
	stall                 // sends no more and reads, until the header timeout
)

// wireCase is what a client sends, and what becomes of it.
type wireCase struct {
	name      string
	law       string // why it is so
	send      string
	then      then
	claimed   bool   // a handler got it
	answer    string // the status line; empty: closed without an answer
	kind      Kind
	faults    []FaultKind
	after     int // how many of the bytes are behind the head
	afterKind string
	truncated bool
	ending    Ending
}

const (
	ok200  = "HTTP/1.1 200 OK"
	bad400 = "HTTP/1.1 400 Bad Request"

	host        = "Host: localhost:8080\r\n"
	requestLine = "GET /ws HTTP/1.1\r\n"
	frame       = "\x81\x85\x01\x02\x03\x04\x69\x67\x6f\x68\x6e" // a masked text frame: "hello"
	settings    = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"         // an empty SETTINGS frame of HTTP/2
)

func faults(kinds ...FaultKind) []FaultKind { return kinds }

var wireCases = []wireCase{
	// The start line.
	{name: "a plain request", law: "a readable head reaches the handler", send: requestLine + host + "\r\n", claimed: true, answer: ok200},
	{name: "one word", law: "RFC 9112, section 3: a request line has three parts", send: "hello\r\n\r\n", answer: bad400, faults: faults(FaultStartLine)},
	{name: "HTTP/0.9", law: "HTTP/0.9 has no version; net/http does not speak it", send: "GET /ws\r\n", answer: bad400, faults: faults(FaultStartLine, FaultUnended)},
	{name: "lower-case version", law: "RFC 9112, section 2.3: HTTP is spelt in capitals", send: "GET /ws http/1.1\r\n" + host + "\r\n", answer: bad400, faults: faults(FaultVersion)},
	{name: "a space in the target", law: "the version begins at the second space", send: "GET /a b HTTP/1.1\r\n" + host + "\r\n", answer: bad400, faults: faults(FaultVersion)},
	{name: "HTTP/2.0 as text", law: "the version is readable, and net/http speaks only 1.x as text", send: "GET /ws HTTP/2.0\r\n" + host + "\r\n", answer: "HTTP/1.1 505 HTTP Version Not Supported: unsupported protocol version"},
	{name: "method is no token", law: "RFC 9110, section 9.1: a method is a token", send: "G(T /ws HTTP/1.1\r\n" + host + "\r\n", answer: bad400, faults: faults(FaultMethod)},
	{name: "control byte in the target", law: "RFC 3986 knows no control bytes", send: "GET /w\x01s HTTP/1.1\r\n" + host + "\r\n", answer: bad400, faults: faults(FaultTarget)},
	{name: "tab in the target", law: "a tab is a control byte in a target, though not in a value", send: "GET /w\ts HTTP/1.1\r\n" + host + "\r\n", answer: bad400, faults: faults(FaultTarget)},
	{name: "empty target", law: "two spaces leave no target between them", send: "GET  HTTP/1.1\r\n" + host + "\r\n", answer: bad400, faults: faults(FaultTarget)},
	{name: "absolute target", law: "RFC 9112, section 3.2.2: a server must accept it", send: "GET http://localhost:8080/ws HTTP/1.1\r\n" + host + "\r\n", claimed: true, answer: ok200},
	{name: "asterisk target", law: "net/http accepts it with any method", send: "GET * HTTP/1.1\r\n" + host + "\r\n", claimed: true, answer: ok200},
	{name: "OPTIONS asterisk", law: "with DisableGeneralOptionsHandler the handler gets it", send: "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", claimed: true, answer: ok200},
	{name: "CONNECT", law: "its target is a host, and a Host line is not asked for", send: "CONNECT localhost:8080 HTTP/1.1\r\n\r\n", claimed: true, answer: ok200},
	{name: "HTTP/1.0 with Host", law: "HTTP/1.0 may have a Host", send: "GET /ws HTTP/1.0\r\n" + host + "\r\n", claimed: true, answer: "HTTP/1.0 200 OK"},
	{name: "HTTP/1.0 without Host", law: "HTTP/1.0 needs no Host", send: "GET /ws HTTP/1.0\r\n\r\n", claimed: true, answer: "HTTP/1.0 200 OK"},
	{name: "empty line first", law: "RFC 9112, section 2.2: a server should ignore it; net/http does not", send: "\r\n" + requestLine + host + "\r\n", answer: bad400, faults: faults(FaultEmptyLineFirst)},

	// Host.
	{name: "no Host", law: "RFC 9112, section 3.2: HTTP/1.1 needs it", send: requestLine + "\r\n", answer: bad400 + ": missing required Host header"},
	{name: "two Host lines", law: "RFC 9112, section 3.2: not more than one", send: requestLine + host + host + "\r\n", answer: bad400},
	{name: "bad Host", law: "a host name holds no slash", send: requestLine + "Host: a/\\b<\r\n\r\n", answer: bad400 + ": malformed Host header"},

	// Header lines.
	{name: "no colon", law: "RFC 9112, section 5: a colon follows the name", send: requestLine + host + "Upgrade websocket\r\n\r\n", answer: bad400, faults: faults(FaultNoColon)},
	{name: "empty name", law: "a name is a token, and that has at least one character", send: requestLine + host + ": websocket\r\n\r\n", answer: bad400, faults: faults(FaultEmptyName)},
	{name: "bad name", law: "RFC 9110, section 5.1: a name is a token", send: requestLine + host + "X(Y): 1\r\n\r\n", answer: bad400, faults: faults(FaultName)},
	{name: "space in a name", law: "net/http reads it, then refuses the name", send: requestLine + host + "X Y: 1\r\n\r\n", answer: bad400 + ": invalid header name", faults: faults(FaultSpaceInName)},
	{name: "space before the colon", law: "RFC 9112, section 5.1: a server must refuse it", send: requestLine + host + "Upgrade : websocket\r\n\r\n", answer: bad400 + ": invalid header name", faults: faults(FaultSpaceBeforeColon)},
	{name: "space before the colon of Host", law: "to net/http that name is not Host", send: requestLine + "Host : localhost\r\n\r\n", answer: bad400 + ": missing required Host header", faults: faults(FaultSpaceBeforeColon)},
	{name: "tab before the colon", law: "net/http allows a space in a name, but no tab", send: requestLine + host + "Upgrade\t: websocket\r\n\r\n", answer: bad400, faults: faults(FaultSpaceBeforeColon)},
	{name: "control byte in a value", law: "RFC 9110, section 5.5", send: requestLine + host + "X: a\x01b\r\n\r\n", answer: bad400, faults: faults(FaultControl)},
	{name: "bare CR in a value", law: "RFC 9112, section 2.2: a bare CR is no line end", send: requestLine + host + "X: a\rb\r\n\r\n", answer: bad400, faults: faults(FaultControl)},
	{name: "CR CR LF", law: "only the last CR belongs to the line end", send: requestLine + host + "X: a\r\r\n\r\n", answer: bad400, faults: faults(FaultControl)},
	{name: "NUL in a value", law: "RFC 9110, section 5.5", send: requestLine + host + "X: a\x00\x00b\r\n\r\n", answer: bad400, faults: faults(FaultControl)},
	{name: "a byte above ASCII in a value", law: "RFC 9110, section 5.5: obs-text is allowed", send: requestLine + host + "X: caf\xe9\r\n\r\n", claimed: true, answer: ok200},
	{name: "obs-fold", law: "RFC 9112, section 5.2: refuse it or join the lines; net/http joins", send: requestLine + host + "X: a\r\n\t b\r\n\r\n", claimed: true, answer: ok200, faults: faults(FaultFold)},
	{name: "first header line folded", law: "there is nothing that it could continue", send: requestLine + " " + host + "\r\n", answer: bad400, faults: faults(FaultFoldFirst)},
	{name: "bare LF", law: "RFC 9112, section 2.2: a server may take it for a line end; net/http does", send: "GET /ws HTTP/1.1\nHost: localhost:8080\n\n", claimed: true, answer: ok200, faults: faults(FaultBareLF, FaultBareLF, FaultBareLF)},
	{name: "two Content-Length", law: "RFC 9112, section 6.3: different lengths are smuggling", send: requestLine + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", answer: bad400},
	{name: "Transfer-Encoding gzip", law: "net/http knows only chunked", send: requestLine + host + "Transfer-Encoding: gzip\r\n\r\n", answer: "HTTP/1.1 501 Not Implemented"},
	{name: "Expect foo", law: "RFC 9110, section 10.1.1: only 100-continue is known", send: requestLine + host + "Expect: foo\r\n\r\n", answer: "HTTP/1.1 417 Expectation Failed"},
	{name: "head too large", law: "net/http reads 4096 bytes more than MaxHeaderBytes", send: requestLine + host + "X: " + strings.Repeat("a", maxHeaderBytes+4096) + "\r\n\r\n", answer: "HTTP/1.1 431 Request Header Fields Too Large", truncated: true, faults: faults(FaultUnended)},

	// Behind the head.
	{name: "request with a body", law: "of a body a count is kept", send: "POST /ws HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", claimed: true, answer: ok200, after: 5, afterKind: "body"},
	{name: "frames with the head", law: "RFC 6455, section 4.1: a client waits for the answer first", send: requestLine + host + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + frame, claimed: true, answer: ok200, after: len(frame), afterKind: "frames"},
	{name: "bytes behind the head", law: "they are counted and not kept", send: requestLine + host + "Content-Length: 0\r\n\r\nhello", claimed: true, answer: ok200, after: 5, afterKind: "bytes"},

	// Heads that never end.
	{name: "slow head", law: "at the header timeout net/http closes without an answer", send: requestLine + host, then: stall, ending: EndTimeout, faults: faults(FaultUnended)},
	{name: "slow head within a value", law: "the part of a line is a line to net/http, and the next read fails", send: requestLine + "Host: loc", then: stall, ending: EndTimeout, faults: faults(FaultUnended)},
	{name: "slow head within a name", law: "net/http takes the part of a line for a line without a colon", send: requestLine + host + "Upgr", then: stall, answer: bad400, ending: EndTimeout, faults: faults(FaultNoColon, FaultUnended)},
	{name: "slow request line", law: "net/http takes the part of a line for a malformed line", send: "GET /ws HT", then: stall, answer: bad400, ending: EndTimeout, faults: faults(FaultVersion, FaultUnended)},
	{name: "cut between CR and LF", law: "a CR that waits for its LF is no control byte in a value", send: requestLine + "Host: localhost\r", then: halfClose, answer: bad400, ending: EndClosed, faults: faults(FaultUnended)},
	{name: "cut within the last line end", law: "half an empty line does not end a head", send: requestLine + host + "\r", then: halfClose, answer: bad400, ending: EndClosed, faults: faults(FaultUnended)},
	{name: "half-closed head", law: "the client ends its side before the empty line", send: requestLine + host, then: halfClose, answer: bad400, ending: EndClosed, faults: faults(FaultUnended)},
	{name: "reset in the head", law: "there is nobody left to answer", send: requestLine + host, then: reset, ending: EndReset, faults: faults(FaultUnended)},

	// Other languages.
	{name: "HTTP/2 preface", law: "net/http hands it to the handler as the method PRI", send: http2Preface + settings, claimed: true, answer: ok200, kind: HTTP2, after: len(settings), afterKind: "bytes"},
	{name: "PROXY v1", law: "to net/http the PROXY line is a malformed request line", send: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n" + requestLine + host + "\r\n", answer: bad400, kind: ProxyV1},
	{name: "PROXY v2", law: "its signature begins with an empty line", send: proxyV2Start + "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x01\xbb" + requestLine + host + "\r\n", answer: bad400, kind: ProxyV2},
	{name: "garbage with a line end", law: "what begins like no text is binary", send: "\x00\x01\x02\xff\r\n", answer: bad400, kind: Binary},
	{name: "garbage without a line end", law: "net/http waits for the line end until the header timeout", send: "\x00\x01\x02\xff", then: stall, answer: bad400, kind: Binary, ending: EndTimeout},
	{name: "text without a line end", law: "a line that never ends is a malformed one at the header timeout", send: "hello", then: stall, answer: bad400, ending: EndTimeout, faults: faults(FaultStartLine, FaultUnended)},
}
