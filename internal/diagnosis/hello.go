package diagnosis

import (
	"encoding/binary"
)

// hello is what a ClientHello tells of who sent it.
type hello struct {
	server    string   // the server name, empty where none is asked for
	protocols []string // of ALPN, nil where none are offered
	read      bool     // it arrived as far as its extensions
}

// readHello reads a TLS record with a ClientHello (RFC 8446, section 4.1.2) as far as it
// goes.
func readHello(raw []byte) (h hello) {
	const (
		record      = 5
		start       = record + 4 + 2 + 32 // behind the handshake's header, version, random
		clientHello = 1
	)
	if len(raw) <= record || raw[record] != clientHello {
		return h
	}
	rest := raw[min(start, len(raw)):]
	// vector cuts off a part that its length stands before, in that many bytes.
	vector := func(from *[]byte, size int) (part []byte) {
		n := 0
		for ; size > 0 && len(*from) > 0; size-- {
			n = n<<8 | int((*from)[0])
			*from = (*from)[1:]
		}
		n = min(n, len(*from))
		part, *from = (*from)[:n], (*from)[n:]
		return part
	}
	vector(&rest, 1) // session
	vector(&rest, 2) // cipher suites
	vector(&rest, 1) // compression
	extensions := vector(&rest, 2)
	h.read = len(extensions) > 0
	for len(extensions) >= 4 {
		kind := binary.BigEndian.Uint16(extensions)
		extensions = extensions[2:]
		body := vector(&extensions, 2)
		switch kind {
		case 0: // server_name
			for list := vector(&body, 2); len(list) > 0 && h.server == ""; {
				isHost := list[0] == 0 // RFC 6066, section 3
				list = list[1:]
				if name := vector(&list, 2); isHost {
					h.server = string(name)
				}
			}
		case 16: // application_layer_protocol_negotiation
			for list := vector(&body, 2); len(list) > 0; {
				h.protocols = append(h.protocols, string(vector(&list, 1)))
			}
		}
	}
	return h
}

// Hello returns the server name and the protocols that a TLS ClientHello asks for, and
// whether it arrived as far as its extensions, where both would stand.
func Hello(raw []byte) (server string, protocols []string, whole bool) {
	h := readHello(raw)
	return h.server, h.protocols, h.read
}
