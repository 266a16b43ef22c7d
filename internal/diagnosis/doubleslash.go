package diagnosis

import (
	"cmp"
	"fmt"
	"strings"

	"wsinspect/internal/handshake"
)

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
	Shows:    Refusal | Acceptance | Expectation | ClientSide | Configuration,
	Spec:     passSpec,
	SpecURL:  passURL,
	told: func(r *reading, c *Config) sign {
		_, lacks := r.misses(c, withoutSlash)
		reaching := r.reaching(c)
		d := c.changer()
		if d == nil || !lacks && !(strings.Contains(reaching, "//") && !strings.Contains(c.URI, "//")) || lacks && r.Request != nil && !r.asked() {
			return none()
		}
		return certain(fmt.Sprintf("%s reaches the application, since location and proxy_pass do not end alike: %s.", handshake.Quote(reaching), d.says())).by(*d)
	},
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
		arrived := r.path()
		if r.Request == nil && r.Config != nil {
			arrived = r.reaching(r.Config)
		}
		wanted := clean(cmp.Or(arrived, r.cleaned(), "/"))
		for _, expected := range r.Expect {
			if clean(expected) == wanted || withoutSlash(expected, arrived) || strings.HasSuffix(expected, wanted) {
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
