package nginxconf

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// send writes what reaches the backend.
func (v *visit) send() {
	h, pass := v.hop, v.hop.Pass
	if pass.Name != "proxy_pass" {
		h.Speaks = strings.TrimSuffix(pass.Name, "_pass")
		to, err := v.expand(pass.arg(0))
		if err != nil {
			v.lose(pass, err.Error())
			return
		}
		_, host, found := strings.Cut(to, "://")
		if !found {
			host = to
		}
		h.Dials = v.dialsOf(host)
		v.skip(pass, "what it writes in a language other than HTTP/1 is not followed")
		return
	}
	to, err := v.expand(pass.arg(0))
	if err != nil {
		v.lose(pass, err.Error())
		return
	}
	d, ok := readDestination(to)
	if !ok {
		h.Pass = nil
		v.answer(pass, 500)
		return
	}
	v.upstream = d
	h.Speaks = d.scheme
	h.Dials = v.dials(d.host, d.port, d.says)
	v.requestLine(variables(pass.arg(0)))
	if h.Version == "HTTP/2" {
		h.Speaks = "http2"
		v.skip(pass, "what it writes in a language other than HTTP/1 is not followed")
		return
	}
	v.headerLines()
}

// requestLine writes method, target and version.
func (v *visit) requestLine(evaluated bool) {
	h := v.hop
	h.Method = v.in.Method
	if d := v.setting("proxy_method"); d != nil {
		method, err := v.expand(d.arg(0))
		if err != nil {
			v.skip(d, err.Error())
		} else {
			h.Method = method
		}
	}
	if cache := v.setting("proxy_cache"); cache != nil && cache.arg(0) != "off" && h.Method == "HEAD" && v.on("proxy_cache_convert_head", true) {
		h.Method = "GET"
	}
	h.Target = v.sentTarget(evaluated)
	h.Version = "HTTP/1.1"
	if v.version.Before(keepaliveDefault) {
		h.Version = "HTTP/1.0"
	}
	if d := v.setting("proxy_http_version"); d != nil {
		h.Version = "HTTP/" + d.arg(0)
	}
}

// sentTarget returns the target as the backend gets it. Where proxy_pass says a path, that
// takes the place of the location's name; but one made of variables is all that is sent,
// and one behind a rewrite … break is not sent at all.
func (v *visit) sentTarget(evaluated bool) string {
	own := v.upstream.uri
	switch {
	case evaluated && own != "":
		return own
	case own == "" && v.whole && !v.subrequest:
		return v.target
	}
	path := v.uri
	if v.placed && own != "" {
		if l := v.hop.Location; l != nil && !placeOf(l).regex() && placeOf(l).kind != "@" {
			path = path[min(len(placeOf(l).name), len(path)):]
		}
	}
	if v.escaped || v.internal {
		path = escape(path)
	}
	if v.placed {
		path = own + path
	}
	if v.args != "" {
		path += "?" + v.args
	}
	return path
}

// hopByHop are the lines of a client that nginx never passes on by itself.
var hopByHop = []string{"host", "connection", "content-length", "transfer-encoding", "te", "keep-alive", "expect", "upgrade"}

// conditional are those that it keeps back as well where it caches.
var conditional = []string{"if-modified-since", "if-unmodified-since", "if-none-match", "if-match", "range", "if-range"}

// headerLines writes the header: first what the configuration sets, in its order, then what
// nginx sets by itself, then what is left of the client's lines.
func (v *visit) headerLines() {
	withheld := map[string]bool{}
	for _, name := range hopByHop {
		withheld[name] = true
	}
	cache := v.setting("proxy_cache")
	if cache != nil && cache.arg(0) != "off" {
		for _, name := range conditional {
			withheld[name] = true
		}
		v.skip(cache, "what it holds is not known here, it is taken as empty")
	}
	set, _ := v.conf.inherited(v.level, "proxy_set_header")
	own := map[string]bool{} // names that the configuration sets, even to nothing
	for _, d := range set {
		own[strings.ToLower(d.arg(0))] = true
		withheld[strings.ToLower(d.arg(0))] = true
	}
	lines := v.setLines(set)
	if !slices.Equal(lines, v.setLines(set)) { // as in visit.expand
		v.lose(v.hop.Pass, "a group of a regular expression changes while the header is made")
		return
	}
	if !v.version.Before(hostAlwaysFirst) {
		lines = v.hostFirst(lines)
	} else if !own["host"] {
		lines = append(lines, Header{"Host", v.upstream.header})
	}
	if !own["connection"] && v.version.Before(keepaliveDefault) {
		lines = append(lines, Header{"Connection", "close"})
	}
	if !own["content-length"] {
		lines = v.bodyLines(lines)
	}
	if v.on("proxy_pass_request_headers", true) {
		for _, line := range v.received() {
			if name := strings.ToLower(line.Name); !withheld[name] {
				if lines = append(lines, line); slices.Contains(v.in.unsure, name) {
					v.skip(v.hop.Pass, "the value of "+line.Name+" is not known here")
				}
			}
		}
	}
	v.hop.Sends = lines
}

// setLines returns the lines that proxy_set_header writes.
func (v *visit) setLines(set []*Directive) []Header {
	lines := []Header{}
	for _, d := range set {
		if line, ok := v.setLine(d); ok {
			lines = append(lines, line)
		}
	}
	return lines
}

// setLine returns the line that a proxy_set_header writes: none where its value is empty.
// Where the value is not followed it stands as it is written.
func (v *visit) setLine(d *Directive) (Header, bool) {
	value, err := v.expand(d.arg(1))
	if err == nil && len(d.Args) < 2 {
		err = errors.New("it has no value")
	}
	if err != nil {
		v.skip(d, err.Error())
		return Header{d.arg(0), d.arg(1)}, true
	}
	return Header{d.arg(0), value}, value != ""
}

// hostFirst writes the last Host line that is set, or the address of the upstream, before
// all others.
func (v *visit) hostFirst(lines []Header) []Header {
	host := Header{"Host", v.upstream.header}
	rest := lines[:0]
	for _, line := range lines {
		if strings.EqualFold(line.Name, "host") {
			host = line
		} else {
			rest = append(rest, line)
		}
	}
	return append([]Header{host}, rest...)
}

// bodyLines writes the length of the body.
func (v *visit) bodyLines(lines []Header) []Header {
	if d := v.setting("proxy_set_body"); d != nil {
		body, err := v.expand(d.arg(0))
		if err != nil {
			v.skip(d, err.Error())
		}
		return append(lines, Header{"Content-Length", strconv.Itoa(len(body))})
	}
	if len(v.lines("transfer_encoding")) > 0 {
		v.skip(v.hop.Pass, "the length of a body in chunks is not known here")
		return lines
	}
	if length := v.line("content_length"); length != "" {
		return append(lines, Header{"Content-Length", length})
	}
	return lines
}
