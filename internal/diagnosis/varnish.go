package diagnosis

import "strings"

// varnishCures are the lines for Varnish, run with 7.1.1. The VCL file is main, its
// definition of the backend is location.
var varnishCures = map[remedy]func(*reading) Fix{
	passUpgrade: func(*reading) Fix {
		return varnishLines("In the VCL file, before every other sub vcl_recv: subs of one name are run one after another, and the first return decides. A pipe carries bytes in both directions until one side closes; the headers are copied because a pipe drops them too.",
			Step{Where: "main", Lines: []string{
				`sub vcl_recv { if (req.http.upgrade ~ "(?i)websocket") { return (pipe); } }`,
				`sub vcl_pipe { if (req.http.upgrade) { set bereq.http.upgrade = req.http.upgrade; set bereq.http.connection = req.http.connection; } }`,
			}})
	},
	passHost: func(*reading) Fix {
		return varnishWithout("Varnish passes Host on as it came unless the VCL changes it: take that out, in whatever sub it stands.", "Host")
	},
	passOrigin: func(*reading) Fix {
		return varnishWithout("Varnish passes Origin on as it came unless the VCL changes it: take that out, in whatever sub it stands.", "Origin")
	},
	passSubprotocol: func(*reading) Fix {
		return varnishWithout("Varnish passes the Sec-WebSocket lines on as they came unless the VCL changes them: take that out, in whatever sub it stands.", websocketNames...)
	},
	keepPath: func(*reading) Fix {
		return varnishLines("Varnish passes the path on as it came unless the VCL changes it: take that out, in whatever sub it stands.",
			Step{Where: "main", Remove: []string{"set req.url", "set bereq.url"}})
	},
	waitLonger: func(*reading) Fix {
		return varnishLines("In seconds, for pipes opened from now on; -p pipe_timeout=3600 on the command line of varnishd makes it last. The default is 60. The price: a client that vanished without a word is kept as long.",
			Step{Where: "shell", Lines: []string{"varnishadm param.set pipe_timeout 3600"}})
	},
	noPreface: func(*reading) Fix {
		return varnishLines("In the definition of the backend. If your application expects the PROXY line, this is no fault.",
			Step{Where: "location", Remove: []string{".proxy_header"}})
	},
	biggerHead: func(*reading) Fix {
		return varnishLines("One header line and the whole head, for connections from now on; -p with the same names on the command line of varnishd makes it last. The defaults are 8k and 32k.",
			Step{Where: "shell", Lines: []string{"varnishadm param.set http_req_hdr_len 64k", "varnishadm param.set http_req_size 128k"}})
	},
}

func varnishLines(note string, steps ...Step) Fix {
	return Fix{For: "Varnish", Hop: 1, Steps: steps, Note: note}
}

// varnishWithout takes out what changes those headers. VCL knows no case in their names;
// both usual spellings are named.
func varnishWithout(note string, names ...string) Fix {
	var all []string
	for _, name := range names {
		for _, change := range []string{"set req.http.", "unset req.http.", "set bereq.http.", "unset bereq.http."} {
			all = append(all, change+name, change+strings.ToLower(name))
		}
	}
	return varnishLines(note, Step{Where: "main", Remove: all})
}
