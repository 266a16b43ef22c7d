package nginxconf

import (
	"net"
	"slices"
	"strings"
)

// destination is where a proxy_pass leads.
type destination struct {
	scheme string // http, https
	host   string // with its brackets, without its port; unix:path
	port   string // as $proxy_port has it
	says   bool   // the port is written there
	header string // as $proxy_host has it: with the port, where that is not the scheme's own
	uri    string // the path that takes the place of the location's name; "" for none
}

// readDestination reads the argument of proxy_pass once its variables are filled in.
func readDestination(text string) (d destination, ok bool) {
	scheme, rest, found := strings.Cut(text, "://")
	d.scheme = strings.ToLower(scheme)
	if !found || d.scheme != "http" && d.scheme != "https" || rest == "" {
		return destination{}, false
	}
	if path, ok := strings.CutPrefix(rest, "unix:"); ok {
		path, d.uri, _ = strings.Cut(path, ":")
		d.host, d.header = "unix:"+path, "localhost"
		return d, true
	}
	end := strings.IndexAny(rest+"/", "/?")
	d.host, d.uri = rest[:end], rest[end:]
	if strings.HasPrefix(d.uri, "?") {
		d.uri = "/" + d.uri
	}
	own := "80"
	if d.scheme == "https" {
		own = "443"
	}
	d.port = own
	if i := strings.LastIndexByte(d.host, ':'); i >= 0 && !strings.HasSuffix(d.host, "]") {
		d.host, d.port, d.says = d.host[:i], d.host[i+1:], true
	}
	d.header = d.host
	if d.port != own {
		d.header += ":" + d.port
	}
	return d, d.host != "" && readPort(d.port) > 0
}

// dials returns the addresses that a host and port stand for: those of the upstream block of
// that name, unless the port is written there, or themselves.
func (v *visit) dials(host, port string, written bool) []string {
	if strings.HasPrefix(host, "unix:") {
		return []string{host}
	}
	if !written {
		if block := v.conf.upstreamBlock(host, v.stream); block != nil {
			v.execute(block)
			return v.servers(block)
		}
	}
	return []string{net.JoinHostPort(strings.Trim(host, "[]"), port)}
}

// upstreamBlock returns the upstream block of that name.
func (c *Config) upstreamBlock(name string, stream bool) *Directive {
	for _, module := range named(c.Main, "http", "stream") {
		if (module.Name == "stream") != stream {
			continue
		}
		for _, u := range named(module.Block, "upstream") {
			if strings.EqualFold(u.arg(0), name) {
				return u
			}
		}
	}
	return nil
}

// servers returns the addresses of an upstream block, those first that nginx asks first.
func (v *visit) servers(block *Directive) (all []string) {
	var backup []string
	for _, s := range named(block.Block, "server") {
		address := s.arg(0)
		if !strings.HasPrefix(address, "unix:") {
			if i := strings.LastIndexByte(address, ':'); i < 0 || strings.HasSuffix(address, "]") {
				address += ":80"
			}
		}
		switch {
		case slices.Contains(s.Args, "down"):
		case slices.Contains(s.Args, "backup"):
			backup = append(backup, address)
		default:
			all = append(all, address)
		}
	}
	if len(all) > 1 {
		v.skip(block, "which of its servers is asked is not followed, the first is taken")
	}
	return append(all, backup...)
}
