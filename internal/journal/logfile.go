package journal

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// lineWait is how long a line that nobody waits for may stay in memory.
	lineWait = 100 * time.Millisecond
	// maxWaiting bounds what stays in memory, in bytes.
	maxWaiting = 64 << 10
)

// logFile is the regular file behind a Log. Writers do not wait for one another: the
// kernel puts each write at the end of a file that is opened with O_APPEND.
type logFile struct {
	file atomic.Pointer[os.File]
	torn atomic.Bool // the last line in the file was cut short, by a full disk

	mu      sync.Mutex
	waiting *batch // lines that are not written yet
	armed   bool   // flusher will come
	flusher *time.Timer
}

// batch is lines, each with its end, that are written by one call.
type batch struct {
	bytes []byte
	lines int
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newLogFile(f *os.File, dropped func(lines int)) *logFile {
	l := &logFile{waiting: new(batch)}
	l.file.Store(f)
	l.flusher = time.AfterFunc(math.MaxInt64, func() {
		l.mu.Lock()
		l.armed = false
		l.mu.Unlock()
		dropped(l.settle())
	})
	return l
}

// write appends a line with its end. Unless it may wait, the line and all that waited
// before it are in the file when write returns. It returns how many lines could not be
// written.
func (l *logFile) write(line []byte, mayWait bool) (dropped int) {
	b := l.join(line, mayWait)
	if b == nil {
		return 0
	}
	return l.put(b)
}

// join adds a line to those that wait, and returns them when they are to be written now.
func (l *logFile) join(line []byte, mayWait bool) *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.waiting
	b.bytes = append(b.bytes, line...)
	b.lines++
	if mayWait && len(b.bytes) <= maxWaiting {
		if !l.armed { // setting a timer for each line would cost more than the line
			l.armed = true
			l.flusher.Reset(lineWait)
		}
		return nil
	}
	l.waiting = batches.Get().(*batch)
	return b
}

// settle writes what waits.
func (l *logFile) settle() (dropped int) {
	l.mu.Lock()
	b := l.waiting
	l.waiting = batches.Get().(*batch)
	l.mu.Unlock()
	return l.put(b)
}

// put writes a batch by one call.
func (l *logFile) put(b *batch) (dropped int) {
	if b.lines > 0 {
		dropped = l.append(b)
	}
	if cap(b.bytes) <= 2*maxWaiting { // a stranger has not made it large
		b.bytes, b.lines = b.bytes[:0], 0
		batches.Put(b)
	}
	return dropped
}

func (l *logFile) append(b *batch) (dropped int) {
	if l.torn.Swap(false) {
		b.bytes = append([]byte{'\n'}, b.bytes...) // the next line begins on a line of its own
	}
	for {
		file := l.file.Load()
		n, err := file.Write(b.bytes)
		if err == nil {
			return 0
		}
		if errors.Is(err, os.ErrClosed) && l.file.Load() != file {
			continue // reopen came in between
		}
		if n > 0 || b.bytes[0] == '\n' {
			l.torn.Store(true)
		}
		return b.lines // as far as anybody can tell
	}
}

// reopen opens the file again by its name and closes the old one.
func (l *logFile) reopen() error {
	old := l.file.Load()
	file, err := os.OpenFile(old.Name(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("reopen the log: %w", err)
	}
	l.settle()
	l.file.Store(file)
	l.torn.Store(false)
	return old.Close()
}
