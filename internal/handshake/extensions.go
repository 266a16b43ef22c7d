package handshake

import (
	"fmt"
	"strings"

	"wsinspect/internal/dump"
)

var extensionsReadable = &Check{
	ID:    "extensions-readable",
	Title: "Extensions are a list of names with parameters",
	Doc: Doc{
		What: "Sec-WebSocket-Extensions offers extensions such as permessage-deflate (compression), each with its parameters behind semicolons. A server has to refuse a list that it cannot read (RFC 6455, section 9.1); gorilla passes over it, so compression is off.",
		See:  "The part that cannot be read is marked in the raw head.",
		Do:   "Browsers write this line themselves, so look for a proxy or a client library that changes it. To switch compression off, remove the whole line.",
	},
	Spec:     "RFC 6455 §9.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-9.1",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		if !r.has(secExtensions) {
			return moot("No extension is offered.")
		}
		for f, v := range r.lines(secExtensions) {
			if rest, ok := readExtensions(v); !ok {
				at := r.place(f)
				if rest != "" && !f.Folded {
					at.Start = at.End - len(rest)
				}
				return lacks(fmt.Sprintf("Sec-WebSocket-Extensions is %s. It cannot be read from %s on.", Quote(v), Quote(rest)), at)
			}
		}
		return keeps("The extensions can be read.")
	},
}

// readExtensions reads a list of extensions by the grammar of RFC 6455, section 9.1, and
// returns what it cannot read.
func readExtensions(list string) (rest string, ok bool) {
	name, s := cutToken(list)
	for {
		if name == "" {
			return s, false
		}
		for strings.HasPrefix(s, ";") {
			param, after := cutToken(s[1:])
			if param == "" {
				return after, false
			}
			if strings.HasPrefix(after, "=") {
				if after, ok = cutValue(after[1:]); !ok {
					return s, false
				}
			}
			s = after
		}
		if s == "" {
			return "", true
		}
		if s[0] != ',' {
			return s, false
		}
		name, s = cutToken(s[1:])
	}
}

// cutToken returns the token at the start of s, and what follows it; white space around it
// is passed over.
func cutToken(s string) (token, rest string) {
	s = strings.TrimLeft(s, " \t")
	n := 0
	for n < len(s) && dump.IsTokenByte(s[n]) {
		n++
	}
	return s[:n], strings.TrimLeft(s[n:], " \t")
}

// cutValue passes over the value of a parameter: a token, or one in quotation marks.
func cutValue(s string) (rest string, ok bool) {
	quoted, isQuoted := strings.CutPrefix(strings.TrimLeft(s, " \t"), `"`)
	if !isQuoted {
		token, rest := cutToken(s)
		return rest, token != ""
	}
	value, rest, closed := strings.Cut(quoted, `"`)
	return strings.TrimLeft(rest, " \t"), closed && dump.IsToken(value)
}
