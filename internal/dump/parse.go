package dump

import "bytes"

// Parse cuts a request into its lines. It never fails: what it cannot read is in Faults.
// The Head keeps raw; what follows the head in raw is no longer part of it.
func Parse(raw []byte) *Head {
	h := &Head{Kind: kindOf(raw)}
	switch h.Kind {
	case TLS, Binary:
		h.preface(raw)
		return h
	case HTTP2:
		h.preface(raw[:http2Len(raw)])
		return h
	}
	p := parser{h: h, raw: raw, pos: proxyLen(h.Kind, raw)}
	if p.pos > 0 {
		if k := kindOf(raw[p.pos:]); k == TLS || k == Binary {
			h.preface(raw)
			return h
		}
	}
	p.emptyLines()
	p.startLine(true)
	p.fields()
	h.Raw = raw[:p.pos:p.pos]
	return h
}

// ParseAnswer cuts an answer's head into its lines, as Parse does for a request; Start
// holds version, status and reason.
func ParseAnswer(raw []byte) *Head {
	h := &Head{}
	p := parser{h: h, raw: raw}
	p.startLine(false)
	p.fields()
	h.Raw = raw[:p.pos:p.pos]
	return h
}

// preface makes h the head of a language that has no start line to show.
func (h *Head) preface(raw []byte) {
	end := Span{len(raw), len(raw)}
	h.Raw = raw[:len(raw):len(raw)]
	h.Preface = Span{0, len(raw)}
	h.Start = Start{end, end, end, end}
	h.End = end
}

// maxFaults is how many faults of one kind are recorded. A head of 64 KiB can hold tens of
// thousands; whoever reads them has understood earlier.
const maxFaults = 64

// parser walks once over the bytes of a head.
type parser struct {
	h     *Head
	raw   []byte
	pos   int
	count [faultKinds]uint8
}

func (p *parser) fault(kind FaultKind, s Span) {
	if p.count[kind] < maxFaults {
		p.count[kind]++
		p.h.Faults = append(p.h.Faults, Fault{kind, s})
	}
}

// cutLine returns the line that begins at pos: whole with its end, and its text without
// it. Where no LF follows, the rest of the bytes is a line and ended is false.
func cutLine(raw []byte, pos int) (whole, text Span, ended bool) {
	end := len(raw)
	if i := bytes.IndexByte(raw[pos:], '\n'); i >= 0 {
		end, ended = pos+i, true
	}
	whole = Span{pos, end}
	if ended {
		whole.End++
	}
	if end > pos && raw[end-1] == '\r' {
		end--
	}
	return whole, Span{pos, end}, ended
}

func (p *parser) line() (whole, text Span, ended bool) {
	whole, text, ended = cutLine(p.raw, p.pos)
	p.pos = whole.End
	return whole, text, ended
}

// lineEnd marks a line that does not end with CR LF. It comes after the other faults of a
// line.
func (p *parser) lineEnd(whole, text Span, ended bool) {
	if !ended {
		p.fault(FaultUnended, whole)
	} else if whole.End-text.End == 1 {
		p.fault(FaultBareLF, Span{text.End, whole.End})
	}
}

// emptyLines passes over what RFC 9112, section 2.2, lets a server ignore, and net/http
// does not.
func (p *parser) emptyLines() {
	for p.pos < len(p.raw) && (p.raw[p.pos] == '\n' || hasPrefix(p.raw[p.pos:], "\r\n")) {
		whole, _, _ := p.line()
		p.fault(FaultEmptyLineFirst, whole)
	}
	p.h.Preface = Span{0, p.pos}
}

func (p *parser) startLine(request bool) {
	s := &p.h.Start
	if p.pos == len(p.raw) {
		end := Span{p.pos, p.pos}
		*s = Start{end, end, end, end}
		return
	}
	whole, text, ended := p.line()
	s.Line = whole
	s.First, s.Second, s.Third = cutStart(p.raw, text)
	if request {
		p.requestLine(text)
	}
	p.lineEnd(whole, text, ended)
}

// cutStart cuts at the first two spaces, as net/http's parseRequestLine does.
func cutStart(raw []byte, text Span) (first, second, third Span) {
	first, rest := cutSpace(raw, text)
	second, third = cutSpace(raw, rest)
	return first, second, third
}

// cutSpace cuts s at its first space; without one, all of s is before it.
func cutSpace(raw []byte, s Span) (before, after Span) {
	if i := bytes.IndexByte(raw[s.Start:s.End], ' '); i >= 0 {
		return Span{s.Start, s.Start + i}, Span{s.Start + i + 1, s.End}
	}
	return s, Span{s.End, s.End}
}

func (p *parser) requestLine(text Span) {
	s := p.h.Start
	if s.Third.Empty() {
		p.fault(FaultStartLine, text)
		return
	}
	if !IsToken(p.raw[s.First.Start:s.First.End]) {
		p.fault(FaultMethod, s.First)
	}
	if s.Second.Empty() || hasControl(p.raw[s.Second.Start:s.Second.End]) {
		p.fault(FaultTarget, s.Second)
	}
	if !isVersion(p.raw[s.Third.Start:s.Third.End]) {
		p.fault(FaultVersion, s.Third)
	}
}

func (p *parser) fields() {
	h := p.h
	if p.pos < len(p.raw) {
		h.Fields = make([]Field, 0, min(1+bytes.Count(p.raw[p.pos:], []byte{'\n'}), 256))
	}
	for p.pos < len(p.raw) {
		whole, text, ended := p.line()
		switch c := p.raw[whole.Start]; {
		case text.Empty():
			h.End = whole
			p.lineEnd(whole, text, ended)
			return
		case c != ' ' && c != '\t':
			p.field(whole, text)
		case len(h.Fields) > 0:
			p.fold(whole, text)
		default:
			p.fault(FaultFoldFirst, text)
			h.Fields = append(h.Fields, Field{Line: whole, Name: Span{whole.Start, whole.Start}, Value: trim(p.raw, text)})
		}
		p.lineEnd(whole, text, ended)
	}
	h.End = Span{p.pos, p.pos}
	if p.count[FaultUnended] == 0 {
		p.fault(FaultUnended, h.End)
	}
}

// fold joins a line that begins with white space to the field before it.
func (p *parser) fold(whole, text Span) {
	f := &p.h.Fields[len(p.h.Fields)-1]
	p.fault(FaultFold, whole)
	f.Line.End = whole.End
	f.Folded = true
	if v := trim(p.raw, text); !v.Empty() {
		f.Value.End = v.End
		p.control(v)
	}
}

func (p *parser) field(whole, text Span) {
	colon := bytes.IndexByte(p.raw[text.Start:text.End], ':')
	if colon < 0 {
		p.fault(FaultNoColon, text)
		p.h.Fields = append(p.h.Fields, Field{Line: whole, Name: Span{text.Start, text.Start}, Value: trim(p.raw, text)})
		return
	}
	before := Span{text.Start, text.Start + colon}
	name := trim(p.raw, before)
	switch {
	case before.Empty():
		p.fault(FaultEmptyName, Span{text.Start, text.Start + 1})
	case IsToken(p.raw[name.Start:name.End]):
	case IsToken(bytes.ReplaceAll(p.raw[name.Start:name.End], []byte{' '}, nil)):
		p.fault(FaultSpaceInName, name) // net/http reads on, and refuses it later
	default:
		p.fault(FaultName, name)
	}
	if name.End < before.End {
		p.fault(FaultSpaceBeforeColon, Span{name.End, before.End})
	}
	value := trim(p.raw, Span{before.End + 1, text.End})
	p.control(value)
	p.h.Fields = append(p.h.Fields, Field{Line: whole, Name: name, Value: value})
}

// control marks each run of control bytes in a value. A CR may stand at its end: of a line
// that ends with CR CR LF.
func (p *parser) control(value Span) {
	for i := value.Start; i < value.End; i++ {
		if isControl(p.raw[i]) {
			start := i
			for i++; i < value.End && isControl(p.raw[i]); i++ {
			}
			p.fault(FaultControl, Span{start, i})
		}
	}
}

// isControl reports whether c may not stand in a header value (RFC 9110, section 5.5).
func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// hasControl reports whether b holds a control byte; in a target a tab is one too.
func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// trim cuts spaces and tabs off both ends.
func trim(raw []byte, s Span) Span {
	for s.Start < s.End && (raw[s.Start] == ' ' || raw[s.Start] == '\t') {
		s.Start++
	}
	for s.End > s.Start && (raw[s.End-1] == ' ' || raw[s.End-1] == '\t') {
		s.End--
	}
	return s
}

// IsToken reports whether s is a token (RFC 9110, section 5.6.2).
func IsToken[T string | []byte](s T) bool {
	for i := range len(s) {
		if !IsTokenByte(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

// IsTokenByte reports whether c may stand in a token (RFC 9110, section 5.6.2).
func IsTokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}

// isVersion reports whether b is HTTP/digit.digit (RFC 9112, section 2.3).
func isVersion(b []byte) bool {
	return len(b) == len("HTTP/1.1") && hasPrefix(b, "HTTP/") &&
		'0' <= b[5] && b[5] <= '9' && b[6] == '.' && '0' <= b[7] && b[7] <= '9'
}
