package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"wsinspect/internal/journal"
	"wsinspect/internal/probe"
)

// errFault is what a probe returns that has found a fault: it has said so already.
var errFault = errors.New("the probe found a fault")

// inquiry is one call of probe.
type inquiry struct {
	out, log       io.Writer
	bold           bool
	terminal       bool // out is one
	json, markdown bool
}

// newInquiry reads how the answer is to be written.
func newInquiry(c *cli.Command, env environment) *inquiry {
	root := c.Root()
	return &inquiry{
		out: root.Writer, log: root.ErrWriter, bold: env.wantsBold(root.Writer), terminal: isTerminal(root.Writer),
		json: c.Bool("json"), markdown: c.Bool("markdown"),
	}
}

// run probes and says what was found.
func (q *inquiry) run(ctx context.Context, o *probe.Options) error {
	if o.Insecure {
		fmt.Fprintln(q.log, "WARNING: --insecure takes any certificate. Whoever sits between could read and change all that is sent, the token and --header lines included.")
	}
	r, err := probe.Run(ctx, o, q.watch())
	if err != nil {
		return wrongCall(err.Error())
	}
	return q.report(r)
}

// watch shows the steps as they happen, where the answer is for people and not a document.
func (q *inquiry) watch() probe.Watch {
	if q.json || q.markdown {
		return probe.Watch{}
	}
	bar := &progress{out: q.out, terminal: q.terminal}
	return probe.Watch{
		Step: func(s probe.Step) {
			bar.clear()
			q.out.Write(s.AppendText(nil))
		},
		Idle: bar.show,
	}
}

// report writes what was found. A fault is the error errFault.
func (q *inquiry) report(r *probe.Report) error {
	var err error
	switch {
	case q.json:
		err = q.writeJSON(r)
	case q.markdown:
		_, err = q.out.Write(r.AppendMarkdown(nil))
	default:
		_, err = q.out.Write(q.text(r))
	}
	if err == nil && r.Failed() {
		return errFault
	}
	return err
}

// text is what stands below the steps: the sentence, the way, and the causes with what
// cures them.
func (q *inquiry) text(r *probe.Report) []byte {
	said := strings.TrimSuffix(string(r.AppendSentence(nil)), "\n")
	b := []byte("\n" + explanation{bold: q.bold}.strong(said) + "\n\n")
	if way := r.AppendWay(nil); len(way) > 0 && (r.Failed() || r.Changes != nil) {
		b = append(append(b, way...), '\n')
	}
	b = journal.AppendCauses(b, r.Causes, nil, r.TellApart())
	return append([]byte(strings.TrimRight(string(b), "\n")), '\n')
}

// writeJSON writes the report for programs.
func (q *inquiry) writeJSON(r *probe.Report) error {
	answer := r.JSON()
	answer.Causes = json.RawMessage(journal.AppendCausesJSON(nil, r.Causes))
	answer.Hops = json.RawMessage(journal.AppendHopsJSON(nil, r.Hops))
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return err
	}
	_, err = q.out.Write(append(ascii(text), '\n'))
	return err
}

// ascii escapes what of a JSON text is not ASCII: a terminal may obey some of it.
func ascii(text []byte) []byte {
	b := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			b = append(b, byte(r))
		case r > 0xffff:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}
