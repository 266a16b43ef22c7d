package dump

import "strings"

// AppendProse appends text so that Markdown takes every byte of it for text: no markup, no
// link, no mention of anybody. What is no text has to be escaped before.
func AppendProse(dst []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if strings.IndexByte("\\`*_{}[]()<>#+!|&~@$=^", c) >= 0 ||
			c == ':' && strings.HasPrefix(text[i:], "://") || c == '.' && strings.HasSuffix(strings.ToLower(text[:i]), "www") {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}

// AppendFence appends code within a fence of Markdown that is longer than any in it.
func AppendFence(dst []byte, code string) []byte {
	mark := "```"
	for strings.Contains(code, mark) {
		mark += "`"
	}
	return append(dst, mark+"\n"+strings.TrimRight(code, "\n")+"\n"+mark+"\n"...)
}
