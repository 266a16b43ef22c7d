package nginxconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// makers are the directives that make a variable out of others, each with the place of its
// name among the arguments.
var makers = map[string]int{"map": 1, "geo": -1, "split_clients": 1, "geoip2": -1, "auth_request_set": 0, "perl_set": 0, "js_set": 0, "set_by_lua_block": 0, "js_var": 0}

// mapped returns the value of a variable that a directive makes out of others.
func (v *visit) mapped(name string) (value string, ok bool, err error) {
	for _, module := range named(v.conf.Main, "http", "stream") {
		if (module.Name == "stream") != v.stream {
			continue
		}
		v.spend(len(module.Block))
		for _, d := range module.Block {
			if at, made := makers[d.Name]; made && makes(d, at, name) {
				if d.Name != "map" {
					v.skip(d, "what it makes of a request is not followed")
					return "", false, fmt.Errorf("$%s is made by %s, which is not followed", name, d.Name)
				}
				value, err := v.lookUp(d)
				return value, true, err
			}
		}
	}
	return "", false, nil
}

// makes reports whether the argument of d at that place, or the last, is the variable.
func makes(d *Directive, at int, name string) bool {
	if at < 0 {
		at = len(d.Args) - 1
	}
	return at >= 0 && strings.EqualFold(strings.Trim(d.arg(at), "${}"), name)
}

// lookUp returns the value of a map. It is kept: nginx looks once for each request.
func (v *visit) lookUp(d *Directive) (string, error) {
	if v.depth++; v.depth > 16 || !v.spend(100) {
		return "", errors.New("maps look into each other in a circle")
	}
	defer func() { v.depth-- }()
	key, err := v.expand(d.arg(0))
	switch {
	case err != nil && neverEmpty[strings.Trim(d.arg(0), "${}")] && namesEmpty(d):
		key = "anything" // whatever it is, the map makes the same of it
	case err != nil:
		return "", err
	}
	entry, err := v.entry(d, key)
	if err != nil {
		return "", err
	}
	v.execute(d)
	value := ""
	if entry != nil {
		v.execute(entry)
		if value, err = v.expand(entry.arg(0)); err != nil {
			return "", err
		}
	}
	if len(named(d.Block, "volatile")) == 0 {
		v.set[strings.ToLower(strings.Trim(d.arg(1), "${}"))] = value
	}
	return value, nil
}

// neverEmpty are variables whose values are not known here, and hold something.
var neverEmpty = map[string]bool{
	"connection": true, "connection_requests": true, "request_id": true, "request_length": true, "request_time": true,
	"msec": true, "time_iso8601": true, "time_local": true, "pid": true, "hostname": true, "nginx_version": true, "remote_port": true,
}

// namesEmpty reports whether a map tells nothing apart but the empty value and all others.
func namesEmpty(d *Directive) bool {
	return !slices.ContainsFunc(d.Block, func(e *Directive) bool {
		return len(e.Args) > 0 && e.Name != "" && e.Name != "default"
	})
}

// entry returns the line of a map that a key chooses: the same text, then a host name with
// an asterisk, then the first regular expression, then the default; nil if there is none.
func (v *visit) entry(d *Directive, key string) (found *Directive, err error) {
	hosts := len(named(d.Block, "hostnames")) > 0
	host := strings.TrimSuffix(strings.ToLower(key), ".")
	best := 0
	for _, e := range d.Block {
		name := strings.ToLower(e.Name)
		literal := strings.TrimPrefix(name, `\`)
		switch {
		case len(e.Args) == 0 || strings.HasPrefix(name, "~") || name == "default":
		case hosts && rankOf(literal, host) > best:
			found, best = e, rankOf(literal, host)
		case !hosts && literal == strings.ToLower(key):
			return e, nil
		}
	}
	if found != nil {
		return found, nil
	}
	for _, e := range d.Block {
		pattern, ok := strings.CutPrefix(e.Name, "~")
		if !ok || len(e.Args) == 0 {
			continue
		}
		pattern, anyCase := strings.CutPrefix(pattern, "*")
		matched, why := v.match(pattern, anyCase, key)
		if why != "" {
			v.skip(e, why)
			return nil, errors.New(why)
		}
		if matched {
			return e, nil
		}
	}
	i := slices.IndexFunc(d.Block, func(e *Directive) bool { return e.Name == "default" && len(e.Args) > 0 })
	if i < 0 {
		return nil, nil
	}
	return d.Block[i], nil
}

// execute notes a directive that has taken effect, in its order.
func (v *visit) execute(d *Directive) {
	if !slices.Contains(v.executed, d) {
		v.executed = append(v.executed, d)
	}
}
