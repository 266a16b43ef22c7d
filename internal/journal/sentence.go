package journal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// Sentence says in one sentence what happened and why. It quotes what strangers wrote and
// must be escaped like it.
func (a *Attempt) Sentence() string {
	switch {
	case a.Mismatch != "":
		return "The verdict and gorilla disagree; gorilla said: " + a.Mismatch + "."
	case a.Response.Failure != NoFailure:
		return a.Response.Failure.sentence()
	}
	if c := a.Leading(); c != nil {
		return a.causeSentence(c)
	}
	if a.State == Answered {
		return plainSentence(a.Request.Head)
	}
	if f := a.Deciding(); f != nil {
		return f.Because
	}
	switch a.State {
	case Refused:
		return "net/http refused the request before any handler ran."
	case Rejected:
		return "The handshake was refused."
	}
	return a.acceptedSentence()
}

// Leading returns the cause that the verdict is put into words by: the first, where it is
// likely or certain. It is nil where none is.
func (a *Attempt) Leading() *diagnosis.Conclusion {
	return diagnosis.Leading(a.Causes)
}

// causeSentence says what c did, and of a session that came about all the same how it
// goes on.
func (a *Attempt) causeSentence(c *diagnosis.Conclusion) string {
	if a.Outcome() != OutcomeAccepted || c.Cause.Severity == diagnosis.Cuts {
		return c.Because
	}
	return "Accepted, but " + goOn(c.Because) + a.cutSentence()
}

// TellApart says what would tell several causes apart; it is empty where the first is
// certain, or alone.
func (a *Attempt) TellApart() string {
	if len(a.Causes) < 2 || a.Causes[0].Confidence == diagnosis.Certain {
		return ""
	}
	var tells []string
	add := func(party diagnosis.Party, what string) {
		if slices.ContainsFunc(a.Causes, func(c diagnosis.Conclusion) bool { return c.Cause.Party == party }) {
			tells = append(tells, what)
		}
	}
	add(diagnosis.ByProxy, "the configuration of the proxy (nginx -T prints nginx's)")
	add(diagnosis.ByClient, "what the client sent (the network panel of a browser shows it)")
	add(diagnosis.ByBackend, "what the application allows")
	return "What tells them apart: " + strings.Join(tells, "; ") + "."
}

// Why is Sentence, cut to fit a row of a list.
func (a *Attempt) Why() string {
	const longest = 120
	s := a.Sentence()
	if len(s) <= longest {
		return s
	}
	if i := strings.LastIndexByte(s[:longest], ' '); i > 0 {
		return s[:i] + " …"
	}
	return strings.ToValidUTF8(s[:longest], "") + "…"
}

// plainSentence speaks of a request that asked for no WebSocket.
func plainSentence(h *dump.Head) string {
	if h.Has("Upgrade") {
		return "A plain request. It carries Upgrade, but no key came, so no WebSocket client sent it."
	}
	return "A plain request. No key and no Upgrade came, so do not blame the proxy."
}

// acceptedSentence says what a stricter server would refuse, if anything, and that the
// session was cut, if it was.
func (a *Attempt) acceptedSentence() string {
	end := a.cutSentence()
	switch advised := a.With(handshake.Advised); {
	case len(advised) > 1:
		return "Accepted, but " + goOn(advised[0].Because) + " That is the first of " + strconv.Itoa(len(advised)) + " things to know." + end
	case len(advised) == 1:
		return "Accepted, but " + goOn(advised[0].Because) + end
	case end != "":
		return "The handshake is right." + end
	}
	return "The handshake is right. Nothing to change."
}

// cutSentence says, behind another sentence, that the session was cut; it is empty where
// it was not.
func (a *Attempt) cutSentence() string {
	if a.State != Closed || a.Session.Close.By != ByNobody {
		return ""
	}
	if a.Session.Idle < time.Second {
		return " The session was cut in the midst of it."
	}
	return " The session was cut after " + seconds(a.Session.Idle) + " of silence."
}

// goOn lets a sentence go on another: its first word is no longer the first. Names of
// headers stay as they are.
func goOn(sentence string) string {
	for _, word := range []string{"A ", "No ", "The "} {
		if rest, ok := strings.CutPrefix(sentence, word); ok {
			return strings.ToLower(word) + rest
		}
	}
	return sentence
}

func (f Failure) sentence() string {
	switch f {
	case EarlyData:
		return "The handshake is right, but bytes came behind its head before the answer, so gorilla closed the connection without one."
	case HijackError:
		return "The handshake is right, but the connection could not be taken over from net/http."
	case WriteError:
		return "The handshake is right, but its 101 could not be written: the connection was gone."
	}
	return "The handshake is right, but no session came of it."
}

// endSentence says how the session of a ended: by the cause, where one is known.
func (a *Attempt) endSentence() string {
	if c := a.Leading(); c != nil && c.Cause.Severity == diagnosis.Cuts {
		return c.Because
	}
	return a.Session.endSentence()
}

// endSentence says how a session ended.
func (s *Session) endSentence() string {
	c := s.Close
	switch c.By {
	case ByClient:
		return "The client closed the session with " + c.words() + "."
	case ByServer:
		return "wsinspect closed the session with " + c.words() + "."
	}
	text := fmt.Sprintf("No close frame came. The connection just ended after %s of silence", seconds(s.Idle))
	if c.Detail != "" {
		text += ": " + c.Detail
	}
	return text + "."
}

// words names the code and says what it means; the reason is the other side's own.
func (c Close) words() string {
	text := fmt.Sprintf("%d, %s: %s", c.Code, handshake.CloseName(c.Code), handshake.CloseMeaning(c.Code))
	if c.Reason != "" {
		text += fmt.Sprintf(" (reason %s)", strconv.QuoteToGraphic(c.Reason))
	}
	return text
}

// seconds writes d in seconds with a tenth, such as "60.0 s": idle cuts are read from it.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}
