package diagnosis

// proxy is a kind of proxy: by what it is recognised, and what cures its faults.
type proxy struct {
	name string
	// next tells whether it wrote these bytes to the backend; nil where nothing tells.
	next func(*trail) sign
	// beyond tells whether it shows further out; nil where nothing tells.
	beyond   func(*trail) sign
	reorders bool                          // it does not keep the order of what it got
	cures    map[remedy]func(*reading) Fix // in its language; nil: none was tried
	writes   *proxy                        // the proxy whose configuration it writes
	marks    []string                      // of a front end: the names of its lines in lower case, or how they begin
	vias     []string                      // of a front end: how it names itself in Via
	untried  *documentation                // what its makers say, where it was not run
}

// nginx has no cures here: every cause has its own (Cause.nginx).
var nginx = &proxy{name: "nginx", next: nginxNext, beyond: nginxBeyond}

// proxies holds those that are told by more than a name, the ones with the narrower
// fingerprint first. Of those that show further out, the order is that in which they are
// named.
var proxies = []*proxy{
	envoy,
	{name: "Node http-proxy", next: nodeNext, reorders: true},
	{name: "h2o", next: h2oNext, cures: h2oCures},
	{name: "HAProxy", next: haproxyNext, beyond: haproxyBeyond, cures: haproxyCures},
	{name: "Squid", next: squidNext, beyond: squidBeyond, cures: squidCures},
	{name: "Traffic Server", next: trafficServerNext, beyond: trafficServerBeyond, cures: trafficServerCures},
	{name: "nghttpx", next: nghttpxNext, beyond: nghttpxBeyond, cures: nghttpxCures},
	{name: "lighttpd", next: lighttpdNext, beyond: lighttpdBeyond, cures: lighttpdCures},
	{name: "Apache", next: apacheNext, beyond: apacheBeyond, cures: apacheCures},
	{name: "Varnish", next: varnishNext, beyond: varnishBeyond, cures: varnishCures},
	traefik,
	{name: "Caddy", next: caddyNext, beyond: caddyBeyond, reorders: true, cures: caddyCures},
	{name: "Go reverse proxy", next: goProxyNext, beyond: goProxyBeyond, reorders: true},
	{name: "tinyproxy", next: tinyproxyNext, beyond: tinyproxyBeyond},
	ingressNginx,
	proxyManager,
	nginx,
}
