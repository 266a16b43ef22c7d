package handshake

import (
	"fmt"

	"wsinspect/internal/dump"
)

var headerLines = &Check{
	ID:    "header-lines",
	Title: "Every header line can be read",
	Doc: Doc{
		What: "A header line is a name, a colon and a value. The name is a token; the value holds no control byte; the first line does not begin with white space. net/http stops at the first line that breaks this, because servers that guess differently can be tricked into seeing two different requests.",
		See:  "The line is marked in the raw head. Control bytes and line ends are shown escaped.",
		Do:   "Find who wrote the line. Values that a program or a proxy puts together, from a variable with a line end in it for instance, are the usual source.",
	},
	Spec:    "RFC 9112 §5",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-5",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request",
	Requires: []string{"plain-http1"},
	run: func(r *request) result {
		for _, f := range r.head.Faults {
			if r.breaksLine(f) && !r.inUnended(f.Span) {
				return lacks(r.brokenLine(f), f.Span)
			}
		}
		if len(r.head.Fields) == 0 {
			return moot("No header line arrived.")
		}
		return keeps("All header lines can be read.")
	},
}

// brokenLine says what is wrong with the header line that holds f.
func (r *request) brokenLine(f dump.Fault) string {
	line := Quote(r.span(f.Span))
	switch f.Kind {
	case dump.FaultFoldFirst:
		return fmt.Sprintf("The first header line, %s, begins with white space.", line)
	case dump.FaultNoColon:
		return fmt.Sprintf("The line %s has no colon.", line)
	case dump.FaultEmptyName:
		return "A header line begins with its colon: the name is missing."
	case dump.FaultControl:
		return fmt.Sprintf("The value of %s holds a control byte, %s.", Quote(r.span(r.fieldAt(f.Span).Name)), line)
	case dump.FaultSpaceBeforeColon:
		return "A tab stands between a header name and its colon."
	}
	return fmt.Sprintf("The header name %s holds a byte that may not stand in a name.", line)
}

// fieldAt returns the header line in which s lies.
func (r *request) fieldAt(s dump.Span) dump.Field {
	for _, f := range r.head.Fields {
		if f.Line.Contains(s) {
			return f
		}
	}
	return dump.Field{}
}

var headerNames = &Check{
	ID:    "header-names",
	Title: "No header name holds a space",
	Doc: Doc{
		What: "No space stands in a header name, and none between the name and its colon. Servers that read such names differently can be tricked into seeing two different requests, so net/http refuses them; until then it takes the name with its space for another name.",
		See:  "The name is marked in the raw head. The answer says \"invalid header name\", or that Host is missing where Host itself is spelt so.",
		Do:   "Take the space out where the line is written: most often a program that builds its request from text, or a header name in a proxy's configuration.",
	},
	Spec:    "RFC 9112 §5.1",
	SpecURL: "https://www.rfc-editor.org/rfc/rfc9112#section-5.1",
	Decides: true, By: ByNetHTTP, Status: 400, Reason: "Bad Request: invalid header name",
	Requires: []string{"head-complete"},
	run: func(r *request) result {
		for _, f := range r.head.Faults {
			switch f.Kind {
			case dump.FaultSpaceInName:
				return lacks(fmt.Sprintf("The header name %s holds a space.", Quote(r.span(f.Span))), f.Span)
			case dump.FaultSpaceBeforeColon:
				name := r.fieldAt(f.Span).Name
				return lacks(fmt.Sprintf("A space stands between the header name %s and its colon.", Quote(r.span(name))), name, f.Span)
			}
		}
		return keeps("No header name holds a space.")
	},
}

var lineEnds = &Check{
	ID:    "line-ends",
	Title: "Every line ends with CR LF",
	Doc: Doc{
		What: "Lines of a head end with CR LF. Many servers, net/http among them, also take LF alone; stricter ones refuse it, since it lets two servers see two different requests.",
		See:  "The line's end is marked in the raw head.",
		Do:   "Look for a program that writes its request by hand with \\n in place of \\r\\n, or a text file sent with nc. Browsers and proxies do not do this.",
	},
	Spec:     "RFC 9112 §2.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9112#section-2.2",
	Requires: []string{"plain-http1"},
	run: func(r *request) result {
		places := r.faultsOf(dump.FaultBareLF)
		if len(places) == 0 {
			return keeps("Every line ends with CR LF.")
		}
		return lacks("The head has a line that ends with LF alone. Stricter servers refuse that.", places...)
	},
}

var headerFolds = &Check{
	ID:    "header-folds",
	Title: "No header line is folded",
	Doc: Doc{
		What: "A line that begins with white space once continued the line before it. RFC 9112 forbids senders to write that; nginx and other servers refuse it. net/http joins the lines with one space.",
		See:  "The continued line is marked in the raw head.",
		Do:   "Write the value on one line. Folds come from programs that wrap long values, or from a value with a line end in it.",
	},
	Spec:     "RFC 9112 §5.2",
	SpecURL:  "https://www.rfc-editor.org/rfc/rfc9112#section-5.2",
	Requires: []string{"plain-http1"},
	run: func(r *request) result {
		places := r.faultsOf(dump.FaultFold)
		if len(places) == 0 {
			return keeps("No header line is folded.")
		}
		return lacks("The head has a line that begins with white space and continues the one before. Stricter servers refuse that.", places...)
	},
}

// faultsOf returns where faults of that kind are.
func (r *request) faultsOf(kind dump.FaultKind) (places []dump.Span) {
	for _, f := range r.head.Faults {
		if f.Kind == kind {
			places = append(places, f.Span)
		}
	}
	return places
}
