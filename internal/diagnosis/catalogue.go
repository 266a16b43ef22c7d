package diagnosis

import "slices"

// catalogue holds every cause. Its order decides where nothing else ranks two conclusions,
// and is the order of the documentation: from the first byte to the end of the session.
var catalogue = []*Cause{
	// The bytes are no HTTP/1, or nothing arrives.
	serverUnreachable,
	certificateNotTrusted,
	wsToTLSPort,
	wssToPlainPort,
	proxyProtocolToBackend,
	tlsToPlainBackend,
	plainToTLSBackend,
	wrongUpstreamProtocol,
	http2OnlyListener,
	proxyProtocolExpected,
	configDoesNotLoad,

	// Upgrade, Connection and the version of HTTP.
	upgradeNotConfigured,
	upgradeHeadersNotForwarded,
	upgradeHeaderMissing,
	upgradeWrongVariable,
	connectionHeaderMissing,
	connectionCleared,
	connectionHardcoded,
	mapWrong,
	httpVersionMissing,
	duplicateSetHeader,
	chainOuterNotForwarding,
	chainInnerNotForwarding,
	proxyCannotUpgrade,
	connectionUpgradeOnPlainRequests,
	upgradeHardcoded,
	upgradeAnyProtocol,

	// The request is served by another block than its author thinks.
	setHeaderInheritanceLost,
	regexLocationWins,
	wsPathInWrongLocation,
	wrongServerBlock,

	// The other lines of the handshake.
	methodChanged,
	requestHeadersNotPassed,
	secWebSocketHeaderLost,
	extensionsStripped,
	versionUnsupported,
	keyMalformed,
	handshakeByHand,
	framesBeforeAnswer,

	// Host and Origin.
	hostNotForwarded,
	hostSetToUpstream,
	hostHardcoded,
	hostCleared,
	duplicateHost,
	xForwardedHostOnly,
	chainOuterHostLost,
	hostPortDropped,
	hostPortAdded,
	hostPortWrong,
	crossOriginPage,
	originOpaque,
	originMalformed,
	originOverwritten,
	originDerivedFromHost,
	originStripped,
	originCheckedByProxy,

	// The path, and the size of the head.
	pathPrefixStripped,
	pathPrefixNotStripped,
	pathDoubleSlash,
	queryStringDropped,
	headerTooLarge,
	backendHeaderLimit,
	underscoreHeaderDropped,

	// What the client sees instead of an upgrade.
	redirectOnHandshake,
	authBasicOnHandshake,
	authRequestDenied,
	accessDeniedByProxy,
	rateLimited,
	cachedResponse,
	proxyPassMissing,
	staticFallback,
	upstreamUnreachable,
	responseUpgradeHidden,
	subprotocolStripped,
	acceptWrong,
	answerNotOffered,

	// The session.
	readTimeout,
	streamTimeout,
	reloadDropsSessions,
}

// Catalogue returns every cause.
func Catalogue() []*Cause { return slices.Clone(catalogue) }

// Find returns the cause of that ID, or nil.
func Find(id string) *Cause {
	for _, c := range catalogue {
		if c.ID == id {
			return c
		}
	}
	return nil
}
