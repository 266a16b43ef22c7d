package journal

import (
	"strconv"

	"wsinspect/internal/handshake"
)

// codeLabel returns the value of the metrics' label: the code where it has a meaning, else
// its range.
func codeLabel(code int) string {
	for known := range handshake.CloseCodes() {
		if known == code {
			return strconv.Itoa(code)
		}
	}
	switch {
	case 3000 <= code && code <= 3999:
		return "3xxx"
	case 4000 <= code && code <= 4999:
		return "4xxx"
	}
	return "other"
}
