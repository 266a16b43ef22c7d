package diagnosis

import (
	"net"
	"strings"
)

// nghttpxCures are the lines for nghttpx, run with 1.52.0. nghttpx passes a WebSocket on
// by itself. Its file has no blocks: all of it is main.
var nghttpxCures = map[remedy]func(*reading) Fix{
	passHost: func(*reading) Fix {
		return nghttpxStep("nghttpx passes Host on as it came unless this line makes it send the address of the backend.",
			Step{Where: "main", Remove: []string{"host-rewrite"}})
	},
	waitLonger: func(*reading) Fix {
		return nghttpxStep("The default is 1m. The price: a backend that hangs is waited for as long.",
			Step{Where: "main", Lines: []string{"backend-read-timeout=1h"}})
	},
	speakHTTP1: func(r *reading) Fix {
		host, port, _ := net.SplitHostPort(r.backend())
		return nghttpxStep("Your backend line without proto=h2 and tls. Between the last two semicolons stands the path that it serves, here all of them.",
			Step{Where: "main", Lines: []string{"backend=" + strings.Join([]string{host, port}, ",") + ";/"}})
	},
}

func nghttpxStep(note string, step Step) Fix {
	return Fix{For: "nghttpx", Hop: 1, Steps: []Step{step}, Note: note}
}
