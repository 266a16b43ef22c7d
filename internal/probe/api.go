package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wsinspect/internal/dump"
)

// api is the API of a wsinspect, at the address that the caller has named or at that of the
// target. It connects to nothing else: no redirect is followed.
type api struct {
	address string // of /inspect, without a slash at its end
	token   string
	timeout time.Duration
	client  *http.Client
}

// The bounds of one look at the API.
const (
	lookFor   = 10 * time.Second // unless Options say another time
	maxLook   = 32 << 20         // bytes of an answer
	maxDenial = 200              // bytes of what stands in a sentence
)

// newAPI returns the API that the options name, or that may be at their target.
func newAPI(o *Options) *api {
	dialer := net.Dialer{}
	a := &api{timeout: cmp.Or(o.Timeout, lookFor)}
	a.address, a.token = inspectAddress(o)
	a.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  o.Proxy,
			TLSClientConfig:        &tls.Config{RootCAs: o.Roots, InsecureSkipVerify: o.Insecure},
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxHead,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if to, ok := o.Resolve[strings.ToLower(address)]; ok {
					_, port, _ := net.SplitHostPort(address)
					address = net.JoinHostPort(to.String(), port)
				}
				return dialer.DialContext(ctx, network, address)
			},
		},
	}
	return a
}

// inspectAddress returns the address of /inspect, and the token: an address as serve prints
// it has both. It may be named with /inspect at its end or without, below any prefix; if it
// is not named, it is taken to be at the root of the target.
func inspectAddress(o *Options) (address, token string) {
	if o.Inspect == nil {
		return o.Target.Site().String() + "/inspect", o.Token
	}
	fragment, _ := url.ParseQuery(o.Inspect.EscapedFragment())
	u := url.URL{Scheme: o.Inspect.Scheme, Host: o.Inspect.Host, Path: o.Inspect.Path}
	address = strings.TrimSuffix(strings.TrimRight(u.String(), "/"), "/inspect") + "/inspect"
	return address, cmp.Or(o.Token, fragment.Get("token"))
}

// attempt asks for one attempt.
func (a *api) attempt(ctx context.Context, id string) (*Arrival, error) {
	text, err := a.get(ctx, a.address+"/"+id)
	if err != nil {
		return nil, err
	}
	arrived, err := readArrival(text)
	if err != nil {
		return nil, deny("No wsinspect answers at %s: what comes from there is no attempt.", a.address)
	}
	return arrived, nil
}

// attempts asks for those that a filter chooses, the newest first.
func (a *api) attempts(ctx context.Context, filter url.Values) ([]*Arrival, error) {
	text, err := a.get(ctx, a.address+"?"+filter.Encode())
	if err != nil {
		return nil, err
	}
	all, err := readArrivals(text)
	if err != nil {
		return nil, deny("No wsinspect answers at %s: what comes from there is no list of attempts.", a.address)
	}
	return all, nil
}

// denial is why the API says nothing.
type denial struct {
	says   string // a sentence, with what to do
	token  bool   // wsinspect is there, and asks for its token
	silent bool   // no answer came
}

// Error returns the sentence.
func (d *denial) Error() string { return d.says }

// deny returns a denial in these words.
func deny(format string, values ...any) *denial { return &denial{says: fmt.Sprintf(format, values...)} }

// denyForToken is deny where a wsinspect asks for its token.
func denyForToken(format string, values ...any) *denial {
	return &denial{says: fmt.Sprintf(format, values...), token: true}
}

// get returns the JSON at an address.
func (a *api) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, deny("%s cannot be asked: %v.", a.address, err)
	}
	request.Header.Set("Accept", "application/json")
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	answer, err := a.client.Do(request)
	if err != nil {
		return nil, a.unanswered(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json") {
		return nil, a.denied(answer)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxLook+1))
	switch {
	case err != nil:
		return nil, &denial{says: fmt.Sprintf("%s began an answer and %s.", a.address, why(err, a.timeout)), silent: true}
	case len(text) > maxLook:
		return nil, deny("%s answers more than %d MiB, which is too much for an attempt.", a.address, maxLook>>20)
	}
	return text, nil
}

// unanswered says why no answer came that could be read.
func (a *api) unanswered(err error) *denial {
	untrusted, distrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, foreign := errors.AsType[tls.RecordHeaderError](err)
	what := why(err, a.timeout)
	switch {
	case distrusted:
		what = "cannot be asked: " + faultOf(untrusted.Err)
	case foreign:
		what = "cannot be asked: the port speaks no TLS"
	case strings.Contains(err.Error(), "malformed"), strings.Contains(err.Error(), "server response headers exceeded"):
		what = "cannot be asked: what comes back is no HTTP/1"
	}
	return &denial{says: fmt.Sprintf("%s %s.", a.address, short(what)), silent: true}
}

// denied says what an answer means that is no JSON, and what to do.
func (a *api) denied(answer *http.Response) *denial {
	ours := strings.Contains(answer.Header.Get("WWW-Authenticate"), `realm="wsinspect"`)
	switch status := answer.StatusCode; {
	case status == http.StatusUnauthorized && ours && a.token != "":
		return denyForToken("wsinspect at %s takes another token: the one that it printed at its start, or that its WSINSPECT_TOKEN holds.", a.address)
	case status == http.StatusUnauthorized && ours:
		return denyForToken("wsinspect at %s asks for its token: pass it in WSINSPECT_TOKEN or with --token.", a.address)
	case status == http.StatusForbidden:
		return deny("%s answered 403: with --open, wsinspect answers to loopback names and its --allowed-host alone. Name such an address with --inspect.", a.address)
	case 300 <= status && status < 400:
		return deny("%s leads on to %q: name the address of wsinspect itself with --inspect.", a.address, short(answer.Header.Get("Location")))
	case status == http.StatusOK:
		return deny("No wsinspect answers at %s. If it is the backend, name its address with --inspect, such as --inspect http://localhost:8080.", a.address)
	}
	return deny("No wsinspect answers at %s (it says %q). If it is the backend, name its address with --inspect, such as --inspect http://localhost:8080.", a.address, short(answer.Status))
}

// short bounds what stands in a sentence.
func short(s string) string {
	if len(s) <= maxDenial {
		return s
	}
	return s[:maxDenial] + "…"
}

// nonceOf returns the nonce in the query of a request; empty where it has none.
func nonceOf(h *dump.Head) string {
	_, query, _ := strings.Cut(h.Target(), "?")
	values, _ := url.ParseQuery(query)
	return values.Get("wsinspect-nonce")
}

// Attempt asks the wsinspect whose page is at inspect for one of its attempts, by its ID or
// "latest". An inspect as serve prints it has the token too. The error says in a sentence
// what to do.
func Attempt(ctx context.Context, inspect *url.URL, token, id string) (*Arrival, error) {
	return newAPI(&Options{Inspect: inspect, Token: token}).attempt(ctx, url.PathEscape(id))
}
