package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// lineWait is how long a line that nobody waits for may stay in memory.
	lineWait = 100 * time.Millisecond
	// maxWaiting bounds what stays in memory of a file that can be written, in bytes.
	maxWaiting = 64 << 10
	// retryWait is how long a file that cannot be written is left alone.
	retryWait = 250 * time.Millisecond
	// lookWait is how long it may go unnoticed that the file was removed.
	lookWait = time.Second
)

// logFile is the regular file behind a Log. Writers do not wait for one another: the
// kernel puts each write at the end of a file that is opened with O_APPEND.
type logFile struct {
	file   atomic.Pointer[os.File]
	torn   atomic.Bool // the last line in the file was cut short, by a full disk or a killed process
	opened time.Time
	looked atomic.Int64 // when the file was last seen to be there, in nanoseconds since opened, which no setting of the clock changes
	state  *condition
	lost   func(lines int)

	mu      sync.Mutex
	waiting *batch // lines that are not written yet
	failing bool   // the file cannot be written: every line waits
	armed   bool   // flusher will come
	flusher *time.Timer

	reopening sync.Mutex
}

// batch is lines, each with its end, that are written by one call.
type batch struct {
	bytes []byte
	lines int
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newLogFile(f *os.File, state *condition, lost func(lines int)) *logFile {
	l := &logFile{opened: time.Now(), waiting: new(batch), state: state, lost: lost}
	l.file.Store(f)
	l.torn.Store(endsTorn(f))
	l.flusher = time.AfterFunc(math.MaxInt64, func() {
		l.mu.Lock()
		l.armed = false
		l.mu.Unlock()
		l.settle()
	})
	return l
}

// endsTorn reports whether the last line of a file lacks its end, as a process that was
// killed in a write leaves it.
func endsTorn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	reader, err := os.Open(f.Name()) // f itself is for writing only
	if err != nil {
		return false
	}
	defer reader.Close()
	last := make([]byte, 1)
	_, err = reader.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// write appends a line with its end. Unless it may wait, or the file cannot be written, the
// line and all that waited before it are in the file when write returns.
func (l *logFile) write(line []byte, mayWait bool) {
	if b := l.join(line, mayWait); b != nil {
		l.put(b)
	}
}

// join adds a line to those that wait, and returns them when they are to be written now.
func (l *logFile) join(line []byte, mayWait bool) *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.waiting
	if l.failing && (b.lines >= maxQueued || len(b.bytes)+len(line) > maxQueuedBytes) {
		l.lost(1)
		return nil
	}
	b.bytes = append(b.bytes, line...)
	b.lines++
	switch {
	case l.failing: // who writes next is the flusher
		return nil
	case mayWait && len(b.bytes) <= maxWaiting:
		l.arm(lineWait) // setting a timer for each line would cost more than the line
		return nil
	}
	l.waiting = batches.Get().(*batch)
	return b
}

// arm sees to it that the flusher comes. The caller holds mu.
func (l *logFile) arm(in time.Duration) {
	if !l.armed {
		l.armed = true
		l.flusher.Reset(in)
	}
}

// settle writes what waits, as far as the file takes it.
func (l *logFile) settle() {
	for {
		l.mu.Lock()
		b := l.waiting
		if b.lines == 0 {
			l.failing = false
			l.mu.Unlock()
			return
		}
		l.waiting = batches.Get().(*batch)
		l.mu.Unlock()
		if !l.put(b) {
			return
		}
	}
}

// put writes a batch by one call and reports whether that went well. What the file does not
// take waits again.
func (l *logFile) put(b *batch) bool {
	if b.lines > 0 {
		if err := l.append(b); err != nil {
			l.keep(b)
			l.state.fails(err)
			return false
		}
		l.state.works()
		l.look()
	}
	if cap(b.bytes) <= 2*maxWaiting { // a stranger has not made it large
		b.bytes, b.lines = b.bytes[:0], 0
		batches.Put(b)
	}
	return true
}

// append writes a batch, and on an error leaves in it the lines that are not whole in the
// file.
func (l *logFile) append(b *batch) error {
	torn := l.torn.Swap(false)
	if torn {
		b.bytes = append([]byte{'\n'}, b.bytes...) // the next line begins on a line of its own
	}
	for {
		file := l.file.Load()
		n, err := file.Write(b.bytes)
		if err == nil {
			return nil
		}
		if errors.Is(err, os.ErrClosed) && l.file.Load() != file {
			continue // reopen came in between
		}
		whole := 1 + bytes.LastIndexByte(b.bytes[:n], '\n')
		l.torn.Store(n > whole || torn && n == 0)
		if torn && n == 0 {
			whole = 1 // not the line end before them
		}
		b.bytes = append([]byte(nil), b.bytes[whole:]...)
		b.lines = bytes.Count(b.bytes, []byte{'\n'})
		return err
	}
}

// keep puts lines that were not written before those that wait, as far as there is room.
func (l *logFile) keep(b *batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = true
	if newer := l.waiting; b.lines+newer.lines <= maxQueued && len(b.bytes)+len(newer.bytes) <= maxQueuedBytes {
		b.bytes, b.lines = append(b.bytes, newer.bytes...), b.lines+newer.lines
		l.waiting = b
	} else {
		l.lost(b.lines)
	}
	l.arm(retryWait)
}

// backlog returns how many lines wait for a file that cannot be written.
func (l *logFile) backlog() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting.lines
}

// abandon counts what waits as lost: nobody will write it.
func (l *logFile) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost(l.waiting.lines)
	l.waiting = new(batch)
}

// look finds out, once in a while, whether somebody has removed the file: what is written
// to it then is lost with it. A file that was renamed stays, until reopen.
func (l *logFile) look() {
	now, last := int64(time.Since(l.opened)), l.looked.Load()
	if now-last < int64(lookWait) || !l.looked.CompareAndSwap(last, now) {
		return
	}
	file := l.file.Load()
	if _, err := os.Stat(file.Name()); !errors.Is(err, fs.ErrNotExist) || !removed(file) {
		return
	}
	if err := l.reopen(); err != nil {
		l.state.fails(err)
		return
	}
	l.state.say(errors.New("the log was removed; it goes on in a new file of the same name"))
}

// reopen opens the file again by its name and closes the old one.
func (l *logFile) reopen() error {
	l.reopening.Lock()
	defer l.reopening.Unlock()
	old := l.file.Load()
	file, err := os.OpenFile(old.Name(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("reopen the log: %w", err)
	}
	l.settle()
	l.file.Store(file)
	l.torn.Store(endsTorn(file))
	l.looked.Store(int64(time.Since(l.opened)))
	return old.Close()
}
