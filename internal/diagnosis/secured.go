package diagnosis

import (
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

var plainToTLSBackend = &Cause{
	ID:    "plain-to-tls-backend",
	Title: "Plain HTTP is spoken to a port that speaks TLS",
	Doc: handshake.Doc{
		What: "The backend speaks TLS on its port, and the proxy sends it the request in the clear: http:// stands behind proxy_pass. A server for TLS answers 400 and closes, whatever the request says.",
		See:  "The client sees a 400 whose text speaks of an HTTP request to an HTTPS server or port. At the backend the request is readable before any TLS began.",
		Do: `Let the proxy speak TLS to the backend:

    proxy_pass https://localhost:8080;

nginx does not look at the backend's certificate unless proxy_ssl_verify is on, and names no server to it unless proxy_ssl_server_name is.`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    Refusal | Plain,
	Explains: []string{"tls-where-expected"},
	Spec:     "nginx proxy_pass",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
	find: func(r *reading) sign {
		if r.Request == nil || r.Request.Layer != dump.Clear && !r.is("tls-where-expected") || r.head.Kind != dump.HTTP1 {
			return none()
		}
		return certain("The request came in plain HTTP to a port that speaks TLS: http:// stands behind proxy_pass where it should be https://.", r.head.Start.Line)
	},
	nginx: func(r *reading) Fix {
		return r.recipe(r.passLine()).noted("https:// instead of http:// is the cure; the other lines make the location whole. Write the address as the location has it, if that differs. If a client opened ws:// at this port itself, let it open the proxy's port.")
	},
}
