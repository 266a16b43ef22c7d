package handshake

import "iter"

// closeCodes names the close codes that have a meaning: RFC 6455, section 7.4.1, and the
// registry of IANA. Each meaning is a sentence that goes on after the name.
var closeCodes = [...]struct {
	code          int
	name, meaning string
}{
	{1000, "normal closure", "the work is done"},
	{1001, "going away", "the tab was closed or the page left, or the server is shutting down"},
	{1002, "protocol error", "the other side broke the rules of RFC 6455"},
	{1003, "unsupported data", "this kind of message is not taken here"},
	{1005, "no status received", "a close frame came, and it carried no code"},
	{1006, "abnormal closure", "no close frame came; the connection just ended"},
	{1007, "invalid payload", "a text message was not UTF-8"},
	{1008, "policy violation", "the message broke a rule of the application"},
	{1009, "message too big", "the message was larger than the limit"},
	{1010, "mandatory extension", "the client needed an extension that the server did not agree to"},
	{1011, "internal error", "the server met a condition that it did not expect"},
	{1012, "service restart", "the server restarts; the client may come again"},
	{1013, "try again later", "the server is overloaded"},
	{1014, "bad gateway", "a gateway got no usable answer from behind it"},
	{1015, "TLS handshake", "TLS failed, such as by a certificate that was not accepted"},
}

// CloseCodes yields the close codes that have a meaning, in their order.
func CloseCodes() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, c := range closeCodes {
			if !yield(c.code) {
				return
			}
		}
	}
}

// CloseName returns the name of a close code as the RFC has it, such as "going away".
func CloseName(code int) string {
	for _, c := range closeCodes {
		if c.code == code {
			return c.name
		}
	}
	switch {
	case 3000 <= code && code <= 3999:
		return "registered code"
	case 4000 <= code && code <= 4999:
		return "private code"
	}
	return "unknown code"
}

// CloseMeaning returns what a close code says, in plain words that follow its name.
func CloseMeaning(code int) string {
	for _, c := range closeCodes {
		if c.code == code {
			return c.meaning
		}
	}
	switch {
	case 3000 <= code && code <= 3999:
		return "a library or framework gave it a meaning; see the registry of IANA"
	case 4000 <= code && code <= 4999:
		return "the application alone gave it a meaning"
	}
	return "RFC 6455 gives it no meaning, and nobody should send it"
}
