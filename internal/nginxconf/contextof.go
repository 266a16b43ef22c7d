package nginxconf

import (
	"bytes"
	"slices"
)

// contextOf says which block the lines of a file belong into, by the directives that stand
// in none: "main", "http", "server" or "location". A file that says nothing is a whole one.
func contextOf(text []byte) string {
	names := outermost(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	has := func(some ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(some, name) })
	}
	switch {
	case len(names) == 0, has("events", "http", "stream", "mail", "user", "pid", "daemon", "master_process",
		"load_module", "worker_processes", "worker_rlimit_nofile", "worker_shutdown_timeout", "env", "pcre_jit", "thread_pool"):
		return "main"
	case has("server", "upstream", "map", "geo", "split_clients", "log_format", "proxy_cache_path", "fastcgi_cache_path",
		"limit_req_zone", "limit_conn_zone", "types_hash_max_size", "map_hash_bucket_size", "server_names_hash_bucket_size"):
		return "http"
	case has("location", "listen", "server_name", "ssl_certificate", "ssl_certificate_key"):
		return "server"
	case has("types"):
		return "http"
	}
	known := rules()
	for _, c := range []struct {
		name string
		in   context
	}{{"location", inLocation}, {"server", inServer}, {"http", inHTTP}} {
		may, sure := true, false
		for _, name := range names {
			rules := known[name]
			here := slices.ContainsFunc(rules, func(r rule) bool { return r.in&c.in != 0 })
			may, sure = may && (here || len(rules) == 0), sure || here
		}
		if may && sure {
			return c.name
		}
	}
	return "main"
}

// outermost returns the names of the directives that stand in no block.
func outermost(text []byte) (names []string) {
	l := lexer{text: text, line: 1}
	for depth := 0; depth >= 0; {
		words, end, err := l.next()
		if err != nil || end == 0 {
			break
		}
		if depth == 0 && len(words) > 0 {
			names = append(names, words[0].value)
		}
		switch {
		case end == '}':
			depth--
		case end == '{' && isCode(words[0].value):
			l.code()
		case end == '{':
			depth++
		}
	}
	return names
}
