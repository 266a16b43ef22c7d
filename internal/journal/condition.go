package journal

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Trouble is what keeps a Log from writing.
type Trouble struct {
	Since   time.Time
	Error   error
	Waiting int   // lines that are kept to be written later
	Dropped int64 // lines that were lost so far, also in earlier troubles
}

// errUnread is the trouble with a pipe that is full, and with a terminal that was stopped.
var errUnread = errors.New("nobody reads what is written")

// sayWait is the least time between two words about the same Log.
const sayWait = 10 * time.Second

// condition is how a Log is. It tells somebody when it gets worse, from a goroutine of its
// own: who is told may be as stuck as the log.
type condition struct {
	tell func(error) // nil: nobody is told

	bad   atomic.Bool // since is set; asked without the lock, for each line
	mu    sync.Mutex
	since time.Time // zero while all is well
	err   error
	said  time.Time
}

// fails records that a write failed.
func (c *condition) fails(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.since = time.Now()
		c.bad.Store(true)
		c.speak(err)
	}
	c.err = err
}

// works records that a write went well.
func (c *condition) works() {
	if !c.bad.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.err = time.Time{}, nil
	c.bad.Store(false)
}

// say tells of what needs no cure.
func (c *condition) say(what error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.speak(what)
}

// speak tells of err, unless it has just told of something. The caller holds mu.
func (c *condition) speak(err error) {
	if c.tell != nil && time.Since(c.said) >= sayWait {
		c.said = time.Now()
		go c.tell(err)
	}
}

// now returns since when writing fails, and why; a zero time where it does not.
func (c *condition) now() (since time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since, c.err
}
