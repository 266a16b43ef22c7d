package dump

// preface blanks what stands before the start line, all but the fields that name the
// protocol: who speaks it, and to whom.
func (b *blanker) preface(h *Head) {
	rest := h.Preface
	switch h.Kind {
	case ProxyV1:
		rest.Start = b.proxyV1()
	case ProxyV2:
		rest.Start = b.proxyV2()
	case HTTP2:
		return
	}
	if rest.Empty() {
		return
	}
	switch kindOf(b.bytes(rest)) {
	case TLS:
		b.tls(rest)
	case Binary:
		b.blank(Span{min(rest.Start+nameLen(b.bytes(rest)), rest.End), rest.End})
	}
}

// proxyV1 leaves the words that can be an address or a port, and returns where the line
// ends. Behind UNKNOWN anything may stand (PROXY protocol, section 2.1).
func (b *blanker) proxyV1() (end int) {
	whole, text, _ := cutLine(b.raw, 0)
	_, rest := b.cut(text, " ")
	_, rest = b.cut(rest, " ")
	for !rest.Empty() {
		var word Span
		word, rest = b.cut(rest, " ")
		if !isAddress(b.bytes(word)) {
			b.blank(word)
		}
	}
	return whole.End
}

// isAddress reports whether word is made of what addresses and ports are made of.
func isAddress(word []byte) bool {
	const longest = len("ffff:f...f:ffff:255.255.255.255") + 8
	for _, c := range word {
		if c != '.' && c != ':' && (c < '0' || c > '9') && (lower(c) < 'a' || lower(c) > 'f') {
			return false
		}
	}
	return len(word) <= longest
}

// proxyV2 leaves the addresses and blanks what follows them (PROXY protocol, section 2.2),
// and returns where the header ends.
func (b *blanker) proxyV2() (end int) {
	end = proxyLen(ProxyV2, b.raw)
	if end < proxyV2Fixed {
		return end
	}
	addresses := proxyV2Fixed
	switch b.raw[13] >> 4 { // the address family
	case 1:
		addresses += 2*4 + 2*2
	case 2:
		addresses += 2*16 + 2*2
	case 3:
		addresses += 2 * 108
	}
	b.blank(Span{min(addresses, end), end})
	return end
}

// tls leaves the skeleton of a ClientHello: record, handshake and version, the length of
// each part, the type of each extension, and of these the server name and the ALPN names
// (RFC 8446, section 4.1.2). Whatever cannot be read so far is blanked.
func (b *blanker) tls(s Span) {
	const (
		recordHeader = 5
		clientHello  = 1
		handshake    = recordHeader + 4 + 2 // with the client's version
		random       = 32

		serverName = 0
		alpn       = 16
	)
	pos := min(s.Start+handshake, s.End)
	skip := func(n int) { pos = min(pos+n, s.End) }
	blank := func(n int) { start := pos; skip(n); b.blank(Span{start, pos}) }
	length := func(size int) (n int) {
		if pos+size > s.End {
			blank(size)
			return 0
		}
		for _, c := range b.raw[pos : pos+size] {
			n = n<<8 | int(c)
		}
		skip(size)
		return n
	}
	if s.Len() > recordHeader && b.raw[s.Start+recordHeader] == clientHello {
		blank(random)
		blank(length(1)) // session
		blank(length(2)) // cipher suites
		blank(length(1)) // compression
		extensions := length(2)
		for end := min(pos+extensions, s.End); pos+4 <= end; {
			kind, n := length(2), length(2)
			if kind == serverName || kind == alpn {
				skip(min(n, end-pos))
			} else {
				blank(n)
			}
		}
	}
	b.blank(Span{pos, s.End})
}
