package nginxconf

import (
	"slices"
	"strconv"
	"strings"
)

// maxChanges is how often nginx lets a configuration change the path of one request.
const maxChanges = 10

// rewrites runs the directives of the rewrite module of a block, in their order. It reports
// whether the rest of the block is to be run.
func (v *visit) rewrites(block []*Directive) (goOn bool) {
	for _, d := range block {
		goOn := true
		switch d.Name {
		case "set":
			v.assign(d)
		case "return":
			v.giveBack(d)
		case "break":
			v.execute(d)
			if v.moved {
				v.placed, v.whole, v.moved = false, false, false
			}
			return false
		case "rewrite":
			goOn = v.rewrite(d)
		case "if":
			goOn = v.condition(d)
		case "rewrite_by_lua_block", "rewrite_by_lua_file", "set_by_lua_block":
			v.skip(d, "what a program in it does is not followed")
		}
		if v.ended || !goOn {
			return false
		}
		if !v.spend(1) {
			v.lose(d, "there is too much to follow")
			return false
		}
	}
	return true
}

func (v *visit) assign(d *Directive) {
	value, err := v.expand(d.arg(1))
	if err != nil {
		v.lose(d, err.Error())
		return
	}
	v.execute(d)
	v.set[strings.ToLower(strings.Trim(d.arg(0), "${}"))] = value
}

// giveBack answers as a return directive says.
func (v *visit) giveBack(d *Directive) {
	v.execute(d)
	status, err := strconv.Atoi(d.arg(0))
	text := d.arg(1)
	if err != nil {
		status, text = 302, d.arg(0)
	}
	v.answer(d, status)
	if status >= 301 && status <= 308 && status != 304 && status != 305 && status != 306 {
		if text, err = v.expand(text); err != nil {
			v.skip(d, err.Error())
			return
		}
		v.hop.Redirect = text
	} else if len(d.Args) < 2 {
		v.errorPage(status)
	}
}

// rewrite changes the path as a rewrite directive says. It reports whether the next
// directive is to be run.
func (v *visit) rewrite(d *Directive) (goOn bool) {
	matched, why := v.match(d.arg(0), false, v.uri)
	if why != "" {
		v.lose(d, why)
		return false
	}
	if !matched {
		v.captures = nil
		return true
	}
	v.execute(d)
	flag, text := d.arg(2), d.arg(1)
	redirect := flag == "redirect" || flag == "permanent" || strings.HasPrefix(text, "http://") ||
		strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "$scheme")
	text, dropArgs := strings.CutSuffix(text, "?")
	path, query, asks := strings.Cut(text, "?")
	recoded := (v.escaped || v.plus) && (redirect && variables(text) || variables(query))
	if recoded && !redirect {
		v.lose(d, "how it writes escapes of the path is not followed")
		return false
	}
	to, err := v.expand(path)
	if err == nil && asks {
		query, err = v.expand(query)
	}
	if err != nil {
		v.lose(d, err.Error())
		return false
	}
	switch {
	case asks && !dropArgs && v.args != "":
		query += "&" + v.args
	case !asks && !dropArgs:
		query = v.args
	}
	if redirect {
		v.redirect(d, to, query, recoded)
		return false
	}
	if to == "" {
		v.answer(d, 500)
		return false
	}
	v.uri, v.args = to, query
	v.internal, v.whole = true, false
	if flag == "break" {
		v.placed, v.moved = false, false
		return false
	}
	v.moved = true
	return flag != "last"
}

// redirect answers as a rewrite directive says; recoded: with escapes that are not followed.
func (v *visit) redirect(d *Directive, to, query string, recoded bool) {
	if query != "" {
		to += "?" + query
	}
	status := 302
	if d.arg(2) == "permanent" {
		status = 301
	}
	v.answer(d, status)
	if recoded {
		v.skip(d, "how it writes escapes of the path is not followed")
	} else {
		v.hop.Redirect = to
	}
}

// condition runs the block of an if whose condition holds. In a location the block becomes
// the place that says what is done with the request.
func (v *visit) condition(d *Directive) (goOn bool) {
	holds, err := v.holds(d)
	if err != "" {
		v.lose(d, err)
		return false
	}
	if !holds {
		return true
	}
	v.execute(d)
	for _, other := range setters(d) {
		v.execute(other)
	}
	if d.Parent != nil && d.Parent.Name == "location" {
		v.level = d
	}
	return v.rewrites(d.Block)
}

// setters returns the other ifs of a block that set the variable of this one's condition:
// what they ask decides here too, also where it does not hold.
func setters(condition *Directive) (all []*Directive) {
	words := conditionOf(condition)
	if len(words) == 0 || condition.Parent == nil {
		return nil
	}
	for _, other := range named(condition.Parent.Block, "if") {
		if other != condition && slices.ContainsFunc(named(other.Block, "set"), func(set *Directive) bool {
			return strings.EqualFold(strings.Trim(set.arg(0), "${}"), strings.Trim(words[0], "${}"))
		}) {
			all = append(all, other)
		}
	}
	return all
}

// holds evaluates the condition of an if, or says why it cannot.
func (v *visit) holds(d *Directive) (holds bool, why string) {
	words := conditionOf(d)
	if len(words) == 0 {
		return false, "its condition cannot be read"
	}
	if strings.HasPrefix(words[0], "-") || strings.HasPrefix(words[0], "!-") {
		return false, "files are not looked at"
	}
	value, err := v.value(strings.Trim(words[0], "${}"))
	if err != nil {
		return false, err.Error()
	}
	if len(words) == 1 {
		return value != "" && value != "0", ""
	}
	if len(words) != 3 {
		return false, "its condition cannot be read"
	}
	switch operator := words[1]; operator {
	case "=", "!=":
		other, err := v.expand(words[2])
		if err != nil {
			return false, err.Error()
		}
		return (value == other) == (operator == "="), ""
	case "~", "~*", "!~", "!~*":
		matched, why := v.match(words[2], strings.HasSuffix(operator, "*"), value)
		if why == "" && !matched {
			v.captures = nil
		}
		return matched != strings.HasPrefix(operator, "!"), why
	}
	return false, "its condition cannot be read"
}

// conditionOf returns the words between the parentheses of an if.
func conditionOf(d *Directive) []string {
	words := append([]string(nil), d.Args...)
	if len(words) == 0 {
		return nil
	}
	words[0] = strings.TrimPrefix(words[0], "(")
	if words[0] == "" {
		words = words[1:]
	}
	if len(words) == 0 {
		return nil
	}
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], ")")
	if words[last] == "" && (last == 1 || last == 3) {
		words = words[:last]
	}
	return words
}
