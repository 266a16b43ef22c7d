package diagnosis

// trafficServerCures are the lines for Apache Traffic Server, run with 9.2.9. The file
// records.config is main, remap.config is location.
var trafficServerCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(r *reading) Fix {
		return trafficServerMap(r, "A rule with http:// in front of its host does not match a WebSocket, which is ws:// here, and ends in 404; beside map http://app.example/ it needs map ws://app.example/, or map wss://app.example/ where Traffic Server ends the TLS.")
	},
	passHost: func(*reading) Fix {
		return trafficServerRecords("Without this line Traffic Server sends the address that a map rule leads to as Host.",
			"CONFIG proxy.config.url_remap.pristine_host_hdr INT 1")
	},
	keepPath: func(r *reading) Fix {
		return trafficServerMap(r, "A rule puts its second path in the place of its first one: the two have to be the same.")
	},
	waitLonger: func(*reading) Fix {
		return trafficServerRecords("In seconds: of silence, and of a whole session. The defaults are 600 and 3600. The price: a client that vanished without a word is kept as long.",
			"CONFIG proxy.config.websocket.no_activity_timeout INT 3600", "CONFIG proxy.config.websocket.active_timeout INT 86400")
	},
	speakHTTP1: func(r *reading) Fix {
		return trafficServerMap(r, "Your map rule with http:// in place of https:// in its second address: this backend speaks plain HTTP/1.1.")
	},
}

func trafficServerRecords(note string, lines ...string) Fix {
	return Fix{For: "Traffic Server", Hop: 1, Steps: []Step{{Where: "main", Lines: lines}}, Note: "In records.config. " + note}
}

// trafficServerMap leads every host and path to the backend.
func trafficServerMap(r *reading, note string) Fix {
	return Fix{For: "Traffic Server", Hop: 1, Steps: []Step{{Where: "location", Lines: []string{"map / http://" + r.backend() + "/"}}},
		Note: "In remap.config. This rule serves every host that no other rule names. " + note}
}
