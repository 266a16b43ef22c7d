package probe

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"wsinspect/internal/diagnosis"
)

// Finding says whether what was sent arrived at a wsinspect.
type Finding uint8

const (
	NotAsked     Finding = iota // no wsinspect is there, or none that answers
	NotArrived                  // wsinspect answers, and has not seen the request
	OtherBackend                // the WebSocket opened, and wsinspect has not seen it
	ByAttempt                   // found by the Wsinspect-Attempt of the answer
	ByKey                       // by its Sec-WebSocket-Key
	ByNonce                     // by the nonce in its query
)

// String returns the finding as it stands in JSON.
func (f Finding) String() string {
	return [...]string{"not asked", "not arrived", "other backend", "attempt", "key", "nonce"}[f]
}

// words says how the request was found.
func (f Finding) words(id string) string {
	return "wsinspect has it as " + id + ", found by " + map[Finding]string{
		ByAttempt: "the Wsinspect-Attempt of the answer",
		ByKey:     "its Sec-WebSocket-Key",
		ByNonce:   "the nonce in its query",
	}[f] + "."
}

// looks is when the API is asked for a request that it does not know yet: a refused one is
// known to it when its connection has ended.
func looks() []time.Duration {
	return []time.Duration{0, 200 * time.Millisecond, 600 * time.Millisecond}
}

// find asks wsinspect for what arrived. Where nothing was sent there is nothing to find.
func (p *probe) find(ctx context.Context) {
	r := p.report
	if r.Client.Sent == nil {
		r.Client.Reach = diagnosis.NotReached
		return
	}
	began := time.Now()
	s := newStep("arrival")
	found, arrived, err := p.search(ctx)
	switch {
	case ctx.Err() != nil:
		s.Outcome, s.Says = Skipped, ended
	case err != nil:
		s.Outcome, s.Says = Skipped, err.Error()
		d, denied := errors.AsType[*denial](err)
		if p.Inspect != nil || denied && d.token {
			s.Outcome = Advised // there is a wsinspect, and the comparison is missing
		}
	case arrived == nil && r.status() == http.StatusSwitchingProtocols:
		r.Found, r.Client.Reach = OtherBackend, diagnosis.NotReached
		s.Outcome, s.Says = Failed, "The WebSocket opened, and wsinspect at "+p.api.address+" has not seen it: another backend answered."
		if p.Inspect == nil {
			s.Outcome = Advised // nobody has said that wsinspect is the backend here
		}
	case arrived == nil:
		r.Found, r.Client.Reach = NotArrived, diagnosis.NotReached
		s.Outcome, s.Says = Failed, "wsinspect at "+p.api.address+" has not seen it."
	default:
		r.Found, r.Arrived, r.Client.Reach = found, arrived, diagnosis.Reached
		r.Changes = compare(r.Client.Sent, arrived.Request.Head)
		s.Says = found.words(arrived.ID)
	}
	s.Took = time.Since(began)
	p.say(s)
}

// search asks a few times. An error says that the API could not be asked.
func (p *probe) search(ctx context.Context) (found Finding, a *Arrival, err error) {
	for _, wait := range looks() {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return NotAsked, nil, ctx.Err()
		}
		if found, a, err = p.look(ctx); a != nil || err != nil {
			return found, a, err
		}
	}
	return NotArrived, nil, nil
}

// look asks once: by the Wsinspect-Attempt of the answer, which a cache may have from
// another request, then by the key, then by the nonce.
func (p *probe) look(ctx context.Context) (Finding, *Arrival, error) {
	sent := p.report.Client.Sent
	if id := valueOf(p.report.Client.Answer, "Wsinspect-Attempt"); isID(id) {
		a, err := p.api.attempt(ctx, id)
		if d, denied := errors.AsType[*denial](err); denied && d.silent {
			return NotAsked, nil, err
		}
		if err == nil && a.ID == id && a.answers(sent) {
			return ByAttempt, a, nil
		}
	}
	for _, by := range []struct {
		found       Finding
		name, value string
	}{{ByKey, "key", valueOf(sent, "Sec-WebSocket-Key")}, {ByNonce, "nonce", nonceOf(sent)}} {
		if by.value == "" {
			continue
		}
		all, err := p.api.attempts(ctx, url.Values{by.name: {by.value}, "limit": {"1"}})
		if err != nil {
			return NotAsked, nil, err
		}
		if len(all) > 0 && all[0].answers(sent) {
			return by.found, all[0], nil
		}
	}
	return NotArrived, nil, nil
}
