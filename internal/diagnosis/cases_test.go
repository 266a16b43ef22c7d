package diagnosis

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var update = flag.Bool("update", false, "rewrite what the files in testdata expect")

// A file of testdata/causes belongs to the cause of its name. It holds cases:
//
//	=== the law that the case proves, in a sentence
//	@ local 127.0.0.1:8080
//	GET /ws HTTP/1.1
//	Host: app.example
//
//	---
//	the set of causes, and what is said of this one, as the test writes it with -update
//
// The request ends with its empty line; a case without request lines is one in which
// nothing arrived. Lines end with CR LF; one that ends with \ has no line end. Escapes are
// Go's; <x900> is 900 times the letter. Lines that begin with @ are evidence beside it:
//
//	@ local ADDR             where the connection was made to; 127.0.0.1:8080 if left out, unix for a socket
//	@ remote ADDR            who made it; not known if left out
//	@ tls                    the port speaks TLS, and the request came in the clear
//	@ after 12 frames        how many bytes came behind the head, and what they look like
//	@ expect /ws             the application serves this path
//	@ url ADDR               the client opened it
//	@ trouble not-connected  what kept the client from an answer
//	@ title TEXT             the title of the page in the answer
//	@ got BYTES, @ from ADDR what came back and is no HTTP/1; where the client asked from
//	@ arrived, @ unseen      the backend got it; nobody knows; it did not where both are left out
//	@ accept, @ why TEXT     Sec-WebSocket-Accept was right; the trouble in words
//	> LINE                   a line of what the client sent
//	< LINE                   a line of what the client saw
//	@ session idle=60s lasted=80s received=1 sent=1 cut
//	@ config LINE            a directive that applies, in nginx.conf, from line 1 on
//	@ lost LINE, @ beaten LINE, @ map LINE, @ answer LINE  others of it, numbered on
//	@ location TEXT, @ stream, @ nginx VERSION, @ fails TEXT, @ upgrade-map VARIABLE
//	@ asks HOST TARGET, @ sends LINE, @ plain LINE, @ reaches TARGET  what it was followed for, and makes
//	@ outer LINE, @ outer-location TEXT, @ outer-sends LINE           the proxy in front of it
//	@ other accepted same-client handshake age=5s peer=127.0.0.1 idle=60s cut ago=0s
//	| LINE                   a line of that other attempt's request
//
// The order of the times of sessions is counted back from one fixed moment: a session
// ended ago before it.
type testCase struct {
	law      string
	file     string
	input    string // as the file has it
	evidence Evidence
	expected string
}

// now is when every session of a case ended, unless it says otherwise.
var now = time.Date(2026, 5, 4, 2, 0, 0, 0, time.UTC)

func readCases(t testing.TB, file string) (cases []*testCase) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split("\n"+string(text), "\n=== ") {
		if i == 0 {
			continue // nothing stands before the first
		}
		input, expected, _ := strings.Cut(part, "\n---\n")
		law, rest, _ := strings.Cut(input, "\n")
		c := &testCase{law: law, file: file, input: rest, expected: strings.TrimRight(expected, "\n")}
		c.read(t)
		cases = append(cases, c)
	}
	return cases
}

// read reads the evidence of the case.
func (c *testCase) read(t testing.TB) {
	t.Helper()
	e := &c.evidence
	local := net.Addr(net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:8080")))
	var arrived, sent, seen []byte
	var others [][]byte
	var sightings []Sighting
	var remote net.Addr
	var after int
	var afterKind string
	var layer dump.Layer
	for line := range strings.SplitSeq(c.input, "\n") {
		kind, rest, _ := strings.Cut(line, " ")
		switch kind {
		case ">":
			sent = append(sent, wireLine(t, rest)...)
		case "<":
			seen = append(seen, wireLine(t, rest)...)
		case "|":
			others[len(others)-1] = append(others[len(others)-1], wireLine(t, rest)...)
		case "@":
			option, value, _ := strings.Cut(rest, " ")
			switch option {
			case "local":
				if value == "unix" {
					local = &net.UnixAddr{Name: "/run/app.sock", Net: "unix"}
				} else {
					local = net.TCPAddrFromAddrPort(netip.MustParseAddrPort(value))
				}
			case "remote":
				remote = net.TCPAddrFromAddrPort(netip.MustParseAddrPort(value))
			case "after":
				count, kind, _ := strings.Cut(value, " ")
				after, afterKind = int(number(t, count)), kind
			case "tls":
				layer = dump.Clear
			case "other":
				sightings = append(sightings, readSighting(t, value))
				others = append(others, nil)
			default:
				e.option(t, option, value)
			}
		default:
			if line != "" || len(arrived) > 0 {
				arrived = append(arrived, wireLine(t, line)...)
			}
		}
	}
	if len(arrived) > 0 {
		e.Request = &dump.Request{Head: dump.Parse(arrived), Local: local, Remote: remote, After: after, AfterKind: afterKind, Layer: layer}
		v := handshake.Judge(e.Request, &handshake.Policy{})
		e.Verdict = &v
	}
	if len(sent) > 0 {
		e.client().Sent = dump.Parse(append(sent, "\r\n"...))
	}
	if len(seen) > 0 {
		e.client().Answer = dump.ParseAnswer(append(seen, "\r\n"...))
	}
	for i, raw := range others {
		sightings[i].Request = &dump.Request{Head: dump.Parse(append(raw, "\r\n"...)), Local: local}
	}
	e.Others = func() []Sighting { return sightings }
}

func (e *Evidence) client() *Client {
	e.Client = cmp.Or(e.Client, &Client{Reach: NotReached})
	return e.Client
}

func (e *Evidence) config() *Config {
	e.Config = cmp.Or(e.Config, &Config{})
	return e.Config
}

// outer returns the proxy in front of that next to the backend.
func (e *Evidence) outer() *Config {
	e.config().Outer = cmp.Or(e.config().Outer, &Config{})
	return e.config().Outer
}

// at returns the proxy that an option speaks of.
func (e *Evidence) at(option string) *Config {
	if strings.HasPrefix(option, "outer") {
		return e.outer()
	}
	return e.config()
}

// blockLine is where a block stands, behind the lines of all cases.
func blockLine(option string) int {
	if option == "outer-location" {
		return 60
	}
	return 40
}

func readDirective(text string, line int) Directive {
	words := strings.Fields(strings.TrimSuffix(text, ";"))
	return Directive{Name: words[0], Args: words[1:], File: "nginx.conf", Line: line}
}

func readHeader(text string) Header {
	name, value, _ := strings.Cut(text, ": ")
	return Header{name, value}
}

// option reads one line of evidence beside the request.
func (e *Evidence) option(t testing.TB, name, value string) {
	t.Helper()
	directive := func() Directive {
		c := e.config()
		line := 1 + len(c.Applies) + len(c.Lost) + len(c.Beaten) + len(c.Maps)
		if c.Outer != nil {
			line += len(c.Outer.Applies)
		}
		return readDirective(value, line)
	}
	switch name {
	case "expect":
		e.Expect = append(e.Expect, value)
	case "url":
		e.client().URL = value
	case "title":
		e.client().Title = value
	case "got":
		e.client().Got = wireLine(t, value+`\`)
	case "from":
		e.client().From = netip.MustParseAddr(value)
	case "arrived":
		e.client().Reach = Reached
	case "unseen":
		e.client().Reach = ReachUnknown
	case "why":
		e.client().Why = value
	case "accept":
		e.client().Accept = true
	case "trouble":
		troubles := map[string]Trouble{
			"not-resolved": NotResolved, "not-connected": NotConnected, "no-tls": NoTLS, "not-trusted": NotTrusted,
			"closed": ClosedUnasked, "not-http": NotHTTP, "timeout": NothingInTime,
		}
		if troubles[value] == NoTrouble {
			t.Fatalf("there is no trouble %q", value)
		}
		e.client().Trouble = troubles[value]
	case "session":
		e.Session = readSession(t, value)
	case "config":
		e.config().Applies = append(e.config().Applies, directive())
	case "lost":
		e.config().Lost = append(e.config().Lost, directive())
	case "beaten":
		e.config().Beaten = append(e.config().Beaten, directive())
	case "location", "outer-location":
		e.at(name).Block = readDirective(value, blockLine(name))
	case "stream":
		e.config().Stream = true
	case "answer":
		d := directive()
		e.config().Answer = &d
	case "map":
		e.config().Maps = append(e.config().Maps, directive())
	case "upgrade-map":
		e.config().UpgradeMap = value
	case "asks":
		e.config().Host, e.config().URI, _ = strings.Cut(value, " ")
	case "reaches":
		e.config().Target = value
	case "outer":
		e.outer().Applies = append(e.outer().Applies, directive())
	case "nginx":
		e.config().Version = value
	case "fails":
		e.config().Error = value
	case "sends":
		e.config().Sends = append(e.config().Sends, readHeader(value))
	case "plain":
		e.config().Plain = append(e.config().Plain, readHeader(value))
	case "outer-sends":
		e.outer().Sends = append(e.outer().Sends, readHeader(value))
	default:
		t.Fatalf("there is no option %q", name)
	}
}

// readSession reads "idle=60s lasted=80s received=1 sent=1 cut ago=0s".
func readSession(t testing.TB, text string) *Session {
	t.Helper()
	s := &Session{Ended: now}
	var lasted time.Duration
	for word := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "cut":
			s.Cut = true
		case "idle":
			s.Idle = duration(t, value)
		case "lasted":
			lasted = duration(t, value)
		case "ago":
			s.Ended = now.Add(-duration(t, value))
		case "received":
			s.Received = number(t, value)
		case "sent":
			s.Sent = number(t, value)
		default:
			t.Fatalf("a session has no %q", word)
		}
	}
	s.Opened = s.Ended.Add(-max(lasted, s.Idle))
	return s
}

// readSighting reads the options of another attempt; those that it does not know are its
// session's.
func readSighting(t testing.TB, text string) Sighting {
	t.Helper()
	s := Sighting{Peer: netip.MustParseAddr("127.0.0.1")}
	var session []string
	for word := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "accepted":
			s.Accepted, s.Handshake = true, true
		case "handshake":
			s.Handshake = true
		case "same-client":
			s.SameClient = true
		case "age":
			s.Age = duration(t, value)
		case "peer":
			s.Peer = netip.MustParseAddr(value)
		default:
			session = append(session, word)
		}
	}
	if session != nil {
		s.Session = readSession(t, strings.Join(session, " "))
	}
	return s
}

func duration(t testing.TB, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func number(t testing.TB, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// wireLine returns a line of a case as it went over the wire.
func wireLine(t testing.TB, line string) []byte {
	t.Helper()
	line, open := strings.CutSuffix(line, `\`)
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	wire := repeat(t, []byte(text))
	if !open {
		wire = append(wire, "\r\n"...)
	}
	return wire
}

// repeat writes out <x900>.
func repeat(t testing.TB, b []byte) []byte {
	t.Helper()
	before, rest, ok := bytes.Cut(b, []byte("<"))
	times, after, end := bytes.Cut(rest, []byte(">"))
	if !ok || !end || len(times) < 2 {
		return b
	}
	n := int(number(t, string(times[1:])))
	return append(append(bytes.Clone(before), bytes.Repeat(times[:1], n)...), after...)
}

// describe puts into words what is concluded: the whole set in one line, then what is said
// of the cause in question.
func describe(e *Evidence, found []Conclusion, id string) string {
	var b strings.Builder
	for i, c := range found {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (%s)", c.Cause.ID, c.Confidence)
	}
	if len(found) == 0 {
		b.WriteString("no cause")
	}
	for _, c := range found {
		if c.Cause.ID != id {
			continue
		}
		fmt.Fprintf(&b, "\n%s", c.Because)
		if len(c.Explains) > 0 {
			fmt.Fprintf(&b, "\nexplains %s", strings.Join(c.Explains, ", "))
		}
		for _, s := range c.Evidence {
			fmt.Fprintf(&b, "\n    %s", strconv.QuoteToASCII(e.Request.Head.Text(s)))
		}
		b.WriteString(describeFix(&c.Fix))
	}
	return b.String()
}

func describeFix(f *Fix) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nfix for %s, hop %d", f.For, f.Hop)
	for _, s := range f.Steps {
		fmt.Fprintf(&b, "\n  %s", s.Where)
		for _, line := range s.Lines {
			fmt.Fprintf(&b, "\n    %s", line)
		}
		for _, line := range s.Remove {
			fmt.Fprintf(&b, "\n    remove %s", line)
		}
	}
	if f.Note != "" {
		fmt.Fprintf(&b, "\n  note: %s", f.Note)
	}
	return b.String()
}

// rewrite writes the cases back with what was got.
func rewrite(t *testing.T, file string, cases []*testCase, got []string) {
	t.Helper()
	var b strings.Builder
	for i, c := range cases {
		fmt.Fprintf(&b, "=== %s\n%s\n---\n%s\n\n", c.law, strings.TrimRight(c.input, "\n")+"\n", got[i])
	}
	text := strings.TrimRight(b.String(), "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// caseFiles returns the files of a folder of testdata.
func caseFiles(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
