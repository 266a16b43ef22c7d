package e2e

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"wsinspect/internal/dump"
)

// hop is where a request passes through one nginx: the blocks that decide what is done
// with it. A server of the stream module has no location.
type hop struct {
	http, server, location *directive
}

// passes are the directives that hand a request to somebody else.
var passes = []string{"proxy_pass", "grpc_pass", "uwsgi_pass", "fastcgi_pass", "scgi_pass"}

// route returns the way of a request that arrives at an address, the last hop first: that
// one dials the backend.
func route(conf *directive, address string, request []byte) (hops []hop, err error) {
	h := dump.Parse(request)
	f, _ := h.Field("Host")
	host, _, _ := strings.Cut(h.Value(f), ":")
	u, err := url.ParseRequestURI(h.Target())
	if err != nil {
		return nil, err
	}
	for len(hops) < 8 {
		at, ok := serve(conf, address, host, u.Path)
		if !ok && len(hops) > 0 {
			return hops, nil // nobody of ours listens there: that is the backend
		}
		if !ok {
			return nil, fmt.Errorf("no server listens on %s", address)
		}
		block := at.location
		if block == nil {
			block = at.server
		}
		pass := block.first(passes...)
		if pass == nil {
			return nil, fmt.Errorf("%s %s passes the request to nobody", block.name, strings.Join(block.args, " "))
		}
		hops = slices.Insert(hops, 0, at)
		address = upstreamOf(at, pass.arg(0))
	}
	return nil, fmt.Errorf("the request goes in a circle")
}

// serve returns the blocks that serve path at an address.
func serve(conf *directive, address, host, path string) (hop, bool) {
	for _, module := range append(conf.all("http"), conf.all("stream")...) {
		var servers []*directive
		for _, s := range module.all("server") {
			if slices.ContainsFunc(s.all("listen"), func(l *directive) bool { return l.arg(0) == address }) {
				servers = append(servers, s)
			}
		}
		if len(servers) == 0 {
			continue
		}
		if module.name == "stream" {
			return hop{module, servers[0], nil}, true
		}
		s := named(servers, host)
		l := locate(s, path)
		if l == nil {
			l = s
		}
		return hop{module, s, l}, true
	}
	return hop{}, false
}

// named returns the server with that name, or else the default one.
func named(servers []*directive, host string) *directive {
	for _, s := range servers {
		for _, names := range s.all("server_name") {
			if slices.Contains(names.args, host) {
				return s
			}
		}
	}
	for _, s := range servers {
		for _, l := range s.all("listen") {
			if slices.Contains(l.args, "default_server") {
				return s
			}
		}
	}
	return servers[0]
}

// locate returns the location of a block that serves path, or nil: an exact one, else the
// longest prefix if it says ^~, else the first regular expression, else that prefix. One
// that only tries files leads to the location with a name that it ends in.
func locate(block *directive, path string) *directive {
	var prefix, chosen *directive
	for _, l := range block.all("location") {
		if len(l.args) == 2 && l.args[0] == "=" && l.arg(1) == path {
			return l
		}
		if p := l.arg(len(l.args) - 1); len(l.args) == 1 || l.args[0] == "^~" {
			if strings.HasPrefix(path, p) && (prefix == nil || len(p) > len(prefix.arg(len(prefix.args)-1))) {
				prefix = l
			}
		}
	}
	chosen = prefix
	if prefix == nil || prefix.args[0] != "^~" {
		for _, l := range block.all("location") {
			if len(l.args) == 2 && strings.HasPrefix(l.args[0], "~") {
				pattern := l.arg(1)
				if l.args[0] == "~*" {
					pattern = "(?i)" + pattern
				}
				if regexp.MustCompile(pattern).MatchString(path) {
					chosen = l
					break
				}
			}
		}
	}
	if chosen == nil {
		return nil
	}
	if inner := locate(chosen, path); inner != nil {
		return inner
	}
	if try := chosen.first("try_files"); try != nil && chosen.first(passes...) == nil {
		for _, l := range block.all("location") {
			if l.arg(0) == try.arg(len(try.args)-1) {
				return l
			}
		}
	}
	return chosen
}

// upstreamOf returns the address behind the argument of proxy_pass, through the upstream
// block or the variable that it names.
func upstreamOf(at hop, target string) string {
	if _, rest, ok := strings.Cut(target, "://"); ok {
		target = rest
	}
	if !strings.HasPrefix(target, "unix:") {
		target, _, _ = strings.Cut(target, "/")
	}
	for _, set := range at.server.all("set") {
		target = strings.Replace(target, set.arg(0), set.arg(1), 1)
	}
	target, _, _ = strings.Cut(target, "$")
	for _, u := range at.http.all("upstream") {
		if u.arg(0) == target {
			target = u.first("server").arg(0)
		}
	}
	return strings.Replace(strings.TrimSuffix(target, ":"), "localhost:", "127.0.0.1:", 1)
}
