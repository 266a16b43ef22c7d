package journal

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Format is how the lines of a Log look.
type Format uint8

const (
	FormatAuto Format = iota // FormatText on a terminal, else FormatJSON
	FormatJSON               // one JSON object a line, in the shape of log/slog
	FormatText               // one readable line
)

// ParseFormat reads "auto", "json" or "text".
func ParseFormat(s string) (Format, error) {
	switch s {
	case "auto":
		return FormatAuto, nil
	case "json":
		return FormatJSON, nil
	case "text":
		return FormatText, nil
	}
	return FormatAuto, fmt.Errorf("log format %q: use auto, json or text", s)
}

// LogOptions say how a Log writes.
type LogOptions struct {
	Format Format
	Report func(error) // told when the log can no longer be written, not more than every few seconds; nil: nobody is
}

// Bounds of what waits for a sink that is no regular file.
const (
	maxQueued      = 4096            // lines
	maxQueuedBytes = 8 << 20         // and their bytes: a line carries a whole head
	drainTime      = 2 * time.Second // how long Close waits for the sink
	stuckAfter     = time.Second     // how long a write may take before the sink counts as stuck
)

// Log writes one line for each change of an attempt's state. It never stops the service:
// lines that cannot be written now wait, a bounded number of them, and are written when they
// can be; the others are dropped and counted.
//
// To a regular file the line of a handshake is written before the method that logs it
// returns, so the file has it even after kill -9. The line of a session's end has nobody
// waiting for it: it goes with the next handshake's, in the same call, or after a moment.
// The file should be opened with O_APPEND: then others may write to it too, and rotate it.
// Anything else can block, so a bounded queue stands before it, and one goroutine writes.
type Log struct {
	format  Format
	file    *logFile     // the regular file; nil for another sink
	queue   chan *[]byte // lines on their way to sink
	queued  atomic.Int64 // their bytes
	sink    io.Writer
	closing chan struct{}
	close   func()
	done    chan struct{} // closed when the writer has ended
	dropped atomic.Int64
	buffers sync.Pool // of *[]byte
	state   *condition
	opened  time.Time
	began   atomic.Int64 // when the write that goes on to sink began, in nanoseconds since opened; 0: none does
}

// NewLog returns a Log that writes to w.
func NewLog(w io.Writer, o LogOptions) *Log {
	l := &Log{format: o.Format, opened: time.Now(), sink: w, closing: make(chan struct{}), done: make(chan struct{}), state: &condition{tell: o.Report}}
	l.close = sync.OnceFunc(func() { close(l.closing) })
	l.buffers.New = func() any { return new([]byte) }

	mode := os.ModeIrregular
	file, ok := w.(*os.File)
	if ok {
		if info, err := file.Stat(); err == nil {
			mode = info.Mode()
		}
	}
	if l.format == FormatAuto {
		l.format = FormatJSON
		if mode&os.ModeCharDevice != 0 {
			l.format = FormatText
		}
	}
	if mode.IsRegular() {
		l.file = newLogFile(file, l.state, l.lost)
		close(l.done)
		return l
	}
	l.queue = make(chan *[]byte, maxQueued)
	go l.drain()
	return l
}

// Dropped returns how many lines could not be written.
func (l *Log) Dropped() int64 {
	if l == nil {
		return 0
	}
	return l.dropped.Load()
}

// Trouble returns what keeps the log from writing, and whether anything does.
func (l *Log) Trouble() (Trouble, bool) {
	if l == nil {
		return Trouble{}, false
	}
	since, err := l.state.now()
	t := Trouble{Since: since, Error: err, Dropped: l.Dropped()}
	if began := l.began.Load(); since.IsZero() && began != 0 {
		if since := l.opened.Add(time.Duration(began)); time.Since(since) >= stuckAfter {
			t.Since, t.Error = since, errUnread
		}
	}
	if l.file != nil {
		t.Waiting = l.file.backlog()
	} else {
		t.Waiting = len(l.queue)
	}
	return t, !t.Since.IsZero()
}

// Reopen opens the regular file again by its name and closes the old one: for logrotate
// and SIGHUP. A Log of another sink stays as it is. On an error the old file stays too.
func (l *Log) Reopen() error {
	if l.file == nil {
		return nil
	}
	return l.file.reopen()
}

// lost counts lines that could not be written.
func (l *Log) lost(lines int) { l.dropped.Add(int64(lines)) }

// Close waits, for a bounded time, until what is queued has reached the sink; later lines
// are dropped and counted. It does not close the sink. It may be called more than once.
func (l *Log) Close() {
	l.close()
	if l.file != nil {
		l.file.settle()
		l.file.abandon()
	}
	select {
	case <-l.done:
	case <-time.After(drainTime):
	}
}

// write formats a line with the method that fits the format, and passes it on. A line
// that may wait is one that no answer waits for.
func (l *Log) write(mayWait bool, json, text func([]byte) []byte) {
	buffer := l.buffers.Get().(*[]byte)
	line := (*buffer)[:0]
	if l.format == FormatJSON {
		line = json(line)
	} else {
		line = text(line)
	}
	line = append(line, '\n')
	*buffer = line
	if l.file != nil {
		l.file.write(line, mayWait)
		l.recycle(buffer)
		return
	}
	l.enqueue(buffer)
}

// enqueue gives a line to the writer, unless there are too many already.
func (l *Log) enqueue(buffer *[]byte) {
	size := int64(len(*buffer))
	if l.queued.Add(size) <= maxQueuedBytes && !l.isClosing() {
		select {
		case l.queue <- buffer:
			return
		default:
		}
	}
	l.queued.Add(-size)
	l.dropped.Add(1)
	if !l.isClosing() {
		l.state.fails(errUnread)
	}
	l.recycle(buffer)
}

func (l *Log) isClosing() bool {
	select {
	case <-l.closing:
		return true
	default:
		return false
	}
}

// drain writes what is queued until Close is called and the queue is empty.
func (l *Log) drain() {
	defer close(l.done)
	for {
		select {
		case buffer := <-l.queue:
			l.flush(buffer)
			continue
		default:
		}
		select {
		case buffer := <-l.queue:
			l.flush(buffer)
		case <-l.closing:
			if len(l.queue) == 0 {
				return
			}
		}
	}
}

func (l *Log) flush(buffer *[]byte) {
	l.began.Store(max(int64(time.Since(l.opened)), 1))
	_, err := l.sink.Write(*buffer)
	l.began.Store(0)
	if err != nil {
		l.dropped.Add(1)
		l.state.fails(err)
	} else {
		l.state.works()
	}
	l.queued.Add(-int64(len(*buffer)))
	l.recycle(buffer)
}

// recycle keeps a buffer for the next line, unless a stranger has made it large.
func (l *Log) recycle(buffer *[]byte) {
	const largest = 32 << 10
	if cap(*buffer) <= largest {
		l.buffers.Put(buffer)
	}
}
