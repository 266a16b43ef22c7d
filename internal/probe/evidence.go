package probe

import (
	"context"
	"net/url"
	"strconv"

	"wsinspect/internal/diagnosis"
)

// diagnose puts what is known on both sides together.
func (p *probe) diagnose(ctx context.Context) {
	r := p.report
	e := &diagnosis.Evidence{Client: &r.Client, Session: r.Session}
	if a := r.Arrived; a != nil {
		e.Request, e.Verdict = a.Request, a.Verdict
		r.Hops = diagnosis.Hops(a.Request.Head)
	}
	e.Expect = p.Expect
	if p.Config != nil {
		e.Config = p.Config(&r.Client)
	}
	if r.Found != NotAsked && r.Found != OtherBackend { // the other attempts took this way
		e.Others = func() []diagnosis.Sighting { return p.others(ctx) }
	}
	r.Causes = diagnosis.Diagnose(e)
}

// others asks for the other attempts that wsinspect knows; none where it does not say.
func (p *probe) others(ctx context.Context) (seen []diagnosis.Sighting) {
	own, began := p.report.Arrived, p.report.Time
	if own != nil {
		began = own.Request.Time
	}
	all, err := p.api.attempts(ctx, url.Values{"limit": {strconv.Itoa(diagnosis.MostOthers)}})
	if err != nil {
		return nil
	}
	for _, a := range all {
		if own == nil || a.ID != own.ID {
			s := a.sighting(began)
			s.SameClient = own != nil && own.Client.IsValid() && own.Client == a.Client
			seen = append(seen, s)
		}
	}
	return seen
}
