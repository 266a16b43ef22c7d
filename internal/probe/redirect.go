package probe

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxRedirects is how many redirects are followed.
const maxRedirects = 10

// authorizes reports whether the answer asks for the user that the URL names. A browser
// sends it then, and not before.
func (c *call) authorizes() bool {
	if c.answer == nil || c.target.User == nil || c.authorized || statusOf(c.answer.head) != http.StatusUnauthorized || c.Browser == NoBrowser {
		return false
	}
	return slices.ContainsFunc(values(c.answer.head, "WWW-Authenticate"), func(v string) bool {
		return len(v) >= 5 && strings.EqualFold(v[:5], "basic")
	})
}

// leadsOn reports whether the answer is a redirect.
func (c *call) leadsOn() bool { return c.answer != nil && isRedirect(statusOf(c.answer.head)) }

func isRedirect(status int) bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, status)
}

// redirect returns the call that the redirect leads to; nil where it leads nowhere, or on
// and on.
func (c *call) redirect() *call {
	s := newStep("redirect")
	if c.redirects == maxRedirects {
		c.say(s.as(Failed, fmt.Sprintf("There are more than %d redirects: they lead in a circle.", maxRedirects)))
		return nil
	}
	next, err := c.location()
	if err != nil {
		c.say(s.as(Failed, sentence("The redirect leads nowhere: "+err.Error())))
		return nil
	}
	foreign := c.foreign || next.Origin() != c.Target.Origin()
	s.Outcome, s.Says = Advised, "On to "+quoted(next.String())+", as --follow asks. A browser would have failed."
	if foreign && !c.foreign {
		s.Says += " It is another origin: no cookie, no credentials and no Host of yours go there."
	}
	c.say(s)
	return &call{probe: c.probe, target: next, redirects: c.redirects + 1, foreign: foreign}
}

// location returns where a redirect leads (RFC 3986, section 5.2).
func (c *call) location() (*Target, error) {
	to, _, _ := strings.Cut(valueOf(c.answer.head, "Location"), "#")
	site := c.target.Site().String()
	path, _, _ := strings.Cut(c.target.Path, "?")
	before, _, absolute := strings.Cut(to, "://")
	switch {
	case to == "":
		return nil, errors.New("it has no Location")
	case absolute && !strings.ContainsAny(before, "/?"):
		return ParseTarget(to)
	case strings.HasPrefix(to, "//"):
		return ParseTarget(c.target.scheme() + ":" + to)
	case strings.HasPrefix(to, "/"):
		return ParseTarget(site + to)
	case strings.HasPrefix(to, "?"):
		return ParseTarget(site + path + to)
	}
	return ParseTarget(site + path[:strings.LastIndexByte(path, '/')+1] + to)
}
