package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// visible writes out what a stranger sent so that every byte can be seen: what is no
// printable text becomes an escape, bidirectional controls included.
func visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			b.WriteString(escape(s[i]))
		case strconv.IsPrint(r):
			b.WriteString(s[i : i+size])
		case r < utf8.RuneSelf:
			b.WriteString(escape(s[i]))
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// escape writes a byte as an escape that says which one it is.
func escape(c byte) string {
	switch c {
	case '\t':
		return `\t`
	case '\r':
		return `\r`
	case '\n':
		return `\n`
	}
	return fmt.Sprintf(`\x%02x`, c)
}

// stamp is a moment as it is shown; the script turns it into the reader's own time zone.
type stamp struct{ time.Time }

func (s stamp) ISO() string    { return s.UTC().Format("2006-01-02T15:04:05.000Z") }
func (s stamp) Clock() string  { return s.Local().Format("15:04:05") }
func (s stamp) Minute() string { return s.Local().Format("15:04") }
func (s stamp) Exact() string  { return s.Local().Format("15:04:05.000") }
func (s stamp) Ago() string    { return whole(time.Since(s.Time)) }

// clock is the element of a moment, for rows: nothing of it is a stranger's.
func (s stamp) clock() template.HTML {
	return template.HTML(`<time datetime="` + s.ISO() + `">` + s.Clock() + `</time>`)
}

// span says how long something took: to the millisecond, the tenth of a second or, beyond
// a minute, in minutes and seconds.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return whole(d)
}

// whole says how long something took in whole seconds, as a row shows it.
func whole(d time.Duration) string {
	d = d.Truncate(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// plural joins a count with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(int64(n)) + " " + many
}

// count writes a number with a comma between thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
