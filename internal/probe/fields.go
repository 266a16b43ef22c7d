package probe

import (
	"slices"
	"strconv"
	"strings"

	"wsinspect/internal/dump"
)

// values returns the values of all lines of a name.
func values(h *dump.Head, name string) (all []string) {
	for f := range h.All(name) {
		all = append(all, h.Value(f))
	}
	return all
}

// valueOf returns the value of the first line of that name; empty where there is none.
func valueOf(h *dump.Head, name string) string {
	if h == nil {
		return ""
	}
	f, ok := h.Field(name)
	if !ok {
		return ""
	}
	return h.Value(f)
}

// list returns the elements of a list that may stand in several lines (RFC 9110, section
// 5.6.1).
func list(lines []string) (all []string) {
	for element := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if element = strings.Trim(element, " \t"); element != "" {
			all = append(all, element)
		}
	}
	return all
}

// hasToken reports whether a list has token, in whatever case.
func hasToken(lines []string, token string) bool {
	return slices.ContainsFunc(list(lines), func(s string) bool { return strings.EqualFold(s, token) })
}

// statusOf returns the status of an answer; 0 where it has none that can be read.
func statusOf(h *dump.Head) int {
	text := h.Text(h.Start.Second)
	status, err := strconv.ParseUint(text, 10, 16)
	if err != nil || len(text) != 3 {
		return 0
	}
	return int(status)
}
