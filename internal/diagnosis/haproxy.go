package diagnosis

import "slices"

// haproxyCures are the lines for HAProxy, run with 2.6.12. HAProxy passes a WebSocket on
// by itself, so most cures take out what keeps it from that. Of its sections, global is
// main, a frontend is server and a backend is location.
var haproxyCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(*reading) Fix {
		return haproxyWithout("HAProxy passes Upgrade and Connection on unless a rule changes them: take the rule out of the frontend or the backend, wherever it stands.",
			directives([]string{"Upgrade", "Connection"}, haproxyRules...))
	},
	passHost: func(*reading) Fix {
		return haproxyWithout("HAProxy passes Host on as it came unless a rule changes it: take the rule out of the frontend or the backend, wherever it stands.",
			directives([]string{"Host"}, haproxyRules...))
	},
	passOrigin: func(*reading) Fix {
		return haproxyWithout("HAProxy passes Origin on as it came unless a rule changes it: take the rule out of the frontend or the backend, wherever it stands.",
			directives([]string{"Origin"}, haproxyRules...))
	},
	passSubprotocol: func(*reading) Fix {
		return haproxyWithout("HAProxy passes the Sec-WebSocket lines on unless a rule changes them: take the rule out of the frontend or the backend, wherever it stands.",
			directives(websocketNames, slices.Concat(haproxyRules, []string{"http-response del-header", "http-response set-header"})...))
	},
	keepPath: func(*reading) Fix {
		return haproxyWithout("HAProxy passes the path on as it came unless a rule changes it: take the rule out of the frontend or the backend, wherever it stands.",
			[]string{"http-request set-path", "http-request set-pathq", "http-request set-uri", "http-request replace-path", "http-request replace-pathq", "http-request replace-uri"})
	},
	waitLonger: func(*reading) Fix {
		return haproxyLines("In the backend section, or in defaults. Once a WebSocket is open, timeout tunnel takes the place of timeout client and timeout server; without it the shorter of those two, often 50s, cuts a silent session. The price: a client that vanished without a word is kept as long.",
			Step{Where: "location", Lines: []string{"timeout tunnel 1h"}})
	},
	speakHTTP1: func(r *reading) Fix {
		return haproxyServer(r, "In the backend section: your server line without ssl and proto h2, or with ws h1 behind proto h2, which sends WebSockets over HTTP/1.1 and all else over HTTP/2. Keep its other words, such as check.")
	},
	noPreface: func(r *reading) Fix {
		return haproxyServer(r, "In the backend section: your server line without send-proxy, send-proxy-v2 and the like. Keep its other words, such as check. If your application expects the PROXY line, this is no fault.")
	},
	biggerHead: func(*reading) Fix {
		return haproxyLines("In global. A head has to fit into one buffer, 16 KiB by default; each connection takes two of them.",
			Step{Where: "main", Lines: []string{"tune.bufsize 65536"}})
	},
}

// haproxyRules are the rules that change a header of a request.
var haproxyRules = []string{"http-request del-header", "http-request set-header", "http-request add-header", "http-request replace-header", "http-request replace-value"}

func haproxyLines(note string, steps ...Step) Fix {
	return Fix{For: "HAProxy", Hop: 1, Steps: steps, Note: note}
}

// haproxyWithout takes rules out, wherever they stand.
func haproxyWithout(note string, rules []string) Fix {
	return haproxyLines(note, Step{Where: "server", Remove: rules}, Step{Where: "location", Remove: rules})
}

// haproxyServer names the backend and says nothing else of it.
func haproxyServer(r *reading, note string) Fix {
	return haproxyLines(note, Step{Where: "location", Lines: []string{"server app " + r.backend()}})
}
