package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// railRows is how many other attempts stand beside the one that is read.
const railRows = 24

// attemptView is one attempt, in the order in which it is read.
type attemptView struct {
	shell
	ID      string
	Time    stamp
	Line    string // method and target; empty: it was no HTTP
	Size    int    // of what arrived, in bytes
	Peer    string
	Verdict verdictView
	Way     *wayView // nil once a session has ended: its strip takes the place
	Session *sessionView
	Before  beforeView
	Checks  checkReport
	Arrived arrivedView
	CopyAs  []copyAs
	Answer  answerView
	Rivals  rivalsView
	Asker   []fact
	Policy  []fact
	Alike   *row // the fold that the attempt stands in; nil if it stands alone
	Last    bool // it is the newest of them
	Rail    []row
	Kept    int
}

type arrivedView struct {
	headView
	ToLines, ToBytes string // links; empty: there is only one way to show it
	InBytes          bool
	Wide             bool         // they take the full width
	Legend           []legendLine // what the first bytes mean that are no HTTP
}

type answerView struct {
	headView
	Body  []headLine
	Ours  bool   // wsinspect wrote it, not net/http
	After string // how long after the request
	None  string // why there is no answer
}

func (p *page) attempt(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, p.Journal.Get(chi.URLParam(r, "id")))
}

func (p *page) latest(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, p.Journal.Latest())
}

func (p *page) show(w http.ResponseWriter, r *http.Request, a *journal.Attempt) {
	if a == nil {
		p.refuse(w, r, http.StatusNotFound, p.forgotten(r))
		return
	}
	switch negotiate(r, asText, asHTML, asJSON) {
	case asJSON:
		writeJSON(w, http.StatusOK, a.AppendJSON(nil))
	case asText:
		writeText(w, http.StatusOK, string(a.AppendText(nil)))
	default:
		p.render(w, http.StatusOK, "attempt", p.attemptView(r, a, root(r)))
	}
}

func (p *page) forgotten(r *http.Request) refusal {
	f := refusal{shell: p.shell(r, "attempts", "No longer kept")}
	kept := p.Journal.List(journal.Filter{Limit: 1}).Kept
	if kept == 0 {
		f.Sentence, f.Advice = "Nothing has arrived yet. That is a finding too.", "The list shows lines to try."
		return f
	}
	f.Latest = true
	f.Sentence = "This attempt is no longer kept."
	f.Advice = plural(kept, "is", "are") + ", failures longer."
	return f
}

func (p *page) attemptView(r *http.Request, a *journal.Attempt, root string) attemptView {
	e := gather(a)
	title, _ := headline(a.Sentence())
	v := attemptView{
		shell: p.shell(r, "attempts", visible(title)),
		ID:    a.ID, Time: stamp{a.Time}, Size: len(a.Request.Head.Raw), Peer: a.PeerText(),
		Verdict: newVerdictView(a, e),
		Session: newSessionView(a.Now()),
		Before:  newBeforeView(a),
		Checks:  newCheckReport(a, e),
		Arrived: newArrivedView(r, a, e),
		CopyAs:  newCopyAs(a),
		Answer:  newAnswerView(a),
		Rivals:  newRivalsView(a, e),
		Asker:   asker(a),
		Policy:  policy(p.Policy),
	}
	if a.State != journal.Closed {
		way := newWayView(a, e)
		v.Way = &way
	}
	if h := a.Request.Head; !h.Start.Line.Empty() {
		v.Line = visible(strings.TrimSpace(h.Method() + " " + h.Target()))
	}
	v.Root = root
	v.Feed = v.Root + "/feed?id=" + a.ID + "&state=" + a.State.String() + strings.Replace(readQuery(r.URL.Query()).carry(), "?", "&", 1)
	v.rail(p.Journal, a, readQuery(r.URL.Query()))
	return v
}

// rail fills the list of other attempts, under the filter of the list that its reader came
// from, and finds those that are like this one and the one that failed before it.
func (v *attemptView) rail(j *journal.Journal, a *journal.Attempt, q query) {
	f := q.filter()
	f.Limit = journal.MaxLimit
	chosen := j.List(f)
	v.Kept = chosen.Matched
	for i, f := range folded(chosen.Attempts) {
		if i == railRows {
			break
		}
		r := newRow(f, v.Root)
		r.Link += q.carry()
		r.Current = f.has(a.ID)
		v.Rail = append(v.Rail, r)
	}
	found := j.List(journal.Filter{Limit: journal.MaxLimit})
	for _, f := range folded(found.Attempts) {
		if len(f) > 1 && f.has(a.ID) {
			r := newRow(f, v.Root)
			v.Alike, v.Last = &r, f[0].ID == a.ID
		}
	}
	if a.Outcome() != journal.OutcomeAccepted || a.AtRisk() {
		return // what takes the evidence away is no cure
	}
	for _, o := range found.Attempts {
		if o.ID < a.ID && o.State == journal.Rejected && sameDoor(o, a) {
			v.Verdict.Cured = &cured{o.ID, stamp{o.Time}}
			return
		}
	}
}

// sameDoor reports whether one machine asked for one path twice.
func sameDoor(a, b *journal.Attempt) bool {
	return a.Client.Addr == b.Client.Addr && a.Peer.Addr() == b.Peer.Addr() && pathOf(a) == pathOf(b)
}

func newArrivedView(r *http.Request, a *journal.Attempt, e *evidence) arrivedView {
	h := a.Request.Head
	v := arrivedView{Wide: h.Kind != dump.HTTP1, Legend: e.letter(legend(h))}
	view := r.URL.Query().Get("view")
	v.InBytes = onlyBytes(h) || view == "bytes" || view == "" && h.Kind == dump.ProxyV2
	v.headView = arrived(&a.Request, e, v.InBytes)
	if !onlyBytes(h) {
		v.ToLines, v.ToBytes = "?view=lines#arrived", "?view=bytes#arrived"
	}
	v.Wide = v.Wide || v.InBytes
	return v
}

func newAnswerView(a *journal.Attempt) answerView {
	v := answerView{Ours: a.State != journal.Refused}
	if h := a.Response.Head(); h != nil {
		v.Lines, v.Hidden = newPainter(h, nil).lines(h.End)
		v.Body = textLines(a.Response.Body(), len(h.Raw))
	}
	if a.Took > 0 {
		v.After = span(a.Took) + " later"
	}
	switch {
	case len(a.Response.Raw) == 0 && a.Took == 0 && a.State != journal.Refused:
		v.None = "The answer is not written yet."
	case len(a.Response.Raw) == 0:
		v.None = "The connection was closed without an answer."
	case a.State == journal.Refused:
		v.Note = "By Go’s net/http, not by wsinspect."
	case a.Response.Status == http.StatusSwitchingProtocols:
		v.Note = "Then frames."
	default:
		v.Note = "Closed by wsinspect after the answer."
	}
	return v
}

// asker says who asked, and what of it is believed.
func asker(a *journal.Attempt) []fact {
	facts := []fact{{"Peer", a.PeerText(), "It opened the connection: a client, or the last proxy.", true}}
	if a.Client.Addr.IsValid() {
		from := map[string]string{
			"peer":            "The peer itself: no trusted proxy named another.",
			"x-forwarded-for": "X-Forwarded-For says so, and the proxy that wrote it is trusted.",
			"forwarded":       "Forwarded says so, and the proxy that wrote it is trusted.",
		}[a.Client.From]
		facts = append(facts, fact{"Client", a.Client.Addr.Unmap().String(), from, true})
	}
	for _, claim := range a.Client.Disbelief {
		facts = append(facts, fact{"Not believed", visible(claim), "Anybody can write this line; no trusted proxy vouches for it.", true})
	}
	return append(facts, fact{"Dialled", visible(a.Local()), "The address of wsinspect that was asked.", true})
}

// policy says what this server allows.
func policy(p *handshake.Policy) []fact {
	origins := fact{"Origins", "The same origin only", "Origin must name the host and port that Host names. --allow-origin adds to it.", false}
	switch {
	case slices.Contains(p.Origins, "*"):
		origins = fact{"Origins", "Every origin", "--allow-origin says *, so any website may open a socket here.", false}
	case len(p.Origins) > 0:
		origins = fact{"Origins", strings.Join(p.Origins, ", "), "And the same origin. --allow-origin says so.", true}
	}
	spoken := fact{"Subprotocols", "The first one offered", "The choice is wsinspect’s; your application may choose another. --subprotocol changes it.", false}
	if len(p.Spoken) > 0 {
		spoken = fact{"Subprotocols", strings.Join(p.Spoken, ", "), "Set by --subprotocol.", true}
	}
	return []fact{origins, spoken}
}

// What stands in the bar where there is no request line.
func (v attemptView) What() string {
	return plural(v.Size, "byte", "bytes") + ", no HTTP"
}

// sentence gives a phrase its capital letter and its full stop.
func sentence(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return strings.TrimSuffix(string(unicode.ToUpper(r))+s[size:], ".") + "."
}
