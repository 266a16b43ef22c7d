package probe

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

// sentence says what is wrong and who did it, or that nothing is. It quotes what strangers
// wrote and must be escaped like it.
func (r *Report) sentence() string {
	failed := r.failedStep()
	if failed != nil && r.Client.Sent == nil && r.Options.Config == nil {
		return failed.Says // nothing is known beyond the step, which has the details
	}
	if c := diagnosis.Leading(r.Causes); c != nil {
		if failed == nil && c.Cause.Severity != diagnosis.Cuts {
			return "The session works, but something is wrong: " + c.Because
		}
		return c.Because
	}
	switch {
	case r.Found == OtherBackend && r.Options.Inspect != nil:
		return "The WebSocket opened, but at another backend than wsinspect." + r.instead()
	case r.Found == NotArrived && r.Client.Answer != nil:
		return "The handshake did not arrive at wsinspect." + r.instead()
	case failed != nil && failed.ID == "answer":
		return failed.Says + r.refusedByBackend()
	case failed != nil:
		return failed.Says
	case r.Ended:
		return "The probe was ended before it was over. Up to then nothing was wrong."
	case r.Arrived == nil:
		return "All is well as far as this side sees. What arrived at the backend is not known." + r.advice()
	}
	return "All is well. " + r.waySentence() + r.advice()
}

// refusedByBackend says of a refusal in the words of a WebSocket backend how to go on: its
// reason lies in what arrived, which this side cannot see.
func (r *Report) refusedByBackend() string {
	switch {
	case valueOf(r.Client.Answer, "Wsinspect-Attempt") != "" && r.Client.Title != "":
		return " It says: " + sentence(r.Client.Title)
	case valueOf(r.Client.Answer, "Sec-WebSocket-Version") == "":
		return ""
	}
	return " These are the words of a WebSocket backend, so the handshake arrived there, perhaps changed. Put wsinspect in its place to see what arrives."
}

// instead says who answered, as far as the answer tells.
func (r *Report) instead() string {
	server := valueOf(r.Client.Answer, "Server")
	who := "Somebody"
	if server != "" {
		who = handshake.Quote(server)
	}
	h := r.Client.Answer
	return fmt.Sprintf(" %s answered %s.", who, strings.TrimSpace(quoted(h.Text(h.Start.Second))+" "+quoted(h.Text(h.Start.Third))))
}

// waySentence says in one sentence what the way did to a handshake that is right.
func (r *Report) waySentence() string {
	way := r.way()
	var parts []string
	for _, kind := range []string{"rewritten", "respelled", "reordered", "dropped", "added"} {
		switch n := count(way, kind); n {
		case 0:
		case 1:
			parts = append(parts, "1 line "+kind)
		default:
			parts = append(parts, fmt.Sprintf("%d lines %s", n, kind))
		}
	}
	if parts == nil {
		return "The handshake arrived as it was sent."
	}
	return "The handshake arrived, and what the way changed does no harm: " + strings.Join(parts, ", ") + "."
}

// advice repeats the first step that has something to say, and names the others.
func (r *Report) advice() string {
	var says string
	var others []string
	for _, s := range r.Steps {
		switch {
		case s.Outcome != Advised:
		case says == "":
			says = " Worth knowing: " + s.Says
		default:
			others = append(others, s.Title)
		}
	}
	if others != nil {
		says += " See also: " + strings.Join(others, ", ") + "."
	}
	return says
}

// TellApart says what would tell several causes apart; it is empty where the first is
// certain, or alone.
func (r *Report) TellApart() string {
	if len(r.Causes) < 2 || r.Causes[0].Confidence == diagnosis.Certain {
		return ""
	}
	var tells []string
	add := func(missing bool, party diagnosis.Party, what string) {
		if missing && slices.ContainsFunc(r.Causes, func(c diagnosis.Conclusion) bool { return c.Cause.Party == party }) {
			tells = append(tells, what)
		}
	}
	add(r.Options.Config == nil, diagnosis.ByProxy, "the configuration of the proxy (nginx -T prints nginx's)")
	add(r.Arrived == nil && r.Found == NotAsked, diagnosis.ByProxy, "what arrives (put wsinspect in the backend's place)")
	add(true, diagnosis.ByBackend, "what the application allows")
	if tells == nil {
		return ""
	}
	return "What tells them apart: " + strings.Join(tells, "; ") + "."
}

// quoted bounds and escapes a word for a sentence, without quotation marks.
func quoted(s string) string { return strings.Trim(handshake.Quote(s), `"`) }

// sentence makes a sentence of words: a capital first and a full stop last.
func sentence(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	words = string(unicode.ToUpper(first)) + words[size:]
	if strings.HasSuffix(words, ".") {
		return words
	}
	return words + "."
}
