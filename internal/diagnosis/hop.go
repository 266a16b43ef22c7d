package diagnosis

import (
	"strings"

	"wsinspect/internal/dump"
)

// Hop is a proxy that was recognised on the way of a request.
type Hop struct {
	Name       string // "nginx"
	Confidence Confidence
	Because    string      // which bytes show it, in words
	Evidence   []dump.Span // those bytes

	proxy *proxy // nil for one that has no name
}

// Hops returns the proxies that h shows, the one next to the backend first. Behind a proxy
// that leaves no trace nothing shows; and what shows of one further out, a client may have
// written.
func Hops(h *dump.Head) []Hop {
	hops, _ := follow(indexOf(h))
	return hops
}

// follow returns the hops and, if one of them is seen to have written these bytes, the
// proxy next to the backend.
func follow(x *index) (hops []Hop, next *proxy) {
	if len(x.head.Fields) == 0 {
		return nil, nil
	}
	t := trail{index: x}
	t.read()
	add := func(p *proxy, s sign) {
		hops = append(hops, Hop{Name: p.name, Confidence: s.confidence, Because: s.because, Evidence: s.evidence, proxy: p})
	}
	for _, p := range proxies {
		if p.next == nil {
			continue
		}
		if s := p.next(&t); s.confidence > Unlikely {
			add(p, s)
			t.next = p
			break
		}
	}
	for _, p := range proxies {
		if p.beyond == nil || p == t.next || t.next != nil && p == t.next.writes {
			continue
		}
		if s := p.beyond(&t); s.confidence > Unlikely {
			add(p, s)
		}
	}
	for i, p := range frontEnds {
		if p == t.next || t.foreign[i] == 0 {
			continue
		}
		if s := t.marked(i, p); s.confidence > Unlikely {
			add(p, s)
		}
	}
	if s := t.another(len(hops)); s.confidence > Unlikely {
		hops = append(hops, Hop{Name: "unnamed proxy", Confidence: s.confidence, Because: s.because, Evidence: s.evidence})
	}
	return hops, t.next
}

// way returns the hops, the one next to the backend first.
func (r *reading) way() []Hop {
	r.follow()
	return r.hops
}

// next returns the proxy next to the backend, whose language the fixes speak: for
// ingress-nginx and the like that of the proxy that they configure. It is nil where none is
// recognised.
func (r *reading) next() *proxy {
	r.follow()
	return r.proxy
}

// follow finds the hops once, and only for causes that ask for them: for a clean handshake
// none does.
func (r *reading) follow() {
	if r.followed {
		return
	}
	r.followed = true
	r.hops, r.proxy = follow(&r.index)
	if r.proxy != nil && r.proxy.writes != nil {
		r.proxy = r.proxy.writes
	}
}

// outerNote returns what the documentation of the outermost front end says that was
// recognised and not tried; empty where there is none.
func (r *reading) outerNote() string {
	for i := len(r.way()) - 1; i >= 0; i-- {
		if p := r.way()[i].proxy; p != nil && p.untried != nil {
			return p.untried.note(p.name)
		}
	}
	return ""
}

// nginxBefore1297 reports whether the proxy next to the backend is an nginx before 1.29.7:
// until then the defaults were HTTP/1.0 and, behind all lines that were set, Connection:
// close (https://nginx.org/en/CHANGES, 1.29.7).
func (r *reading) nginxBefore1297() bool {
	return r.next() == nginx && (r.http10() || r.closesByDefault())
}

// closesByDefault reports whether Connection: close stands where nginx writes the default
// that nobody has set: behind all of its own lines.
func (r *reading) closesByDefault() bool {
	return r.has(host) && r.first[connection] > 1 && r.first[connection] == r.written && strings.EqualFold(r.value(connection), "close")
}
