package nginxconf

import (
	"slices"
	"strconv"
	"strings"
)

// serve leads an accepted request through its server.
func (v *visit) serve() {
	v.rewrites(v.server.Block)
	if !v.ended {
		v.seek()
	}
	if v.hop.Server != nil && !v.subrequest {
		v.beatLocations()
	}
}

// seek finds the location that serves the path, and goes in.
func (v *visit) seek() {
	v.moved = false
	block, how := v.find(v.server)
	if !v.ended {
		v.walk(block, how)
	}
}

// walk leads the request from one location to the next, until one serves it.
func (v *visit) walk(block *Directive, how finding) {
	for !v.ended {
		next := v.enter(block, how)
		if v.ended || next == nil && !v.moved {
			return
		}
		if v.changes++; v.changes > maxChanges {
			v.answer(block, 500)
			return
		}
		if block, how = next, settled; next == nil {
			v.moved = false
			block, how = v.find(v.server)
		}
	}
}

// enter does with the request what a location says, or the server itself. The location with
// a name that follows is next, if one does.
func (v *visit) enter(block *Directive, how finding) (next *Directive) {
	v.level = block
	if v.hop.Location = nil; block.Name == "location" {
		v.hop.Location = block
	}
	if inside := v.setting("internal"); inside != nil && !v.internal {
		v.answer(inside, 404)
		v.errorPage(404)
		return nil
	}
	if how == slash {
		v.answer(handlerOf(block, passes), 301)
		v.hop.Redirect = placeOf(block).name
		if v.args != "" {
			v.hop.Redirect += "?" + v.args
		}
		return nil
	}
	v.exceptMethods(block)
	if v.tooLong() {
		return nil
	}
	if v.level != v.server {
		v.rewrites(v.level.Block)
	}
	if v.ended || v.moved {
		return nil
	}
	if !v.subrequest {
		v.access()
	}
	if v.ended {
		return nil
	}
	if try := named(v.level.Block, "try_files"); len(try) > 0 {
		return v.tryFiles(try[0])
	}
	v.content()
	return nil
}

// exceptMethods goes into the limit_except of a location, if the method is none of those
// that it leaves alone.
func (v *visit) exceptMethods(block *Directive) {
	for _, d := range named(block.Block, "limit_except") {
		head := v.in.Method == "HEAD" && slices.Contains(d.Args, "GET")
		if !head && !slices.Contains(d.Args, v.in.Method) {
			v.execute(d)
			v.level = d
		}
	}
}

// tooLong answers a request whose body is longer than client_max_body_size.
func (v *visit) tooLong() bool {
	limit := 1 << 20
	d := v.setting("client_max_body_size")
	if d != nil {
		limit = readSize(d.arg(0), limit)
	}
	length, err := strconv.Atoi(v.line("content_length"))
	if err != nil || limit == 0 || length <= limit {
		return false
	}
	v.answer(d, 413)
	v.errorPage(413)
	return true
}

// errorPage notes that another answer takes the place of one with that status.
func (v *visit) errorPage(status int) {
	pages, _ := v.conf.inherited(v.level, "error_page")
	for _, d := range pages {
		if slices.Contains(d.Args[:max(len(d.Args)-1, 0)], strconv.Itoa(status)) {
			v.skip(d, "what is answered in place of "+strconv.Itoa(status)+" is not followed")
			v.hop.Status = 0
		}
	}
}

// tryFiles goes where try_files leads if there is none of its files.
func (v *visit) tryFiles(d *Directive) (next *Directive) {
	v.execute(d)
	v.skip(d, "files are not looked at, they are taken as not there")
	last := d.arg(len(d.Args) - 1)
	if code, ok := strings.CutPrefix(last, "="); ok {
		status, _ := strconv.Atoi(code)
		v.answer(d, status)
		v.errorPage(status)
		return nil
	}
	v.internal = true
	if strings.HasPrefix(last, "@") {
		for _, l := range named(v.server.Block, "location") {
			if placeOf(l) == (place{"@", last}) {
				return l
			}
		}
		v.answer(d, 500)
		return nil
	}
	to, err := v.expand(last)
	if err != nil {
		v.lose(d, err.Error())
		return nil
	}
	if v.fallback == d {
		v.answer(d, 0) // the file at the end is there, or nothing would be served at all
		return nil
	}
	v.fallback = d
	v.uri, v.args, _ = strings.Cut(to, "?")
	v.whole, v.placed, v.moved = false, true, true
	v.level = v.server
	v.rewrites(v.server.Block)
	v.moved = true
	return nil
}

// content hands the request to a backend, or answers it.
func (v *visit) content() {
	block := v.level
	handler := handlerOf(block, handlers)
	if handler == nil && (block.Name == "if" || block.Name == "limit_except") {
		handler = handlerOf(block.Parent, handlers)
	}
	switch {
	case handler == nil:
		v.answer(v.files(), 0)
	case slices.Contains(passes, handler.Name):
		v.hop.Pass = handler
		v.send()
	default:
		v.answer(handler, 0)
	}
}

// files returns what says that files are served: try_files, root, alias, or the block
// itself.
func (v *visit) files() *Directive {
	if v.fallback != nil {
		return v.fallback
	}
	for _, name := range []string{"alias", "root"} {
		if d := v.setting(name); d != nil {
			return d
		}
	}
	if v.hop.Location != nil {
		return v.hop.Location
	}
	return v.server
}

// passes are the directives that hand a request to a backend, handlers those and others
// that answer it.
var (
	passes   = []string{"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"}
	handlers = append([]string{"empty_gif", "stub_status", "flv", "mp4", "perl", "js_content", "content_by_lua_block", "content_by_lua_file", "api", "hls", "mirror_content"}, passes...)
)

// handlerOf returns the last of those directives in a block: the others have no effect.
func handlerOf(block *Directive, names []string) *Directive {
	if found := named(block.Block, names...); len(found) > 0 {
		return found[len(found)-1]
	}
	return nil
}
