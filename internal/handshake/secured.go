package handshake

import "wsinspect/internal/dump"

var tlsWhereExpected = &Check{
	ID:    "tls-where-expected",
	Title: "TLS comes first on a port that speaks it",
	Doc: Doc{
		What: "With --tls-cert this port speaks TLS, in place of an application that does. A server for TLS cannot begin with bytes in the clear; Go's answers 400 to those that look like HTTP.",
		See:  "The request is readable although the port speaks TLS. nginx passes the 400 on, and with it: Client sent an HTTP request to an HTTPS server, or The plain HTTP request was sent to HTTPS port.",
		Do: `Let the proxy speak TLS to this port. In nginx that is https:// behind proxy_pass:

    proxy_pass https://localhost:8080;

If your application speaks plain HTTP, start wsinspect without --tls-cert.`,
	},
	Spec:    "RFC 8446 §4.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc8446#section-4.1",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	run: func(r *request) result {
		switch r.Layer {
		case dump.Clear:
			return lacks("The first bytes are no TLS record, and this port speaks TLS.", firstOf(dump.Span{End: len(r.text)}, 8))
		case dump.Secured:
			return keeps("The request came inside TLS, as this port expects.")
		}
		return keeps("This port speaks plain HTTP.")
	},
}
