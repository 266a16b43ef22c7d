package diagnosis

// caddyCures are the lines for Caddy, run with 2.6.2. Caddy passes a WebSocket on by
// itself. The site is server, the braces of reverse_proxy are location.
var caddyCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(*reading) Fix {
		return caddyWithout("In the braces of reverse_proxy: Caddy passes Upgrade and Connection on unless header_up changes them.",
			"header_up Upgrade", "header_up -Upgrade", "header_up Connection", "header_up -Connection")
	},
	passHost: func(*reading) Fix {
		return caddyLines("In the braces of reverse_proxy. {hostport} is the Host that the browser sent; {host} would lose its port. Caddy does this by itself, but for a backend with https:// from 2.11 on.",
			Step{Where: "location", Lines: []string{"header_up Host {hostport}"}})
	},
	passOrigin: func(*reading) Fix {
		return caddyWithout("In the braces of reverse_proxy: Caddy passes Origin on as it came unless header_up changes it.",
			"header_up Origin", "header_up -Origin")
	},
	passSubprotocol: func(*reading) Fix {
		var all []string
		for _, name := range websocketNames {
			all = append(all, "header_up "+name, "header_up -"+name, "header_down -"+name)
		}
		return caddyWithout("In the braces of reverse_proxy: Caddy passes the Sec-WebSocket lines on unless header_up changes them.", all...)
	},
	keepPath: func(r *reading) Fix {
		line := "reverse_proxy " + r.backend()
		if path := r.servedPath(); path != "/" {
			line = "reverse_proxy " + path + "* " + r.backend()
		}
		return caddyLines("In the site, in place of the block that changes the path: handle_path cuts off what it matches, handle does not.",
			Step{Where: "server", Lines: []string{line}, Remove: []string{"handle_path", "uri strip_prefix", "uri replace", "rewrite"}})
	},
	waitLonger: func(*reading) Fix {
		return caddyWithout("In the braces of reverse_proxy. Caddy cuts no silent WebSocket by itself; stream_timeout, there from 2.7 on, does. A reload closes open ones too, unless stream_close_delay gives them time.",
			"stream_timeout")
	},
	speakHTTP1: func(r *reading) Fix {
		return caddyProxy(r, "In the site: reverse_proxy without h2c:// or https:// before the address, and without transport lines in its braces. This backend speaks plain HTTP/1.1.")
	},
	noPreface: func(r *reading) Fix {
		return caddyProxy(r, "In the site: reverse_proxy without proxy_protocol among its transport lines. If your application expects the PROXY line, this is no fault.")
	},
}

func caddyLines(note string, steps ...Step) Fix {
	return Fix{For: "Caddy", Hop: 1, Steps: steps, Note: note}
}

// caddyWithout takes lines out of the braces of reverse_proxy.
func caddyWithout(note string, lines ...string) Fix {
	return caddyLines(note, Step{Where: "location", Remove: lines})
}

// caddyProxy names the backend and says nothing else of it.
func caddyProxy(r *reading, note string) Fix {
	return caddyLines(note, Step{Where: "server", Lines: []string{"reverse_proxy " + r.backend()}})
}
