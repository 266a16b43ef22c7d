package nginxconf

import (
	"fmt"
	"slices"
	"strings"
)

// context is a set of the blocks that a directive may stand in. The empty set is a block of
// a module that is not known here, in which nothing is judged.
type context uint16

const (
	inMain context = 1 << iota
	inEvents
	inHTTP
	inServer
	inLocation
	inUpstream
	inServerIf
	inLocationIf
	inLimitExcept
	inData  // its lines are data: map, geo, types
	inSplit // the same, and an include is data, too: split_clients

	inAny = inHTTP | inServer | inLocation
	inIf  = inServerIf | inLocationIf
)

// inside returns what stands between the braces of a directive of that name.
func inside(name string, within context) context {
	switch {
	case within == inMain && name == "events":
		return inEvents
	case within == inMain && name == "http":
		return inHTTP
	}
	if within&(inAny|inIf|inLimitExcept) == 0 {
		return 0
	}
	switch name {
	case "server":
		return inServer
	case "upstream":
		return inUpstream
	case "location":
		return inLocation
	case "if":
		if within&(inServer|inServerIf) != 0 {
			return inServerIf
		}
		return inLocationIf
	case "limit_except":
		return inLimitExcept
	case "map", "geo", "types":
		return inData
	case "split_clients":
		return inSplit
	}
	return 0
}

// check returns what nginx says against a directive as it reads it, in its words; empty
// where it has nothing to say. The block that d stands in has held list so far.
func (p *parser) check(d *Directive, list []*Directive, within context) string {
	switch {
	case within == 0 || within == inSplit:
		return ""
	case within == inData:
		return p.checkData(d, list)
	case d.Name == "include" && len(d.Args) == 1 && d.Open == 0:
		return ""
	case d.Name == "load_module":
		p.modules = append(p.modules, strings.FieldsFunc(d.arg(0), func(c rune) bool { return c == '_' || c == '/' })...)
		return ""
	}
	known, ok := p.rules[d.Name]
	if !ok {
		return p.typo(d)
	}
	i := slices.IndexFunc(known, func(r rule) bool { return r.in&within != 0 })
	if i < 0 {
		return fmt.Sprintf(`"%s" directive is not allowed here`, d.Name)
	}
	rule, n := known[i], len(d.Args)
	switch {
	case rule.kind != block && d.Open > 0:
		return fmt.Sprintf(`directive "%s" is not terminated by ";"`, d.Name)
	case rule.kind == block && d.Open == 0:
		return fmt.Sprintf(`directive "%s" has no opening "{"`, d.Name)
	case n < rule.least || n > rule.most:
		return fmt.Sprintf(`invalid number of arguments in "%s" directive`, d.Name)
	case rule.kind != line && rule.kind != block && slices.ContainsFunc(list, func(o *Directive) bool { return o.Name == d.Name }):
		return fmt.Sprintf(`"%s" directive is duplicate`, d.Name)
	}
	if text := rule.checkValue(d); text != "" {
		return text
	}
	switch d.Name {
	case "proxy_pass":
		return checkPass(d, within)
	case "listen":
		return p.checkListen(d, list)
	case "upstream":
		if slices.ContainsFunc(list, func(o *Directive) bool { return o.Name == d.Name && o.arg(0) == d.arg(0) }) {
			return fmt.Sprintf(`duplicate upstream "%s"`, d.arg(0))
		}
	}
	return ""
}

// checkValue judges the value of a directive of one argument.
func (r rule) checkValue(d *Directive) string {
	value := d.arg(0)
	if strings.Contains(value, "$") {
		return ""
	}
	switch {
	case r.kind == flag && !strings.EqualFold(value, "on") && !strings.EqualFold(value, "off"):
		return fmt.Sprintf(`invalid value "%s" in "%s" directive, it must be "on" or "off"`, value, d.Name)
	case r.kind == number && (value == "" || strings.Trim(value, "0123456789") != ""):
		return fmt.Sprintf(`"%s" directive invalid number`, d.Name)
	case r.kind == duration && !isDuration(value), r.kind == size && !isSize(value):
		return fmt.Sprintf(`"%s" directive invalid value`, d.Name)
	}
	return ""
}

// isSize reports whether nginx reads a value as a size: 8, 8k, 8m.
func isSize(value string) bool {
	value = strings.TrimRight(value[:max(len(value)-1, 0)], "0123456789") + value[max(len(value)-1, 0):]
	return len(value) == 1 && strings.ContainsAny(value, "0123456789kKmM")
}

// isDuration reports whether nginx reads a value as a time: 60, 60s, 1h30m, 500ms.
func isDuration(value string) bool {
	units := []string{"y", "M", "w", "d", "h", "m", "s", "ms"} // each of them once, in this order
	digits := 0
	for rest := value; ; {
		number := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		rest = rest[len(number):]
		digits += len(number)
		if rest == "" {
			return digits > 0
		}
		if number == "" {
			return false
		}
		unit := rest[:1]
		if strings.HasPrefix(rest, "ms") {
			unit = "ms"
		}
		i := slices.Index(units, unit)
		if i < 0 {
			return false
		}
		units, rest = units[i+1:], strings.TrimLeft(rest[len(unit):], " ")
		if rest == "" {
			return true
		}
	}
}

// checkData judges a line of a map, as it is read.
func (p *parser) checkData(d *Directive, list []*Directive) string {
	if d.Parent == nil || d.Parent.Name != "map" || d.Name == "include" && len(d.Args) == 1 || d.Open > 0 {
		return ""
	}
	switch {
	case len(d.Args) == 0 && (d.Name == "hostnames" || d.Name == "volatile"):
		return ""
	case len(d.Args) != 1:
		return "invalid number of the map parameters"
	}
	if len(list) > maxMapChecked {
		return ""
	}
	for _, o := range list {
		switch {
		case o.Name != d.Name || len(o.Args) != 1:
		case d.Name == "default":
			return "duplicate default map parameter"
		case !strings.HasPrefix(d.Name, "~"):
			return fmt.Sprintf(`conflicting parameter "%s"`, d.Name)
		}
	}
	return ""
}

// maxMapChecked is the line of a map up to which twins are looked for: each line is
// compared with all before it.
const maxMapChecked = 1000

// checkPass judges the address of a proxy_pass.
func checkPass(d *Directive, within context) string {
	address := d.arg(0)
	if strings.Contains(address, "$") {
		return ""
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "invalid URL prefix"
	}
	uri := strings.Contains(rest, "/") || strings.Contains(rest, "?")
	if path, unix := strings.CutPrefix(rest, "unix:"); unix {
		uri = strings.Contains(path, ":")
	}
	parent := d.Parent
	if uri && (within&(inLocationIf|inLimitExcept) != 0 || parent.Name == "location" && (placeOf(parent).regex() || strings.HasPrefix(parent.arg(0), "@"))) {
		return `"proxy_pass" cannot have URI part in location given by regular expression, or inside named location, or inside "if" statement, or inside "limit_except" block`
	}
	return ""
}
