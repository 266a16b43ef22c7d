package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"wsinspect/internal/handshake"
	"wsinspect/internal/journal"
)

// query is what the list is asked to show. Its filter is typed as words: "key:value"
// chooses, "-key:value" leaves out, every other word is text, and quotation marks keep
// spaces in a word. The same is read from parameters: path=/ws is path:/ws.
type query struct {
	Terms    []term
	Wrong    []wrongWord // words that cannot be read, by which nothing is filtered
	page     journal.Filter
	Unfolded bool // each attempt has a row of its own
}

// term is one word of a filter.
type term struct {
	Not        bool
	Key, Value string // Key is empty for text
}

// wrongWord is a word of a filter that cannot be read, and what to write instead.
type wrongWord struct{ Word, Says string }

// filterKeys are the words that may stand before a colon, and what they choose by.
var filterKeys = []struct{ Name, Example, Says string }{
	{"outcome", "rejected", "refused, rejected, failed, accepted, at-risk, open, closed or plain"},
	{"cause", "host-not-forwarded", "who broke it: an ID of the reference"},
	{"check", "origin-same-host", "a rule that it broke: an ID of the reference"},
	{"path", "/ws", "how the path begins"},
	{"host", "localhost:8080", "the Host line, with or without its port"},
	{"client", "10.*", "an address, its beginning, or a network: 10.0.0.0/8"},
	{"ua", "Firefox", "text in User-Agent"},
	{"key", "dGhlIHNhbXBsZSBub25jZQ==", "a Sec-WebSocket-Key"},
	{"nonce", "k7q2", "what wsinspect-nonce said"},
}

func keyNames() (names []string) {
	for _, k := range filterKeys {
		names = append(names, k.Name)
	}
	return names
}

// readQuery reads a query from the parameters of an address.
func readQuery(v url.Values) query {
	q := query{Unfolded: v.Get("fold") == "no"}
	for _, k := range filterKeys {
		for _, value := range v[k.Name] {
			if value != "" {
				q.add(term{Key: k.Name, Value: value}, k.Name+":"+quoted(value))
			}
		}
	}
	for _, word := range words(strings.Join(v["q"], " ")) {
		if t, instead := parseTerm(word); instead != "" {
			q.Wrong = append(q.Wrong, wrongWord{word, instead})
		} else {
			q.add(t, word)
		}
	}
	for _, name := range []string{"before", "limit"} {
		f, err := journal.ParseFilter(url.Values{name: {v.Get(name)}})
		if err != nil {
			q.Wrong = append(q.Wrong, wrongWord{"", visible(err.Error()) + "."})
			continue
		}
		q.page.Before, q.page.Limit = cmp.Or(f.Before, q.page.Before), cmp.Or(f.Limit, q.page.Limit)
	}
	return q
}

// add takes a term whose value means something; word is how it was written.
func (q *query) add(t term, word string) {
	if _, err := t.filter(); err != nil {
		q.Wrong = append(q.Wrong, wrongWord{word, sentence(visible(err.Error()))})
	} else if !slices.Contains(q.Terms, t) {
		q.Terms = append(q.Terms, t)
	}
}

// words cuts a text at its spaces, but for those in quotation marks.
func words(text string) (found []string) {
	start, quoted := -1, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case (c == ' ' || '\t' <= c && c <= '\r') && !quoted:
			if start >= 0 {
				found, start = append(found, text[start:i]), -1
			}
			continue
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		found = append(found, text[start:])
	}
	return found
}

// parseTerm reads a word, or says what to write instead. What stands in quotation marks is text, whatever it holds, and so
// is an address: http://localhost.
func parseTerm(word string) (t term, instead string) {
	t.Value = word
	if rest, ok := strings.CutPrefix(word, "-"); ok && rest != "" {
		t.Not, t.Value = true, rest
	}
	key, value, colon := strings.Cut(t.Value, ":")
	if !colon || strings.Trim(strings.ToLower(key), "abcdefghijklmnopqrstuvwxyz-") != "" || strings.HasPrefix(value, "//") {
		t.Value = unquoted(t.Value)
		return t, ""
	}
	t.Key, t.Value = strings.ToLower(key), unquoted(value)
	i := slices.Index(keyNames(), t.Key)
	switch {
	case i >= 0 && t.Value == "":
		return t, fmt.Sprintf("%s: says nothing. Write %s:%s.", t.Key, t.Key, filterKeys[i].Example)
	case i < 0:
		text := `"` + strings.ReplaceAll(strings.TrimPrefix(word, "-"), `"`, "") + `"`
		meant := keyNames()
		if near := handshake.Nearest(t.Key[:min(len(t.Key), 20)], meant, 1); len(near) > 0 {
			return t, fmt.Sprintf("%s: is no word of the filter. Write %s:%s, or %s for text.", visible(key), near[0], visible(value), visible(text))
		}
		return t, fmt.Sprintf("%s: is no word of the filter. Write %s: or %s:, or %s for text.", visible(key),
			strings.Join(meant[:len(meant)-1], ":, "), meant[len(meant)-1], visible(text))
	}
	return t, ""
}

// unquoted takes away quotation marks, and the backslashes that keep some in.
func unquoted(s string) string {
	rest, ok := strings.CutPrefix(s, `"`)
	if !ok {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.TrimSuffix(rest, `"`))
}

// quoted writes a value so that it is read as one word.
func quoted(s string) string {
	if s != "" && !strings.HasPrefix(s, `"`) && !strings.ContainsFunc(s, unicode.IsSpace) && strings.Count(s, `"`)%2 == 0 {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// String writes a term as one would type it.
func (t term) String() string {
	var sign string
	if t.Not {
		sign = "-"
	}
	if t.Key != "" {
		return sign + t.Key + ":" + quoted(t.Value)
	}
	if again, instead := parseTerm(t.Value); instead != "" || again != (term{Value: t.Value}) {
		return sign + `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.Value) + `"`
	}
	return sign + quoted(t.Value)
}

// filter returns what a term chooses, or would if it stood without its minus.
func (t term) filter() (journal.Filter, error) {
	if t.Key == "" {
		return journal.Filter{Query: t.Value}, nil
	}
	return journal.ParseFilter(url.Values{t.Key: {t.Value}})
}

// filter returns what q chooses, and which page of it.
func (q query) filter() journal.Filter {
	all := q.page
	for _, t := range q.Terms {
		switch f, err := t.filter(); {
		case err != nil: // add has let none of these in
		case t.Not:
			all.None = append(all.None, f)
		default:
			all.All = append(all.All, f)
		}
	}
	return all
}

// Keys returns the words that may stand before a colon, for the help beside the field.
func (query) Keys() any { return filterKeys }

// Text writes the filter as one would type it.
func (q query) Text() string {
	var b strings.Builder
	for i, t := range q.Terms {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.String())
	}
	return b.String()
}

// carry returns the filter as the query of a link, with more parameters: name, value, …
func (q query) carry(more ...string) string {
	v := url.Values{}
	if text := q.Text(); text != "" {
		v.Set("q", text)
	}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] != "" {
			v.Set(more[i], more[i+1])
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// link returns the query of a link to the same list, with more parameters.
func (q query) link(more ...string) string {
	if q.Unfolded {
		more = append(more, "fold", "no")
	}
	if q.page.Limit > 0 {
		more = append(more, "limit", strconv.Itoa(q.page.Limit))
	}
	return q.carry(more...)
}

// without returns q without the terms of that key, from its first page.
func (q query) without(key string) query {
	return q.only(func(t term) bool { return t.Key != key })
}

// only returns q with the terms for which keep is true, from its first page.
func (q query) only(keep func(term) bool) query {
	q.page.Before = ""
	q.Terms = slices.DeleteFunc(slices.Clone(q.Terms), func(t term) bool { return !keep(t) })
	return q
}

// and returns q with one term more in the place of others of its key.
func (q query) and(key, value string) query {
	q = q.without(key)
	q.Terms = append(q.Terms, term{Key: key, Value: value})
	return q
}

// has reports whether q chooses by that.
func (q query) has(key, value string) bool {
	return slices.Contains(q.Terms, term{Key: key, Value: value})
}
