package dump

import "bytes"

// requestLine blanks the secrets of a request line. Its spaces stay, so that it is cut into
// the same parts again.
func (b *blanker) requestLine(s Start) {
	method := b.bytes(s.First)
	readable := IsToken(method) || len(method) < shortestToken && b.isTarget(s.Second)
	if readable && isVersion(b.bytes(s.Third)) {
		b.target(method, s.Second)
		return
	}
	r := b.firstWord(s.First)
	open := r.secret()
	if open || !b.isTarget(s.Second) && !b.isVersion(s.Third) {
		b.blank(s.Second)
		open = true
	} else {
		open = b.target(method, s.Second)
	}
	for rest := s.Third; !rest.Empty(); {
		var word Span
		word, rest = b.cut(rest, " ")
		switch {
		case b.isVersion(word):
		case open:
			b.blank(word)
		default:
			open = b.plain(word)
		}
	}
}

// firstWord blanks the first word of a line that is no request line as far as it is not
// readable, and returns the rule for the words behind it: the line may be a header line, or
// a command of another protocol such as PASS.
func (b *blanker) firstWord(s Span) rule {
	name, value := b.cut(s, ":")
	text := b.bytes(name)
	r, known := ruleOf(readable(text))
	if !known && (!IsToken(text) && !isMethod(readable(text)) || isRandom(text, shortestToken)) {
		b.blank(name)
		r = secret
	}
	if r.secret() {
		b.blank(value)
	} else {
		b.plain(value)
	}
	return r
}

// isMethod reports whether b is one of the usual methods (RFC 9110, section 9.3).
func isMethod(b []byte) bool {
	switch string(b) {
	case "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE":
		return true
	}
	return false
}

// isTarget reports whether s looks like a target: a path, an asterisk or an address.
func (b *blanker) isTarget(s Span) bool {
	path, _ := b.cut(s, "?#")
	text := b.bytes(path)
	return hasPrefix(text, "/") || string(text) == "*" || bytes.Contains(text, []byte("://"))
}

// isVersion reports whether s names a version of HTTP, though perhaps not as it should.
func (b *blanker) isVersion(s Span) bool {
	text := b.bytes(s)
	if len(text) <= len("HTTP/") || len(text) > len("HTTP/1.1.1") || !equalFold(text[:len("HTTP/")], "HTTP/") {
		return false
	}
	return isRevision(text[len("HTTP/"):])
}

// target blanks the secrets of a request's target, of any form (RFC 9112, section 3.2).
func (b *blanker) target(method []byte, s Span) (open bool) {
	if string(method) == "CONNECT" {
		s.Start = b.userinfo(s)
	}
	return b.plain(s)
}

// statusLine blanks nothing of a status line, and all of what is none.
func (b *blanker) statusLine(s Start) {
	if !b.isVersion(s.First) {
		for _, part := range []Span{s.First, s.Second, s.Third} {
			b.blank(part)
		}
	}
}
