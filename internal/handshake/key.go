package handshake

import (
	"encoding/base64"
	"fmt"
	"strings"
)

var keyValid = &Check{
	ID:    "key-valid",
	Title: "Sec-WebSocket-Key is 16 bytes in base64",
	Doc: Doc{
		What: "The client sends 16 random bytes in base64: 22 characters and two equals signs. The server proves with them that it understood the handshake and did not merely repeat it.",
		See:  "The Sec-WebSocket-Key line is missing, empty, or of another length.",
		Do:   "A client library makes the key; do not write one by hand. If Upgrade is there and the key is not, look for a proxy that sets Upgrade on every request, or passes on only the headers that it knows. If a proxy sets the key, look at the name of its variable: in nginx a misspelt one is empty, and takes the line away.",
	},
	Spec:    "RFC 6455 §4.2.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
	Decides: true, By: ByGorilla, Status: 400,
	Reason:   "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		f, ok := r.line(secKey)
		if !ok {
			return lacks("No Sec-WebSocket-Key line arrived.")
		}
		key := r.value(f)
		decoded, err := base64.StdEncoding.AppendDecode(make([]byte, 0, 18), []byte(key)) // a right key stays on the stack
		switch {
		case err == nil && len(decoded) == 16:
			return keeps("Sec-WebSocket-Key is 16 bytes in base64.")
		case key == "":
			return lacks("Sec-WebSocket-Key is empty.", r.place(f))
		case err != nil:
			return lacks(fmt.Sprintf("Sec-WebSocket-Key is %s, which is not base64.", Quote(key)), r.place(f))
		}
		return lacks(fmt.Sprintf("Sec-WebSocket-Key is %s. Decoded, that is %s, not 16.", Quote(key), plural(len(decoded), "byte")), r.place(f))
	},
}

var keySingle = &Check{
	ID:    "key-single",
	Title: "Only one Sec-WebSocket-Key line arrives",
	Doc: Doc{
		What: "RFC 6455 allows this line once. With two, the proof that the server computes from one may not be the proof that the client expects, and the client gives up after the 101. gorilla takes the first.",
		See:  "The raw head has two Sec-WebSocket-Key lines.",
		Do:   "Find who adds the second: a proxy that opens a socket of its own, or one that sets the line beside the client's.",
	},
	Spec:     "RFC 6455 §11.3.1",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc6455#section-11.3.1",
	Requires: []string{"head-complete"},
	run:      func(r *request) result { return r.onceOnly(secKey) },
}

var keyTrailingBits = &Check{
	ID:    "key-trailing-bits",
	Title: "The key's unused bits are zero",
	Doc: Doc{
		What: "16 bytes fill 21 characters of base64 and one third of the 22nd. The bits that are left over are zero (RFC 4648, section 3.5). gorilla does not look; stricter decoders refuse the key.",
		See:  "The last character before the equals signs is none of A, Q, g and w.",
		Do:   "Let a library make the key. This is the mark of a key that was made up of random characters, not of random bytes.",
	},
	Spec:     "RFC 4648 §3.5",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc4648#section-3.5",
	Requires: []string{"head-complete", "key-valid"},
	run: func(r *request) result {
		f, _ := r.line(secKey)
		key := r.value(f)
		if last := key[len(key)-len("?==")]; strings.IndexByte("AQgw", last) >= 0 {
			return keeps("The key's unused bits are zero.")
		}
		return lacks(fmt.Sprintf("Sec-WebSocket-Key is %s. Its last character carries bits that no byte needs; strict decoders refuse it.", Quote(key)), r.place(f))
	},
}
