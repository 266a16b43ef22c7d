package nginxconf

import (
	"fmt"
	"strings"
)

// passThrough leads a connection through a server of the stream module: bytes that it does
// not look into.
func (v *visit) passThrough() {
	pass := handlerOf(v.server, []string{"proxy_pass", "return", "pass"})
	if pass == nil || pass.Name != "proxy_pass" {
		v.answer(pass, 0)
		return
	}
	h := v.hop
	h.Pass, h.Speaks = pass, "tcp"
	if v.on("proxy_ssl", false) {
		h.Speaks = "tls"
	}
	if d := v.setting("proxy_protocol"); d != nil && d.arg(0) == "on" {
		h.Proxy = true
	}
	if v.in.Proxy.IsValid() && !v.proxy {
		if h.Proxy {
			v.lose(pass, "the PROXY line of the client and its own would both be sent")
			return
		}
		h.Proxy = true // it is passed on with all the rest
	}
	rules, _ := v.conf.inherited(v.level, "allow", "deny")
	if refused := v.addresses(); len(rules) > 0 && refused.status != 0 {
		h.Pass = nil
		v.answer(refused.by, 0)
		return
	} else if refused.why != "" {
		v.skip(refused.by, refused.why)
	}
	to, err := v.expand(pass.arg(0))
	if err != nil {
		v.lose(pass, err.Error())
		return
	}
	h.Dials = v.dialsOf(to)
	h.Method, h.Target, h.Version = v.in.Method, v.in.URI, v.protocol()
	h.Sends = append([]Header{{"Host", v.in.Host}}, v.in.Headers...)
	if v.in.Host == "" {
		h.Sends = h.Sends[1:]
	}
}

// dialsOf returns the addresses behind a host and port, or the name of an upstream block.
func (v *visit) dialsOf(to string) []string {
	i := strings.LastIndexByte(to, ':')
	if i < 0 || strings.HasPrefix(to, "unix:") {
		return v.dials(to, "80", false)
	}
	return v.dials(to[:i], to[i+1:], true)
}

// streamValue returns a variable of the stream module.
func (v *visit) streamValue(name string) (string, error) {
	switch name {
	case "ssl_preread_server_name":
		host, ok := hostName(v.asked)
		if v.in.TLS && !v.tls && ok && v.on("ssl_preread", false) {
			return host, nil
		}
	case "remote_addr", "server_port", "server_addr":
		if value, ok := v.ofConnection(name); ok {
			return value, nil
		}
	}
	return "", fmt.Errorf("what $%s holds is not known here", name)
}
