package handshake

import (
	"crypto/sha1"
	"encoding/base64"
)

// AcceptOf returns the Sec-WebSocket-Accept that answers a key (RFC 6455, section 4.2.2).
func AcceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
