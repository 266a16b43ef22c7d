package dump

import "bytes"

// field blanks the secrets of one header line and of the lines that are folded into it. A
// malformed line is treated as the nearest readable name in it demands, and is blanked
// whole where there is none.
func (b *blanker) field(f Field) {
	whole, text, _ := cutLine(b.raw[:f.Line.End], f.Line.Start)
	value := trim(b.raw, Span{f.Value.Start, max(f.Value.Start, text.End)})
	if !f.Folded {
		value = f.Value
	}

	var r rule
	var open bool
	if name := b.bytes(f.Name); IsToken(name) {
		r, _ = ruleOf(name)
		open = b.value(r, value)
	} else {
		r, open = b.malformed(f.Name, value)
	}
	for pos := whole.End; pos < f.Line.End; {
		whole, text, _ := cutLine(b.raw[:f.Line.End], pos)
		r, open = b.fold(r, open, trim(b.raw, text))
		pos = whole.End
	}
}

// malformed blanks a line whose name is none, or is no token.
func (b *blanker) malformed(name, value Span) (r rule, open bool) {
	if name.Empty() {
		inner, rest := b.cut(value, ": \t")
		r, known := ruleOf(b.bytes(inner))
		if known || IsToken(b.bytes(inner)) && inner.End < value.End && b.raw[inner.End] == ':' {
			return r, b.value(r, trim(b.raw, rest))
		}
		b.blank(value)
		return secret, true
	}
	if r, known := ruleOf(readable(b.bytes(name))); known {
		return r, b.value(r, value)
	}
	first, rest := b.cut(name, " \t")
	if r, known := ruleOf(readable(b.bytes(first))); known && !r.secret() {
		open = b.value(r, rest)
		return r, b.value(r, value) || open
	} else if !known {
		rest = name
	}
	b.blank(trim(b.raw, rest))
	b.blank(value)
	return secret, true
}

// fold blanks a folded line. It goes on with the value before it, unless it looks like a
// header line of its own that was only indented.
func (b *blanker) fold(before rule, open bool, text Span) (rule, bool) {
	if before.secret() || open {
		b.blank(text)
		return before, true
	}
	name, rest := b.cut(text, ":")
	if IsToken(b.bytes(name)) && name.End < text.End {
		r, _ := ruleOf(b.bytes(name))
		return r, b.value(r, trim(b.raw, rest))
	}
	return before, b.value(before, text)
}

// value blanks the secrets of a value as the rule of its name demands.
func (b *blanker) value(r rule, s Span) (open bool) {
	switch r {
	case untouched:
		return false
	case plain:
		return b.plain(s)
	case cookie:
		b.cookies(s)
	case setCookie:
		b.setCookie(s)
	case credentials:
		b.credentials(s)
	case secret:
		b.blank(s)
	case subprotocols:
		return b.subprotocols(s)
	}
	return true
}

// cookies blanks the value of each pair and leaves its name (RFC 6265, section 4.2.1).
func (b *blanker) cookies(s Span) {
	for !s.Empty() {
		end := s.Start + cookieLen(b.bytes(s))
		b.pair(Span{s.Start, end})
		s.Start = min(end+1, s.End)
	}
}

// cookieLen returns where the first pair of a Cookie ends. A semicolon within a quoted value
// does not end it; a quote that is never closed runs to the end of the line.
func cookieLen(text []byte) int {
	pair, _, _ := bytes.Cut(text, []byte(";"))
	if i := bytes.IndexByte(pair, '='); i >= 0 {
		value := bytes.TrimLeft(text[i+1:], " \t")
		if hasPrefix(value, `"`) {
			_, rest, _ := bytes.Cut(value[1:], []byte(`"`))
			tail, _, _ := bytes.Cut(rest, []byte(";"))
			return len(text) - len(rest) + len(tail)
		}
	}
	return len(pair)
}

// setCookie blanks the cookie's value and leaves its name and attributes (RFC 6265,
// section 4.1.1).
func (b *blanker) setCookie(s Span) {
	b.pair(Span{s.Start, s.Start + cookieLen(b.bytes(s))})
}

// pair blanks what stands behind the first "="; without one, all is a value without a name.
// So it is where the "=" only fills up what is in base64.
func (b *blanker) pair(s Span) {
	name, value := b.cut(s, "=")
	padded := len(bytes.Trim(b.bytes(value), "= \t")) == 0 && isRandom(b.bytes(name), 8)
	if name.End == s.End || padded {
		value = s
	}
	b.blank(trim(b.raw, value))
}

// credentials blanks all but the scheme (RFC 9110, section 11.4).
func (b *blanker) credentials(s Span) {
	scheme, rest := b.cut(s, " \t")
	const longest = 24 // AWS4-HMAC-SHA256 has 16
	if text := b.bytes(scheme); !IsToken(text) || len(text) > longest || isRandom(text, 8) || rest.Empty() {
		rest = s
	}
	b.blank(trim(b.raw, rest))
}

// plain blanks secrets within a value that is none itself: those in the parameters of an
// address, user and password before its host, and JSON Web Tokens.
func (b *blanker) plain(s Span) (open bool) {
	address, rest := b.cut(s, "?#")
	if path, params := b.cut(address, ";"); !params.Empty() && b.isTarget(path) {
		address, rest = path, Span{params.Start, s.End} // a path has parameters too: ;jsessionid=
	}
	open = b.address(address)
	for !rest.Empty() {
		var param Span
		param, rest = b.cut(rest, "?#&; ")
		open = b.param(param)
	}
	return open
}

// param blanks the value of a query parameter that carries a secret, by its name or by its
// shape.
func (b *blanker) param(s Span) (open bool) {
	name, value := b.cut(s, "=")
	bare := name.End == s.End
	if bare {
		value = name
	}
	named := isSecretParam(b.bytes(name))
	switch {
	case hasPrefix(b.bytes(name), "wsinspect-"):
		return false
	case named && !bare, carriesSecret(b.bytes(value)):
		b.blank(value)
		return true
	}
	open = b.address(value)
	return open || named // of a bare name, the value may follow in the next line
}

// address blanks user and password before a host, and JSON Web Tokens.
func (b *blanker) address(s Span) (open bool) {
	for {
		i := bytes.Index(b.bytes(s), []byte("://"))
		if i < 0 {
			return b.tokens(s)
		}
		authority := s.Start + i + len("://")
		b.tokens(Span{s.Start, authority})
		s.Start = b.userinfo(Span{authority, s.End})
	}
}

// userinfo blanks what stands before the @ of an authority (RFC 3986, section 3.2.1), and
// returns where it ends.
func (b *blanker) userinfo(s Span) (end int) {
	authority, _ := b.cut(s, "/?# ")
	if i := bytes.LastIndexByte(b.bytes(authority), '@'); i >= 0 {
		b.blank(Span{s.Start, s.Start + i})
		return s.Start + i
	}
	return s.Start
}

// tokens blanks each JSON Web Token, or other JSON in base64url.
func (b *blanker) tokens(s Span) (open bool) {
	for {
		i := bytes.Index(b.bytes(s), []byte(jsonStart))
		if i < 0 {
			return open
		}
		end := s.Start + i
		for end < s.End && isBase64(b.raw[end]) {
			end++
		}
		if end-s.Start-i >= shortestToken {
			b.blank(Span{s.Start + i, end})
			open = end == s.End
		}
		s.Start = end
	}
}

// subprotocols blanks the tokens that ride in a list of subprotocols, because a browser
// can set no other header.
func (b *blanker) subprotocols(s Span) (open bool) {
	for !s.Empty() {
		element, rest := b.cut(s, ",")
		element = trim(b.raw, element)
		announced := b.announced
		if !element.Empty() {
			b.announced = announcesToken(b.bytes(element))
		}
		if announced {
			b.blank(element)
			open = element.End == s.End
		} else {
			open = b.subprotocol(element) && element.End == s.End
		}
		s = rest
	}
	return open
}

// subprotocol blanks the token in the name of one subprotocol.
func (b *blanker) subprotocol(s Span) (open bool) {
	from := tokenStart(b.bytes(s))
	b.blank(Span{s.Start + from, s.End})
	return s.Start+from < s.End
}
