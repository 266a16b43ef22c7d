package diagnosis

import (
	"fmt"
	"slices"
)

// apacheCures are the lines for Apache's mod_proxy_http, run with 2.4.71. The VirtualHost
// is server. mod_proxy_wstunnel, which people find first, is not needed from 2.4.47 on.
var apacheCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(r *reading) Fix {
		return apacheLines("In the VirtualHost. Simplest is to add upgrade=websocket to the ProxyPass that you have; this line, with the path that the browser asks for, has to stand before one for /, for the first that matches wins. ProxyPreserveHost passes on the Host that the browser sent, which the Origin check needs. Before 2.4.47, mod_proxy_wstunnel with ws:// in place of http:// does the same.",
			Step{Where: "server", Lines: []string{apacheProxyPass(r, plainPath(r.path())), apacheHost}, Remove: directives([]string{"Upgrade", "Connection"}, "RequestHeader unset", "RequestHeader set")})
	},
	passHost: func(*reading) Fix {
		return apacheLines("In the VirtualHost. Without this line Apache sends the address behind ProxyPass as Host.",
			Step{Where: "server", Lines: []string{apacheHost}, Remove: directives([]string{"Host"}, "RequestHeader set", "RequestHeader edit")})
	},
	passOrigin: func(*reading) Fix {
		return apacheLines("In the VirtualHost, and wherever else such a line stands: Apache passes Origin on as it came unless one changes it.",
			Step{Where: "server", Remove: directives([]string{"Origin"}, apacheVerbs...)})
	},
	passSubprotocol: func(*reading) Fix {
		return apacheLines("In the VirtualHost, and wherever else such a line stands: Apache passes the Sec-WebSocket lines on as they came unless one changes them.",
			Step{Where: "server", Remove: directives(websocketNames, slices.Concat(apacheVerbs, []string{"Header unset", "Header always unset"})...)})
	},
	keepPath: func(r *reading) Fix {
		return apacheLines("In the VirtualHost: the same path in both places, with a slash at the end of both or of neither.",
			Step{Where: "server", Lines: []string{apacheProxyPass(r, r.servedPath()), apacheHost}})
	},
	waitLonger: func(*reading) Fix {
		return apacheLines("In the VirtualHost, in seconds; timeout=3600 at the end of the ProxyPass line does the same for that path alone. Without it Timeout decides, 60 seconds by default and 300 in Debian's file. The price: a backend that hangs is waited for as long.",
			Step{Where: "server", Lines: []string{"ProxyTimeout 3600"}})
	},
	speakHTTP1: func(r *reading) Fix {
		return apacheLines("In the VirtualHost: http:// in place of https:// or h2c://, for this backend speaks neither TLS nor HTTP/2.",
			Step{Where: "server", Lines: []string{apacheProxyPass(r, plainPath(r.path())), apacheHost}})
	},
	biggerHead: func(*reading) Fix {
		return apacheLines("In the first VirtualHost of this address and port, in bytes for one header line. The default is 8190.",
			Step{Where: "server", Lines: []string{"LimitRequestFieldSize 65536"}})
	},
}

const apacheHost = "ProxyPreserveHost On"

// apacheVerbs are the directives of mod_headers that change a header of a request.
var apacheVerbs = []string{"RequestHeader unset", "RequestHeader set", "RequestHeader add", "RequestHeader append", "RequestHeader merge", "RequestHeader edit"}

func apacheLines(note string, steps ...Step) Fix {
	return Fix{For: "Apache", Hop: 1, Steps: steps, Note: note}
}

// apacheProxyPass maps a path to the same path of the backend.
func apacheProxyPass(r *reading, path string) string {
	return fmt.Sprintf(`ProxyPass "%s" "http://%s%s" upgrade=websocket`, path, r.backend(), path)
}
