package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wsinspect/internal/handshake"
)

// originTempting is why each of these lines was written: it makes a 403 go away.
const originTempting = "This line is itself the cure that people find first for a 403 of the Origin check, and it silences that check: every site that your users visit can then open this socket with their cookies (cross-site WebSocket hijacking). The cure for the 403 is the right Host."

// originDo is the cure of all of them.
const originDo = `Take the line that sets Origin out; nginx passes the browser's own on by itself. Then pass the Host on, so that the two match:

    proxy_set_header Host $http_host;`

// withoutOrigin returns the lines that leave Origin alone and pass the right Host on.
func (r *reading) withoutOrigin() Fix {
	return r.recipe().without("proxy_set_header Origin")
}

func originRecipe(r *reading) Fix {
	return r.withoutOrigin().noted("Origin passes by itself once no line sets it. Host has to be the browser's, or the check refuses the next request: $http_host is, with its port.")
}

// originSet reports whether Origin stands where no browser writes it, so that a proxy did:
// before Host among the lines of nginx, or, of a browser whose order is known, before all
// that this browser writes in front of it.
func (r *reading) originSet() bool {
	switch {
	case !r.has(origin), !r.has(host):
		return false // where the proxy's lines end shows by Host
	case r.first[origin] <= r.written:
		return (r.before(origin, host) && r.first[origin] > 1 || r.browser()) && r.byNginx()
	case !r.before(origin, userAgent) || !r.byNginx():
		return false
	}
	agent := r.value(userAgent)
	if !r.browser() || !strings.Contains(agent, "Chrome/") && !strings.Contains(agent, "Firefox/") {
		return false
	}
	switch r.name(r.first[origin]) { // of the next line: there is one, since User-Agent stands further down
	case upgrade, connection, xRealIP, xForwardedFor, xForwardedProto, xForwardedHost, pragma:
		return r.first[host] < r.first[origin]
	}
	return false
}

// originFault returns what c does to Origin, if it does not leave it as the browser sent it.
func (r *reading) originFault(c *Config) *fault {
	sets := c.sets("Origin")
	if !r.passes(c) || len(sets) == 0 || !r.wants() {
		return nil
	}
	d := sets[len(sets)-1]
	f := &fault{cause: "origin-overwritten", confidence: Certain, at: d, because: "The application never sees the origin of the page: " + d.says() + "."}
	value, known := c.sends("Origin")
	switch v := d.value(); {
	case v == "$http_origin":
		return nil
	case v == "":
		f.cause = "origin-stripped"
	case known && value != "null" && (!strings.Contains(value, "://") || strings.HasPrefix(value, ":")), !known && !strings.Contains(v, "://") && strings.HasPrefix(v, "$host"):
		f.cause, f.because = "origin-malformed", fmt.Sprintf("Origin becomes %s, which is no scheme://host[:port]: %s.", handshake.Quote(cmp.Or(value, v)), d.says())
	case slices.ContainsFunc([]string{"$host", "$http_host", "$proxy_host", "$server_name"}, func(of string) bool { return strings.Contains(v, of) }):
		f.cause = "origin-derived-from-host"
	case strings.HasPrefix(v, "$"):
		f.confidence = Likely // a map may pass on what it knows
	}
	if r.untouched(origin) && (f.cause == "origin-stripped" || f.confidence == Likely) {
		return nil
	}
	return f
}

var originOverwritten = &Cause{
	ID:    "origin-overwritten",
	Title: "The proxy replaces Origin by a constant",
	Doc: handshake.Doc{
		What: "A line sets Origin to a fixed value, most often the upstream's own address, so that it equals Host. The application then accepts every page of the web; or, where Host is right, refuses every page.",
		See:  "Origin stands before Host among the lines that the proxy wrote, or names the upstream while Host is the public name.",
		Do:   originDo,
	},
	Tempting: originTempting,
	Lures:    []string{`proxy_set_header Origin …;`},
	Severity: Risks,
	Party:    ByProxy,
	Reports:  1,
	Shows:    Refusal | Acceptance | Configuration,
	Explains: hostChecks,
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("origin-overwritten", (*reading).originFault),
	find:     func(r *reading) sign { return r.changed(origin, constantOrigin(r)) },
	remedy:   passOrigin,
	nginx:    originRecipe,
}

func constantOrigin(r *reading) sign {
	if !r.asked() || !r.has(origin) {
		return none()
	}
	o := r.origin
	sent, known := r.sent(origin)
	set := r.originSet()
	ownAddress := o.loopback() && o.same(r.host) && r.ours(o) && r.proxyName() == "nginx"
	is := func(sure degree, what string) sign {
		return sure("Origin is "+handshake.Quote(o.text)+what, r.spans(origin, host)...)
	}
	const among = " and stands among the lines that the proxy wrote, where no browser puts it: "
	switch {
	case known && o.same(r.host):
		return is(possible, ", and the client sent "+handshake.Quote(sent)+": a line may set it to a constant.")
	case known:
		return is(likely, ", and the client sent "+handshake.Quote(sent)+": a line sets it.").closer(3)
	case set && o.web() && o.name == r.host.name && !o.internal():
		return is(possible, among+"it may be a constant.")
	case set:
		return is(likely, among+"a line sets it, and the page's own origin is gone.").closer(3)
	case ownAddress:
		return is(likely, ", this server's own address, which no page behind a proxy has: a line sets it.")
	case !r.differ || r.direct():
		return none()
	case r.ours(o) && !r.host.internal():
		return is(likely, ", the address that the proxy dials, while Host is the public name "+handshake.Quote(r.host.text)+": a line sets Origin.").closer(2)
	case strings.Contains(o.name, "_"):
		return is(likely, ", the name of an upstream block, under which no page can be opened: a line sets Origin.").closer(2)
	case r.has(referer) && refererHost(r.value(referer)).same(r.host):
		return is(likely, " while Referer names the same host as Host, "+handshake.Quote(r.host.text)+": a line replaced Origin.").closer(2)
	case r.value(secFetchSite) == "same-origin" && o.name != r.host.name && !r.host.internal():
		s := is(possible, " while the browser says same-origin: a line may have replaced it.")
		s.evidence = r.spans(origin, secFetchSite)
		return s
	case r.first[origin] == r.written+1 && o.name != r.host.name && !r.host.internal() && r.byNginx():
		return is(possible, " and stands right behind the lines that the proxy wrote: it may be one of them.").closer(-1)
	}
	return none()
}

// refererHost returns the host of a page's address.
func refererHost(address string) authority {
	_, rest, _ := strings.Cut(address, "://")
	text, _, _ := strings.Cut(rest, "/")
	return readAuthority(text)
}

var originDerivedFromHost = &Cause{
	ID:    "origin-derived-from-host",
	Title: "The proxy builds Origin from Host",
	Doc: handshake.Doc{
		What: "A line such as proxy_set_header Origin $scheme://$host; makes Origin the same as Host, whatever page asks. The check then compares the request with itself and cannot fail.",
		See:  "Hardly ever: the request looks like a good one. Sometimes Origin stands where the browser does not write it. The configuration shows it, or a probe that sends a foreign Origin and is accepted.",
		Do:   originDo,
	},
	Tempting: originTempting,
	Lures:    []string{`proxy_set_header Origin …;`},
	Severity: Risks,
	Party:    ByProxy,
	Reports:  1,
	Shows:    Refusal | Acceptance | Configuration | ClientSide,
	Explains: hostChecks,
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("origin-derived-from-host", (*reading).originFault),
	find:     func(r *reading) sign { return r.changed(origin, mirroredOrigin(r)) },
	remedy:   passOrigin,
	nginx:    originRecipe,
}

func mirroredOrigin(r *reading) sign {
	o := r.origin
	if !r.asked() || !o.web() || r.count[host] != 1 {
		return none()
	}
	sent, known := r.sent(origin)
	if !known && !r.originSet() {
		return none()
	}
	spans := r.spans(origin, host)
	switch {
	case known && o.same(r.host):
		return likely(fmt.Sprintf("The client sent Origin %s, and %s arrived, the same as Host: a line builds it from Host.", handshake.Quote(sent), handshake.Quote(o.text)), spans...).closer(2)
	case known:
		return none()
	case o.name == r.host.name && !o.internal():
		return likely(fmt.Sprintf("Origin is %s, the name in Host, and stands where no browser puts it: a line builds it from Host, and the check compares the request with itself.", handshake.Quote(o.text)), spans...).closer(3)
	case !o.internal() && o.port == "", o.same(r.host):
		return possible(fmt.Sprintf("Origin is %s and stands where no browser puts it: a line may build it from $host or $proxy_host.", handshake.Quote(o.text)), spans...)
	}
	return none()
}

var originStripped = &Cause{
	ID:    "origin-stripped",
	Title: "The proxy removes Origin, and with it the check",
	Doc: handshake.Doc{
		What: "proxy_set_header Origin \"\"; removes the line. A server that sees no Origin takes the client for a program, not a browser, and accepts it. So every page of the web can open this socket with the user's cookies.",
		See:  "A browser's handshake arrives without Origin, which browsers always send.",
		Do:   originDo,
	},
	Tempting: originTempting,
	Lures:    []string{`proxy_set_header Origin …;`},
	Severity: Risks,
	Party:    ByProxy,
	Reports:  3,
	Shows:    Refusal | Acceptance | Configuration,
	Explains: []string{"origin-present"},
	Spec:     hostSpec,
	SpecURL:  hostURL,
	told:     decided("origin-stripped", (*reading).originFault),
	find:     func(r *reading) sign { return r.changed(origin, missingOrigin(r)) },
	remedy:   passOrigin,
	nginx:    originRecipe,
}

func missingOrigin(r *reading) sign {
	if !r.is("origin-present") || !r.asked() {
		return none()
	}
	const off = "The check against cross-site WebSocket hijacking is off."
	switch {
	case r.has(cookie), r.has(secFetchSite), r.has(acceptLanguage):
		return likely(fmt.Sprintf("%s removed Origin: a browser asked, and browsers always send it. %s", r.doer(), off), r.spans(userAgent)...).closer(1)
	case r.next() != nil && r.hostIsDefault() && currentBrowser(r.value(userAgent)) && r.has(secExtensions):
		return likely(fmt.Sprintf("User-Agent is a browser's, which always sends Origin, and none arrived. Host is %s, which would not match it: somebody emptied Origin in place of passing Host on. %s", handshake.Quote(r.host.text), off), r.spans(userAgent, host)...).closer(1)
	}
	return none() // a program that calls itself a browser: it need not send Origin, and sends no language
}

var originCheckedByProxy = &Cause{
	ID:    "origin-checked-by-proxy",
	Title: "The proxy itself refuses the page's origin",
	Doc: handshake.Doc{
		What: "An if or a map over $http_origin in the proxy answers 403 to origins that its list does not have. Nothing arrives at the backend, whose own check is never asked.",
		See:  "The client sees 403 and nothing arrives. The same handshake without Origin, or with the site's own, passes.",
		Do: `Add the page's origin to the proxy's list, if the page is yours; with a map it can be read:

    map $http_origin $origin_allowed { default 0; "" 1; https://app.example.com 1; }`,
	},
	Tempting: "Taking the check out of the proxy leaves the application's own check as the only one: see first that it has one.",
	Lures:    []string{"if ($http_origin …) { return 403; }"},
	Severity: Rejects,
	Party:    ByProxy,
	Shows:    ClientSide | Configuration,
	Spec:     "nginx if",
	SpecURL:  "https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if",
	told: alone(func(_ *reading, c *Config) sign {
		d := c.originCheck()
		switch {
		case d == nil:
			return none()
		case c.Answer != nil && c.Status == 403:
			return certain("nginx refuses the origin of the page itself: " + d.says() + ".").by(*d)
		}
		return possible("nginx refuses some origins itself: " + d.says() + ".").by(*d)
	}),
	find: func(r *reading) sign {
		sent, _ := r.sent(origin)
		if r.turnedAway() != 403 || sent == "" || r.Client.byBackend() {
			return none()
		}
		if d := r.Config.outermost().originCheck(); d != nil {
			return certain(fmt.Sprintf("The proxy answered 403 to Origin %s%s. %s.", handshake.Quote(sent), r.withheld(), d.says())).by(*d)
		}
		if r.Config != nil {
			return none()
		}
		s := possible(fmt.Sprintf("The proxy answered 403 to a handshake with Origin %s%s: a list of origins in the proxy may not have it.", handshake.Quote(sent), r.withheld()))
		if asked, _ := r.sent(host); readOrigin(sent).same(readAuthority(asked)) {
			return s.closer(-1)
		}
		return s.closer(1)
	},
	nginx: func(r *reading) Fix {
		const note = "Only if the page is yours. With a map the list can be read; an empty Origin is that of programs, which are no browsers. In place of the if that refuses now, in whichever block it stands."
		sent, _ := r.sent(origin)
		if o := readOrigin(sent); !o.web() || plainPath("/"+strings.ReplaceAll(o.text[len(o.scheme):], ":", "")) == "/" {
			return Fix{Note: "Add the page's origin to the list in the if or map over $http_origin. " + note}
		}
		return Fix{
			Steps: []Step{
				{Where: "http", Lines: []string{fmt.Sprintf(`map $http_origin $origin_allowed { default 0; "" 1; %s 1; }`, sent)}},
				{Where: "location", Lines: []string{"if ($origin_allowed = 0) { return 403; }"}},
			},
			Note: note,
		}
	},
}

// originCheck finds the directive that looks at Origin to refuse some.
func (c *Config) originCheck() *Directive {
	all := c.applying()
	i := slices.IndexFunc(all, func(d Directive) bool {
		return strings.Contains(strings.Join(d.Args, " "), "$http_origin") && d.Name != "proxy_set_header" && d.Name != "add_header"
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}
