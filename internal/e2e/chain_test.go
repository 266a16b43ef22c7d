package e2e

import (
	"fmt"
	"testing"
)

var theNginx = &proxyKind{name: "nginx", program: "nginx"}

// nginxWith returns nginx with one location that has these lines.
func nginxWith(lines string) stage {
	return stage{theNginx, files{"nginx.conf": fmt.Sprintf(`
events {}
http {
    include wsinspect.d/*.conf;
    server {
        listen 127.0.0.1:8081;
        location / {
            proxy_pass http://<backend>;
            %s
        }
    }
}
`, lines)}}
}

const nginxRight = `
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $http_host;`

// TestChains sends handshakes through two proxies: what the outer one did shows behind
// the inner one, and each has its own language.
func TestChains(t *testing.T) {
	t.Parallel()
	right := nginxWith(nginxRight)
	for _, c := range []proxyCase{
		{name: "HAProxy, nginx", way: []stage{right, haproxy("", "")}, sees: "101", hops: []string{"nginx", "HAProxy"}},
		{name: "HAProxy, plain nginx", way: []stage{nginxWith(""), haproxy("", "")}, sees: "426", cause: "chain-inner-not-forwarding", also: []string{"upgrade-not-configured"}, hops: []string{"nginx", "HAProxy"}},
		{name: "Apache, nginx", way: []stage{right, apache(apacheUpgrade, apacheKeepsHost)}, sees: "101", hops: []string{"nginx", "Apache"}},
		{name: "Apache, plain nginx", way: []stage{nginxWith(""), apache(apacheUpgrade, apacheKeepsHost)}, sees: "426", cause: "chain-inner-not-forwarding", also: []string{"upgrade-not-configured"}, hops: []string{"nginx", "Apache"}},
		{name: "plain Apache, nginx", way: []stage{right, apache(apachePlain, apacheKeepsHost)}, sees: "426", cause: "chain-outer-not-forwarding", also: []string{"upgrade-header-missing"}, hops: []string{"nginx", "Apache"}, elsewhere: "its lines name the address of nginx, which does not show here"},
		{name: "Caddy, nginx", way: []stage{right, caddy(caddyPlain)}, sees: "101", hops: []string{"nginx", "Go reverse proxy"}},
		{name: "Caddy, plain nginx", way: []stage{nginxWith(""), caddy(caddyPlain)}, sees: "426", cause: "chain-inner-not-forwarding", also: []string{"upgrade-not-configured"}, hops: []string{"nginx", "Go reverse proxy"}},
		{name: "nginx, HAProxy", way: []stage{haproxy("", ""), right}, sees: "101", hops: []string{"HAProxy", "nginx"}},
		{name: "plain nginx, HAProxy", way: []stage{haproxy("", ""), nginxWith("")}, sees: "426", cause: "chain-outer-not-forwarding", hops: []string{"HAProxy"}},
		{name: "nginx, Apache", way: []stage{apache(apacheUpgrade, apacheKeepsHost), right}, sees: "101", hops: []string{"Apache"}},
		{name: "nginx, plain Apache", way: []stage{apache(apachePlain), right}, sees: "426", cause: "upgrade-not-configured", hops: []string{"Apache"}},
		{name: "nginx, HAProxy with a PROXY line", way: []stage{haproxy("", "send-proxy"), right}, sees: "400", cause: "proxy-protocol-to-backend", hops: []string{"HAProxy", "nginx"}},
	} {
		t.Run(c.name, c.run)
	}
}
