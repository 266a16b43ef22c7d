package diagnosis

import (
	"fmt"

	"wsinspect/internal/handshake"
)

var hostPortDropped = &Cause{
	ID:    "host-port-dropped",
	Title: "Host lost the port that the browser used",
	Doc: handshake.Doc{
		What: "$host is the name that the client asked for without its port. On another port than 80 and 443 the browser's Origin has one, and gorilla compares Origin with Host letter by letter.",
		See:  "Origin and Host name the same host, and only Origin has a port.",
		Do: `Pass on the Host with its port:

    proxy_set_header Host $http_host;

Debian's proxy_params has $host: do not include it behind that line.`,
	},
	Tempting: hostTempting,
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  9,
	Shows:    Refusal | Configuration,
	Explains: []string{"origin-same-host"},
	Spec:     "nginx $host",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host",
	told:     outsideHost("host-port-dropped", droppedPort),
	find:     func(r *reading) sign { return r.changed(host, droppedPort(r)) },
	remedy:   passHost,
	nginx:    portRecipe,
}

func droppedPort(r *reading) sign {
	return r.portFault(r.host.port == "" && r.origin.port != "",
		"%[1]s sent Host %[2]s without the port that the page has in its origin, %[3]s: $host does that.")
}

var hostPortAdded = &Cause{
	ID:    "host-port-added",
	Title: "Host got a port that the browser leaves out",
	Doc: handshake.Doc{
		What: "$host:$server_port adds the port on which nginx listens. Browsers leave out 80 for http and 443 for https, in Host and in Origin, so the two no longer match letter by letter. Behind a container's published port, or behind another proxy, it is not even the browser's port.",
		See:  "Origin and Host name the same host, and only Host has a port; or Host has two of them, one behind the other.",
		Do: `Pass on the Host as the client sent it:

    proxy_set_header Host $http_host;`,
	},
	Tempting: hostTempting,
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    Refusal | Configuration,
	Explains: []string{"origin-same-host"},
	Spec:     "nginx $server_port",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#var_server_port",
	told:     outsideHost("host-port-added", addedPort),
	find:     func(r *reading) sign { return r.changed(host, addedPort(r)) },
	remedy:   passHost,
	nginx:    portRecipe,
}

func addedPort(r *reading) sign {
	if r.host.twoPorts() && r.host.withoutPort().name == r.origin.name && r.differ {
		return likely(fmt.Sprintf("%s sent Host %s for a page from %s, with one port behind another: $http_host:$server_port adds the port on which the proxy listens to what the browser sent.",
			r.doer(), handshake.Quote(r.host.text), handshake.Quote(r.origin.text)), r.spans(host, origin)...).closer(1)
	}
	s := r.portFault(r.host.port != "" && r.origin.port == "",
		"%[1]s sent Host %[2]s with a port that the page's origin, %[3]s, does not have: $host:$server_port adds the port on which the proxy listens.")
	if s.confidence == Likely && r.browser() && (r.host.port == "80" || r.host.port == "443") {
		s.confidence = Certain // a browser writes neither of the two
	}
	return s
}

var hostPortWrong = &Cause{
	ID:    "host-port-wrong",
	Title: "Host has another port than the one the browser used",
	Doc: handshake.Doc{
		What: "$host:$server_port names the port on which nginx listens, inside its container. The browser came in on the port that is published, and has that one in Origin.",
		See:  "Origin and Host name the same host with different ports.",
		Do: `Pass on the Host as the client sent it:

    proxy_set_header Host $http_host;`,
	},
	Tempting: hostTempting,
	Lures:    []string{emptyOriginLine, anyOriginLine},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | Configuration,
	Explains: []string{"origin-same-host"},
	Spec:     "nginx $server_port",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_core_module.html#var_server_port",
	told:     outsideHost("host-port-wrong", otherPort),
	find:     func(r *reading) sign { return r.changed(host, otherPort(r)) },
	remedy:   passHost,
	nginx:    portRecipe,
}

func otherPort(r *reading) sign {
	return r.portFault(r.host.port != "" && r.origin.port != "",
		"%[1]s sent Host %[2]s for a page from %[3]s: the same name with another port, as $host:$server_port makes it where the port is published under another number.")
}

// portRecipe is the cure of every wrong port. Behind another proxy the bytes do not tell
// which of the two changed it.
func portRecipe(r *reading) Fix {
	f := hostRecipe(r)
	if r.chained() {
		f.also("More than one proxy was on the way. If this one has the line already, an outer one changed the port: it needs the same line.")
	}
	return f
}

// portFault is the sign of a cause that changes the port and leaves the name: likely, but
// not where Host is this server's own address, which says that the whole of it was
// replaced. The sentence takes the proxy, Host and Origin.
func (r *reading) portFault(ports bool, sentence string) sign {
	if !ports || !r.differ || r.host.name != r.origin.name || r.direct() || r.originSet() {
		return none()
	}
	because := fmt.Sprintf(sentence, r.doer(), handshake.Quote(r.host.text), handshake.Quote(r.origin.text))
	switch {
	case r.ours(r.host):
		return possible(because, r.spans(host, origin)...)
	case r.origin.scheme == "https" && r.host.loopback():
		return likely(because, r.spans(host, origin)...).closer(1) // a page of a development server comes over http
	}
	return likely(because, r.spans(host, origin)...)
}
