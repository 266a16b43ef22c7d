package diagnosis

// h2oCures are the lines for h2o, run with 2.2.5. An entry of paths is location.
var h2oCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(*reading) Fix {
		return h2oLines("Beside proxy.reverse.url. From h2o 2.3 on the first line is proxy.tunnel: ON. proxy.preserve-host passes on the Host that the browser sent, which the Origin check needs.",
			"proxy.websocket: ON", "proxy.preserve-host: ON")
	},
	passHost: func(*reading) Fix {
		return h2oLines("Beside proxy.reverse.url. Without this line h2o sends the address in proxy.reverse.url as Host.", "proxy.preserve-host: ON")
	},
	keepPath: func(r *reading) Fix {
		return h2oLines(`Under the path "/". h2o puts the path of proxy.reverse.url in the place of the path of its entry: under "/ws/" the address has to end with /ws/ too.`,
			h2oBackend(r))
	},
	speakHTTP1: func(r *reading) Fix {
		return h2oLines(`Under the path "/": http:// in place of https://, for this backend speaks no TLS.`, h2oBackend(r))
	},
	waitLonger: func(*reading) Fix {
		return h2oLines("Beside proxy.reverse.url, in milliseconds. The default is 300000. The price: a client that vanished without a word is kept as long.",
			"proxy.websocket.timeout: 3600000")
	},
	noPreface: func(*reading) Fix {
		return h2oLines("Beside proxy.reverse.url. If your application expects the PROXY line, this is no fault.", "proxy.proxy-protocol: OFF")
	},
}

func h2oLines(note string, lines ...string) Fix {
	return Fix{For: "h2o", Hop: 1, Steps: []Step{{Where: "location", Lines: lines}}, Note: note}
}

func h2oBackend(r *reading) string { return `proxy.reverse.url: "http://` + r.backend() + `/"` }
