package diagnosis

import (
	"net"
	"slices"
)

// squidCures are the lines for Squid in front of a server (http_port accel), run with 5.7.
// Its file has no blocks: all of it is main.
var squidCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(*reading) Fix {
		return squidLines("From Squid 5 on; older ones pass on no Upgrade at all. The name is compared letter by letter: a client that asks for WebSocket with capitals is refused.",
			"http_upgrade_request_protocols websocket allow all")
	},
	passHost: func(r *reading) Fix {
		return squidPeer(r, "Your cache_peer line without forceddomain=. Where the host is right and its port is lost, take no-vhost out of the http_port line: with vhost Squid passes on the Host that the browser sent.")
	},
	passOrigin: func(*reading) Fix {
		return squidWithout("Squid passes Origin on as it came unless such a line changes it.",
			directives([]string{"Origin"}, squidVerbs...))
	},
	passSubprotocol: func(*reading) Fix {
		return squidWithout("Squid passes the Sec-WebSocket lines on as they came unless such a line changes them.",
			directives(websocketNames, slices.Concat(squidVerbs, []string{"reply_header_access"})...))
	},
	keepPath: func(*reading) Fix {
		return squidWithout("Squid passes the path on as it came unless a program rewrites it.", []string{"url_rewrite_program"})
	},
	waitLonger: func(*reading) Fix {
		return squidLines("The default is 15 minutes. The price: a backend that hangs is waited for as long.", "read_timeout 1 hour")
	},
	speakHTTP1: func(r *reading) Fix {
		return squidPeer(r, "Your cache_peer line without tls, ssl and their options: this backend speaks plain HTTP/1.1. Keep its other words, such as name=.")
	},
	biggerHead: func(*reading) Fix {
		return squidLines("For the whole head. The default is 64 KB.", "request_header_max_size 128 KB")
	},
}

// squidVerbs are the directives that change a header of a request.
var squidVerbs = []string{"request_header_access", "request_header_replace", "request_header_add"}

func squidLines(note string, lines ...string) Fix {
	return Fix{For: "Squid", Hop: 1, Steps: []Step{{Where: "main", Lines: lines}}, Note: note}
}

func squidWithout(note string, lines []string) Fix {
	return Fix{For: "Squid", Hop: 1, Steps: []Step{{Where: "main", Remove: lines}}, Note: note}
}

// squidPeer names the backend and says nothing else of it.
func squidPeer(r *reading, note string) Fix {
	host, port, _ := net.SplitHostPort(r.backend())
	return squidLines(note, "cache_peer "+host+" parent "+port+" 0 no-query no-digest originserver")
}
