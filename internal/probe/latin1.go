package probe

import (
	"encoding/json"
	"errors"
)

// latin1 is bytes of which each is one character of a JSON text, U+0000 to U+00FF, as in the
// JSON of an attempt.
type latin1 string

// MarshalJSON writes each byte as a character.
func (l latin1) MarshalJSON() ([]byte, error) {
	all := make([]rune, len(l))
	for i := range len(l) {
		all[i] = rune(l[i])
	}
	return json.Marshal(string(all))
}

// UnmarshalJSON reads each character as a byte.
func (l *latin1) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	all := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return errors.New("a character beyond U+00FF is no byte")
		}
		all = append(all, byte(r))
	}
	*l = latin1(all)
	return nil
}
