package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress shows how long a silence has lasted: on a terminal as a bar that is drawn over
// itself, elsewhere as a line now and then.
type progress struct {
	out      io.Writer
	terminal bool

	drawn bool          // a bar is on the last line of the terminal
	told  time.Duration // of the last line
	open  string        // the sockets in it
}

// between is how long the lines are apart that are written where no bar can be drawn.
const between = 15 * time.Second

// show is told now and then which sockets are still open.
func (p *progress) show(silent, limit time.Duration, open []string) {
	names := strings.Join(open, ", ")
	if names == "" {
		names = "none"
	}
	const width = 30
	if p.terminal {
		done := min(width, int(width*silent/max(limit, 1)))
		fmt.Fprintf(p.out, "\r\x1b[K  [%s%s] %3.0f s of %.0f s; open: %s", strings.Repeat("#", done), strings.Repeat("-", width-done), silent.Seconds(), limit.Seconds(), names)
		p.drawn = true
		return
	}
	if silent-p.told >= between || p.open != "" && names != p.open {
		fmt.Fprintf(p.out, "  silent for %.0f s of %.0f s; open: %s\n", silent.Seconds(), limit.Seconds(), names)
		p.told = silent
	}
	p.open = names
}

// clear takes the bar away.
func (p *progress) clear() {
	if p.drawn {
		io.WriteString(p.out, "\r\x1b[K")
		p.drawn = false
	}
}
