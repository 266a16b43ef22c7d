package nginxconf

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// checkListen judges an address that is listened on.
func (p *parser) checkListen(d *Directive, list []*Directive) string {
	l := readListen(d)
	if l.name != "" {
		return "" // it takes a resolver to say which addresses that means
	}
	for _, o := range list {
		if other := readListen(o); o.Name == d.Name && other.same(&l) {
			return fmt.Sprintf("a duplicate listen %s", l.String())
		}
	}
	if !l.chosen {
		return ""
	}
	if p.chosen[l.String()] != nil {
		return fmt.Sprintf("a duplicate default server for %s", l.String())
	}
	p.chosen[l.String()] = d
	return ""
}

// String returns the address as nginx names it.
func (l *listener) String() string {
	if l.socket != "" {
		return "unix:" + l.socket
	}
	return netip.AddrPortFrom(l.addr, l.port).String()
}

// checkUpstream judges an upstream once it is read.
func (p *parser) checkUpstream(d *Directive) string {
	for _, inner := range d.Block {
		if !slices.Contains([]string{"keepalive", "ip_hash", "least_conn", "hash", "random", "zone"}, inner.Name) {
			return "" // a server, or a module's directive that may know some
		}
	}
	return "no servers are inside upstream"
}

// checkHTTP judges an http block once it is read.
func (p *parser) checkHTTP(http *Directive) {
	for _, server := range named(http.Block, "server") {
		p.checkLocations(server)
	}
	if p.whole && len(p.config.Unread) == 0 {
		p.checkVariables(http)
	}
}

// checkLocations looks for locations of the same name.
func (p *parser) checkLocations(block *Directive) {
	seen := map[place]bool{}
	for _, d := range named(block.Block, "location") {
		at := placeOf(d)
		if at.kind == "^~" {
			at.kind = ""
		}
		if seen[at] && (at.kind == "" || at.kind == "=") {
			p.later(d, &Fault{Text: fmt.Sprintf(`duplicate location "%s"`, at.name)})
		}
		seen[at] = true
		p.checkLocations(d)
	}
}

// later records a fault in a directive that was read before.
func (p *parser) later(d *Directive, fault *Fault) {
	if len(p.config.Faults) == maxFaults {
		return
	}
	at := d.End
	if d.Open > 0 {
		at = d.Open
	}
	fault.File, fault.Directive = d.File, d
	fault.Line = d.Line + bytes.Count(d.File.Text[d.Start:at], []byte("\n"))
	fault.Column = column(d.File.Text, at)
	p.config.Faults = append(p.config.Faults, fault)
}

// typo says that a directive is unknown, where its name is one letter away from a
// directive that stands in many configurations. Any other name may be a module's.
func (p *parser) typo(d *Directive) string {
	if strings.HasPrefix(d.Name, byteOrderMark) {
		return fmt.Sprintf(`unknown directive "%s"`, d.Name)
	}
	if len(d.Name) < len("server") || !slices.ContainsFunc(wellKnown(), func(name string) bool { return slipped(d.Name, name) }) {
		return ""
	}
	return fmt.Sprintf(`unknown directive "%s"`, d.Name)
}

func wellKnown() []string {
	return []string{
		"server", "location", "listen", "upstream", "server_name", "return", "rewrite", "include", "events",
		"proxy_pass", "proxy_set_header", "proxy_http_version", "proxy_read_timeout", "proxy_send_timeout",
		"proxy_connect_timeout", "proxy_buffering", "proxy_redirect", "proxy_hide_header", "proxy_pass_header",
		"try_files", "error_page", "add_header", "access_log", "error_log", "default_type", "client_max_body_size",
		"keepalive_timeout", "worker_processes", "worker_connections", "ssl_certificate", "ssl_certificate_key",
		"ssl_protocols", "ssl_ciphers", "auth_basic", "auth_request", "limit_req", "limit_conn",
	}
}

// slipped reports whether a is b with one letter left out, added, changed, or exchanged
// with its neighbour.
func slipped(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if a == b || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] ||
		i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
