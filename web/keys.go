package web

import (
	"net/http"
	"strings"
)

// keysView is the list of keys, a page of its own that the script opens as a dialog.
type keysView struct {
	shell
	Keys []keyHelp
}

// keyHelp is what some keys do, and where the same can be done with a pointer.
type keyHelp struct {
	Keys []string
	Does string
}

// keyHelps are in the order of use. Each key presses the control that carries it as
// data-key, so there is none without a control that can be seen.
var keyHelps = []keyHelp{
	{[]string{"/"}, "Filter"},
	{[]string{"j", "k"}, "Next attempt, previous attempt"},
	{[]string{"Enter"}, "Open it"},
	{[]string{"Esc"}, "Back to the list; there, clear the filter"},
	{[]string{"p"}, "Pause, resume"},
	{[]string{"."}, "Show what is new"},
	{[]string{"c"}, "Copy the cure"},
	{[]string{"y"}, "Copy the head"},
	{[]string{"r"}, "Report for a ticket"},
	{[]string{"d"}, "Pin, then compare"},
	{[]string{"s"}, "Swap the sides of a comparison"},
	{[]string{"g a", "g t", "g c", "g r"}, "Attempts, Self-test, Compare, Reference"},
	{[]string{"?"}, "This list"},
}

func (p *page) keys(w http.ResponseWriter, r *http.Request) {
	if negotiate(r, asText, asHTML) == asHTML {
		p.render(w, http.StatusOK, "keys", keysView{p.shell(r, "attempts", "Keys"), keyHelps})
		return
	}
	var b strings.Builder
	for _, k := range keyHelps {
		b.WriteString(strings.Join(k.Keys, ", ") + ": " + k.Does + "\n")
	}
	writeText(w, http.StatusOK, b.String())
}
