package probe

import (
	"encoding/json"
	"net/url"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// Target is the address that is probed, as a browser would take it.
type Target struct{ URL *url.URL }

// Browser says whose handshake is sent.
type Browser uint8

// Finding says whether what was sent arrived at a wsinspect.
type Finding uint8

const (
	NotAsked     Finding = iota // no wsinspect is there, or none that answers
	NotArrived                  // wsinspect answers, and has not seen the request
	OtherBackend                // the WebSocket opened, and wsinspect has not seen it
	ByAttempt                   // found by the Wsinspect-Attempt of the answer
	ByKey                       // by its Sec-WebSocket-Key
	ByNonce                     // by the nonce in its query
)

// Arrival is what wsinspect has seen.
type Arrival struct {
	JSON    json.RawMessage // the attempt as the API has it
	ID      string
	Head    *dump.Head
	Verdict *handshake.Verdict
}

// IdleResult is what became of one silent socket.
type IdleResult struct{ Kind string }
