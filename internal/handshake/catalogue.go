package handshake

import "slices"

// catalogue holds every check in the order in which findings are listed: net/http's
// refusals as net/http meets them, gorilla's six as Upgrade meets them, then the advising
// ones from the request line downwards. The first that fails is the one that decides.
var catalogue = []*Check{
	// net/http reads the bytes.
	tlsWhereExpected,
	plainHTTP1,
	noProxyProtocol,
	headSize,
	requestLine,
	requestTarget,
	headerLines,
	headComplete,
	// net/http looks at what it read.
	hostSingle,
	transferEncodingKnown,
	contentLengthReadable,
	trailerAllowed,
	httpMajor,
	hostPresent,
	hostValid,
	headerNames,
	expectKnown,
	// gorilla's Upgrade.
	connectionUpgrade,
	upgradeWebSocket,
	methodGet,
	version13,
	originSameHost,
	keyValid,
	// Nobody here refuses these; stricter servers do.
	httpVersion,
	targetOriginForm,
	lineEnds,
	headerFolds,
	hostReadable,
	hostNamesUpstream,
	connectionSingle,
	upgradeSingle,
	versionExact,
	versionSingle,
	keySingle,
	keyTrailingBits,
	originPresent,
	originReadable,
	subprotocolOffered,
	subprotocolAgreed,
	extensionsReadable,
	noBody,
	earlyData,
}

// Catalogue returns every check, in the order of a Verdict's findings.
func Catalogue() []*Check { return slices.Clone(catalogue) }

// Find returns the check of that ID, or nil.
func Find(id string) *Check {
	for _, c := range catalogue {
		if c.ID == id {
			return c
		}
	}
	return nil
}
