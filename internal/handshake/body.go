package handshake

import (
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
)

var transferEncodingKnown = &Check{
	ID:    "transfer-encoding",
	Title: "Transfer-Encoding is chunked or absent",
	Doc: Doc{
		What: "Transfer-Encoding says how the body is cut up. net/http knows chunked, once, and refuses everything else, since servers that disagree about where a body ends can be tricked into seeing two requests. In HTTP/1.0 it passes over the line.",
		See:  "A Transfer-Encoding line says something else than chunked, or there are several. The answer is 501.",
		Do:   "A handshake has no body, so it needs no such line. Look for a proxy or a program that adds one.",
	},
	Spec:    "RFC 9112 §6.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-6.1",
	Decides: true, By: ByNetHTTP, Status: 501, Reason: "Not Implemented",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		switch {
		case !r.has(transferEncoding):
			return keeps("No Transfer-Encoding line arrived.")
		case !r.readsTransferEncoding():
			return moot("HTTP/1.0 has no Transfer-Encoding.")
		case r.chunked():
			return keeps("Transfer-Encoding is chunked.")
		case r.count[transferEncoding] > 1:
			return lacks(fmt.Sprintf("%d Transfer-Encoding lines arrived: %s. net/http takes one.", r.count[transferEncoding], r.quoteLines(transferEncoding)), r.places(transferEncoding)...)
		}
		return lacks(fmt.Sprintf("Transfer-Encoding is %s. net/http knows chunked alone.", r.quoteLines(transferEncoding)), r.places(transferEncoding)...)
	},
}

// readsTransferEncoding reports whether net/http looks at Transfer-Encoding: from HTTP/1.1
// on, and it takes a version of 0.0 for one that is not said.
func (r *request) readsTransferEncoding() bool {
	return r.atLeast(1, 1) || r.major == 0 && r.minor == 0
}

// chunked reports whether net/http reads a chunked body.
func (r *request) chunked() bool {
	f, ok := r.line(transferEncoding)
	return ok && r.count[transferEncoding] == 1 && r.readsTransferEncoding() && strings.EqualFold(r.value(f), "chunked")
}

var contentLengthReadable = &Check{
	ID:    "content-length",
	Title: "Content-Length is one number",
	Doc: Doc{
		What: "Content-Length says how long the body is. Several lines that disagree, or a value that is no number, leave open where the request ends; net/http refuses them.",
		See:  "The Content-Length lines are marked in the raw head.",
		Do:   "A handshake has no body: leave the line out, or send 0. Look for a proxy or a program that adds a second one.",
	},
	Spec:    "RFC 9112 §6.3",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-6.3",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"head-complete", "transfer-encoding"},
	run: func(r *request) result {
		if !r.has(contentLength) {
			return keeps("No Content-Length line arrived.")
		}
		f, _ := r.line(contentLength)
		first := textproto.TrimString(r.value(f))
		for _, v := range r.lines(contentLength) {
			if textproto.TrimString(v) != first {
				return lacks(fmt.Sprintf("The Content-Length lines disagree: %s.", r.quoteLines(contentLength)), r.places(contentLength)...)
			}
		}
		if _, err := strconv.ParseUint(first, 10, 63); err != nil {
			return lacks(fmt.Sprintf("Content-Length is %s, which is no number of bytes.", Quote(first)), r.place(f))
		}
		return keeps("Content-Length is a number.")
	},
}

var trailerAllowed = &Check{
	ID:    "trailer",
	Title: "Trailer names no header that frames the message",
	Doc: Doc{
		What: "Trailer announces header lines behind a chunked body. Transfer-Encoding, Content-Length and Trailer itself may not come there, because the body's end depends on them.",
		See:  "A Trailer line lists one of the three, beside Transfer-Encoding: chunked.",
		Do:   "A handshake has no body and no trailer: leave both lines out.",
	},
	Spec:    "RFC 9110 §6.5.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"head-complete", "transfer-encoding"},
	run: func(r *request) result {
		if !r.has(trailer) {
			return keeps("No Trailer line arrived.")
		}
		if !r.chunked() {
			return moot("Without a chunked body a Trailer line says nothing.")
		}
		for f, v := range r.lines(trailer) {
			for key := range strings.SplitSeq(v, ",") {
				switch textproto.CanonicalMIMEHeaderKey(textproto.TrimString(key)) {
				case "Transfer-Encoding", "Trailer", "Content-Length":
					return lacks(fmt.Sprintf("Trailer is %s, and may not announce %s.", Quote(v), Quote(textproto.TrimString(key))), r.place(f))
				}
			}
		}
		return keeps("Trailer names what may come behind a body.")
	},
}

var expectKnown = &Check{
	ID:    "expect",
	Title: "Expect is 100-continue or absent",
	Doc: Doc{
		What: "Expect asks the server to promise something before the body is sent. Only 100-continue is defined; net/http refuses every other value.",
		See:  "An Expect line says something else. The answer is 417.",
		Do:   "A handshake has no body, so it needs no Expect line. Leave it out.",
	},
	Spec:    "RFC 9110 §10.1.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1",
	Decides: true, By: ByNetHTTP, Status: 417, Reason: "Expectation Failed",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		f, ok := r.line(expect)
		if !ok || f.Value.Empty() {
			return keeps("Nothing is expected.")
		}
		separates := func(c rune) bool { return c == ' ' || c == ',' || c == '\t' }
		for element := range strings.FieldsFuncSeq(r.value(f), separates) {
			if strings.EqualFold(element, "100-continue") {
				return keeps("Expect is 100-continue.")
			}
		}
		return lacks(fmt.Sprintf("Expect is %s. Servers know 100-continue alone.", Quote(r.value(f))), r.place(f))
	},
}

var noBody = &Check{
	ID:    "no-body",
	Title: "The request announces no body",
	Doc: Doc{
		What: "A handshake is a GET, whose body has no meaning (RFC 9110, section 9.3.1). What follows the head on this connection is WebSocket frames, so a body would be read as frames, and gorilla closes the connection without an answer if the body's bytes are there before its own.",
		See:  "Content-Length is more than 0, or Transfer-Encoding is there.",
		Do:   "Send no body. Content-Length: 0, as Apache adds it, does no harm.",
	},
	Spec:     "RFC 9110 §9.3.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9110#section-9.3.1",
	Requires: []string{"head-complete", "transfer-encoding", "content-length"},
	run: func(r *request) result {
		if r.has(transferEncoding) {
			return lacks(fmt.Sprintf("Transfer-Encoding is %s: a body is announced, and a handshake has none.", r.quoteLines(transferEncoding)), r.places(transferEncoding)...)
		}
		if f, ok := r.line(contentLength); ok && strings.Trim(r.value(f), "0") != "" {
			return lacks(fmt.Sprintf("Content-Length is %s: a body is announced, and a handshake has none.", Quote(r.value(f))), r.place(f))
		}
		return keeps("No body is announced.")
	},
}

var earlyData = &Check{
	ID:    "early-data",
	Title: "Nothing follows the head before the answer",
	Doc: Doc{
		What: "A client waits for the 101 before it sends frames (RFC 6455, section 4.1). gorilla closes a connection without any answer when it finds bytes behind the head. Whether it finds them is a race: they count only if they arrived in time.",
		See:  "Bytes followed the head. The client sees its connection end with no answer, and only sometimes.",
		Do:   "Let the client send its first message after the answer: in a browser, after the open event. If no client of yours does this, look for a proxy that sends a body or a second request behind the head.",
	},
	Spec:     "RFC 6455 §4.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		switch {
		case r.After == 0:
			return keeps("Nothing followed the head.")
		case r.AfterKind == "body":
			return keeps("What followed the head is the body that it announces.")
		case r.AfterKind == "frames":
			return lacks(fmt.Sprintf("%s followed the head before the answer, and they look like WebSocket frames. gorilla closes such a connection without an answer when it sees them in time.", plural(r.After, "byte")))
		}
		return lacks(fmt.Sprintf("%s followed the head before the answer. gorilla closes such a connection without an answer when it sees them in time.", plural(r.After, "byte")))
	},
}
