package journal

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"wsinspect/internal/handshake"
)

// AppendText appends the verdict in words: the sentence, who decided, the head with the
// evidence marked, what was found and what to do, the answer and the session. It is for
// terminals and for the bodies of refusals: no control byte of a stranger gets through.
func (a *Attempt) AppendText(b []byte) []byte {
	b = appendWords(b, a.Sentence())
	b = append(b, '\n', '\n')
	b = a.appendFacts(b)

	failed, advised := a.With(handshake.Failed), a.With(handshake.Advised)
	b = append(b, "\nAs it arrived"...)
	b = a.appendAfter(b)
	b = appendHead(b, a.Request.Head, markAll(failed, advised))
	b = appendFindings(b, "Failed", failed, 0)
	b = appendFindings(b, "Advised: this server lets it pass, stricter ones do not", advised, len(failed))
	if r := &a.Response; r.Head != nil {
		b = append(b, "\nAs it was answered\n"...)
		b = appendHead(b, r.Head, nil)
	} else if a.Took > 0 {
		b = append(b, "\nThe connection was closed without an answer.\n"...)
	}
	if s := a.Now(); s != nil {
		b = s.appendText(b, time.Now())
	}
	return b
}

// appendFacts appends the verdict in a line and where the attempt came from.
func (a *Attempt) appendFacts(b []byte) []byte {
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
			b = appendWords(b, a.Verdict.Reason)
		}
	}
	if a.Mismatch != "" {
		b = append(b, "\nMismatch gorilla said: "...)
		b = appendWords(b, a.Mismatch)
	}
	b = append(b, "\nFrom     "...)
	b = append(b, a.PeerText()...)
	if a.Client.From != "" && a.Client.From != "peer" {
		b = fmt.Appendf(b, ", client %s by %s", a.clientText(), a.Client.From)
	}
	for _, d := range a.Client.Disbelief {
		b = append(b, "\n         not believed: "...)
		b = appendBytes(b, []byte(d))
	}
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

// appendFindings appends findings with what to do. Their letters go on from those of the
// findings before them.
func appendFindings(b []byte, title string, findings []*handshake.Finding, before int) []byte {
	if len(findings) == 0 {
		return b
	}
	b = append(b, '\n')
	b = append(b, title...)
	b = append(b, '\n')
	for i, f := range findings {
		b = append(b, "  "...)
		b = append(b, f.Check.ID...)
		if mark := letter(before + i); len(f.Evidence) > 0 && mark != 0 {
			b = append(b, ' ', '[', mark, ']')
		}
		b = append(b, "  "...)
		b = append(b, f.Check.Spec...)
		b = append(b, '\n')
		b = wrap(b, "      ", f.Because)
		b = wrap(b, "      ", f.Check.Doc.Do)
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
		b = wrap(b, "  ", s.endSentence())
	}
	b = append(b, "  Subprotocol: "...)
	if s.Subprotocol == "" {
		b = append(b, "none"...)
	}
	b = appendBytes(b, []byte(s.Subprotocol))
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

// wrap appends text in lines of 78 columns behind indent. A line of text that begins with
// four spaces is to be pasted and stays whole.
func wrap(b []byte, indent, text string) []byte {
	const width = 78
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" {
			b = append(b, indent...)
		}
		if strings.HasPrefix(line, "    ") {
			b = appendWords(b, line)
			b = append(b, '\n')
			continue
		}
		column := len(indent)
		for i, word := range strings.Fields(line) {
			word = string(appendWords(nil, word))
			switch {
			case i == 0:
			case column+1+len(word) > width:
				b = append(b, '\n')
				b = append(b, indent...)
				column = len(indent)
			default:
				b = append(b, ' ')
				column++
			}
			b = append(b, word...)
			column += len(word)
		}
		b = append(b, '\n')
	}
	return b
}
