package diagnosis

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"wsinspect/internal/handshake"
)

// The paths of a request are compared with those that the application serves, or with the
// one that the client asked for. Without either nobody can tell a changed path from a
// right one, but for one that begins with two slashes.

const (
	passSpec = "nginx proxy_pass"
	passURL  = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass"
)

// wanted returns the first of the paths that the application serves for which is holds,
// given the path that arrived; none where one of them is the one that arrived.
func (r *reading) wanted(is func(wanted, arrived string) bool) (path string, found bool) {
	arrived := r.path()
	if !strings.HasPrefix(arrived, "/") || !r.asked() {
		return "", false
	}
	for _, expected := range r.Expect {
		if expected == arrived {
			return "", false
		}
		if !found && is(expected, arrived) {
			path, found = expected, true
		}
	}
	return path, found
}

// sentPath returns the path for which the client asked.
func (r *reading) sentPath() (path string, known bool) {
	if r.Client == nil || r.Client.Sent == nil {
		return "", false
	}
	path, _, _ = strings.Cut(r.Client.Sent.Target(), "?")
	return path, true
}

// pathFault weighs a path that is not the one that the application serves by what the
// client asked for, certain where that was changed on the way and nothing where it was
// not, and by the configuration: certain where proxy_pass changes it.
func (r *reading) pathFault(because string) sign {
	sent, known := r.sentPath()
	pass, _ := r.Config.directive("proxy_pass")
	switch {
	case !known && pass.changesPath():
		return certain(because+" "+pass.says()+".", r.head.Start.Second)
	case !known:
		return likely(because, r.head.Start.Second)
	case sent == r.path():
		return none()
	}
	return certain(fmt.Sprintf("%s The client asked for %s.", because, handshake.Quote(sent)), r.head.Start.Second)
}

// changesPath reports whether a proxy_pass has a path behind its address.
func (d Directive) changesPath() bool {
	if len(d.Args) != 1 {
		return false
	}
	_, rest, _ := strings.Cut(d.Args[0], "://")
	return strings.Contains(rest, "/") && !strings.HasPrefix(rest, "unix:")
}

var pathPrefixStripped = &Cause{
	ID:    "path-prefix-stripped",
	Title: "The proxy cuts off a prefix that the application needs",
	Doc: handshake.Doc{
		What: "With a path behind the address, be it a single slash, proxy_pass replaces the part of the path that the location matched: location /live/ with proxy_pass http://backend/; turns /live/ws into /ws. The application, which serves /live/ws, answers 404.",
		See:  "The path that arrived is the end of the one that the application serves. wsinspect needs --expect-path, a probe or the configuration to know that one.",
		Do: `Write proxy_pass without anything behind the address, and take out a rewrite that cuts the path:

    proxy_pass http://127.0.0.1:8080;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  4,
	Shows:    Expectation | ClientSide,
	Spec:     passSpec,
	SpecURL:  passURL,
	find: func(r *reading) sign {
		expected, ok := r.wanted(stripped)
		if !ok {
			return r.shortened()
		}
		return r.pathFault(fmt.Sprintf("The application serves %s, and %s arrived: the proxy cut %s off.", handshake.Quote(expected), handshake.Quote(r.path()), handshake.Quote(cutOff(expected, r.path()))))
	},
	remedy: keepPath,
	nginx: func(r *reading) Fix {
		return Fix{
			Steps: []Step{{Where: "location", Lines: []string{"proxy_pass " + r.upstream() + ";"}, Remove: []string{"rewrite"}}},
			Note:  "Nothing may stand behind the address, not even a slash: then nginx passes the path on as it came. Keep the address or the upstream name that you have.",
		}
	},
}

func stripped(wanted, arrived string) bool {
	return !strings.HasPrefix(arrived, "//") && len(arrived) < len(wanted) && (strings.HasSuffix(wanted, arrived) || arrived == "/")
}

// shortened looks for a prefix that was cut off where nobody said which paths the
// application serves: many cut it off on purpose.
func (r *reading) shortened() sign {
	sent, known := r.sentPath()
	switch {
	case r.unknownPath():
		return possible(unknownPath + "a prefix that it needs may have been cut off on the way.")
	case known && len(r.Expect) == 0 && strings.HasPrefix(r.path(), "/") && stripped(sent, r.path()):
		return possible(fmt.Sprintf("The client asked for %s, and %s arrived. If the application serves the whole path, it answers 404.", handshake.Quote(sent), handshake.Quote(r.path())), r.head.Start.Second)
	}
	return none()
}

const unknownPath = "The answer is 404, in a page that is not nginx's own. If it is the application's, the path that reaches it is none that it serves: "

// unknownPath reports whether the client got a 404 that an application may have given,
// which nobody here has seen.
func (r *reading) unknownPath() bool {
	return r.Request == nil && r.Client.status() == 404 && !r.Client.ownPage(404)
}

// cutOff returns what longer has in front of shorter.
func cutOff(longer, shorter string) string { return strings.TrimSuffix(longer, shorter) }

// upstream returns the address behind proxy_pass, without a path: the configuration's own
// where it is known.
func (r *reading) upstream() string {
	if d, ok := r.Config.directive("proxy_pass"); ok && len(d.Args) == 1 {
		if scheme, rest, ok := strings.Cut(d.Args[0], "://"); ok && !strings.HasPrefix(rest, "unix:") {
			address, _, _ := strings.Cut(rest, "/")
			address, _, _ = strings.Cut(address, "$uri")
			return scheme + "://" + address
		}
	}
	if r.Request != nil && r.Request.Local != nil && r.Request.Local.Network() == "unix" {
		return "http://unix:" + r.Request.Local.String()
	}
	return "http://" + r.backend()
}

var pathPrefixNotStripped = &Cause{
	ID:    "path-prefix-not-stripped",
	Title: "The proxy passes on a prefix that the application does not know",
	Doc: handshake.Doc{
		What: "Without anything behind the address, proxy_pass hands on the whole path: location /live/ with proxy_pass http://backend; passes /live/ws. The application, which serves /ws, answers 404.",
		See:  "The path that the application serves is the end of the one that arrived. wsinspect needs --expect-path to know the former.",
		Do: `Cut the prefix off. A slash behind the address replaces what the location matched, if both end with one:

    location /live/ {
        proxy_pass http://127.0.0.1:8080/;
    }

A rewrite does the same and leaves proxy_pass as it is:

    rewrite ^/live/(.*)$ /$1 break;`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Expectation | ClientSide,
	Spec:     passSpec,
	SpecURL:  passURL,
	find: func(r *reading) sign {
		expected, ok := r.wanted(notStripped)
		switch {
		case r.unknownPath():
			return possible(unknownPath + "a prefix that it does not know may have been passed on.")
		case !ok:
			return none()
		}
		because := fmt.Sprintf("The application serves %s, and %s arrived: the prefix %s was not cut off.", handshake.Quote(expected), handshake.Quote(r.path()), handshake.Quote(cutOff(r.path(), expected)))
		if sent, known := r.sentPath(); known && sent == r.path() {
			return likely(because+" The client asked for it so.", r.head.Start.Second)
		}
		return likely(because, r.head.Start.Second)
	},
	nginx: func(r *reading) Fix {
		expected, _ := r.wanted(notStripped)
		prefix, plain := plainText(cutOff(r.path(), expected))
		if !plain {
			return Fix{Note: "Let the location cut the prefix off: rewrite ^/prefix/(.*)$ /$1 break; with your prefix."}
		}
		return Fix{
			Steps: []Step{{Where: "location", Lines: []string{"rewrite ^" + prefix + "(/.*)$ $1 break;"}}},
			Note:  "It cuts the prefix off, whatever stands behind the address in proxy_pass. The other way: end location and proxy_pass with a slash each, and nginx replaces the one by the other.",
		}
	},
}

func notStripped(wanted, arrived string) bool {
	return !strings.HasPrefix(arrived, "//") && strings.HasPrefix(wanted, "/") && len(arrived) > len(wanted) && strings.HasSuffix(arrived, wanted)
}

// plainText returns text as a regular expression and whether a line of a configuration may
// hold it: nothing in it needs quotation marks or starts a variable.
func plainText(text string) (pattern string, plain bool) {
	plain = plainPath(text) == text
	return regexp.QuoteMeta(text), plain
}

var pathDoubleSlash = &Cause{
	ID:    "path-double-slash",
	Title: "Location and proxy_pass disagree about the slash at the end",
	Doc: handshake.Doc{
		What: "proxy_pass with a path replaces what the location matched, letter by letter: location /console with proxy_pass http://backend/; turns /console/ws into //ws, and location /live/ with proxy_pass http://backend/app; turns /live/ws into /appws. Go's ServeMux answers //ws with a redirect, which a handshake does not follow.",
		See:  "The path that arrived begins with two slashes, or lacks one in its middle.",
		Do: `Let location and proxy_pass end alike, both with a slash or both without:

    location /console/ {
        proxy_pass http://127.0.0.1:8080/;
    }`,
	},
	Severity: Rejects,
	Party:    ByProxy,
	Reports:  2,
	Shows:    Refusal | Acceptance | Expectation | ClientSide,
	Spec:     passSpec,
	SpecURL:  passURL,
	find: func(r *reading) sign {
		arrived := r.path()
		sent, known := r.sentPath()
		expected, lacks := r.wanted(withoutSlash)
		switch {
		case r.Request == nil && known && r.cleaned() != "" && stripped(sent, r.cleaned()):
			return likely(fmt.Sprintf("The client asked for %s and is sent to %s, as Go's ServeMux does with a path that reaches it with two slashes: proxy_pass ends with a slash and the location does not.", handshake.Quote(sent), handshake.Quote(r.cleaned())))
		case r.Request == nil || !r.asked():
			return none()
		case strings.Contains(arrived, "//") && !(known && strings.Contains(sent, "//")):
			because := fmt.Sprintf("%s arrived, with two slashes: proxy_pass ends with a slash and the location does not.", handshake.Quote(arrived))
			_, expects := r.wanted(func(string, string) bool { return true })
			switch {
			case known:
				return certain(fmt.Sprintf("%s The client asked for %s.", because, handshake.Quote(sent)), r.head.Start.Second)
			case strings.HasPrefix(arrived, "//"), expects:
				return likely(because+" Or the client asked for it so.", r.head.Start.Second)
			}
			return none()
		case lacks:
			return r.pathFault(fmt.Sprintf("%s arrived, and the application serves %s: a slash is lost where the location ends with one and proxy_pass does not.", handshake.Quote(arrived), handshake.Quote(expected)))
		}
		return none()
	},
	remedy: keepPath,
	nginx: func(r *reading) Fix {
		wanted := clean(cmp.Or(r.path(), r.cleaned(), "/"))
		for _, expected := range r.Expect {
			if clean(expected) == wanted || withoutSlash(expected, r.path()) || strings.HasSuffix(expected, wanted) {
				wanted = expected
			}
		}
		last, plain := plainText(wanted[strings.LastIndexByte(wanted, '/'):])
		if !plain || plainPath(wanted) != wanted {
			return Fix{Note: "Let location and proxy_pass end alike, both with a slash or both without."}
		}
		return Fix{
			Steps: []Step{{Where: "location", Lines: []string{"rewrite " + last + "$ " + wanted + " break;"}}},
			Note:  "This cures exactly this path. The clean way cures all paths of the location: let location and proxy_pass end alike, both with a slash or both without.",
		}
	},
}

// cleaned returns the path to which the answer redirects on the same host; empty where it
// does not.
func (r *reading) cleaned() string {
	location, _, _ := strings.Cut(r.Client.said("Location"), "?")
	if !redirects(r.Client.status()) || !strings.HasPrefix(location, "/") {
		return ""
	}
	return location
}

// withoutSlash reports whether two paths differ by nothing but slashes in the one that is
// wanted.
func withoutSlash(wanted, arrived string) bool {
	return len(arrived) < len(wanted) && !strings.HasSuffix(wanted, arrived) &&
		strings.Trim(wanted, "/") != strings.Trim(arrived, "/") &&
		strings.ReplaceAll(wanted, "/", "") == strings.ReplaceAll(arrived, "/", "")
}

// clean returns path with every run of slashes made one.
func clean(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

var queryStringDropped = &Cause{
	ID:    "query-string-dropped",
	Title: "The proxy loses the query",
	Doc: handshake.Doc{
		What: "A proxy_pass with a variable and a path sends exactly that path, without the arguments of the request. A token in the query then never reaches the application. A rewrite that ends with ? drops them too.",
		See:  "Not in the bytes: a request without a query looks like any other. What the client sent shows it, or the configuration.",
		Do: `Write the arguments behind the path:

    proxy_pass http://$app$uri$is_args$args;

Or leave the path out, and nginx passes on what it has, arguments included.`,
	},
	Severity: Risks,
	Party:    ByProxy,
	Shows:    ClientSide | Configuration,
	Spec:     passSpec,
	SpecURL:  passURL,
	find: func(r *reading) sign {
		if r.Request == nil && !r.unasked() {
			return none()
		}
		d, drops := r.Config.dropsQuery()
		if r.Client != nil && r.Client.Sent != nil && r.Request != nil {
			if !strings.Contains(r.Client.Sent.Target(), "?") || strings.Contains(r.head.Target(), "?") {
				return none()
			}
			because := fmt.Sprintf("The client asked with a query, and %s arrived without one: a proxy dropped it.", handshake.Quote(r.head.Target()))
			if drops {
				because += " " + d.says() + "."
			}
			return certain(because, r.head.Start.Second)
		}
		if drops && !strings.Contains(r.head.Target(), "?") {
			return likely("A query that a client sends does not reach the application: " + d.says() + ".")
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		if d, ok := r.Config.dropsQuery(); ok && d.Name == "proxy_pass" {
			return Fix{Steps: []Step{{Where: "location", Lines: []string{"proxy_pass " + d.Args[0] + "$is_args$args;"}}},
				Note: "The arguments go behind the path, with their question mark where there are any."}
		}
		f := Fix{Steps: []Step{{Where: "location", Lines: []string{"proxy_pass " + r.upstream() + ";"}}},
			Note: "Without a path behind the address nginx passes on what it has, arguments included. Keep the address or the upstream name that you have."}
		if sent, known := r.sentPath(); known && sent != r.path() && plainPath(r.path()) == r.path() {
			f.Steps[0].Lines[0] = "proxy_pass " + r.upstream() + r.path() + "$is_args$args;"
			f.Note = "This sends exactly this path with the arguments of the request. Where proxy_pass has a variable, write $is_args$args behind it. A rewrite must not end with a question mark."
			f.Steps[0].Remove = []string{"rewrite"}
		}
		return f
	},
}

// dropsQuery returns the directive by which a configuration loses the query: a proxy_pass
// that builds the whole target from variables, or a rewrite that ends with a question mark.
func (c *Config) dropsQuery() (Directive, bool) {
	if d, ok := c.directive("proxy_pass"); ok && len(d.Args) == 1 && strings.Contains(d.Args[0], "$") {
		_, rest, _ := strings.Cut(d.Args[0], "://")
		target := strings.ContainsAny(rest, "/") || strings.Contains(rest, "$uri") || strings.Contains(rest, "$document_uri")
		keeps := strings.Contains(rest, "$args") || strings.Contains(rest, "$request_uri") || strings.Contains(rest, "$query_string")
		if target && !keeps {
			return d, true
		}
	}
	if d, ok := c.directive("rewrite"); ok && len(d.Args) > 1 && strings.HasSuffix(d.Args[1], "?") {
		return d, true
	}
	return Directive{}, false
}
