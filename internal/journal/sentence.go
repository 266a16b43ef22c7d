package journal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

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
	case a.State == Answered:
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
	end := ""
	if a.State == Closed && a.Session.Close.By == ByNobody {
		end = " The session was cut after " + seconds(a.Session.Idle) + " of silence."
	}
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
	text := fmt.Sprintf("%d, %s: %s", c.Code, CodeName(c.Code), CodeMeaning(c.Code))
	if c.Reason != "" {
		text += fmt.Sprintf(" (reason %s)", strconv.QuoteToGraphic(c.Reason))
	}
	return text
}

// seconds writes d in seconds with a tenth, such as "60.0 s": idle cuts are read from it.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}
