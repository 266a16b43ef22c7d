package diagnosis

// lighttpdCures are the lines for lighttpd's mod_proxy, run with 1.4.69. A condition such
// as $HTTP["host"], or the file itself where there is none, is server.
var lighttpdCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(*reading) Fix {
		return lighttpdHeader("proxy.header is one list: put \"upgrade\" => \"enable\" into the one that you have, and leave \"force-http10\" out of it.")
	},
	passHost: func(*reading) Fix {
		return lighttpdHeader("lighttpd passes Host on as it came unless map-host-request in proxy.header, or setenv.set-request-header, changes it.", "setenv.set-request-header")
	},
	passOrigin: func(*reading) Fix {
		return lighttpdWithoutSetenv("lighttpd passes Origin on as it came unless this list changes it: take its entry out and keep the others.")
	},
	passSubprotocol: func(*reading) Fix {
		return lighttpdWithoutSetenv("lighttpd passes the Sec-WebSocket lines on as they came unless this list changes them: take their entries out and keep the others.")
	},
	keepPath: func(*reading) Fix {
		return lighttpdHeader("lighttpd passes the path on as it came unless map-urlpath in proxy.header, or url.rewrite, changes it.", "url.rewrite-once", "url.rewrite-repeat", "url.rewrite")
	},
	waitLonger: func(*reading) Fix {
		return lighttpdLines("In seconds. The shorter of the two cuts a silent session; the defaults are 60 and 360. The price: a client that vanished without a word is kept as long.",
			Step{Where: "main", Lines: []string{"server.max-read-idle = 3600", "server.max-write-idle = 3600"}})
	},
	biggerHead: func(*reading) Fix {
		return lighttpdLines("In bytes, for all header lines together. The default is 8192.",
			Step{Where: "main", Lines: []string{"server.max-request-field-size = 65536"}})
	},
}

func lighttpdLines(note string, steps ...Step) Fix {
	return Fix{For: "lighttpd", Hop: 1, Steps: steps, Note: note}
}

// lighttpdHeader sets all that proxy.header can change about a request back to what it
// does by itself, but for Upgrade, which it passes on.
func lighttpdHeader(note string, remove ...string) Fix {
	return lighttpdLines("Beside proxy.server. "+note,
		Step{Where: "server", Lines: []string{`proxy.header = ( "upgrade" => "enable" )`}, Remove: remove})
}

// lighttpdWithoutSetenv takes out the list of mod_setenv that changes headers.
func lighttpdWithoutSetenv(note string) Fix {
	return lighttpdLines(note, Step{Where: "server", Remove: []string{"setenv.set-request-header"}})
}
