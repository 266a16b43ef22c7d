package e2e

import (
	"fmt"
	"strings"
	"testing"
)

var theApache = &proxyKind{
	name: "Apache", program: "apache2", args: []string{"-D", "FOREGROUND", "-f", "<dir>/apache2.conf"},
}

// apache returns Apache with one VirtualHost that has these lines.
func apache(lines ...string) stage {
	return stage{theApache, files{"apache2.conf": fmt.Sprintf(`
ServerRoot "<dir>"
ServerName app.example
Listen <listen>
PidFile "<dir>/apache2.pid"
ErrorLog "<dir>/error.log"
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
<VirtualHost *>
    # server
    %s
</VirtualHost>
`, strings.Join(lines, "\n    "))}}
}

const (
	apachePlain     = `ProxyPass "/" "http://<backend>/"`
	apacheUpgrade   = `ProxyPass "/" "http://<backend>/" upgrade=websocket`
	apacheKeepsHost = `ProxyPreserveHost On`
)

func TestApache(t *testing.T) {
	t.Parallel()
	next := []string{"Apache"}
	for _, c := range []proxyCase{
		{name: "as documented for WebSocket", way: []stage{apache(apacheUpgrade, apacheKeepsHost)}, sees: "101", hops: next},
		{name: "plain", way: []stage{apache(apachePlain)}, sees: "426", cause: "upgrade-not-configured", hops: next},
		{name: "Host is not passed on", way: []stage{apache(apacheUpgrade)}, sees: "403", cause: "host-not-forwarded", also: []string{"x-forwarded-host-only"}, hops: next},
		{name: "Host is a constant", way: []stage{apache(apacheUpgrade, apacheKeepsHost, "RequestHeader set Host www.app.example")}, sees: "403", cause: "host-hardcoded", also: []string{"cross-origin-page"}, hops: next},
		{name: "Origin is taken out", way: []stage{apache(apacheUpgrade, apacheKeepsHost, "RequestHeader unset Origin")}, sees: "101", cause: "origin-stripped", hops: next},
		{name: "the version is taken out", way: []stage{apache(apacheUpgrade, apacheKeepsHost, "RequestHeader unset Sec-WebSocket-Version")}, sees: "400", cause: "sec-websocket-header-lost", hops: next},
		{name: "the prefix is cut off", flags: []string{"--expect-path", "/ws/echo"},
			way: []stage{apache(`ProxyPass "/ws/" "http://<backend>/" upgrade=websocket`, apacheKeepsHost)}, sees: "101", cause: "path-prefix-stripped", hops: next},
		{name: "TLS", way: []stage{apache("SSLProxyEngine On", `ProxyPass "/" "https://<backend>/" upgrade=websocket`)}, sees: "500", cause: "tls-to-plain-backend", elsewhere: "the bytes do not name the proxy"},
	} {
		t.Run(c.name, c.run)
	}
}
