package nginxconf

import (
	"fmt"
	"slices"
	"strings"
)

// maxText bounds a value: variables can double each other.
const maxText = 64 << 10

// expand returns a text with its variables filled in, or says why it cannot. nginx fills
// them in twice, first for the length: a map that uses a regular expression changes $1 in
// between.
func (v *visit) expand(text string) (string, error) {
	first, err := v.fill(text)
	if err != nil {
		return "", err
	}
	second, err := v.fill(text)
	if err == nil && first != second {
		err = fmt.Errorf("a group of a regular expression changes while %s is made", text)
	}
	return second, err
}

func (v *visit) fill(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, ok := cutName(rest)
		if !ok {
			b.WriteByte('$')
			text = rest
			continue
		}
		value, err := v.value(name)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		if b.Len() > maxText || !v.spend(1+len(value)) {
			return "", fmt.Errorf("the value of $%s is too long to follow", name)
		}
		text = after
	}
}

// cutName reads the name of a variable, with or without braces.
func cutName(s string) (name, after string, ok bool) {
	if inner, found := strings.CutPrefix(s, "{"); found {
		name, after, ok = strings.Cut(inner, "}")
		return name, after, ok && name != ""
	}
	end := 0
	for end < len(s) && (s[end] == '_' || '0' <= s[end] && s[end] <= '9' || 'a' <= s[end]|0x20 && s[end]|0x20 <= 'z') {
		end++
		if '0' <= s[0] && s[0] <= '9' {
			break // a group of a regular expression: one digit
		}
	}
	return s[:end], s[end:], end > 0
}

// variables reports whether a text holds some.
func variables(text string) bool {
	for {
		_, rest, found := strings.Cut(text, "$")
		if !found {
			return false
		}
		if _, _, ok := cutName(rest); ok {
			return true
		}
		text = rest
	}
}

// value returns what a variable holds.
func (v *visit) value(name string) (string, error) {
	name = strings.ToLower(name)
	if len(name) == 1 && '0' <= name[0] && name[0] <= '9' {
		if i := int(name[0] - '0'); i < len(v.captures) {
			return v.captures[i], nil
		}
		return "", nil
	}
	if value, ok := v.set[name]; ok {
		return value, nil
	}
	if value, ok, err := v.mapped(name); ok || err != nil {
		return value, err
	}
	if v.stream {
		return v.streamValue(name)
	}
	if value, ok := v.ofRequest(name); ok {
		return value, nil
	}
	if value, ok := v.ofLines(name); ok {
		return value, nil
	}
	if value, ok := v.ofConnection(name); ok {
		return value, nil
	}
	if v.sets(name) {
		return "", nil
	}
	return "", fmt.Errorf("what $%s holds is not known here", name)
}

// ofRequest returns variables about the request line, and what became of it.
func (v *visit) ofRequest(name string) (string, bool) {
	switch name {
	case "uri", "document_uri":
		return v.uri, true
	case "request_uri":
		return v.target, true
	case "args", "query_string":
		return v.args, true
	case "is_args":
		if v.args == "" {
			return "", true
		}
		return "?", true
	case "request_method":
		return v.in.Method, true
	case "server_protocol":
		return v.protocol(), true
	case "request":
		return v.in.Method + " " + v.in.URI + " " + v.protocol(), true
	case "host":
		if host, ok := hostName(v.asked); ok {
			return host, true
		}
		return firstName(v.server), true
	case "server_name":
		return firstName(v.server), true
	case "proxy_host":
		return v.upstream.header, v.upstream.scheme != ""
	case "proxy_port":
		return v.upstream.port, v.upstream.scheme != ""
	}
	return "", false
}

// protocol returns the version that the client speaks.
func (v *visit) protocol() string {
	if v.in.Version == "" {
		return "HTTP/1.1"
	}
	return v.in.Version
}

// ofLines returns variables about header lines and parts of them.
func (v *visit) ofLines(name string) (string, bool) {
	switch name {
	case "content_length", "content_type":
		return v.line(name), true
	case "http_host":
		return v.in.Host, true
	case "proxy_add_x_forwarded_for":
		lines := v.lines("x_forwarded_for")
		from, ok := v.ofConnection("remote_addr")
		return strings.Join(append(lines, from), ", "), ok && !slices.Contains(v.in.unsure, "x-forwarded-for")
	}
	if rest, ok := strings.CutPrefix(name, "http_"); ok {
		return v.line(rest), !slices.Contains(v.in.unsure, strings.ReplaceAll(rest, "_", "-"))
	}
	if rest, ok := strings.CutPrefix(name, "arg_"); ok {
		for pair := range strings.SplitSeq(v.args, "&") {
			if key, value, found := strings.Cut(pair, "="); found && strings.EqualFold(key, rest) {
				return value, true
			}
		}
		return "", true
	}
	if rest, ok := strings.CutPrefix(name, "cookie_"); ok {
		return v.cookie(rest), !slices.Contains(v.in.unsure, "cookie")
	}
	return "", false
}

// line returns the value of the header lines of a name, written as in a variable.
func (v *visit) line(name string) string {
	all := v.lines(name)
	switch {
	case len(all) == 0:
		return ""
	case name == "cookie":
		return strings.Join(all, "; ")
	case name == "x_forwarded_for" || !v.version.Before(linesJoined):
		return strings.Join(all, ", ")
	}
	return all[0]
}

func (v *visit) lines(name string) (all []string) {
	v.spend(20 * len(v.in.Headers))
	for _, h := range v.received() {
		if strings.ReplaceAll(strings.ToLower(h.Name), "-", "_") == name {
			all = append(all, h.Value)
		}
	}
	return all
}

func (v *visit) cookie(name string) string {
	for _, line := range v.lines("cookie") {
		for pair := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ';' || c == ',' }) {
			if key, value, ok := strings.Cut(strings.TrimLeft(pair, " "), "="); ok && strings.EqualFold(key, name) {
				return value
			}
		}
	}
	return ""
}

// ofConnection returns variables about the connection, as far as it is known.
func (v *visit) ofConnection(name string) (string, bool) {
	switch name {
	case "scheme":
		if v.in.TLS {
			return "https", true
		}
		return "http", true
	case "https":
		if v.in.TLS {
			return "on", true
		}
		return "", true
	case "remote_addr":
		if v.in.Socket != "" {
			return "unix:", true
		}
		return v.in.From.Unmap().String(), v.in.From.IsValid() && len(v.trusted()) == 0
	case "server_port":
		if v.in.Address.IsValid() {
			return fmt.Sprint(v.in.Address.Port()), true
		}
		return fmt.Sprint(v.port), v.socket == ""
	case "server_addr":
		if v.in.Address.IsValid() {
			return v.in.Address.Addr().Unmap().String(), true
		}
		return v.addr.String(), v.addr.IsValid() && !v.wildcard()
	case "proxy_protocol_addr":
		if !v.in.Proxy.IsValid() {
			return "", true
		}
		return v.in.Proxy.Unmap().String(), !v.in.Proxy.IsUnspecified()
	case "http2", "http3":
		return "", true
	}
	if strings.HasPrefix(name, "ssl_") {
		return "", !v.in.TLS
	}
	return "", false
}

// trusted returns the directives by which the address of a client is taken from a line.
func (v *visit) trusted() []*Directive {
	hold, _ := v.conf.inherited(v.level, "set_real_ip_from")
	return hold
}

// sets reports whether any directive of the configuration gives the variable a value. Until
// it does the variable is empty.
func (v *visit) sets(name string) bool {
	var within func([]*Directive) bool
	within = func(block []*Directive) bool {
		v.spend(len(block))
		for _, d := range block {
			switch d.Name {
			case "set":
				if strings.EqualFold(d.arg(0), "$"+name) {
					return true
				}
			case "location", "server_name", "rewrite", "if":
				for _, a := range d.Args {
					if strings.Contains(a, "?<"+name+">") || strings.Contains(a, "?P<"+name+">") {
						return true
					}
				}
			}
			if within(d.Block) {
				return true
			}
		}
		return false
	}
	return within(v.conf.Main)
}
