package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"wsinspect/internal/diagnosis"
	"wsinspect/internal/handshake"
)

func explainCommand(env environment) *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "say what a check, cause, error text, status or close code means",
		ArgsUsage: "[ID | text]",
		Description: "Without an argument it lists the checks of a handshake and the causes for which\n" +
			"they are broken. With the ID of one it prints what it is, how to see it and what\n" +
			"to do. With the words of a browser, of gorilla or of nginx, a status or a close\n" +
			"code, it says who says so, what it means and which checks and causes lead\n" +
			"further:\n\n" +
			"   wsinspect explain origin-same-host\n" +
			"   wsinspect explain upgrade-not-configured\n" +
			"   wsinspect explain \"WebSocket handshake: Unexpected response code: 403\"\n" +
			"   wsinspect explain 1006",
		Flags:         []cli.Flag{jsonFlag()},
		ShellComplete: completeExplain,
		Action: func(_ context.Context, c *cli.Command) error {
			e := explanation{bold: env.wantsBold(c.Root().Writer)}
			answer, text, err := e.of(strings.Join(c.Args().Slice(), " "))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return writeJSON(c.Root().Writer, answer)
			}
			_, err = c.Root().Writer.Write(text)
			return err
		},
	}
}

// explanation puts what the program knows into words.
type explanation struct {
	bold bool
}

// of returns the answer to a question for programs and for people: the list of checks and
// causes, one of them, or what an error text means.
func (e explanation) of(question string) (answer any, text []byte, err error) {
	question = strings.TrimSpace(question)
	if question == "" {
		return e.list()
	}
	if check := handshake.Find(strings.ToLower(question)); check != nil {
		return documentationOf(check), check.AppendText(nil), nil
	}
	if cause := diagnosis.Find(strings.ToLower(question)); cause != nil {
		return dossierOf(cause), cause.AppendText(nil), nil
	}
	if known := recognise(question); len(known) > 0 {
		return e.errorTexts(known)
	}
	return nil, nil, wrongCall(fmt.Sprintf("explain knows no %q; %s", question, didYouMean(question, allIDs(), "wsinspect explain lists what it knows")))
}

func (e explanation) list() (any, []byte, error) {
	var answer struct {
		Checks []documentation `json:"checks"`
		Causes []dossier       `json:"causes"`
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, check := range handshake.Catalogue() {
		answer.Checks = append(answer.Checks, documentationOf(check))
		fmt.Fprintf(table, "%s\t%s\t%s\n", check.ID, deed(check), check.Title)
	}
	table.Flush() // a strings.Builder takes all of it
	text.WriteString("\nA check that decides refuses the handshake; one that advises lets it pass and\n" +
		"says what stricter servers make of it.\n\n")
	for _, cause := range diagnosis.Catalogue() {
		answer.Causes = append(answer.Causes, dossierOf(cause))
		fmt.Fprintf(table, "%s\t%s\t%s\n", cause.ID, consequences[cause.Severity], cause.Title)
	}
	table.Flush()
	text.WriteString("\nA cause says who broke the rule that a check finds broken: it rejects the\n" +
		"handshake, is a risk in a session that works, or cuts the session.\n" +
		"wsinspect explain ID says more.\n")
	return answer, []byte(text.String()), nil
}

func deed(check *handshake.Check) string {
	if check.Decides {
		return "decides"
	}
	return "advises"
}

// consequences says what a cause does to a session, as deed says it of a check.
var consequences = map[diagnosis.Severity]string{
	diagnosis.Rejects: "rejects", diagnosis.Risks: "is a risk", diagnosis.Cuts: "cuts",
}

// allIDs returns the IDs of checks and causes.
func allIDs() []string {
	var ids []string
	for _, check := range handshake.Catalogue() {
		ids = append(ids, check.ID)
	}
	for _, cause := range diagnosis.Catalogue() {
		ids = append(ids, cause.ID)
	}
	return ids
}

// documentation is a check as programs read it.
type documentation struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Decides  bool     `json:"decides"`
	Spec     string   `json:"spec"`
	SpecURL  string   `json:"spec_url"`
	Requires []string `json:"requires"`
	What     string   `json:"what"`
	See      string   `json:"see"`
	Do       string   `json:"do"`
}

func documentationOf(c *handshake.Check) documentation {
	return documentation{c.ID, c.Title, c.Decides, c.Spec, c.SpecURL, append([]string{}, c.Requires...), c.Doc.What, c.Doc.See, c.Doc.Do}
}

// dossier is a cause as programs read it.
type dossier struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Severity string   `json:"severity"`
	Party    string   `json:"party"`
	Explains []string `json:"explains"`
	Spec     string   `json:"spec"`
	SpecURL  string   `json:"spec_url"`
	What     string   `json:"what"`
	See      string   `json:"see"`
	Do       string   `json:"do"`
	Tempting string   `json:"tempting"`
}

func dossierOf(c *diagnosis.Cause) dossier {
	return dossier{c.ID, c.Title, c.Severity.String(), c.Party.String(), append([]string{}, c.Explains...),
		c.Spec, c.SpecURL, c.Doc.What, c.Doc.See, c.Doc.Do, c.Tempting}
}

// errorTexts answers with what each of the recognised texts means.
func (e explanation) errorTexts(known []errorText) (any, []byte, error) {
	type entry struct {
		Says   string   `json:"says"`
		Who    string   `json:"who"`
		Means  string   `json:"means"`
		Checks []string `json:"checks"`
		Causes []string `json:"causes"`
	}
	var answer struct {
		Texts []entry `json:"texts"`
	}
	var text strings.Builder
	for i, k := range known {
		answer.Texts = append(answer.Texts, entry{k.says, k.who, k.means, append([]string{}, k.leads()...), append([]string{}, k.causes...)})
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s\nsaid by %s\n\n%s\n", e.strong(k.title()), k.who, wrap(k.means, ""))
		appendLeads(&text, "checks", k.leads(), func(id string) string { return handshake.Find(id).Title })
		appendLeads(&text, "causes", k.causes, func(id string) string { return diagnosis.Find(id).Title })
	}
	return answer, []byte(text.String()), nil
}

// appendLeads names the checks or causes to go on with.
func appendLeads(text *strings.Builder, what string, ids []string, title func(id string) string) {
	if len(ids) == 0 {
		return
	}
	text.WriteString("\nThe " + what + " to go on with, by wsinspect explain ID:\n")
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	for _, id := range ids {
		fmt.Fprintf(table, "  %s\t%s\n", id, title(id))
	}
	table.Flush()
}

// strong returns a heading, in bold where that can be seen.
func (e explanation) strong(s string) string {
	if !e.bold {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}
