package journal

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"wsinspect/internal/dump"
	"wsinspect/internal/handshake"
)

// AppendText appends the verdict in words: the sentence, the causes with the lines that
// cure them, who decided, the way, the head with the evidence marked, what was found, the
// answer and the session. It is for
// terminals and for the bodies of refusals: no control byte of a stranger gets through.
func (a *Attempt) AppendText(b []byte) []byte {
	said := a.said()
	evidence := said.evidence
	b = append(b, said.causes...)
	b = a.appendFacts(b, said.way)

	b = append(b, "\nAs it arrived"...)
	b = a.appendAfter(b)
	b = a.Request.Head.AppendText(b, "    ", evidence)
	b = append(b, said.findings...)
	if head := a.Response.Head(); head != nil {
		b = append(b, "\nAs it was answered\n"...)
		b = head.AppendText(b, "    ", nil)
	} else if a.Took > 0 {
		b = append(b, "\nThe connection was closed without an answer.\n"...)
	}
	if s := a.Now(); s != nil {
		b = s.appendText(b, time.Now())
	}
	return b
}

// appendFacts appends the verdict in a line and where the attempt came from.
func (a *Attempt) appendFacts(b, way []byte) []byte {
	status := a.Response.Status
	if status == 0 {
		status = a.Verdict.Status
	}
	b = append(b, "Outcome  "...)
	b = append(b, a.Outcome().String()...)
	if status != 0 {
		b = fmt.Appendf(b, ", %d %s", status, http.StatusText(status))
	}
	if c := a.Verdict.DecidedBy; c != nil {
		b = fmt.Appendf(b, "; %s decides by the check %s (%s)", c.By, c.ID, c.Spec)
		if a.Verdict.Reason != "" {
			b = append(b, "\nSaid     "...)
			b = dump.AppendWords(b, a.Verdict.Reason)
		}
	}
	if a.Mismatch != "" {
		b = append(b, "\nMismatch gorilla said: "...)
		b = dump.AppendWords(b, a.Mismatch)
	}
	b = append(b, "\nFrom     "...)
	b = append(b, a.PeerText()...)
	if a.Client.From != "" && a.Client.From != "peer" {
		b = fmt.Appendf(b, ", client %s by %s", a.clientText(), a.Client.From)
	}
	for _, d := range a.Client.Disbelief {
		b = append(b, "\n         not believed: "...)
		b = dump.AppendEscaped(b, []byte(d))
	}
	b = append(b, way...)
	b = append(b, "\nAttempt  "...)
	b = append(b, a.ID...)
	b = append(b, "  "...)
	b = a.Time.UTC().AppendFormat(b, "2006-01-02 15:04:05.000 UTC")
	return append(b, '\n')
}

// appendAfter says what the title of the head leaves open, and ends its line.
func (a *Attempt) appendAfter(b []byte) []byte {
	r := &a.Request
	b = fmt.Appendf(b, " (%d bytes", len(r.Head.Raw))
	if r.Truncated {
		b = append(b, ", cut: the head is longer"...)
	}
	if r.After > 0 {
		b = fmt.Appendf(b, "; %d more came behind it: %s", r.After, r.AfterKind)
	}
	return append(b, ")\n"...)
}

// appendFindings appends what was found of one outcome, with the letters of its evidence
// and, where no cause says it, with what to do.
func (a *Attempt) appendFindings(b []byte, title string, outcome handshake.Outcome, evidence []dump.Evidence) []byte {
	findings := a.With(outcome)
	if len(findings) == 0 {
		return b
	}
	b = append(b, '\n')
	b = append(b, title...)
	b = append(b, '\n')
	for _, f := range findings {
		b = append(b, "  "...)
		b = append(b, f.Check.ID...)
		b = appendLetters(b, f.Evidence, evidence)
		b = append(b, "  "...)
		b = append(b, f.Check.Spec...)
		b = append(b, '\n')
		b = handshake.AppendWrapped(b, "      ", words(f.Because))
		if !a.explained(f.Check.ID) {
			b = handshake.AppendWrapped(b, "      ", f.Check.Doc.Do)
		}
	}
	return b
}

// appendLetters appends the letters of those places, such as " [a b]".
func appendLetters(b []byte, places []dump.Span, evidence []dump.Evidence) []byte {
	before := " ["
	for _, e := range evidence {
		if slices.Contains(places, e.Span) {
			b = append(b, before...)
			b = append(b, e.Letter)
			before = " "
		}
	}
	if before == " " {
		b = append(b, ']')
	}
	return b
}

// appendText appends the session as it stands at now.
func (s *Session) appendText(b []byte, now time.Time) []byte {
	b = append(b, "\nSession\n  "...)
	if s.Closed.IsZero() {
		b = fmt.Appendf(b, "Open for %s; silent for %s.\n", seconds(now.Sub(s.Opened)), seconds(s.Idle))
	} else {
		b = fmt.Appendf(b, "Lasted %s; silent for %s before the end.\n", seconds(s.Closed.Sub(s.Opened)), seconds(s.Idle))
		b = handshake.AppendWrapped(b, "  ", words(s.endSentence()))
	}
	b = append(b, "  Subprotocol: "...)
	if s.Subprotocol == "" {
		b = append(b, "none"...)
	}
	b = dump.AppendEscaped(b, []byte(s.Subprotocol))
	if s.Compression {
		b = append(b, "; permessage-deflate agreed"...)
	} else {
		b = append(b, "; no compression"...)
	}
	b = append(b, "\n  Received: "...)
	b = s.Received.appendText(b)
	b = append(b, "  Sent:     "...)
	return s.Sent.appendText(b)
}

func (t *Traffic) appendText(b []byte) []byte {
	return fmt.Appendf(b, "%d text, %d binary, %d ping, %d pong, %d bytes\n", t.Text, t.Binary, t.Ping, t.Pong, t.Bytes)
}
