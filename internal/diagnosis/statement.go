package diagnosis

import (
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// fault is what a configuration does wrong, by the one cause that it is.
type fault struct {
	cause      string // its ID
	confidence Confidence
	at         Directive // the line that does it, or the block that lacks one
	because    string
	closeness  int // puts it before others that are as sure
	hop        int // of the proxy at fault, counted from the backend; 0: the one that was asked about
}

// sign returns the fault as a cause states it, nothing where it is another one's.
func (f *fault) sign(cause string) sign {
	if f == nil || f.cause != cause {
		return none()
	}
	return sign{confidence: f.confidence, because: f.because, closeness: f.closeness, hop: f.hop}.by(f.at)
}

// statement is what a cause reads in a configuration of one proxy, that next to the backend
// or one further out.
type statement func(*reading, *Config) sign

// decided returns the statement of one of several causes that exclude each other: decide
// says which of them it is.
func decided(cause string, decide func(*reading, *Config) *fault) statement {
	return func(r *reading, c *Config) sign { return decide(r, c).sign(cause) }
}

// settled adds c, if the evidence shows it and the configuration does not deny it.
//
//go:noinline
func (r *reading) settled(found []Conclusion, c *Cause) []Conclusion {
	var s sign
	if c.Shows&r.sources&^Configuration != 0 {
		s = r.doubted(c, c.find(r))
	}
	if s = r.settle(c, s); s.confidence != Unlikely {
		found = r.conclude(found, c, &s)
	}
	return found
}

// settle gives the configuration the last word on s, which the other evidence says of c. Of
// what only the client saw another proxy may be the reason, which it does not describe.
func (r *reading) settle(c *Cause, s sign) sign {
	if c.told == nil {
		return s
	}
	for hop, at := 1, r.Config; at != nil; hop, at = hop+1, at.Outer {
		t := c.told(r, at)
		if t.confidence == Unlikely {
			continue
		}
		if t.evidence == nil {
			t.evidence = s.evidence
		}
		if t.breaks == nil {
			t.breaks = s.breaks
		}
		if t.hop == 0 {
			t.hop = hop
		}
		return t
	}
	if c.Shows&(Refusal|Plain|Acceptance) != 0 && r.head.Kind == dump.HTTP1 && r.Request != nil && r.passes(r.Config) {
		return none()
	}
	return s
}

// passes reports whether c passes the request on, in HTTP, as far as it was followed. One
// next to the backend has done so where a request arrived.
func (r *reading) passes(c *Config) bool {
	return c.passes() || c != nil && c == r.Config && r.Request != nil && !c.Stream && c.Error == "" && c.otherProtocol() == nil
}

// wants reports whether the request, if one arrived, is a WebSocket client's.
func (r *reading) wants() bool {
	return r.Request == nil || r.asked() || r.Client != nil && r.Client.Sent != nil && handshake.IsHandshake(r.Client.Sent)
}

// unasked reports whether the configuration is all that is known.
func (r *reading) unasked() bool {
	return r.Config != nil && r.Client == nil && r.Request == nil && r.Session == nil
}

// alone states what only matters where nothing else is known: the other evidence says by
// itself whether it came to that.
func alone(state statement) statement {
	return func(r *reading, c *Config) sign {
		if !r.unasked() {
			return none()
		}
		return state(r, c)
	}
}
