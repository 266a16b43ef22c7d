package web

import (
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/journal"
)

// copyAs is the request as a command that sends it again.
type copyAs struct {
	Name string
	Line string // for a POSIX shell
	None string // why there is none
}

// mostCopied bounds a head that is offered as a command, in bytes.
const mostCopied = 8 << 10

func newCopyAs(a *journal.Attempt) []copyAs {
	h := a.Request.Head
	if len(h.Raw) > mostCopied || len(h.Raw) == 0 {
		return nil
	}
	to := destination{secure: a.Request.Layer == dump.Secured}
	if l := a.Request.Local; l != nil && l.Network() == "unix" {
		to.socket = l.String()
	} else if l != nil {
		to.host = l.String()
	}
	all := []copyAs{{Name: "curl"}, {Name: "websocat"}, {Name: "wscat"}}
	why := unfit(h, to.host+to.socket)
	for i := range all {
		if all[i].None = why; why == "" {
			all[i].Line = [...]func(*dump.Head, destination) string{curl, websocat, wscat}[i](h, to)
		}
	}
	if to.secure && why == "" {
		all[1] = copyAs{Name: "websocat", None: "websocat sends no Host of another name over TLS. Take curl or wscat."}
	}
	if to.socket != "" && why == "" {
		all[2] = copyAs{Name: "wscat", None: "wscat does not connect to unix sockets."}
	}
	raw := copyAs{Name: "raw", Line: "printf " + printfFormat(h.Raw) + " | " + to.pipe()}
	return append(all, raw)
}

// destination is where a request went.
type destination struct {
	host, socket string // one of the two; neither: not known
	secure       bool   // over TLS, with a certificate that need not be anybody's
}

// unfit says why a head cannot be told to a client as arguments: it would send something
// else. It is empty where it can.
func unfit(h *dump.Head, to string) string {
	odd := func(c rune) bool { return c < ' ' || c >= 0x7f }
	switch {
	case h.Kind != dump.HTTP1 || h.Start.Third.Empty():
		return "These bytes are no request that it could send. Take the raw ones."
	case !strings.HasPrefix(h.Target(), "/"):
		return "It sends no target like this one. Take the raw bytes."
	case to == "" || strings.ContainsFunc(to, odd):
		return "The address that was asked is not known."
	}
	for _, f := range h.Fields {
		if f.Name.Empty() || f.Folded || strings.ContainsFunc(string(h.Raw[f.Line.Start:f.Value.End]), odd) {
			return "A header line holds bytes that no argument carries safely. Take the raw bytes."
		}
		if h.Masked(f.Name) || strings.TrimLeft(h.Name(f), "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return "A header has a name that it would not send. Take the raw bytes."
		}
	}
	if strings.ContainsFunc(h.Target()+h.Method(), odd) {
		return "The request line holds bytes that no argument carries safely. Take the raw bytes."
	}
	return ""
}

// shellWord writes s as one word of a POSIX shell. Nothing is special within single quotes but
// their end.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// printfFormat writes bytes as a format that printf(1) turns into them again: all that is
// not printable ASCII in octal.
func printfFormat(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		switch {
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\\':
			b.WriteString(`\\`)
		case c == '%':
			b.WriteString("%%")
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return shellWord(b.String())
}

// pipe returns the command that sends its input there.
func (d destination) pipe() string {
	host, port := "localhost", "8080"
	if i := strings.LastIndexByte(d.host, ':'); i >= 0 {
		host, port = d.host[:i], d.host[i+1:]
	}
	switch {
	case d.secure && d.socket != "":
		return "openssl s_client -quiet -unix " + shellWord(d.socket)
	case d.secure:
		return "openssl s_client -quiet -connect " + host + ":" + port
	case d.socket != "":
		return "nc -U " + shellWord(d.socket)
	}
	return "nc " + strings.Trim(host, "[]") + " " + port
}

// curl sends the lines as they are; it leaves out its own where the request has none.
func curl(h *dump.Head, to destination) string {
	line := []string{"curl -i --http1.1 --path-as-is --globoff"}
	scheme, host := "http://", to.host
	if to.secure {
		scheme = "https://"
		line = append(line, "--insecure")
	}
	if h.Version() == "HTTP/1.0" {
		line[0] = strings.Replace(line[0], "1.1", "1.0", 1)
	}
	if h.Method() != "GET" {
		line = append(line, "-X "+shellWord(h.Method()))
	}
	if to.socket != "" {
		host = "localhost"
		line = append(line, "--unix-socket "+shellWord(to.socket))
	}
	for _, f := range h.Fields {
		header := h.Name(f) + ": " + h.Value(f)
		if f.Value.Empty() {
			header = h.Name(f) + ";" // curl's way to send an empty value
		}
		line = append(line, "-H "+shellWord(header))
	}
	for _, own := range []string{"Host", "User-Agent", "Accept"} {
		if !h.Has(own) {
			line = append(line, "-H "+shellWord(own+":"))
		}
	}
	return strings.Join(append(line, shellWord(scheme+host+h.Target())), " \\\n  ")
}

// ownOfClients are the lines that a WebSocket client writes by itself.
var ownOfClients = []string{"host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol", "origin"}

// otherHeaders returns the headers that a WebSocket client has to be told.
func otherHeaders(h *dump.Head) (headers []string) {
	for _, f := range h.Fields {
		if !slices.Contains(ownOfClients, strings.ToLower(h.Name(f))) {
			headers = append(headers, h.Name(f)+": "+h.Value(f))
		}
	}
	return headers
}

// firstValue returns the value of the first line of that name; empty where there is none.
func firstValue(h *dump.Head, name string) string {
	if f, ok := h.Field(name); ok {
		return h.Value(f)
	}
	return ""
}

func websocat(h *dump.Head, d destination) string {
	line := []string{"websocat -v"}
	if origin := firstValue(h, "Origin"); origin != "" {
		line = append(line, "--origin "+shellWord(origin))
	}
	if protocol := firstValue(h, "Sec-WebSocket-Protocol"); protocol != "" {
		line = append(line, "--protocol "+shellWord(protocol))
	}
	for _, header := range otherHeaders(h) {
		line = append(line, "-H="+shellWord(header))
	}
	to := "ws-c:tcp:" + d.host
	if d.socket != "" {
		to = "ws-c:unix:" + d.socket
	}
	named := firstValue(h, "Host")
	if named == "" {
		named = d.host
	}
	return strings.Join(append(line, "--ws-c-uri="+shellWord("ws://"+named+h.Target()), "- "+shellWord(to)), " \\\n  ")
}

func wscat(h *dump.Head, to destination) string {
	line, scheme := []string{"wscat"}, "ws://"
	if to.secure {
		line, scheme = []string{"wscat --no-check"}, "wss://"
	}
	if named := firstValue(h, "Host"); named != "" {
		line = append(line, "--host "+shellWord(named))
	}
	if origin := firstValue(h, "Origin"); origin != "" {
		line = append(line, "-o "+shellWord(origin))
	}
	for element := range strings.SplitSeq(firstValue(h, "Sec-WebSocket-Protocol"), ",") {
		if element = strings.TrimSpace(element); element != "" {
			line = append(line, "-s "+shellWord(element))
		}
	}
	for _, header := range otherHeaders(h) {
		line = append(line, "-H "+shellWord(header))
	}
	return strings.Join(append(line, "-c "+shellWord(scheme+to.host+h.Target())), " \\\n  ")
}
