package echo

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The rules of RFC 6455, sections 5 to 8, and of RFC 7692, as gorilla keeps them: bytes over
// a real connection, and what comes back. A case whose name begins with "milder" or
// "harsher" is one in which gorilla does not do what the section says; the README lists them.

// deflateOffer is the line by which a client offers compression.
const deflateOffer = "Sec-WebSocket-Extensions: permessage-deflate"

// masked returns a client's frame, with the shortest length that fits.
func masked(first byte, payload string) string {
	switch n := len(payload); {
	case n < 126:
		return withLength(first, []byte{byte(n)}, payload)
	case n < 1<<16:
		return withLength(first, binary.BigEndian.AppendUint16([]byte{126}, uint16(n)), payload)
	default:
		return withLength(first, binary.BigEndian.AppendUint64([]byte{127}, uint64(n)), payload)
	}
}

// withLength returns a client's frame with a length as it is written.
func withLength(first byte, length []byte, payload string) string {
	const key = "\x37\xfa\x21\x3d" // RFC 6455, section 5.7
	frame := append([]byte{first, 0x80 | length[0]}, length[1:]...)
	frame = append(frame, key...)
	for i := range len(payload) {
		frame = append(frame, payload[i]^key[i%4])
	}
	return string(frame)
}

// closing returns the payload of a close frame.
func closing(code uint16, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, code)) + reason
}

// deflated returns text as RFC 7692, section 7.2.1, compresses it.
func deflated(text string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	io.WriteString(w, text)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// inflated is the inverse.
func inflated(t *testing.T, data string) string {
	t.Helper()
	text, err := io.ReadAll(flate.NewReader(strings.NewReader(data + "\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
	if err != nil {
		t.Fatalf("compressed data cannot be read: %v", err)
	}
	return string(text)
}

// frameRule is one rule, and how it is kept.
type frameRule struct {
	section string
	name    string
	sends   []string // frames; a piece of one is no less good
	gets    []string // what comes back: "text hello", "pong x", "close 1000"; behind a close nothing comes
}

// theRules are those of sessions without compression.
var theRules = []frameRule{
	{"5.1", "a frame without a mask fails the connection", []string{"\x81\x05hello"}, []string{"close 1002"}},
	{"5.1", "a control frame without a mask, too", []string{"\x89\x00"}, []string{"close 1002"}},
	{"5.1", "our frames have no mask", []string{masked(0x81, "hello")}, []string{"text hello"}},
	{"5.2", "an empty message", []string{masked(0x81, ""), masked(0x82, "")}, []string{"text ", "binary "}},
	{"5.2", "lengths in 7, 16 and 64 bits", []string{masked(0x82, strings.Repeat("a", 125)), masked(0x82, strings.Repeat("b", 126)), masked(0x82, strings.Repeat("c", 65535)), masked(0x82, strings.Repeat("d", 65536))},
		[]string{"binary " + strings.Repeat("a", 125), "binary " + strings.Repeat("b", 126), "binary " + strings.Repeat("c", 65535), "binary " + strings.Repeat("d", 65536)}},
	{"5.2", "milder: a length in 16 bits that fits into 7 is read", []string{withLength(0x81, []byte{126, 0, 5}, "hello")}, []string{"text hello"}},
	{"5.2", "milder: a length in 64 bits that fits into 7 is read", []string{withLength(0x81, []byte{127, 0, 0, 0, 0, 0, 0, 0, 5}, "hello")}, []string{"text hello"}},
	{"5.2", "the highest bit of a length in 64 bits is 0", []string{withLength(0x82, []byte{127, 0x80, 0, 0, 0, 0, 0, 0, 1}, "")}, []string{"close 1002"}},
	{"5.2", "RSV1 without an extension", []string{masked(0xc1, "hello")}, []string{"close 1002"}},
	{"5.2", "RSV2", []string{masked(0xa1, "hello")}, []string{"close 1002"}},
	{"5.2", "RSV3", []string{masked(0x91, "hello")}, []string{"close 1002"}},
	{"5.2", "all three, on a ping", []string{masked(0xf9, "")}, []string{"close 1002"}},
	{"5.2", "a fault behind a good message", []string{masked(0x81, "good"), masked(0xa1, "bad"), masked(0x81, "late")}, []string{"text good", "close 1002"}},
	{"5.3", "every mask is undone", []string{"\x81\x85\x00\x00\x00\x00hello", "\x81\x85\xff\xff\xff\xff\x97\x9a\x93\x93\x90"}, []string{"text hello", "text hello"}},
	{"5.3", "each fragment has a mask of its own", []string{"\x01\x82\x01\x02\x03\x04ig", "\x80\x83\xff\x00\xff\x00\x93l\x90"}, []string{"text hello"}},
	{"5.4", "fragments are one message", []string{masked(0x01, "one, "), masked(0x00, "two, "), masked(0x80, "three")}, []string{"text one, two, three"}},
	{"5.4", "an empty fragment first, between and last", []string{masked(0x02, ""), masked(0x00, "a"), masked(0x00, ""), masked(0x00, "b"), masked(0x80, "")}, []string{"binary ab"}},
	{"5.4", "a thousand fragments", slices.Concat([]string{masked(0x02, "a")}, slices.Repeat([]string{masked(0x00, "a")}, 998), []string{masked(0x80, "a")}), []string{"binary " + strings.Repeat("a", 1000)}},
	{"5.4", "control frames between fragments", []string{masked(0x01, "one, "), masked(0x89, "1"), masked(0x00, "two, "), masked(0x8a, "unasked"), masked(0x89, "2"), masked(0x80, "three")},
		[]string{"pong 1", "pong 2", "text one, two, three"}},
	{"5.4", "a message within a message", []string{masked(0x01, "one"), masked(0x81, "two")}, []string{"close 1002"}},
	{"5.4", "a first fragment within a message", []string{masked(0x01, "one"), masked(0x02, "two")}, []string{"close 1002"}},
	{"5.4", "a continuation of nothing", []string{masked(0x80, "what")}, []string{"close 1002"}},
	{"5.4", "a continuation behind the end", []string{masked(0x81, "whole"), masked(0x00, "more")}, []string{"text whole", "close 1002"}},
	{"5.4", "a close between fragments", []string{masked(0x01, "one"), masked(0x88, closing(1000, ""))}, []string{"close 1000"}},
	{"5.5", "a control frame of 125 bytes", []string{masked(0x89, strings.Repeat("p", 125))}, []string{"pong " + strings.Repeat("p", 125)}},
	{"5.5", "a ping over 125 bytes", []string{masked(0x89, strings.Repeat("p", 126))}, []string{"close 1002"}},
	{"5.5", "a pong over 125 bytes", []string{masked(0x8a, strings.Repeat("p", 126))}, []string{"close 1002"}},
	{"5.5", "a close over 125 bytes", []string{masked(0x88, closing(1000, strings.Repeat("r", 124)))}, []string{"close 1002"}},
	{"5.5", "a length in 16 bits on a control frame, though it would fit", []string{withLength(0x89, []byte{126, 0, 1}, "p")}, []string{"close 1002"}},
	{"5.5", "a ping in fragments", []string{masked(0x09, "p"), masked(0x80, "p")}, []string{"close 1002"}},
	{"5.5", "a close in fragments", []string{masked(0x08, closing(1000, ""))}, []string{"close 1002"}},
	{"5.5.1", "a close without a code", []string{masked(0x88, "")}, []string{"close"}},
	{"5.5.1", "milder: a close with one byte counts as one without a code", []string{masked(0x88, "\x03")}, []string{"close"}},
	{"5.5.1", "a close with a reason", []string{masked(0x88, closing(1000, "done"))}, []string{"close 1000"}},
	{"5.5.1", "the longest reason", []string{masked(0x88, closing(1000, strings.Repeat("r", 123)))}, []string{"close 1000"}},
	{"5.5.1", "a reason that is no UTF-8", []string{masked(0x88, closing(1000, "\xff\xfe"))}, []string{"close 1002"}},
	{"5.5.1", "a reason that is cut within a character", []string{masked(0x88, closing(1000, "\xe2\x82"))}, []string{"close 1002"}},
	{"5.5.1", "data behind a close is not read", []string{masked(0x88, closing(1000, "")), masked(0x81, "late"), masked(0x89, "late")}, []string{"close 1000"}},
	{"5.5.2", "a ping has its pong, with the same bytes", []string{masked(0x89, ""), masked(0x89, "\x00\xff"), masked(0x89, "hello")}, []string{"pong ", "pong \x00\xff", "pong hello"}},
	{"5.5.3", "a pong that nobody asked for", []string{masked(0x8a, "unasked"), masked(0x8a, "")}, nil},
	{"5.6", "binary data is any data", []string{masked(0x82, "\x00\xff\xfe\x80")}, []string{"binary \x00\xff\xfe\x80"}},
	{"8.1", "text is UTF-8", []string{masked(0x81, "κόσμε \U0001f30d \x00")}, []string{"text κόσμε \U0001f30d \x00"}},
	{"8.1", "the faults of text within a message are found before its end", []string{masked(0x01, "\xff"+strings.Repeat("a", 3*chunk))}, []string{"close 1007"}},
}

// compressedRules are those of sessions with permessage-deflate.
var compressedRules = []frameRule{
	{"RFC 7692 6.1", "a message that is not compressed", []string{masked(0x81, "hello")}, []string{"text* hello"}},
	{"RFC 7692 6.2", "a message that is compressed", []string{masked(0xc1, deflated("hello")), masked(0xc2, deflated("\x00\xff"))}, []string{"text* hello", "binary* \x00\xff"}},
	{"RFC 7692 6.2", "the example of section 7.2.3.1", []string{masked(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00")}, []string{"text* Hello"}},
	{"RFC 7692 6.2", "its fragments", []string{masked(0x41, "\xf2\x48\xcd"), masked(0x80, "\xc9\xc9\x07\x00")}, []string{"text* Hello"}},
	{"RFC 7692 7.2.3.3", "a block that is stored", []string{masked(0xc1, "\x00\x05\x00\xfa\xffHello\x00")}, []string{"text* Hello"}},
	{"RFC 7692 7.2.3.4", "a final block", []string{masked(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00")}, []string{"text* Hello"}},
	{"RFC 7692 7.2.3.5", "two blocks", []string{masked(0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")}, []string{"text* Hello"}},
	{"RFC 7692 7.2.3.6", "an empty message", []string{masked(0xc1, "\x00")}, []string{"text* "}},
	{"RFC 7692 7.2.3.2", "the context is not taken over: a look back into the message before is no data", []string{masked(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), masked(0xc1, "\xf2\x00\x11\x00\x00")}, []string{"text* Hello", "close 1007"}},
	{"RFC 7692 6.1", "control frames between compressed fragments", []string{masked(0x41, "\xf2\x48\xcd"), masked(0x89, "p"), masked(0x80, "\xc9\xc9\x07\x00")}, []string{"pong p", "text* Hello"}},
	{"RFC 7692 6.1", "milder: RSV1 on a continuation is passed over", []string{masked(0x41, "\xf2\x48\xcd"), masked(0xc0, "\xc9\xc9\x07\x00")}, []string{"text* Hello"}},
	{"RFC 7692 6.1", "milder: RSV1 on a ping is passed over", []string{masked(0xc9, "p")}, []string{"pong p"}},
	{"RFC 7692 6.1", "milder: RSV1 on a close is passed over", []string{masked(0xc8, closing(1000, ""))}, []string{"close 1000"}},
	{"RFC 7692 6.1", "RSV2 and RSV3 stay reserved", []string{masked(0xf1, deflated("hello"))}, []string{"close 1002"}},
	{"RFC 7692 6.2", "bytes that are no compressed data", []string{masked(0xc1, "\xff\xff\xff\xff")}, []string{"close 1007"}},
	{"RFC 7692 6.2", "text in it is UTF-8 all the same", []string{masked(0xc1, deflated("\xff"))}, []string{"close 1007"}},
	{"RFC 7692 6.2", "data that ends within a block", []string{masked(0xc1, "\xf2")}, []string{"close 1007"}},
}

// opcodes and codes make a rule of each value that a field can have.
func opcodes() (rules []frameRule) {
	for op := byte(3); op <= 0xf; op++ {
		if op >= 8 && op <= 10 {
			continue
		}
		rules = append(rules, frameRule{"5.2", fmt.Sprintf("opcode %#x is reserved", op), []string{masked(0x80|op, "hello")}, []string{"close 1002"}})
	}
	return rules
}

func closeCodes() (rules []frameRule) {
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999} {
		rules = append(rules, frameRule{"7.4", fmt.Sprintf("code %d is answered in kind", code), []string{masked(0x88, closing(code, ""))}, []string{fmt.Sprintf("close %d", code)}})
	}
	for _, code := range []uint16{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		rules = append(rules, frameRule{"7.4", fmt.Sprintf("code %d does not go over the wire", code), []string{masked(0x88, closing(code, ""))}, []string{"close 1002"}})
	}
	return append(rules, frameRule{"7.4", "harsher: code 1014 was registered later, and is refused", []string{masked(0x88, closing(1014, ""))}, []string{"close 1002"}})
}

// TestFrameRules sends each case at once, and byte by byte.
func TestFrameRules(t *testing.T) {
	b := newBed(t, nil)
	for _, set := range []struct {
		rules []frameRule
		offer []string
	}{
		{slices.Concat(theRules, opcodes(), closeCodes()), nil},
		{compressedRules, []string{deflateOffer}},
	} {
		for _, rule := range set.rules {
			t.Run(rule.section+" "+rule.name, func(t *testing.T) {
				rule.check(t, b, set.offer, 0)
				if len(strings.Join(rule.sends, "")) < 1000 {
					rule.check(t, b, set.offer, 1)
				}
			})
		}
	}
}

// check opens a session, sends the frames in pieces of that size, 0 for all at once, and
// compares what comes back.
func (rule *frameRule) check(t *testing.T, b *bed, offer []string, piece int) {
	t.Helper()
	conn, r := b.raw(head(offer...))
	if resp, _ := answer(t, r); resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp.Status)
	}
	const sentinel = "that is all"
	text := strings.Join(rule.sends, "") + masked(0x89, sentinel)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for size := max(piece, len(text)*(1-piece)); text != ""; text = text[min(size, len(text)):] {
			if _, err := io.WriteString(conn, text[:min(size, len(text))]); err != nil {
				return // who was closed upon
			}
		}
	}()
	got := replies(t, r, sentinel)
	if last := len(got) - 1; last < 0 || !strings.HasPrefix(got[last], "close") {
		conn.Close() // in the middle of a message, perhaps
	} else if rest, _ := io.ReadAll(r); len(rest) > 0 {
		t.Errorf("behind the close came %q", rest)
	}
	<-sent
	conn.Close()
	if !slices.Equal(got, rule.gets) {
		t.Errorf("in pieces of %d: got %.200q, want %.200q", piece, got, rule.gets)
	}
}

// replies reads our frames up to a close, or to the pong that says that there are no more.
// A message is put together; one that was compressed has an asterisk.
func replies(t *testing.T, r *bufio.Reader, sentinel string) (got []string) {
	t.Helper()
	var word, message string
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			return append(got, "end: "+err.Error())
		}
		n := uint64(head[1])
		switch {
		case head[1]&0x80 != 0:
			t.Fatal("a frame of ours has a mask (RFC 6455, section 5.1)")
		case n == 126, n == 127:
			more := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
			io.ReadFull(r, more)
			n = 0
			for _, c := range more {
				n = n<<8 | uint64(c)
			}
			if n < 126 || len(more) == 8 && n < 1<<16 {
				t.Errorf("a frame of ours has its length %d in %d bytes (RFC 6455, section 5.2)", n, len(more))
			}
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			return append(got, "end: "+err.Error())
		}
		switch op := head[0] & 0x0f; op {
		case 8:
			if len(payload) >= 2 {
				if !utf8.Valid(payload[2:]) || len(payload) > 125 {
					t.Errorf("our close frame is %q", payload)
				}
				return append(got, fmt.Sprintf("close %d", binary.BigEndian.Uint16(payload)))
			}
			return append(got, "close")
		case 10:
			if string(payload) == sentinel {
				return got
			}
			got = append(got, "pong "+string(payload))
			continue
		case 1, 2:
			word, message = map[byte]string{1: "text", 2: "binary"}[op], ""
			if head[0]&0x40 != 0 {
				word += "*"
			}
		case 0:
		default:
			t.Fatalf("a frame of ours begins with %#x", head[0])
		}
		message += string(payload)
		if head[0]&0x80 != 0 {
			if strings.HasSuffix(word, "*") {
				message = inflated(t, message)
			}
			got = append(got, word+" "+message)
		}
	}
}

// TestUTF8AtEverySplit: a character that a fragment cuts is whole again in the next one
// (RFC 6455, section 5.6); a fault is one wherever the cut is (section 8.1).
func TestUTF8AtEverySplit(t *testing.T) {
	b := newBed(t, nil)
	for text, want := range map[string]string{
		"κόσμε":              "",
		"\U0001f30d€é":       "",
		"\ue000\ufffd":       "",
		"a\xc0\xafb":         "overlong",
		"a\xe0\x80\xafb":     "overlong, three bytes",
		"a\xf0\x80\x80\xafb": "overlong, four bytes",
		"a\xed\xa0\x80b":     "a surrogate",
		"a\xf4\x90\x80\x80b": "beyond U+10FFFF",
		"a\xf5\x80\x80\x80b": "no first byte",
		"a\x80b":             "a continuation alone",
		"a\xe2\x82":          "cut at its end",
		"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited": "Autobahn 6.3",
	} {
		for cut := range len(text) + 1 {
			rule := frameRule{sends: []string{masked(0x01, text[:cut]), masked(0x80, text[cut:])}, gets: []string{"text " + text}}
			if want != "" {
				rule.gets = []string{"close 1007"}
			}
			rule.check(t, b, nil, 0)
			if t.Failed() {
				t.Fatalf("%q (%s), cut at %d", text, want, cut)
			}
		}
	}
}

// TestOffersOfCompression: RFC 7692, section 7.1, and what gorilla makes of it. It never
// takes a context over, says so, and reads no parameter of an offer.
func TestOffersOfCompression(t *testing.T) {
	b := newBed(t, nil)
	const agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for _, c := range []struct{ section, name, offer, want string }{
		{"7.1", "nothing is offered", "", ""},
		{"7.1", "an offer without parameters", "permessage-deflate", agreed},
		{"7.1.1", "no context of the client's is to be taken over", "permessage-deflate; client_no_context_takeover", agreed},
		{"7.1.1", "nor of the server's", "permessage-deflate; server_no_context_takeover; client_no_context_takeover", agreed},
		{"7.1.2.2", "window bits of the client's choice", "permessage-deflate; client_max_window_bits", agreed},
		{"7.1.2.2", "window bits of the client's, named", "permessage-deflate; client_max_window_bits=10", agreed},
		{"5.1", "the first offer that is known", "x-webkit-deflate-frame, permessage-deflate; client_max_window_bits, permessage-deflate", agreed},
		{"5.1", "an extension that nobody knows", "permessage-bzip2", ""},
		{"7.1.2.1", "milder: a window for the server is neither declined nor kept", "permessage-deflate; server_max_window_bits=10", agreed},
		{"7.1.2.1", "milder: window bits that cannot be are not declined", "permessage-deflate; server_max_window_bits=99", agreed},
		{"7.1.2.2", "milder: nor are those of the client", "permessage-deflate; client_max_window_bits=7", agreed},
		{"7.1", "milder: a parameter that is not defined is not declined", "permessage-deflate; more=1", agreed},
		{"7.1", "milder: a parameter that stands twice is not declined", "permessage-deflate; client_no_context_takeover; client_no_context_takeover", agreed},
		{"7.1", "an offer that cannot be read is none", `permessage-deflate; "`, ""},
	} {
		t.Run(c.section+" "+c.name, func(t *testing.T) {
			var offer []string
			if c.offer != "" {
				offer = []string{"Sec-WebSocket-Extensions: " + c.offer}
			}
			conn, r := b.raw(head(offer...))
			resp, _ := answer(t, r)
			if got := resp.Header.Get("Sec-WebSocket-Extensions"); resp.StatusCode != http.StatusSwitchingProtocols || got != c.want {
				t.Errorf("%s, agreed on %q, want %q", resp.Status, got, c.want)
			}
			first, word := byte(0x81), "text hello"
			payload := "hello"
			if c.want != "" {
				first, payload, word = 0xc1, deflated("hello"), "text* hello"
			}
			io.WriteString(conn, masked(first, payload)+masked(0x89, "end"))
			if got := replies(t, r, "end"); !slices.Equal(got, []string{word}) {
				t.Errorf("came back: %q", got)
			}
		})
	}
}
