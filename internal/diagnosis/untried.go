package diagnosis

import (
	"bytes"
	"strings"

	"wsinspect/internal/handshake"
)

// documentation is what the makers of a front end say about WebSockets. None of them was
// run here.
type documentation struct {
	says string // by setting, in full sentences
	url  string
}

// note puts it into words for a fix.
func (d *documentation) note(name string) string {
	return name + " seems to be on the way. By its documentation, which was not tried here (" + d.url + "): " + d.says
}

var envoy = &proxy{
	name: "Envoy", next: envoyNext, reorders: true,
	marks: []string{"x-envoy-"},
	untried: &documentation{
		says: "Envoy passes a WebSocket on only where upgrade_configs of the HttpConnectionManager, or of the route, has upgrade_type: websocket; Istio sets that itself. stream_idle_timeout, 5 minutes by default, ends idle sessions.",
		url:  "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/upgrades",
	},
}

var traefik = &proxy{
	name: "Traefik", next: traefikNext, reorders: true,
	untried: &documentation{
		says: "Traefik passes WebSockets on without a setting, and Host as the browser sent it unless passHostHeader is false; respondingTimeouts of the entry point end only what comes before the upgrade.",
		url:  "https://doc.traefik.io/traefik/user-guides/websocket/",
	},
}

var ingressNginx = &proxy{
	name: "ingress-nginx", next: ingressNext, writes: nginx,
	untried: &documentation{
		says: `ingress-nginx makes the lines of nginx from annotations, and passes WebSockets on without one. nginx.ingress.kubernetes.io/proxy-read-timeout and proxy-send-timeout, "60" by default, end idle sessions; upstream-vhost sets Host; any other line goes into configuration-snippet, if the controller allows snippets.`,
		url:  "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/",
	},
}

var proxyManager = &proxy{
	name: "Nginx Proxy Manager", next: proxyManagerNext, writes: nginx,
	untried: &documentation{
		says: `Nginx Proxy Manager writes the lines for Upgrade and Connection when "Websockets Support" is on for the proxy host; any other line goes into a custom location, under its gear.`,
		url:  "https://nginxproxymanager.com/guide/",
	},
}

// The front ends, from the backend outwards as they are usually placed.
const (
	byEnvoy = iota
	byALB
	byGoogle
	byAzure
	byHeroku
	byFly
	byFastly
	byAkamai
	byCloudflare
	frontEndCount
)

// frontEnds holds those that are told by a line that bears their name. Any client can
// write such a line, and every proxy passes it on, so that it tells nothing about the
// proxy next to the backend.
var frontEnds = [frontEndCount]*proxy{
	byEnvoy: envoy,
	byALB: {
		name:  "AWS Application Load Balancer",
		marks: []string{"x-amzn-trace-id"},
		untried: &documentation{
			says: "The load balancer passes WebSockets on without a setting. Its attribute idle_timeout.timeout_seconds, 60 by default and 4000 at most, ends idle sessions.",
			url:  "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
		},
	},
	byGoogle: {
		name:  "Google Cloud Load Balancing",
		marks: []string{"x-cloud-trace-context"},
		vias:  []string{"1.1 google"},
		untried: &documentation{
			says: "The load balancer passes WebSockets on without a setting. The timeout of the backend service, 30 seconds by default, is how long a WebSocket may last, idle or not: timeoutSec of a BackendConfig, or gcloud compute backend-services update --timeout.",
			url:  "https://cloud.google.com/kubernetes-engine/docs/concepts/ingress-xlb",
		},
	},
	byAzure: {
		name:  "Azure Application Gateway",
		marks: []string{"x-appgw-trace-id", "x-azure-ja4-fingerprint"},
		untried: &documentation{
			says: "The gateway passes WebSockets on, and has no setting to switch that on or off; its health probe has to succeed over plain HTTP first.",
			url:  "https://learn.microsoft.com/azure/application-gateway/application-gateway-websocket",
		},
	},
	byHeroku: {
		name: "Heroku",
		vias: []string{"vegur", "heroku-router"},
		untried: &documentation{
			says: "The router passes WebSockets on without a setting, and ends a session in which nothing was sent for 55 seconds (H15); that cannot be changed, so let the application ping more often.",
			url:  "https://devcenter.heroku.com/articles/http-routing",
		},
	},
	byFly: {
		name:  "Fly.io",
		marks: []string{"fly-client-ip", "fly-forwarded-", "fly-region", "fly-request-id"},
		vias:  []string{"fly.io"},
		untried: &documentation{
			says: "The http handler passes WebSockets on without a setting. The sources differ on idle sessions: an older page names 60 seconds, a later post says that the limit is gone.",
			url:  "https://community.fly.io/t/tcp-idle-timeouts-restrictions-have-been-removed/15160",
		},
	},
	byFastly: {
		name:  "Fastly",
		marks: []string{"fastly-"},
		untried: &documentation{
			says: "WebSockets are off until they are enabled for the account and the service; in VCL the handshake then needs return(upgrade) in vcl_recv. They do not work with shielding.",
			url:  "https://www.fastly.com/documentation/guides/concepts/real-time-messaging/websockets-tunnel",
		},
	},
	byAkamai: {
		name:  "Akamai",
		marks: []string{"akamai-"},
		vias:  []string{"akamai", "AkamaiGHost"},
		untried: &documentation{
			says: "WebSockets pass only where the property has the behaviour WebSockets switched on; a session may be ended at any time.",
			url:  "https://techdocs.akamai.com/property-mgr/docs/websockets-support",
		},
	},
	byCloudflare: {
		name:  "Cloudflare",
		marks: []string{"cf-connecting-ip", "cf-ipcountry", "cf-ray", "cf-visitor"},
		untried: &documentation{
			says: "WebSockets pass where they are switched on under Network. Users report that idle sessions end after 100 seconds; the page names no number, so let the application ping more often.",
			url:  "https://developers.cloudflare.com/network/websockets/",
		},
	},
}

// markForeign notes the front end whose mark the name of a line is.
func (t *trail) markForeign(line int, spelt []byte) {
	for i, p := range frontEnds {
		for _, begin := range p.marks {
			if len(spelt) >= len(begin) && strings.EqualFold(string(spelt[:len(begin)]), begin) {
				t.mark(i, line)
				return
			}
		}
	}
}

// markVia notes the front ends that a Via line names.
func (t *trail) markVia(line int) {
	for i, p := range frontEnds {
		for _, self := range p.vias {
			if bytes.Contains(t.value(line), []byte(self)) {
				t.mark(i, line)
			}
		}
	}
}

func (t *trail) mark(frontEnd, line int) {
	if t.foreign[frontEnd] == 0 {
		t.foreign[frontEnd] = 1 + line
	}
}

// marked is the evidence of a front end by a line that bears its name, of which there is one.
func (t *trail) marked(i int, p *proxy) sign {
	line := t.foreign[i] - 1
	if bytes.EqualFold(t.spelt(line), []byte("via")) {
		return likely("Via names "+p.name+". Any client can write such a line.", t.span(line, line))
	}
	return likely(handshake.Quote(string(t.spelt(line)))+" arrived, as "+p.name+" writes it. Any client can write such a line.", t.head.Fields[line].Name)
}
