package nginxconf

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// checkVariables looks for variables that nothing defines. nginx names no place for them.
func (p *parser) checkVariables(http *Directive) {
	known := p.definitions(http)
	walk(http.Block, func(d *Directive) bool {
		for _, text := range known.expressions(d) {
			for _, name := range variableNames(text) {
				if !known.has(name) {
					known.names[name] = true // once is enough
					p.later(d, &Fault{Text: fmt.Sprintf(`unknown "%s" variable`, name), Unplaced: true})
				}
			}
		}
		return !d.Code
	})
}

// defined are the variables of a configuration.
type defined struct {
	names map[string]bool
	takes map[string]int // as takers says
	words []string       // the first words of the directives of modules that are not known here
}

// definitions collects what directives define: map, set, a group with a name, and whatever
// a module's directive has a variable as its first argument.
func (p *parser) definitions(http *Directive) *defined {
	all := &defined{names: map[string]bool{}, takes: takers(), words: p.modules}
	group := regexp.MustCompile(`\?P?[<']([A-Za-z0-9_]+)[>']`)
	walk(http.Block, func(d *Directive) bool {
		for _, text := range append([]string{d.Name}, d.Args...) {
			if strings.Contains(text, "?") {
				for _, m := range group.FindAllStringSubmatch(text, -1) {
					all.add("$" + m[1])
				}
			}
		}
		if slices.Contains([]string{"map", "geo", "split_clients", "types"}, d.Parent.Name) {
			return true // data
		}
		_, takes := all.takes[d.Name]
		switch {
		case d.Name == "map" || d.Name == "split_clients":
			all.add(d.arg(1))
		case d.Name == "geo":
			all.add(d.arg(max(len(d.Args)-1, 0)))
		case !takes || d.Name == "set" || d.Name == "auth_request_set":
			all.add(d.arg(0))
		}
		all.add(d.Name) // geoip2 { $country … }
		if word, _, _ := strings.Cut(d.Name, "_"); len(p.rules[d.Name]) == 0 && word != "connection" {
			all.words = append(all.words, word)
		}
		return true
	})
	slices.Sort(all.words)
	all.words = slices.Compact(all.words)
	return all
}

func (a *defined) add(text string) {
	if name, ok := strings.CutPrefix(text, "$"); ok {
		a.names[strings.ToLower(name)] = true
	}
}

// has reports whether a variable may be there: defined, built in, or of a module that names
// its variables after itself.
func (a *defined) has(name string) bool {
	if a.names[name] {
		return true
	}
	word, _, _ := strings.Cut(name, "_")
	if _, own := slices.BinarySearch(a.words, word); own || builtIn(name) {
		a.names[name] = true
	}
	return a.names[name]
}

// variableNames returns the variables in a text, in lower case as nginx keeps them. The
// groups of a regular expression are none.
func variableNames(text string) (names []string) {
	for {
		_, rest, found := strings.Cut(text, "$")
		if !found {
			return names
		}
		text = rest
		if name, after, ok := cutName(rest); ok {
			if text = after; strings.Trim(name, "0123456789") != "" {
				names = append(names, strings.ToLower(name))
			}
		}
	}
}

// expressions returns the arguments of d in which nginx looks for variables.
func (a *defined) expressions(d *Directive) []string {
	if d.Parent != nil && d.Parent.Name == "map" {
		return d.Args[:min(1, len(d.Args))]
	}
	from, ok := a.takes[d.Name]
	if !ok || from >= len(d.Args) {
		return nil
	}
	args := slices.Clone(d.Args[from:])
	switch d.Name {
	case "map", "split_clients":
		return args[:1]
	case "error_page":
		return args[len(args)-1:]
	case "if":
		for i, a := range args {
			if strings.HasSuffix(a, "~") || strings.HasSuffix(a, "~*") {
				return args[:i]
			}
		}
	}
	return slices.DeleteFunc(args, func(a string) bool { return strings.HasPrefix(a, "~") })
}

// takers are directives whose arguments hold variables, with the first argument that does.
func takers() map[string]int {
	return map[string]int{
		"set": 1, "auth_request_set": 1, "return": 0, "rewrite": 1, "if": 0, "map": 0, "split_clients": 0,
		"proxy_pass": 0, "proxy_set_header": 1, "proxy_redirect": 0, "proxy_method": 0, "proxy_set_body": 0,
		"proxy_cache": 0, "proxy_cache_key": 0, "proxy_cache_bypass": 0, "proxy_no_cache": 0, "proxy_ssl_name": 0,
		"proxy_cookie_domain": 0, "proxy_cookie_path": 0,
		"grpc_pass": 0, "grpc_set_header": 1, "fastcgi_pass": 0, "fastcgi_param": 1, "uwsgi_param": 1, "scgi_param": 1,
		"add_header": 1, "root": 0, "alias": 0, "try_files": 0, "error_page": 1, "sub_filter": 0,
		"access_log": 0, "log_format": 1, "limit_req_zone": 0, "limit_conn_zone": 0, "auth_basic": 0, "hash": 0,
	}
}

// builtIn reports whether nginx, or a module that is often built in, has a variable.
func builtIn(name string) bool {
	for _, prefix := range []string{
		"http_", "arg_", "cookie_", "sent_http_", "sent_trailer_", "trailer_", "upstream_", "ssl_", "geoip_", "geoip2_",
		"proxy_protocol_", "proxy_internal_", "tcpinfo_", "uid_", "secure_link", "limit_", "session_log_", "connections_",
		"jwt_", "otel_", "oidc_", "acme_", "vts_", "connect_", "grpc_internal_", "realip_", "quic", "memcached_", "fastcgi_",
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains(strings.Fields(`args binary_remote_addr body_bytes_sent bytes_sent connection
		connection_requests connection_time content_length content_type date_gmt date_local document_root
		document_uri host hostname http2 http3 https is_args is_request_port msec nginx_version pid pipe
		proxy_host proxy_port proxy_add_x_forwarded_for query_string realpath_root remote_addr remote_port
		remote_user request request_body request_body_file request_completion request_filename request_id
		request_length request_method request_port request_time request_uri scheme server_addr server_name
		server_port server_protocol status time_iso8601 time_local uri gzip_ratio slice_range invalid_referer
		ancient_browser modern_browser msie spdy spdy_request_priority session_time protocol`), name)
}
