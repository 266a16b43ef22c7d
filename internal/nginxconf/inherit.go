package nginxconf

import "slices"

// block returns what stands in a block; in nil, the main context.
func (c *Config) block(d *Directive) []*Directive {
	if d == nil {
		return c.Main
	}
	return d.Block
}

// named returns the directives of those names.
func named(block []*Directive, names ...string) (found []*Directive) {
	for _, d := range block {
		if slices.Contains(names, d.Name) {
			found = append(found, d)
		}
	}
	return found
}

// inherited returns the directives of those names that hold in a block: those of the
// innermost level that has any. They cancel all that are set further out.
func (c *Config) inherited(level *Directive, names ...string) (hold, lost []*Directive) {
	for {
		found := named(c.block(level), names...)
		if hold == nil {
			hold = found
		} else {
			lost = append(lost, found...)
		}
		if level == nil {
			return hold, lost
		}
		level = level.Parent
	}
}

// setting returns the directive of that name that holds where the request is, or nil.
func (v *visit) setting(name string) *Directive {
	hold, _ := v.conf.inherited(v.level, name)
	if len(hold) == 0 {
		return nil
	}
	return hold[len(hold)-1]
}

// on reports whether a flag is on.
func (v *visit) on(name string, byDefault bool) bool {
	d := v.setting(name)
	if d == nil || len(d.Args) == 0 {
		return byDefault
	}
	return d.Args[0] != "off"
}

// arg returns an argument, "" where there are less.
func (d *Directive) arg(i int) string {
	if i >= len(d.Args) {
		return ""
	}
	return d.Args[i]
}

// families are the directives that say something about a proxied request, in the order in
// which they take effect. Those of one family cancel each other from level to level.
var families = [][]string{
	{"large_client_header_buffers"}, {"underscores_in_headers"}, {"ignore_invalid_headers"}, {"merge_slashes"},
	{"client_max_body_size"}, {"limit_req"}, {"limit_conn"}, {"satisfy"}, {"allow", "deny"}, {"auth_basic"}, {"auth_basic_user_file"}, {"auth_request"},
	{"proxy_method"}, {"proxy_http_version"}, {"proxy_pass_request_headers"}, {"proxy_pass_request_body"}, {"proxy_set_header"}, {"proxy_set_body"}, {"grpc_set_header"},
	{"fastcgi_param"}, {"uwsgi_param"}, {"scgi_param"}, {"proxy_bind"}, {"proxy_ssl_server_name"}, {"proxy_ssl_name"},
	{"proxy_connect_timeout"}, {"proxy_send_timeout"}, {"proxy_read_timeout"}, {"proxy_timeout"}, {"proxy_protocol"},
	{"proxy_request_buffering"}, {"proxy_buffering"}, {"proxy_cache"}, {"proxy_cache_valid"}, {"proxy_ignore_headers"}, {"proxy_hide_header"}, {"proxy_pass_header"}, {"proxy_redirect"},
	{"proxy_intercept_errors"}, {"proxy_next_upstream"}, {"error_page"}, {"add_header"},
	{"keepalive_timeout"}, {"send_timeout"}, {"worker_shutdown_timeout"},
}

// collect fills what applies to the request and what is lost.
func (v *visit) collect() {
	v.hop.Applies = v.executed
	for _, family := range families {
		hold, lost := v.conf.inherited(v.level, family...)
		v.apply(hold...)
		v.hop.Lost = append(v.hop.Lost, lost...)
	}
	if v.hop.Pass != nil {
		v.apply(v.hop.Pass)
	}
}

func (v *visit) apply(all ...*Directive) {
	for _, d := range all {
		if !slices.Contains(v.hop.Applies, d) {
			v.hop.Applies = append(v.hop.Applies, d)
		}
	}
}
