package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"
)

// cookieName is the cookie that remembers a sign-in until the browser closes.
const cookieName = "wsinspect"

// maxForm bounds the body of a sign-in, in bytes.
const maxForm = 4 << 10

// guard says who may see the page. With a token everybody is asked for it, whatever the
// Host and wherever from: nginx's default Host is the loopback upstream address, so neither
// can tell a public request from a local one. Without a token, only the Host is left to
// keep out a website that has pointed its own name at 127.0.0.1 (DNS rebinding).
type guard struct {
	open         bool
	token        [sha256.Size]byte // hashes have one length, so comparing them tells nothing of the token's
	cookie       string            // derived from the token: any token fits, and none is kept in a browser
	allowedHosts []string
	wrong        *pace
}

func newGuard(token string, allowedHosts []string) guard {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("wsinspect sign-in"))
	return guard{
		open:         token == "",
		token:        sha256.Sum256([]byte(token)),
		cookie:       hex.EncodeToString(mac.Sum(nil)),
		allowedHosts: allowedHosts,
		wrong:        new(pace),
	}
}

// isToken compares in constant time.
func (g *guard) isToken(s string) bool {
	sum := sha256.Sum256([]byte(s))
	return subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1
}

// knows reports whether r carries the token or the cookie of a sign-in, and whether it
// carries anything that claims to be one.
func (g *guard) knows(r *http.Request) (right, claims bool) {
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if claims = strings.EqualFold(scheme, "Bearer"); claims && g.isToken(strings.TrimSpace(credentials)) {
		return true, true
	}
	for _, c := range r.CookiesNamed(cookieName) {
		claims = true
		if subtle.ConstantTimeCompare([]byte(c.Value), []byte(g.cookie)) == 1 {
			return true, true
		}
	}
	return false, claims
}

// allowsHost reports whether a Host is a loopback name or address, on any port, or one of
// the allowed hosts. One that is allowed without a port is so on every port.
func (g *guard) allowsHost(host string) bool {
	host = strings.ToLower(host)
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761, section 6.3
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil && addr.Unmap().IsLoopback() {
		return true
	}
	for _, allowed := range g.allowedHosts {
		allowed = strings.ToLower(allowed)
		if allowed == host || strings.Trim(allowed, "[]") == name {
			return true
		}
	}
	return false
}

// guarded lets pass who may see the page. It wraps the sub-router, so that no encoding of
// the path goes round it.
func (p *page) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		right, claims := p.guard.knows(r)
		switch {
		case p.guard.open && r.URL.IsAbs():
			p.refuseURL(w, r)
		case p.guard.open && !p.guard.allowsHost(r.Host):
			p.refuseHost(w, r)
		case p.guard.open, right:
			next.ServeHTTP(w, r)
		case claims && !p.bearsWrong():
			p.tooManyWrong(w, r)
		default:
			p.askToken(w, r, r.URL.RequestURI(), "")
		}
	})
}

// bearsWrong counts one more wrong token, and reports whether it is to be answered as one.
// The right token passes at any time, or whoever guesses could lock its owner out; what
// keeps guessers out is its length, and this lets them be seen.
func (p *page) bearsWrong() bool {
	bears := p.guard.wrong.allows(time.Now())
	p.Journal.WrongToken(!bears)
	return bears
}

func (p *page) tooManyWrong(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	s := p.shell(r, "", "Too many wrong tokens")
	s.SignOut = false
	p.refuse(w, r, http.StatusTooManyRequests, refusal{
		shell:    s,
		Sentence: "Too many wrong tokens have come in this second, from here or from elsewhere.",
		Advice:   "Somebody may be guessing. The right token passes at any time.",
	})
}

// fromElsewhere refuses what the script of another website asks for. It could read none of
// it, but each feed that it opens takes the place of a reader's. A link from there may lead
// here, a frame not. Browsers tell which is which (Fetch Metadata); others send nothing.
func fromElsewhere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		link := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		if (site == "cross-site" || site == "same-site") && !link {
			writeText(w, http.StatusForbidden, "Another website asked for this, and wsinspect answers its own pages only.\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuseURL is for a target in absolute form, whose host goes over the Host line (RFC 9112,
// section 3.2.2): the rule would judge by a name that need not be the client's.
func (p *page) refuseURL(w http.ResponseWriter, r *http.Request) {
	p.refuse(w, r, http.StatusForbidden, refusal{
		shell:    p.shell(r, "", "Not a proxy"),
		Sentence: "The request line holds a whole URL, as for a proxy, and wsinspect is none.",
		Advice:   "Ask for the path alone.",
	})
}

func (p *page) refuseHost(w http.ResponseWriter, r *http.Request) {
	name := host(r)
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	p.refuse(w, r, http.StatusForbidden, refusal{
		shell:    p.shell(r, "", "Host not allowed"),
		Sentence: fmt.Sprintf("This page answers to loopback names only, and Host was %s.", visible(r.Host)),
		Advice: "wsinspect was started with --open, so nobody is asked for a token, and any website could point a name of its own here. " +
			"Allow this host when starting it, or start it without --open.",
		Line: "wsinspect --open --allowed-host " + name,
	})
}

// signInView is the screen that is shown in place of any other.
type signInView struct {
	shell
	Next  string // where the reader wanted to go
	Wrong string // why the last token was refused
}

// askToken answers 401: with a form to a browser, with the line to type to anybody else.
func (p *page) askToken(w http.ResponseWriter, r *http.Request, next, wrong string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="wsinspect"`)
	if negotiate(r, asText, asHTML, asJSON) == asHTML {
		s := p.shell(r, "", "Sign in")
		s.SignOut = false
		p.render(w, http.StatusUnauthorized, "signin", signInView{shell: s, Next: next, Wrong: wrong})
		return
	}
	p.refuse(w, r, http.StatusUnauthorized, refusal{
		Sentence: "This page shows other people's requests, so it asks for a token.",
		Advice:   "It was printed when wsinspect started, or set by WSINSPECT_TOKEN. Send it like this:",
		Line:     fmt.Sprintf(`curl -H "Authorization: Bearer $WSINSPECT_TOKEN" %s://%s%s/inspect/latest`, scheme(r), host(r), prefix(r)),
	})
}

// signIn takes the token from the form, sets the cookie and leads back. It asks for no
// proof of origin beyond sameSite: whoever can send the token may also sign in.
func (p *page) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	next := r.PostFormValue("next")
	if p.guard.open {
		redirect(w, http.StatusSeeOther, wayBack(next))
		return
	}
	if !p.guard.isToken(strings.TrimSpace(r.PostFormValue("token"))) {
		if !p.bearsWrong() {
			p.tooManyWrong(w, r)
			return
		}
		p.askToken(w, r, next, "That is not the token. Copy it whole, from the line that wsinspect printed at its start.")
		return
	}
	http.SetCookie(w, p.guard.newCookie(r, p.guard.cookie))
	redirect(w, http.StatusSeeOther, wayBack(next))
}

func (p *page) signOut(w http.ResponseWriter, r *http.Request) {
	c := p.guard.newCookie(r, "")
	c.MaxAge = -1
	http.SetCookie(w, c)
	redirect(w, http.StatusSeeOther, "../inspect")
}

// newCookie names no Path: a browser then takes the folder of the address that set it
// (RFC 6265, section 5.1.4), which is /inspect under whatever prefix it sees.
func (g *guard) newCookie(r *http.Request, value string) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
		Secure:   scheme(r) == "https",
	}
}

// wayBack returns where a reader goes from /inspect/signin: to next, if that is a path
// inside /inspect, else to the list.
func wayBack(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || path.Clean(u.Path) != u.Path ||
		u.Path != "/inspect" && !strings.HasPrefix(u.Path, "/inspect/") {
		return "../inspect"
	}
	back := url.URL{Path: strings.TrimPrefix(u.Path, "/"), RawQuery: u.RawQuery}
	return "../" + back.String()
}

// toList is for who reloads the address of the sign-in form.
func (p *page) toList(w http.ResponseWriter, r *http.Request) {
	redirect(w, http.StatusSeeOther, "../inspect")
}

// sameSite refuses a form that another site has sent. Only Sec-Fetch-Site is believed:
// Origin is "null" under our own no-referrer policy, and comparing it with Host would lock
// out whoever comes through a proxy that does not forward Host, the very fault that people
// come here with.
func sameSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "same-origin", "none":
			next.ServeHTTP(w, r)
		default:
			writeText(w, http.StatusForbidden, "Another website sent this form, so wsinspect did not act on it.\n")
		}
	})
}
