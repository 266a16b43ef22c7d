package diagnosis

import (
	"fmt"
	"regexp"
	"slices"
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
// client asked for: certain where that was changed on the way, and nothing where it was
// not.
func (r *reading) pathFault(because string) sign {
	sent, known := r.sentPath()
	switch {
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
	Shows:    Expectation | ClientSide | Configuration,
	Spec:     passSpec,
	SpecURL:  passURL,
	told: func(r *reading, c *Config) sign {
		expected, ok := r.misses(c, stripped)
		if d := c.changer(); ok && d != nil {
			return certain(fmt.Sprintf("The application serves %s, and %s reaches it: %s.", handshake.Quote(expected), handshake.Quote(r.reaching(c)), d.says())).by(*d)
		}
		return none()
	},
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
	Shows:    Expectation | ClientSide | Configuration,
	Spec:     passSpec,
	SpecURL:  passURL,
	told: func(r *reading, c *Config) sign {
		expected, ok := r.misses(c, notStripped)
		if d, passes := c.directive("proxy_pass"); ok && passes {
			return certain(fmt.Sprintf("The application serves %s, and %s reaches it, since nothing cuts the prefix off: %s.", handshake.Quote(expected), handshake.Quote(r.reaching(c)), d.says())).by(d)
		}
		return none()
	},
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

// changer finds the directive that changes the path: a rewrite, or a proxy_pass with a path
// behind its address.
func (c *Config) changer() *Directive {
	if d := c.about("rewrite", func(*Directive) bool { return true }); d != nil {
		return d
	}
	return c.about("proxy_pass", func(d *Directive) bool { return d.changesPath() })
}

// reaching returns the path that reaches the backend: as it arrived, else as c was
// followed.
func (r *reading) reaching(c *Config) string {
	if r.Request != nil && c == r.Config {
		return r.path()
	}
	path, _, _ := strings.Cut(c.Target, "?")
	return path
}

// misses returns the first of the paths that the application serves for which is holds,
// given the one that c makes; none where that is one of them.
func (r *reading) misses(c *Config, is func(wanted, arrived string) bool) (path string, found bool) {
	reaching := r.reaching(c)
	if c != r.Config || reaching == "" || !r.wants() || slices.Contains(r.Expect, reaching) {
		return "", false
	}
	i := slices.IndexFunc(r.Expect, func(expected string) bool { return is(expected, reaching) })
	if i < 0 {
		return "", false
	}
	return r.Expect[i], true
}
