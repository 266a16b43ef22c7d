package nginxconf

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// match tries a regular expression of a configuration on a text, and keeps what its groups
// catch. nginx reads them by PCRE, which knows more than Go: where the two may differ it
// says why it is not followed.
func (v *visit) match(pattern string, anyCase bool, text string) (matched bool, why string) {
	if *v.left <= 0 {
		return false, "there is too much to follow"
	}
	if strings.Contains(pattern, `\v`) || strings.Contains(pattern, `\K`) {
		return false, "this regular expression is not one that can be followed here"
	}
	subject := text
	if !ascii(text) || !ascii(pattern) {
		if anyCase || strings.Contains(pattern, "(?i") || strings.Contains(pattern, "(*") {
			return false, "a regular expression meets letters beyond ASCII, regardless of case"
		}
		pattern, subject = latin(pattern), latin(text)
	}
	if strings.Contains(text, "\n") {
		return false, "a regular expression meets a text with an end of line"
	}
	if anyCase {
		pattern = "(?i)" + pattern
	}
	cost, err := price(pattern, len(subject))
	if err != nil {
		return false, "this regular expression is not one that can be followed here"
	}
	if !v.spend(cost) {
		return false, "there is too much to follow"
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false, "this regular expression is not one that can be followed here"
	}
	at := re.FindStringSubmatchIndex(subject)
	if at == nil {
		return false, ""
	}
	v.catch(re, subject, at, text != subject)
	return true, ""
}

// catch keeps what the groups of a regular expression have caught.
func (v *visit) catch(re *regexp.Regexp, subject string, at []int, wide bool) {
	v.captures = nil
	for i, name := range re.SubexpNames() {
		group := ""
		if at[2*i] >= 0 {
			group = subject[at[2*i]:at[2*i+1]]
		}
		if wide {
			group = narrow(group)
		}
		v.captures = append(v.captures, group)
		if name != "" {
			v.set[name] = group
		}
	}
}

// price returns how much work a match may be: states times letters.
func price(pattern string, letters int) (int, error) {
	if len(pattern) > 4096 {
		return 0, &syntax.Error{Code: syntax.ErrLarge}
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(re.Simplify())
	if err != nil {
		return 0, err
	}
	return len(program.Inst) * (letters + 20), nil
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// latin returns a text in which each byte of s is one letter, as PCRE looks at it.
func latin(s string) string {
	letters := make([]rune, len(s))
	for i := 0; i < len(s); i++ {
		letters[i] = rune(s[i])
	}
	return string(letters)
}

// narrow is the inverse of latin.
func narrow(s string) string {
	var b []byte
	for _, letter := range s {
		b = append(b, byte(letter))
	}
	return string(b)
}
