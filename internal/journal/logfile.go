package journal

import (
	"fmt"
	"math"
	"os"
	"sync"
	"time"
)

const (
	// lineWait is how long a line that nobody waits for may stay in memory.
	lineWait = 100 * time.Millisecond
	// maxWaiting bounds what stays in memory, in bytes.
	maxWaiting = 64 << 10
)

// logFile is the regular file behind a Log.
type logFile struct {
	mu      sync.Mutex
	file    *os.File
	waiting []byte // lines that are not written yet, each with its end
	lines   int    // how many they are
	torn    bool   // the last line in the file was cut short, by a full disk
	flusher *time.Timer
}

func newLogFile(f *os.File, dropped func(lines int)) *logFile {
	l := &logFile{file: f}
	l.flusher = time.AfterFunc(math.MaxInt64, func() {
		dropped(l.settle())
	})
	return l
}

// write appends a line with its end. Unless it may wait, the line and all that waited
// before it are in the file, by one call, when write returns. It returns how many lines
// could not be written.
func (l *logFile) write(line []byte, mayWait bool) (dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, line...)
	l.lines++
	if !mayWait || len(l.waiting) > maxWaiting {
		return l.flush()
	}
	if l.lines == 1 {
		l.flusher.Reset(lineWait)
	}
	return 0
}

// settle writes what waits.
func (l *logFile) settle() (dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

// flush writes what waits. The caller holds mu.
func (l *logFile) flush() (dropped int) {
	if l.lines == 0 {
		return 0
	}
	if l.torn {
		l.waiting = append([]byte{'\n'}, l.waiting...) // the next line begins on a line of its own
	}
	n, err := l.file.Write(l.waiting)
	if n > 0 {
		l.torn = err != nil
	}
	if err != nil {
		dropped = l.lines // as far as anybody can tell
	}
	l.lines = 0
	if l.waiting = l.waiting[:0]; cap(l.waiting) > 2*maxWaiting {
		l.waiting = nil // a stranger has made it large
	}
	return dropped
}

// reopen opens the file again by its name and closes the old one.
func (l *logFile) reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, err := os.OpenFile(l.file.Name(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("reopen the log: %w", err)
	}
	l.flush()
	old := l.file
	l.file, l.torn = file, false
	return old.Close()
}
