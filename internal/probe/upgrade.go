package probe

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// judgement is what is made of one part of an answer.
type judgement struct {
	outcome Outcome
	says    string
}

func fails(format string, values ...any) judgement {
	return judgement{Failed, fmt.Sprintf(format, values...)}
}

func advises(format string, values ...any) judgement {
	return judgement{Advised, fmt.Sprintf(format, values...)}
}

func passes(format string, values ...any) judgement {
	return judgement{Passed, fmt.Sprintf(format, values...)}
}

// upgrade is a 101 that is held against what was sent (RFC 6455, section 4.1, and what
// browsers make of it).
type upgrade struct {
	sent, answer *dump.Head
	browser      Browser
}

// switched judges the lines that say that the protocol is switched.
func (u *upgrade) switched() judgement {
	const hidden = "The status is 101, and %s is missing. A browser gives up. A proxy takes the line away on the way back, or somebody who is no WebSocket server answers."
	version := u.answer.Text(u.answer.Start.First)
	upgrades := values(u.answer, "Upgrade")
	connections := values(u.answer, "Connection")
	switch {
	case len(upgrades) == 0:
		return fails(hidden, "Upgrade: websocket")
	case len(upgrades) > 1:
		return fails("The answer has %d Upgrade lines: %s. A browser takes one alone. A proxy adds its own to that of the backend.", len(upgrades), handshake.QuoteAll(upgrades))
	case !strings.EqualFold(upgrades[0], "websocket"):
		return fails("Upgrade is %s and not websocket. A browser gives up.", handshake.Quote(upgrades[0]))
	case len(connections) == 0:
		return fails(hidden, "Connection: Upgrade")
	case !hasToken(connections, "upgrade"):
		return fails("Connection is %s and does not list Upgrade. A browser gives up. A proxy writes its own on the way back.", handshake.QuoteAll(connections))
	case version != "HTTP/1.1":
		return advises("The status is 101, and the answer calls itself %s. Safari refuses that; RFC 6455 wants HTTP/1.1.", handshake.Quote(version))
	}
	return passes("101 Switching Protocols.")
}

// accepted judges the proof that the other side has understood the handshake.
func (u *upgrade) accepted() judgement {
	accepts := values(u.answer, "Sec-WebSocket-Accept")
	key := valueOf(u.sent, "Sec-WebSocket-Key")
	switch {
	case len(accepts) == 0:
		return fails("Sec-WebSocket-Accept is missing. A browser gives up. A proxy takes the line away, or somebody who is no WebSocket server answers.")
	case len(accepts) > 1:
		return fails("The answer has %d Sec-WebSocket-Accept lines. A browser takes one alone.", len(accepts))
	case accepts[0] != handshake.AcceptOf(key):
		return fails("Sec-WebSocket-Accept is %s, and to this key only %s is right. A browser gives up. The answer belongs to another request, as from a cache, or a proxy changed the key.", handshake.Quote(accepts[0]), handshake.AcceptOf(key))
	}
	return passes("Sec-WebSocket-Accept answers the key.")
}

// agreed judges subprotocol and extensions.
func (u *upgrade) agreed() judgement {
	subprotocol, extensions := u.subprotocol(), u.extensions()
	switch {
	case subprotocol.outcome == Passed && extensions.outcome == Passed:
		return passes("%s %s", subprotocol.says, extensions.says)
	case subprotocol.outcome >= extensions.outcome: // the worse one
		return subprotocol
	}
	return extensions
}

// subprotocol judges what was chosen of those offered.
func (u *upgrade) subprotocol() judgement {
	offered := list(values(u.sent, "Sec-WebSocket-Protocol"))
	chosen := values(u.answer, "Sec-WebSocket-Protocol")
	switch {
	case len(chosen) == 0 && len(offered) == 0:
		return passes("No subprotocol was offered, and none was chosen.")
	case len(chosen) == 0 && u.browser == NoBrowser:
		return advises("None of the subprotocols %s was chosen. A browser gives up then; programs mostly go on.", handshake.QuoteAll(offered))
	case len(chosen) == 0:
		return fails("None of the subprotocols %s was chosen. A browser gives up then. The backend does not know them, or a proxy takes Sec-WebSocket-Protocol away.", handshake.QuoteAll(offered))
	case len(chosen) > 1:
		return fails("The answer has %d Sec-WebSocket-Protocol lines. A browser takes one alone.", len(chosen))
	case len(offered) == 0:
		return fails("The subprotocol %s was chosen, and none was offered. A browser gives up then.", handshake.Quote(chosen[0]))
	case !slices.Contains(offered, chosen[0]):
		return fails("The subprotocol %s was chosen, which was not offered. A browser gives up then. Capitals count.", handshake.Quote(chosen[0]))
	}
	return passes("The subprotocol is %s.", handshake.Quote(chosen[0]))
}

// compresses reports whether permessage-deflate was agreed on.
func (u *upgrade) compresses() bool {
	return strings.TrimSpace(strings.Join(values(u.answer, "Sec-WebSocket-Extensions"), "")) != ""
}

// extensions judges what was chosen of those offered (RFC 7692, section 7.1).
func (u *upgrade) extensions() judgement {
	offered := strings.Join(values(u.sent, "Sec-WebSocket-Extensions"), ", ")
	given := list(values(u.answer, "Sec-WebSocket-Extensions"))
	if len(given) == 0 {
		return passes("Messages go uncompressed.")
	}
	for i, extension := range given {
		name, parameters, _ := strings.Cut(extension, ";")
		name = strings.TrimSpace(name)
		switch {
		case name != "permessage-deflate" || !strings.Contains(offered, name):
			return fails("The extension %s was chosen, which was not offered. A browser gives up then.", handshake.Quote(name))
		case i > 0:
			return fails("permessage-deflate was chosen twice. A browser gives up then.")
		}
		if why := badParameters(parameters, offered); why != "" {
			return fails("permessage-deflate was chosen with %s. A browser gives up then (RFC 7692, section 7.1).", why)
		}
	}
	return passes("Messages are compressed: %s.", quoted(given[0]))
}

// badParameters says what of the parameters of permessage-deflate cannot be; empty: nothing.
func badParameters(parameters, offered string) string {
	seen := map[string]bool{}
	for p := range strings.SplitSeq(parameters, ";") {
		p = strings.TrimSpace(p)
		if p == "" {
			continue
		}
		name, value, has := strings.Cut(p, "=")
		name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`)
		bits, err := strconv.Atoi(value)
		fits := has && err == nil && 8 <= bits && bits <= 15 && value[0] != '0'
		switch {
		case seen[name]:
			return "the parameter " + handshake.Quote(name) + " twice"
		case name == "server_no_context_takeover" && !has, name == "client_no_context_takeover" && !has:
		case name == "server_max_window_bits" && fits:
		case name == "client_max_window_bits" && fits && strings.Contains(offered, name):
		default:
			return "the parameter " + handshake.Quote(p) + ", which does not fit the offer"
		}
		seen[name] = true
	}
	return ""
}

// upgraded is a connection behind the head of a 101.
type upgraded struct {
	net.Conn
	rest    []byte // what was read behind the head already
	deflate bool   // permessage-deflate was agreed on
}
