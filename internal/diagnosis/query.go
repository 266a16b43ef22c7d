package diagnosis

import (
	"fmt"
	"strings"

	"wsinspect/internal/handshake"
)

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
	told: alone(func(_ *reading, c *Config) sign {
		if d := c.dropsQuery(); d != nil {
			return likely("A query that a client sends does not reach the application: " + d.says() + ".").by(*d)
		}
		return none()
	}),
	find: func(r *reading) sign {
		d := r.Config.dropsQuery()
		switch {
		case r.Request == nil:
			return none()
		case r.Client != nil && r.Client.Sent != nil:
			if !strings.Contains(r.Client.Sent.Target(), "?") || strings.Contains(r.head.Target(), "?") {
				return none()
			}
			because := fmt.Sprintf("The client asked with a query, and %s arrived without one: a proxy dropped it.", handshake.Quote(r.head.Target()))
			if d != nil {
				return certain(because+" "+d.says()+".", r.head.Start.Second).by(*d)
			}
			if sent, _ := r.sentPath(); !strings.HasSuffix(sent, r.path()) && !strings.HasSuffix(r.path(), sent) {
				return likely(because, r.head.Start.Second) // it may be another request, for the page of an error
			}
			return certain(because, r.head.Start.Second)
		case d != nil && r.asked() && !strings.Contains(r.head.Target(), "?"):
			return possible("A query that a client sends does not reach the application: " + d.says() + ".").by(*d)
		}
		return none()
	},
	nginx: func(r *reading) Fix {
		if d := r.Config.dropsQuery(); d != nil && d.Name == "proxy_pass" {
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
func (c *Config) dropsQuery() *Directive {
	pass := c.about("proxy_pass", func(d *Directive) bool {
		_, rest, _ := strings.Cut(d.value(), "://")
		target := strings.ContainsAny(rest, "/") || strings.Contains(rest, "$uri") || strings.Contains(rest, "$document_uri")
		keeps := strings.Contains(rest, "$args") || strings.Contains(rest, "$request_uri") || strings.Contains(rest, "$query_string")
		return strings.Contains(rest, "$") && target && !keeps
	})
	if pass != nil {
		return pass
	}
	return c.about("rewrite", func(d *Directive) bool { return len(d.Args) > 1 && strings.HasSuffix(unquoted(d.Args[1]), "?") })
}
